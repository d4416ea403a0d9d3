//! Components: `BEGIN` and `END` with the properties and components between them.

use super::line;
use super::wrong;
use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

/// One property of a component.
#[derive(Clone, Debug)]
pub(super) struct Property {
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, values without quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// As written.
    pub(super) value: String,
    /// All of its lines.
    pub(super) span: Span,
}

/// A component.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// In capitals, for example `VEVENT`.
    pub(super) name: String,
    /// In order.
    pub(super) properties: Vec<Property>,
    /// In order.
    pub(super) components: Vec<Component>,
    /// Its `BEGIN` line.
    pub(super) span: Span,
}

/// Components nest three deep in practice.
const DEEPEST: usize = 8;

/// Reads the one `VCALENDAR` of a text.
///
/// # Errors
///
/// `calendar::ics` at the first line that cannot be read.
pub(super) fn read(source: SourceId, text: &str) -> Result<Component, Diagnostic> {
    let start = Span::new(source, 0, 0);
    let mut stack: Vec<Component> = Vec::new();
    let mut done: Option<Component> = None;
    for property in line::properties(source, text) {
        let property = property?;
        match property.name.as_str() {
            "BEGIN" if done.is_some() => {
                return Err(wrong("a second calendar in one file", property.span).help("split the file"));
            }
            "BEGIN" => open(&property, &mut stack)?,
            "END" => close(&property, &mut stack, &mut done)?,
            _ => match stack.last_mut() {
                Some(component) => component.properties.push(property),
                None => return Err(outside(property.span)),
            },
        }
    }
    match (stack.pop(), done) {
        (Some(open), _) => Err(wrong(format!("`{}` is not closed", open.name), open.span)
            .label("its END is missing")
            .help("the file was cut off: export it again")),
        (None, Some(calendar)) if calendar.name == "VCALENDAR" => Ok(calendar),
        (None, Some(other)) => Err(outside(other.span)),
        (None, None) => Err(wrong("an empty calendar file", start).help("it begins with BEGIN:VCALENDAR")),
    }
}

fn open(property: &Property, stack: &mut Vec<Component>) -> Result<(), Diagnostic> {
    if stack.len() == DEEPEST {
        return Err(wrong("components are nested too deeply", property.span));
    }
    let name = property.value.trim().to_ascii_uppercase();
    stack.push(Component { name, properties: Vec::new(), components: Vec::new(), span: property.span });
    Ok(())
}

fn close(property: &Property, stack: &mut Vec<Component>, done: &mut Option<Component>) -> Result<(), Diagnostic> {
    let ended = property.value.trim();
    match stack.pop() {
        Some(component) if component.name.eq_ignore_ascii_case(ended) => match stack.last_mut() {
            Some(parent) => parent.components.push(component),
            None => *done = Some(component),
        },
        Some(open) => {
            return Err(wrong(format!("END:{ended} closes `{}`", open.name), property.span)
                .label(format!("expected END:{}", open.name)));
        }
        None => return Err(outside(property.span)),
    }
    Ok(())
}

fn outside(span: Span) -> Diagnostic {
    wrong("something stands outside of VCALENDAR", span)
        .help("the file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR")
}

impl Component {
    /// The first property of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// All properties of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    /// The text of the first property of a name, when it is not blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Property::text).filter(|text| !text.trim().is_empty())
    }

    /// Whether the first property of a name is this word.
    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.get(name).is_some_and(|property| property.value.trim().eq_ignore_ascii_case(word))
    }
}

impl Property {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as text, its escapes resolved.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut characters = self.value.chars();
        while let Some(c) = characters.next() {
            match (c, c == '\\') {
                (_, false) => text.push(c),
                (_, true) => match characters.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(escaped) => text.push(escaped),
                    None => text.push('\\'),
                },
            }
        }
        text
    }
}
