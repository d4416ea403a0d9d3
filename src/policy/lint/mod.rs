//! What is wrong with a policy although it loads: it will not do what its author means, or nobody can tell that it does.
//!
//! Each kind of fault has a file and a code; [`RULES`] lists them. What OPA's compiler refuses (undefined functions, arity, unsafe
//! variables) is found when the policies are loaded.

mod clock;
mod imports;
mod metadata;
mod naming;
mod negation;
mod parameters;
mod reach;
mod shape;
mod untested;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conftest;
use super::metadata::Metadata;
use super::outline::Outline;
use super::rego::ast::Range;
use super::rego::{self, Module};
use super::test::Suite;
use crate::facts::Shape;
use crate::finding::Diagnostic;
use crate::source::{Revision, Source, SourceId, Span};

/// Every code with what it stands for.
pub const RULES: [(&str, &str); 10] = [
    (clock::CODE, "A policy asks the clock: the same change would be judged differently twice."),
    (imports::CODE, "An import is not used, or stands there twice."),
    (metadata::CODE, "METADATA lacks a field that a reader, an auditor or an output needs."),
    (naming::CODE, "A name is not where, or not what, others look for."),
    (negation::CODE, "`not f(input.x)` is undefined where the field is absent: nothing is denied."),
    (reach::CODE, "Nothing asks for the rule, or its body can never hold."),
    (shape::CODE, "A path leads nowhere in the input of the declared scope."),
    (untested::NO_DENY, "No test makes the policy deny."),
    (untested::NO_ALLOW, "No test shows what the policy allows."),
    (untested::NO_MISSING, "No test leaves a field out that the policy reads."),
];

/// Modules to lint, with all that is loaded beside them.
pub struct Program<'a> {
    modules: Vec<Linted<'a>>,
    /// Whether there is a policy with METADATA: shared rules by themselves are asked by others.
    has_policies: bool,
    /// What the modules that have a fault name: nobody knows what they would ask, nor what they would test.
    faulty: Vec<Outline>,
    /// Whether every module can be parsed.
    complete: bool,
    /// The shape of the input, by what it is asked for.
    input: Shape,
    /// What the functions are handed of it.
    parameters: parameters::Parameters,
}

/// One module.
struct Linted<'a> {
    id: SourceId,
    source: &'a Arc<Source>,
    /// As parsed.
    written: Module,
    /// With every name resolved.
    resolved: Module,
    metadata: Option<Metadata>,
    /// Whether it was written for Conftest: its habits are its own, and its input may be anything.
    of_conftest: bool,
    /// Whether it is asked about; the others are only there for what refers to them.
    wanted: bool,
    /// Whether it is free of the faults that loading found. What is not is no further linted.
    sound: bool,
}

impl Linted<'_> {
    fn is_test(&self) -> bool {
        super::library::is_test(&self.source.path)
    }

    fn package(&self) -> String {
        self.written.package.join(".")
    }

    fn at(&self, range: Range) -> Span {
        Span { source: self.id, start: range.start, end: range.end }
    }

    /// The name of the file without `.rego`.
    fn stem(&self) -> &str {
        let name = self.source.path.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".rego").unwrap_or(name)
    }
}

/// Lints the modules that come from disk, or the embedded ones when there are no others; in the order of their places.
/// Modules with a fault that loading found are passed over, and so is what depends on what they say.
/// `input` is the shape of the policy input with resources.
///
/// # Errors
/// A message, when the tests cannot be run.
pub fn lint(suite: &Suite<'_>, input: Shape) -> Result<Vec<Diagnostic>, String> {
    let program = Program::of(suite, input);
    let mut found = Vec::new();
    for module in program.modules.iter().filter(|m| m.wanted) {
        clock::check(module, &mut found);
        imports::check(module, &mut found);
        metadata::check(module, &mut found);
        naming::check(&program, module, &mut found);
        negation::check(&program, module, &mut found);
        shape::check(&program, module, &mut found);
        if module.of_conftest {
            found.extend(conftest::without_message(module.id, &module.written));
        }
    }
    reach::check(&program, &mut found);
    untested::check(&program, suite, &mut found)?;
    found.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    found.dedup();
    Ok(found)
}

impl<'a> Program<'a> {
    fn of(suite: &Suite<'a>, input: Shape) -> Self {
        let sources: BTreeMap<SourceId, &Arc<Source>> =
            suite.modules.iter().filter_map(|id| Some((*id, suite.sources.get(*id)?))).collect();
        let parsed = sources.iter().filter_map(|(id, s)| Some((*id, rego::parse_any(&s.text).ok()?)));
        let written: Vec<(SourceId, Module)> = parsed.collect();
        let mut resolved = written.clone();
        rego::resolve_names(&mut resolved);
        let from_disk = sources.values().any(|s| s.revision != Revision::Embedded);
        let faulty: BTreeSet<SourceId> =
            suite.library.diagnostics.iter().filter_map(|fault| fault.span).map(|span| span.source).collect();
        let modules = written.into_iter().zip(resolved).filter_map(|((id, written), (_, resolved))| {
            let source = *sources.get(&id)?;
            let metadata = super::metadata::read(id, &source.text).ok().flatten();
            let wanted = !from_disk || source.revision != Revision::Embedded;
            let of_conftest = suite.library.is_of_conftest(id);
            let sound = !faulty.contains(&id) && suite.library.is_loaded(id);
            Some(Linted { id, source, written, resolved, metadata, of_conftest, wanted: wanted && sound, sound })
        });
        let modules: Vec<Linted<'_>> = modules.collect();
        let has_policies = modules.iter().any(|m| m.wanted && m.metadata.is_some());
        let outlines = faulty.iter().filter_map(|id| sources.get(id)).map(|source| Outline::scan(&source.text));
        let complete = modules.len() == sources.len();
        let parameters = parameters::Parameters::new();
        let mut program = Self { has_policies, faulty: outlines.collect(), complete, modules, input, parameters };
        program.parameters = parameters::of(&program);
        program
    }
}

fn fault(code: &'static str, module: &Linted<'_>, range: Range, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code, message).at(module.at(range))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_guide_names_every_code() {
        let guide = include_str!("../../../docs/writing-policies.md");
        for (code, meaning) in super::RULES {
            assert!(guide.contains(&format!("| `{code}` | {meaning} |")), "{code}");
        }
    }
}
