//! Terraform's values: known, null or unknown, with marks, and where they came from.
//!
//! Cloning is cheap: everything that can be large is shared.

mod compare;
mod node;
mod origin;
mod range;
mod set;

use std::collections::BTreeMap;
use std::ops::BitOr;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

pub use compare::Truth;
pub use origin::{Origin, Via};
pub use range::Range;

use super::number::Number;
use super::types::Type;
use crate::source::Span;

/// A value of Terraform's language.
#[derive(Clone, Debug)]
pub struct Value {
    data: Data,
    marks: Marks,
    origin: Option<Origin>,
}

/// What a value is, without marks and origin.
#[derive(Clone, Debug)]
pub enum Data {
    /// `null` of a type.
    Null(Type),
    /// Not known yet: its type, and what is known about it all the same.
    Unknown(Type, Range),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, in Unicode's normal form C.
    String(Arc<str>),
    /// Elements of one type.
    List(Type, Arc<[Value]>),
    /// Elements of one type, ordered and without repetition. Their marks are on the set.
    Set(Type, Arc<[Value]>),
    /// Values of one type by key.
    Map(Type, Arc<BTreeMap<Arc<str>, Value>>),
    /// Elements, each of its own type: what `[…]` makes.
    Tuple(Arc<[Value]>),
    /// Attributes, each of its own type: what `{…}` makes.
    Object(Arc<BTreeMap<Arc<str>, Value>>),
}

/// What is to be done with a value, apart from its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Must not be shown.
    pub sensitive: bool,
    /// Must not be stored.
    pub ephemeral: bool,
}

impl Marks {
    /// Must not be shown.
    pub const SENSITIVE: Self = Self { sensitive: true, ephemeral: false };
    /// Must not be stored.
    pub const EPHEMERAL: Self = Self { sensitive: false, ephemeral: true };

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { sensitive: self.sensitive || other.sensitive, ephemeral: self.ephemeral || other.ephemeral }
    }
}

/// Making values.
impl Value {
    /// `null` of a type; [`Type::Dynamic`] for a literal `null`.
    pub fn null(ty: Type) -> Self {
        Data::Null(ty).into()
    }

    /// A value that is not known yet.
    pub fn unknown(ty: Type) -> Self {
        Data::Unknown(ty, Range::default()).into()
    }

    /// A value that is not known yet and will not be null.
    pub fn unknown_not_null(ty: Type) -> Self {
        Self::unknown(ty).refined(|range| range.not_null = true)
    }

    /// Text; brought to Unicode's normal form C.
    pub fn string(text: &str) -> Self {
        match unicode_normalization::is_nfc_quick(text.chars()) {
            unicode_normalization::IsNormalized::Yes => Data::String(text.into()).into(),
            _ => Data::String(text.nfc().collect::<String>().into()).into(),
        }
    }

    /// A list of elements that all have the type `element`.
    pub fn list(element: Type, items: impl Into<Arc<[Value]>>) -> Self {
        Data::List(element, items.into()).into()
    }

    /// A set of elements that all have the type `element`: ordered, without repetition.
    pub fn set(element: Type, items: Vec<Value>) -> Self {
        let marks = items.iter().fold(Marks::default(), |marks, item| marks | item.deep_marks());
        let items = items.into_iter().map(|item| item.unmarked_deep()).collect();
        Value::from(Data::Set(element, set::elements(items).into())).with_marks(marks)
    }

    /// A map of values that all have the type `element`.
    pub fn map(element: Type, entries: BTreeMap<Arc<str>, Value>) -> Self {
        Data::Map(element, Arc::new(entries)).into()
    }

    /// A tuple.
    pub fn tuple(items: impl Into<Arc<[Value]>>) -> Self {
        Data::Tuple(items.into()).into()
    }

    /// An object.
    pub fn object(attributes: BTreeMap<Arc<str>, Value>) -> Self {
        Data::Object(Arc::new(attributes)).into()
    }
}

/// Reading values. Marks are ignored.
impl Value {
    /// The content.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The type. Costs a walk for tuples and objects.
    pub fn ty(&self) -> Type {
        match &self.data {
            Data::Null(ty) | Data::Unknown(ty, _) => ty.clone(),
            Data::Bool(_) => Type::Bool,
            Data::Number(_) => Type::Number,
            Data::String(_) => Type::String,
            Data::List(element, _) => Type::list(element.clone()),
            Data::Set(element, _) => Type::set(element.clone()),
            Data::Map(element, _) => Type::map(element.clone()),
            Data::Tuple(items) => Type::tuple(items.iter().map(Value::ty).collect::<Vec<_>>()),
            Data::Object(attributes) => Type::object(attributes.iter().map(|(name, v)| (name.clone(), v.ty()))),
        }
    }

    /// Whether its type is not known.
    pub fn is_dynamic(&self) -> bool {
        matches!(self.data, Data::Null(Type::Dynamic) | Data::Unknown(Type::Dynamic, _))
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null(_))
    }

    /// Whether it is known; parts of it may not be.
    pub fn is_known(&self) -> bool {
        !matches!(self.data, Data::Unknown(..))
    }

    /// Whether it and all its parts are known.
    pub fn is_wholly_known(&self) -> bool {
        self.is_known() && self.children().all(Value::is_wholly_known)
    }

    /// What is known about an unknown value.
    pub fn range(&self) -> Option<&Range> {
        match &self.data {
            Data::Unknown(_, range) => Some(range),
            _ => None,
        }
    }

    /// The truth value, when this is a known one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The number, when this is a known one.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.data {
            Data::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The text, when this is a known one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a known list, set or tuple.
    pub fn as_items(&self) -> Option<&Arc<[Value]>> {
        match &self.data {
            Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a known map or object.
    pub fn as_entries(&self) -> Option<&Arc<BTreeMap<Arc<str>, Value>>> {
        match &self.data {
            Data::Map(_, entries) | Data::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a known map or object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_entries()?.get(key)
    }

    /// The elements, or the values of the entries.
    pub fn children(&self) -> impl Iterator<Item = &Value> {
        let items = self.as_items().map(|items| items.iter());
        let entries = self.as_entries().map(|entries| entries.values());
        items.into_iter().flatten().chain(entries.into_iter().flatten())
    }

    /// The same value with each of its direct parts replaced.
    #[must_use]
    pub fn map_children(&self, mut each: impl FnMut(&Value) -> Value) -> Value {
        let data = match &self.data {
            Data::List(ty, items) => Data::List(ty.clone(), items.iter().map(&mut each).collect()),
            Data::Set(ty, items) => Data::Set(ty.clone(), items.iter().map(&mut each).collect()),
            Data::Tuple(items) => Data::Tuple(items.iter().map(&mut each).collect()),
            Data::Map(ty, entries) => Data::Map(ty.clone(), Arc::new(map_values(entries, each))),
            Data::Object(entries) => Data::Object(Arc::new(map_values(entries, each))),
            simple => simple.clone(),
        };
        Value { data, ..self.clone() }
    }
}

fn map_values(entries: &BTreeMap<Arc<str>, Value>, mut each: impl FnMut(&Value) -> Value) -> BTreeMap<Arc<str>, Value> {
    entries.iter().map(|(key, value)| (key.clone(), each(value))).collect()
}

/// Marks.
impl Value {
    /// The marks of the value itself, not of its parts.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// Whether the value itself must not be shown.
    pub fn is_sensitive(&self) -> bool {
        self.marks.sensitive
    }

    /// The marks of the value and of all its parts.
    pub fn deep_marks(&self) -> Marks {
        self.children().fold(self.marks, |marks, child| marks | child.deep_marks())
    }

    /// The value with these marks added.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = self.marks | marks;
        self
    }

    /// The value with these marks alone.
    #[must_use]
    pub fn with_marks_alone(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    /// The value without its own marks.
    #[must_use]
    pub fn unmarked(self) -> Self {
        self.with_marks_alone(Marks::default())
    }

    /// The value without marks at any depth.
    #[must_use]
    pub fn unmarked_deep(&self) -> Self {
        if self.deep_marks().is_empty() {
            return self.clone();
        }
        self.map_children(Value::unmarked_deep).unmarked()
    }
}

/// What is known about unknown values.
impl Value {
    /// The same with something more known about it; a known value stays as it is.
    #[must_use]
    pub fn refined(mut self, refine: impl FnOnce(&mut Range)) -> Self {
        if let Data::Unknown(ty, range) = &mut self.data
            && *ty != Type::Dynamic
        {
            refine(range);
        }
        self
    }

    /// What an unknown value comes to when enough is known about it: an empty collection, or a list of so
    /// many unknown elements.
    #[must_use]
    pub fn settled(self) -> Self {
        let Data::Unknown(ty, range) = &self.data else { return self };
        if !range.not_null || range.most != Some(range.least) {
            return self;
        }
        let element = |ty: &Type| vec![Value::unknown(ty.clone()); range.least];
        let data = match ty {
            Type::List(e) => Data::List(Type::clone(e), element(e).into()),
            Type::Set(e) if range.least <= 1 => Data::Set(Type::clone(e), element(e).into()),
            Type::Map(e) if range.least == 0 => Data::Map(Type::clone(e), Arc::default()),
            _ => return self,
        };
        Value { data, ..self }
    }
}

/// Where a value came from.
impl Value {
    /// Where it came from; `None` only for values that were made without a place.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The place of the expression that gave it.
    pub fn span(&self) -> Option<Span> {
        self.origin.as_ref().map(|origin| origin.span)
    }

    /// The value with another origin.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The value and all its parts without origin.
    #[must_use]
    pub fn without_origin(&self) -> Self {
        Self { origin: None, ..self.map_children(Value::without_origin) }
    }

    /// The value as made by the expression at `span`, unless it already has a place.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.origin.get_or_insert_with(|| Origin::at(span));
        self
    }

    /// The value as read through a name such as `var.multi_az` at `span`: where it came from so far becomes
    /// the next link of the chain.
    #[must_use]
    pub fn through(mut self, name: impl Into<Arc<str>>, span: Span) -> Self {
        let from = self.origin.take();
        self.origin = Some(Origin { span, via: Some(Arc::new(Via { name: name.into(), from })) });
        self
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, marks: Marks::default(), origin: None }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Data::Bool(b).into()
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Data::Number(number).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(&text)
    }
}
