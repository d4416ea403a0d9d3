//! `fileset`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/fileset>

use super::call::{Context, arity, text};
use super::path::clean;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::scope::FileFault;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static FILESET: Function = Function::new(
    "fileset",
    &[
        Parameter::new("path", Shape::String).unknown().marks(),
        Parameter::new("pattern", Shape::String).unknown().marks(),
    ],
    Shape::Set(&Shape::String),
    |args, context| {
        let [path, pattern] = args else { return Err(arity()) };
        let marks = path.marks() | pattern.marks();
        let found = match path.is_known() && pattern.is_known() {
            true => fileset(text(path), text(pattern), context)?,
            false => Value::unknown(Type::set(Type::String)),
        };
        Ok(found.with_marks(marks))
    },
)
.reads_files();

fn fileset(path: &str, pattern: &str, context: &Context) -> Result<Value, Refusal> {
    let base = clean(path);
    let full = clean(&format!("{base}/{pattern}"));
    let (directory, pattern) = fixed_part(&full);
    let glob = Glob::parse(&pattern)
        .ok_or_else(|| Refusal::new(format!("failed to glob pattern {full:?}: syntax error in pattern")))?;
    let files = context.scope.files().list(&directory).map_err(|fault| match fault {
        FileFault::Outside => Refusal::refused(format!("{directory:?} lies outside the repository and is not read")),
        fault => Refusal::file(&fault, &format!("{directory:?}")),
    })?;
    context.spend(files.len())?;
    let matching = files.iter().filter(|file| glob.matches(file));
    let relative = matching.map(|file| Value::string(&relative(&base, &clean(&format!("{directory}/{file}")))));
    Ok(Value::set(Type::String, relative.collect()))
}

/// The directories in front of the first wildcard, and the rest.
fn fixed_part(full: &str) -> (String, String) {
    let parts: Vec<&str> = full.split('/').collect();
    let is_wild = |part: &&str| part.contains(['*', '?', '[', '{', '\\']);
    let last = parts.len().saturating_sub(1);
    let at = parts.iter().position(is_wild).unwrap_or(last).min(last);
    let (fixed, wild) = parts.split_at(at);
    let directory = match fixed {
        [] => ".".to_owned(),
        [""] => "/".to_owned(),
        fixed => fixed.join("/"),
    };
    (directory, wild.join("/"))
}

fn relative(base: &str, path: &str) -> String {
    let base: Vec<&str> = base.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let common = base.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = base.iter().skip(common).map(|_| "..");
    up.chain(path.iter().skip(common).copied()).collect::<Vec<_>>().join("/")
}

/// A pattern of `doublestar`: `*`, `?`, `[…]`, `{a,b}` within a name, `**` for any number of directories.
struct Glob(Vec<Segment>);

enum Segment {
    AnyDepth,
    Name(regex::Regex),
}

impl Glob {
    fn parse(pattern: &str) -> Option<Self> {
        pattern
            .split('/')
            .map(|part| if part == "**" { Some(Segment::AnyDepth) } else { name(part) })
            .collect::<Option<_>>()
            .map(Self)
    }

    fn matches(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        // Which prefixes of the pattern match the path read so far.
        let mut reached = vec![false; self.0.len() + 1];
        self.close(&mut reached, 0);
        for part in parts {
            let mut next = vec![false; self.0.len() + 1];
            for (at, segment) in self.0.iter().enumerate().filter(|(at, _)| reached.get(*at) == Some(&true)) {
                match segment {
                    Segment::AnyDepth => self.close(&mut next, at),
                    Segment::Name(regex) if regex.is_match(part) => self.close(&mut next, at + 1),
                    Segment::Name(_) => {}
                }
            }
            reached = next;
        }
        reached.last() == Some(&true)
    }

    /// Marks a position, and the one behind it as long as that matches nothing at all.
    fn close(&self, reached: &mut [bool], from: usize) {
        for at in from..reached.len() {
            if let Some(reached) = reached.get_mut(at) {
                *reached = true;
            }
            if !matches!(self.0.get(at), Some(Segment::AnyDepth)) {
                return;
            }
        }
    }
}

/// One part of a pattern as a regular expression.
fn name(part: &str) -> Option<Segment> {
    let mut out = String::from("(?s)\\A");
    let mut chars = part.chars().peekable();
    let mut braces = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => out.push_str(&regex::escape(chars.next()?.encode_utf8(&mut [0; 4]))),
            '[' => class(&mut chars, &mut out)?,
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str("\\z");
    let regex = (braces == 0).then(|| regex::Regex::new(&out).ok())??;
    Some(Segment::Name(regex))
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.next_if(|c| matches!(c, '^' | '!')).is_some() {
        out.push('^');
    }
    let mut empty = true;
    loop {
        match chars.next()? {
            ']' if !empty => break,
            '-' if !empty && chars.peek() != Some(&']') => out.push('-'),
            '\\' => out.push_str(&regex::escape(chars.next()?.encode_utf8(&mut [0; 4]))),
            c if c.is_ascii_punctuation() => out.push_str(&format!("\\x{:02X}", u32::from(c))),
            c => out.push(c),
        }
        empty = false;
    }
    out.push(']');
    Some(())
}
