//! The files of a new policy: rule, tests and fixtures that pass the tests and the lint as they are.

use super::metadata::Scope;
use crate::parse::yaml;
use crate::source::SourceId;

/// What a new policy is to be.
#[derive(Clone, Debug)]
pub struct Scaffold<'a> {
    /// `ACME-001`.
    pub id: &'a str,
    /// States the fault.
    pub title: &'a str,
    /// Folder and package above its own.
    pub family: &'a str,
    /// Once for each resource, or once for the change.
    pub scope: Scope,
}

/// Words that cannot name a part of a package (<https://www.openpolicyagent.org/docs/policy-language#keywords>).
const KEYWORDS: [&str; 17] = [
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input", "not", "null",
    "package", "some", "true", "with",
];

/// Whether Rego keeps a word for itself.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// A file to write: its name and its text.
pub type File = (String, String);

impl Scaffold<'_> {
    /// The title as a name: `missing_owner`.
    pub fn slug(&self) -> String {
        let words = self.title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("_");
        // A name starts with a letter, and is no word of the language.
        let is_name = !slug.starts_with(|c: char| c.is_ascii_digit()) && !is_keyword(&slug);
        if is_name { slug } else { format!("p_{slug}") }
    }

    /// What stands in the policy's folder.
    pub fn policy(&self) -> Vec<File> {
        let (rule, test) = match self.scope {
            Scope::Resource => (include_str!("resource.txt"), include_str!("resource_test.txt")),
            Scope::Change | Scope::Document => (include_str!("change.txt"), include_str!("change_test.txt")),
        };
        let slug = self.slug();
        vec![(format!("{slug}.rego"), self.filled(rule)), (format!("{slug}_test.rego"), self.filled(test))]
    }

    /// Policy inputs that are denied and that are not.
    pub fn fixtures(&self) -> Vec<File> {
        let (fail, pass) = match self.scope {
            Scope::Resource => {
                let resource = |metadata: &str| {
                    format!(
                        "{{\n  \"resource\": {{\n    \"id\": \"apps/Deployment/shop/orders\",\n    \"attrs\": {{\"metadata\": {metadata}}}\n  }}\n}}\n"
                    )
                };
                (resource("{}"), resource("{\"annotations\": {\"example.com/owner\": \"team-orders\"}}"))
            }
            Scope::Change | Scope::Document => {
                let change = |spec: &str| format!("{{\n  \"change\": {{\"spec\": {spec}}}\n}}\n");
                (change("{}"), change("{\"communications\": {\"notices\": [{\"audience\": \"internal\"}]}}"))
            }
        };
        vec![("fail.input.json".into(), fail), ("pass.input.json".into(), pass)]
    }

    fn filled(&self, template: &str) -> String {
        let title = scalar(self.title);
        template
            .replace("{id}", self.id)
            .replace("{title}", &title)
            .replace("{family}", self.family)
            .replace("{slug}", &self.slug())
    }
}

/// Text as a YAML scalar: as it is where it is read back so, else in quotes.
fn scalar(text: &str) -> String {
    let mut read = yaml::parse(SourceId(u32::MAX), &format!("title: {text}\n"), &yaml::Limits::default());
    let node = read.documents.pop().filter(|_| read.documents.is_empty() && read.diagnostics.is_empty());
    let value = node.and_then(|node| serde_json::to_value(node).ok());
    if value == Some(serde_json::json!({ "title": text })) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}
