//! One instance of a module, and what is remembered of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::addresses::Index;
use super::calls::Expanded;
use super::local::Local;
use super::providers::Provider;
use super::resources::Instances;
use crate::parse::hcl::Block;
use crate::terraform::config::{Key, Module};
use crate::terraform::eval::Value;

/// One instance of a module.
pub(super) struct ModuleInstance<'a> {
    pub(super) module: &'a Module,
    /// `module.a["k"].module.b`; empty in the root module.
    pub(super) address: Arc<str>,
    /// Names of the calls from the root on, as `terraform init` writes them: `a.b`.
    pub(super) key: Arc<str>,
    /// Who called it; `None` for the root.
    pub(super) call: Option<Caller<'a>>,
    /// Whether it stands for instances of which nobody knows how many there are, perhaps none.
    pub(super) is_hypothetical: bool,
    pub(super) memory: RefCell<Memory<'a>>,
}

/// The call that made an instance.
pub(super) struct Caller<'a> {
    pub(super) parent: Rc<ModuleInstance<'a>>,
    pub(super) block: &'a Block,
    /// `each` or `count` of the call.
    pub(super) local: Local,
}

impl<'a> ModuleInstance<'a> {
    /// This instance and those above it.
    pub(super) fn ancestors(self: &Rc<Self>) -> impl Iterator<Item = Rc<Self>> {
        std::iter::successors(Some(self.clone()), |instance| instance.call.as_ref().map(|call| call.parent.clone()))
    }

    /// `the root module` or its address.
    pub(super) fn described(&self) -> String {
        if self.address.is_empty() { "the root module".into() } else { self.address.to_string() }
    }
}

/// A named thing of a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Variable(Arc<str>),
    Local(Arc<str>),
    Output(Arc<str>),
    Resource(Key),
    Call(Arc<str>),
    Provider(Arc<str>),
}

/// What is known of the named things of one instance.
#[derive(Default)]
pub(super) struct Memory<'a> {
    pub(super) values: HashMap<Item, Value>,
    pub(super) resources: HashMap<Key, Rc<Instances>>,
    pub(super) calls: HashMap<Arc<str>, Rc<Expanded<'a>>>,
    pub(super) providers: BTreeMap<Arc<str>, Provider>,
}

/// How many instances there are.
#[derive(Clone, Debug)]
pub(super) enum Repetition {
    /// Neither `count` nor `for_each`.
    Single,
    /// `count`
    Count(usize),
    /// `for_each`: keys with their values.
    Each(Vec<(Arc<str>, Value)>),
    /// One of them, with an unknown value.
    Unknown,
    /// None at all: OpenTofu's `enabled = false`.
    Disabled,
}

impl Repetition {
    /// The instances, each with what `each` and `count` are in it.
    pub(super) fn instances(&self, has_count: bool) -> Vec<(Index, Local)> {
        match self {
            Self::Single => vec![(Index::Single, Local::default())],
            Self::Count(n) => (0..*n).map(|i| (Index::Number(i), Local::counted(i))).collect(),
            Self::Each(entries) => {
                entries.iter().map(|(key, value)| (Index::Key(key.clone()), Local::each(key, value.clone()))).collect()
            }
            Self::Disabled => Vec::new(),
            Self::Unknown => vec![(Index::Unknown, Local::unknown(has_count))],
        }
    }
}
