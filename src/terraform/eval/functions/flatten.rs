//! `flatten`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/flatten>

use super::call::{Context, arity};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

pub(super) static FLATTEN: Function = Function::generic(
    "flatten",
    &[Parameter::new("list", Shape::Any).marks()],
    |_| Ok(Type::Dynamic),
    |args, context| {
        let list = args.first().ok_or_else(arity)?;
        if !matches!(list.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_)) {
            return Err(Refusal::new("can only flatten lists, sets and tuples"));
        }
        let mut flat = Flat { items: Vec::new(), marks: Marks::default(), is_open: false, context };
        flat.add(list)?;
        let value = if flat.is_open { Value::unknown(Type::Dynamic) } else { Value::tuple(flat.items) };
        Ok(value.with_marks(flat.marks))
    },
);

struct Flat<'a> {
    items: Vec<Value>,
    marks: Marks,
    /// How many elements there will be is not known.
    is_open: bool,
    context: &'a Context<'a>,
}

impl Flat<'_> {
    fn add(&mut self, list: &Value) -> Result<(), Refusal> {
        self.marks = self.marks | list.marks();
        let unsure = matches!(list.data(), Data::Set(_, items) if items.len() > 1) && !list.is_wholly_known();
        let Some(items) = list.as_items().filter(|_| !unsure) else {
            self.is_open = true;
            return Ok(());
        };
        self.context.spend(items.len())?;
        for item in items.iter() {
            match item.data() {
                Data::List(..) | Data::Set(..) | Data::Tuple(_) => self.add(item)?,
                Data::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => {
                    self.marks = self.marks | item.marks();
                    self.is_open = true;
                }
                Data::Unknown(Type::Dynamic, _) if item.marks().is_empty() => self.is_open = true,
                _ => self.items.push(item.clone()),
            }
        }
        Ok(())
    }
}
