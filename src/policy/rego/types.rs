//! Types of terms, as far as OPA's compiler knows them: what can never match is refused at load.

use std::sync::Arc;

/// What values a term may have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Any,
    Null,
    Boolean,
    Number,
    String,
    /// The known first items, and what further ones may be; none: there are no further ones.
    Array(Vec<Type>, Option<Box<Type>>),
    Set(Box<Type>),
    /// The known constant keys, and what others may be; none: there are no others.
    Object(Vec<(Arc<str>, Type)>, Option<Box<(Type, Type)>>),
    /// One of several.
    Union(Vec<Type>),
}

/// Most parts of a type that is told apart from others of its kind: rules that name each other twice double them.
const MOST_PARTS: usize = 1_000;

impl Type {
    /// The same, or what is known of its kind alone when it has too many parts.
    pub(super) fn bounded(self) -> Self {
        if self.parts() <= MOST_PARTS {
            return self;
        }
        match self {
            Self::Array(..) => Self::array(Self::Any),
            Self::Set(_) => Self::Set(Box::new(Self::Any)),
            Self::Object(..) => Self::object(Self::Any, Self::Any),
            _ => Self::Any,
        }
    }

    fn parts(&self) -> usize {
        let of_all = |types: &[Self]| types.iter().map(Self::parts).sum::<usize>();
        1 + match self {
            Self::Any | Self::Null | Self::Boolean | Self::Number | Self::String => 0,
            Self::Array(items, more) => of_all(items) + more.as_ref().map_or(0, |t| t.parts()),
            Self::Set(items) => items.parts(),
            Self::Object(entries, more) => {
                entries.iter().map(|(_, t)| t.parts()).sum::<usize>()
                    + more.as_ref().map_or(0, |m| m.0.parts() + m.1.parts())
            }
            Self::Union(all) => of_all(all),
        }
    }

    pub(super) fn array(items: Type) -> Self {
        Self::Array(Vec::new(), Some(Box::new(items)))
    }

    pub(super) fn object(key: Type, value: Type) -> Self {
        Self::Object(Vec::new(), Some(Box::new((key, value))))
    }

    /// One of both.
    #[must_use]
    pub(super) fn or(self, other: Type) -> Type {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (a, b) if a == b => a,
            (Self::Union(mut all), Self::Union(more)) => {
                more.into_iter().for_each(|t| {
                    if !all.contains(&t) {
                        all.push(t);
                    }
                });
                Self::Union(all)
            }
            (Self::Union(mut all), one) | (one, Self::Union(mut all)) => {
                if !all.contains(&one) {
                    all.push(one);
                }
                Self::Union(all)
            }
            (a, b) => Self::Union(vec![a, b]),
        }
    }

    /// Whether some value can be of both types.
    pub(super) fn overlaps(&self, other: &Type) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Union(all), one) | (one, Self::Union(all)) => all.iter().any(|t| t.overlaps(one)),
            (Self::Null, Self::Null)
            | (Self::Boolean, Self::Boolean)
            | (Self::Number, Self::Number)
            | (Self::String, Self::String) => true,
            (Self::Set(a), Self::Set(b)) => a.overlaps(b),
            (Self::Array(..), Self::Array(..)) => self.arrays_overlap(other),
            (Self::Object(..), Self::Object(..)) => self.objects_overlap(other),
            _ => false,
        }
    }

    fn arrays_overlap(&self, other: &Type) -> bool {
        let (Self::Array(a, more_a), Self::Array(b, more_b)) = (self, other) else { return false };
        if a.len() != b.len() && (if a.len() < b.len() { more_a.is_none() } else { more_b.is_none() }) {
            return false;
        }
        let at = |items: &[Type], more: &Option<Box<Type>>, i: usize| items.get(i).or(more.as_deref()).cloned();
        (0..a.len().max(b.len())).all(|i| match (at(a, more_a, i), at(b, more_b, i)) {
            (Some(x), Some(y)) => x.overlaps(&y),
            _ => false,
        })
    }

    fn objects_overlap(&self, other: &Type) -> bool {
        let (Self::Object(a, more_a), Self::Object(b, more_b)) = (self, other) else { return false };
        let fits = |mine: &[(Arc<str>, Type)], theirs: &[(Arc<str>, Type)], more: &Option<Box<(Type, Type)>>| {
            mine.iter().all(|(key, value)| match theirs.iter().find(|(k, _)| k == key) {
                Some((_, other)) => value.overlaps(other),
                None => more.as_ref().is_some_and(|m| m.0.overlaps(&Type::String) && m.1.overlaps(value)),
            })
        };
        fits(a, b, more_b) && fits(b, a, more_a)
    }

    /// The type of what stands at a constant index; none when nothing can.
    pub(super) fn at(&self, index: &Index<'_>) -> Option<Type> {
        match self {
            Self::Any => Some(Self::Any),
            Self::Null | Self::Boolean | Self::Number | Self::String => None,
            Self::Union(all) => all.iter().filter_map(|t| t.at(index)).reduce(Type::or),
            Self::Set(items) => Some((**items).clone()),
            Self::Array(items, more) => match index {
                Index::Number(n) => items.get(*n).or(more.as_deref()).cloned(),
                Index::Name(_) | Index::Other => None,
                Index::Unknown => items.iter().cloned().chain(more.iter().map(|m| (**m).clone())).reduce(Type::or),
            },
            Self::Object(entries, more) => match index {
                Index::Name(name) => match entries.iter().find(|(key, _)| &**key == *name) {
                    Some((_, value)) => Some(value.clone()),
                    None => more.as_ref().filter(|m| m.0.overlaps(&Type::String)).map(|m| m.1.clone()),
                },
                Index::Number(_) | Index::Other => more.as_ref().map(|m| m.1.clone()),
                Index::Unknown => {
                    let known = entries.iter().map(|(_, v)| v.clone());
                    known.chain(more.iter().map(|m| m.1.clone())).reduce(Type::or)
                }
            },
        }
    }

    /// Reads the notation of `signatures.txt`.
    pub(super) fn read(text: &str) -> Self {
        let alternatives = split(text, '|');
        if alternatives.len() > 1 {
            return Self::Union(alternatives.into_iter().map(Self::read).collect());
        }
        let text = text.trim();
        let inner = |open, close| text.strip_prefix(open).and_then(|t: &str| t.strip_suffix(close));
        match text {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "number" => Self::Number,
            "string" => Self::String,
            _ if text.starts_with('[') => match Self::list(inner('[', ']').unwrap_or_default()).as_slice() {
                [one] => Self::array(one.clone()),
                several => Self::Array(several.to_vec(), None),
            },
            _ if text.starts_with('{') => {
                let inner = inner('{', '}').unwrap_or_default();
                match split(inner, ':').as_slice() {
                    [key, value] => Self::object(Self::read(key), Self::read(value)),
                    _ => Self::Set(Box::new(Self::read(inner))),
                }
            }
            _ => Self::Any,
        }
    }

    /// Types separated by commas.
    pub(super) fn list(text: &str) -> Vec<Self> {
        split(text, ',').into_iter().map(Self::read).collect()
    }
}

/// How a value is indexed.
pub(super) enum Index<'a> {
    Name(&'a str),
    Number(usize),
    /// Another constant.
    Other,
    /// Something that is not known at load.
    Unknown,
}

/// Splits outside of brackets.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            c if c == at && depth == 0 => {
                parts.push(text.get(start..i).unwrap_or_default());
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}
