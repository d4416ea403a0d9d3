//! `file`, `filebase64`, `fileexists`: inside the repository only.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/file>

use data_encoding::BASE64;

use super::call::{Context, arity, text};
use super::path::{clean, expand};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::scope::{FileFault, Files};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Marks, Value};

const PATH: &[Parameter] = &[Parameter::new("path", Shape::String).unknown().marks()];

pub(super) static FILE: Function = Function::new("file", PATH, Shape::String, |args, context| {
    with_path(args, Type::String, |path, marks| {
        context.spend(1)?;
        let text = read_text(context.scope.files(), path, marks.sensitive)?;
        context.grow(text.len())?;
        Ok(text.into())
    })
})
.reads_files();

pub(super) static FILEBASE64: Function = Function::new("filebase64", PATH, Shape::String, |args, context| {
    with_path(args, Type::String, |path, marks| {
        let bytes = read(context, path).map_err(|fault| Refusal::file(&fault, &shown(path, marks.sensitive)))?;
        Ok(BASE64.encode(&bytes).into())
    })
})
.reads_files();

pub(super) static FILEEXISTS: Function = Function::new("fileexists", PATH, Shape::Bool, |args, context| {
    with_path(args, Type::Bool, |path, marks| exists(context, path, marks))
})
.reads_files();

fn with_path(
    args: &[Value],
    ty: Type,
    then: impl FnOnce(&str, Marks) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let path = args.first().ok_or_else(arity)?;
    let value = if path.is_known() { then(text(path), path.marks())? } else { Value::unknown(ty) };
    Ok(value.with_marks(path.marks()))
}

fn exists(context: &Context, path: &str, marks: Marks) -> Result<Value, Refusal> {
    match read(context, path) {
        Ok(_) | Err(FileFault::TooLarge) => Ok(true.into()),
        Err(FileFault::Missing) => Ok(false.into()),
        Err(FileFault::Directory) => {
            Err(Refusal::new(format!("{} is a directory, not a file", shown(&clean(path), marks.sensitive))))
        }
        Err(FileFault::Unreadable(_)) => {
            Err(Refusal::new(format!("failed to stat {}", shown(&clean(path), marks.sensitive))))
        }
        Err(FileFault::Outside) => Err(Refusal::file(&FileFault::Outside, &shown(path, marks.sensitive))),
    }
}

/// The path as messages show it.
fn shown(path: &str, sensitive: bool) -> String {
    if sensitive { "(sensitive value)".to_owned() } else { format!("{path:?}") }
}

/// The bytes of a file; `~` stands for the home directory.
pub(super) fn read(context: &Context, path: &str) -> Result<Vec<u8>, FileFault> {
    read_from(context.scope.files(), path)
}

fn read_from(files: &dyn Files, path: &str) -> Result<Vec<u8>, FileFault> {
    match expand(files, path) {
        Some(path) => files.read(&clean(&path)),
        None => Err(FileFault::Outside),
    }
}

/// A file that must be text.
pub(in crate::terraform::eval) fn read_text(files: &dyn Files, path: &str, sensitive: bool) -> Result<String, Refusal> {
    let shown = shown(path, sensitive);
    let bytes = read_from(files, path).map_err(|fault| Refusal::file(&fault, &shown))?;
    String::from_utf8(bytes).map_err(|_| {
        Refusal::new(format!(
            "contents of {shown} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded \
             contents or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead"
        ))
    })
}
