//! `changegate test`: the unit tests of policies.

use std::fmt::Write;

use changegate::gate::policies;
use changegate::policy::test::{self, TestResult, Verdict};

use super::{Answer, TestArgs, environment};

/// Exit code 0: all declared tests pass; 1: some fail; 2: a policy does not load, or no test was declared.
pub(super) fn run(args: &TestArgs) -> Answer {
    let loaded = policies::load_for_tests(&args.dirs);
    let style = environment::style(super::When::Auto, false);
    if !loaded.library.diagnostics.is_empty() {
        let text = changegate::output::diagnostics(&loaded.library.diagnostics, &loaded.sources, &style);
        return Answer { stderr: text.into_bytes(), code: 2, ..Answer::default() };
    }
    let results = changegate::gate::in_pool(environment::jobs(None), || test::run(&loaded.library, &args.run));
    if results.is_empty() {
        let text = "no test was declared: a test is a rule `test_…` in a file `*_test.rego` beside the policy\n";
        return Answer { stderr: text.into(), code: 2, ..Answer::default() };
    }
    let failed = results.iter().filter(|r| r.verdict != Verdict::Pass).count();
    let mut out = String::new();
    for result in results.iter().filter(|r| args.verbose || r.verdict != Verdict::Pass) {
        report(&mut out, result, &loaded.sources);
    }
    let _ = writeln!(out, "{} passed, {failed} failed", results.len() - failed);
    Answer { stdout: out.into_bytes(), code: u8::from(failed > 0), ..Answer::default() }
}

fn report(out: &mut String, result: &TestResult<'_>, sources: &changegate::source::Sources) {
    let place = sources.locate(result.rule.span).map_or_else(String::new, |l| l.to_string());
    let _ = match &result.verdict {
        Verdict::Pass => writeln!(out, "pass   {}", result.rule.path),
        Verdict::Fail => writeln!(out, "FAIL   {}  ({place})", result.rule.path),
        Verdict::Error(error) => writeln!(out, "ERROR  {}  ({place}): {error}", result.rule.path),
    };
    for line in &result.prints {
        let _ = writeln!(out, "       {line}");
    }
}
