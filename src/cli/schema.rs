//! `changegate schema`: JSON Schemas for editors and validators.

use changegate::schema;

use super::{Answer, SchemaArgs};

/// Prints the schema of a name, or the names; exit code 2 for any other name.
pub(super) fn run(args: &SchemaArgs) -> Answer {
    let Some(kind) = &args.kind else {
        return Answer { stdout: (schema::names().join("\n") + "\n").into_bytes(), ..Answer::default() };
    };
    match schema::of(kind) {
        Some(schema) => Answer { stdout: format!("{schema:#}\n").into_bytes(), ..Answer::default() },
        None => {
            let names = schema::names().join(", ");
            let message = format!("changegate: there is no schema of `{kind}`; there are {names}\n");
            Answer { stderr: message.into_bytes(), code: 2, ..Answer::default() }
        }
    }
}
