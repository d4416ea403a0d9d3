//! The files of a new policy: rule, tests and fixtures that pass the tests and the lint as they are.

use super::metadata::Scope;

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

/// A file to write: its name and its text.
pub type File = (String, String);

impl Scaffold<'_> {
    /// The title as a name: `missing_owner`.
    pub fn slug(&self) -> String {
        let words = self.title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("_");
        // A name starts with a letter.
        if slug.starts_with(|c: char| c.is_ascii_digit()) { format!("p_{slug}") } else { slug }
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
        let title =
            if self.title.contains([':', '#', '"']) { format!("{:?}", self.title) } else { self.title.to_owned() };
        template
            .replace("{id}", self.id)
            .replace("{title}", &title)
            .replace("{family}", self.family)
            .replace("{slug}", &self.slug())
    }
}
