//! `abspath`, `basename`, `dirname`, `pathexpand`: paths as on Unix, whatever runs here.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/basename>

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::scope::Files;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const PATH: &[Parameter] = &[Parameter::new("path", Shape::String)];

pub(super) static BASENAME: Function = Function::new("basename", PATH, Shape::String, |args, _| {
    let path = text(args.first().ok_or_else(arity)?);
    Ok(match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
    .into())
});

pub(super) static DIRNAME: Function = Function::new("dirname", PATH, Shape::String, |args, _| {
    let path = text(args.first().ok_or_else(arity)?);
    Ok(clean(path.rsplit_once('/').map_or("", |(directory, _)| if directory.is_empty() { "/" } else { directory }))
        .into())
});

pub(super) static ABSPATH: Function = Function::new("abspath", PATH, Shape::String, |args, context| {
    let path = text(args.first().ok_or_else(arity)?);
    Ok(match (path.starts_with('/'), context.scope.files().working_directory()) {
        (true, _) => clean(path).into(),
        (false, Some(directory)) => clean(&format!("{directory}/{path}")).into(),
        // Where the pipeline will check out the repository, nobody knows.
        (false, None) => Value::unknown_not_null(Type::String),
    })
});

pub(super) static PATHEXPAND: Function = Function::new("pathexpand", PATH, Shape::String, |args, context| {
    let path = text(args.first().ok_or_else(arity)?);
    if path.starts_with('~') && !path.starts_with("~/") && path != "~" {
        return Err(Refusal::new("cannot expand user-specific home dir"));
    }
    Ok(expand(context.scope.files(), path).map_or_else(|| Value::unknown_not_null(Type::String), Value::from))
});

/// The path with `~` replaced; `None` where the home directory is not known.
pub(super) fn expand(files: &dyn Files, path: &str) -> Option<String> {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = files.home_directory()?;
            Some(if rest.is_empty() { home.to_owned() } else { clean(&format!("{home}/{rest}")) })
        }
        _ => Some(path.to_owned()),
    }
}

/// The shortest path that means the same (`path.Clean` of Go).
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
