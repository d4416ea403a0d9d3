//! `changegate schema`: JSON Schemas for editors and validators.

use changegate::schema;

use super::{Answer, SchemaArgs};

/// Prints the schema of a name; exit code 2 and the names for any other.
pub(super) fn run(args: &SchemaArgs) -> Answer {
    match schema::of(&args.kind) {
        Some(schema) => Answer { stdout: format!("{schema:#}\n").into_bytes(), ..Answer::default() },
        None => {
            let names = schema::names().join(", ");
            let message = format!("changegate: there is no schema of `{}`; there are {names}\n", args.kind);
            Answer { stderr: message.into_bytes(), code: 2, ..Answer::default() }
        }
    }
}
