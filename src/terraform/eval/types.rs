//! Terraform's types (those of the library `cty`).
//!
//! <https://github.com/zclconf/go-cty/blob/main/docs/types.md>

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type, or a constraint on types where [`Type::Dynamic`] or optional attributes are in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Not known yet; as a constraint: any type.
    Dynamic,
    /// `string`
    String,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `list(T)`
    List(Arc<Type>),
    /// `set(T)`
    Set(Arc<Type>),
    /// `map(T)`
    Map(Arc<Type>),
    /// `tuple([T, …])`
    Tuple(Arc<[Type]>),
    /// `object({ name = T, … })`
    Object(Arc<ObjectType>),
}

/// The attributes of an object type, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectType {
    /// Name → type and whether it may be missing.
    pub attributes: BTreeMap<Arc<str>, AttributeType>,
}

/// One attribute of an object type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttributeType {
    /// Its type.
    pub ty: Type,
    /// Whether it may be missing; only in constraints.
    pub optional: bool,
}

impl Type {
    /// `list(element)`
    pub fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`
    pub fn set(element: Type) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`
    pub fn map(element: Type) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `tuple([elements])`
    pub fn tuple(elements: impl Into<Arc<[Type]>>) -> Self {
        Self::Tuple(elements.into())
    }

    /// An object type without optional attributes.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        let attributes = attributes.into_iter();
        let attributes = attributes.map(|(name, ty)| (name.into(), AttributeType { ty, optional: false })).collect();
        Self::Object(Arc::new(ObjectType { attributes }))
    }

    /// `string`, `number` or `bool`.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// A list, a set or a map.
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Set(_) | Self::Map(_))
    }

    /// The type of the elements of a list, a set or a map.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Self::List(element) | Self::Set(element) | Self::Map(element) => Some(element),
            _ => None,
        }
    }

    /// The type of an attribute of an object type.
    pub fn attribute(&self, name: &str) -> Option<&Type> {
        match self {
            Self::Object(object) => object.attributes.get(name).map(|a| &a.ty),
            _ => None,
        }
    }

    /// Whether [`Type::Dynamic`] is anywhere in it.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::String | Self::Number | Self::Bool => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Self::Object(object) => object.attributes.values().any(|a| a.ty.has_dynamic()),
        }
    }

    /// Whether a value of this type satisfies a constraint as it is, without conversion.
    pub fn conforms_to(&self, constraint: &Type) -> bool {
        match (self, constraint) {
            (_, Self::Dynamic) => true,
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) | (Self::Map(a), Self::Map(b)) => {
                a.conforms_to(b)
            }
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.conforms_to(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                let (a, b) = (&a.attributes, &b.attributes);
                a.len() == b.len() && a.iter().zip(b).all(|((j, a), (k, b))| j == k && a.ty.conforms_to(&b.ty))
            }
            (a, b) => a == b,
        }
    }

    /// The type of the values that a constraint describes: the same without optional attributes.
    #[must_use]
    pub fn without_optional(&self) -> Type {
        match self {
            Self::List(element) => Self::list(element.without_optional()),
            Self::Set(element) => Self::set(element.without_optional()),
            Self::Map(element) => Self::map(element.without_optional()),
            Self::Tuple(elements) => Self::tuple(elements.iter().map(Type::without_optional).collect::<Vec<_>>()),
            Self::Object(object) => {
                Self::object(object.attributes.iter().map(|(k, a)| (k.clone(), a.ty.without_optional())))
            }
            simple => simple.clone(),
        }
    }

    /// What Terraform calls it in messages about values: `list of string`, `object`, `dynamic`.
    pub fn friendly_name(&self) -> String {
        self.name("dynamic")
    }

    /// What Terraform calls it in messages about constraints, where anything is `any type`.
    pub fn constraint_name(&self) -> String {
        self.name("any type")
    }

    fn name(&self, any: &'static str) -> String {
        let element = |e: &Type| match e {
            Self::Dynamic if any == "any type" => "any single type".to_owned(),
            e => e.name(any),
        };
        match self {
            Self::Dynamic => any.to_owned(),
            Self::String => "string".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::List(e) => format!("list of {}", element(e)),
            Self::Set(e) => format!("set of {}", element(e)),
            Self::Map(e) => format!("map of {}", element(e)),
            Self::Tuple(_) => "tuple".to_owned(),
            Self::Object(_) => "object".to_owned(),
        }
    }
}

/// As it is written in a `type = …` argument.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("any"),
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::List(e) => write!(f, "list({e})"),
            Self::Set(e) => write!(f, "set({e})"),
            Self::Map(e) => write!(f, "map({e})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                separated(f, elements.iter(), |f, ty| write!(f, "{ty}"))?;
                f.write_str("])")
            }
            Self::Object(object) => {
                f.write_str("object({")?;
                separated(f, object.attributes.iter(), |f, (name, a)| match a.optional {
                    true => write!(f, "{name}=optional({})", a.ty),
                    false => write!(f, "{name}={}", a.ty),
                })?;
                f.write_str("})")
            }
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    each: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        each(f, item)?;
    }
    Ok(())
}
