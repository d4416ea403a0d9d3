use super::*;
use crate::policy::library;
use crate::source::{Revision, Source};

/// Verdicts and failures of the tests of one module: `span text | part = value; …`.
fn outcome(text: &str) -> Vec<(Verdict, String)> {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("p_test.rego", Revision::Head, text));
    let library = library::load(&sources, &[id]);
    assert!(library.diagnostics.is_empty(), "{:?}", library.diagnostics);
    let suite =
        Suite { library: &library, sources: &sources, modules: &[id], data: &[], filter: None, coverage: false };
    let shown = |failure: Failure| {
        let values = failure.values.iter().map(|s| format!("{} = {}", s.text, s.values.join(" or ")));
        let values: Vec<String> =
            values.chain(failure.cases).chain(failure.errors.iter().map(ToString::to_string)).collect();
        format!("{} | {}", sources.text(failure.span).unwrap(), values.join("; "))
    };
    let results = suite.run().unwrap().results;
    results.into_iter().map(|r| (r.verdict, r.failure.map(shown).unwrap_or_default())).collect()
}

fn why(body: &str) -> String {
    let text = format!(
        "package p\ndeny contains \"big\" if input.n > 2\n_f(x) if x == 1\n_g(x) if x == 2\ntest_it if {{\n{body}\n}}\n"
    );
    let mut all = outcome(&text);
    assert_eq!(all[0].0, Verdict::Fail);
    all.remove(0).1
}

#[test]
fn a_failing_test_is_counted() {
    let found = outcome(
        "package p\ntest_yes if true\ntest_no if 1 > 2\ntest_undefined if input.missing\ntodo_test_later if false\n",
    );
    let verdicts: Vec<_> = found.into_iter().map(|(verdict, _)| verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Fail, Verdict::Skipped]);
}

#[test]
fn a_test_with_two_bodies_counts_once() {
    let found = outcome("package p\ntest_a if true\ntest_a if false\ntest_b if {\n  true\n}\n");
    assert_eq!(found.len(), 2);
}

#[test]
fn the_first_false_expression_is_shown_with_its_values() {
    assert_eq!(
        why("count(deny) == 1 with input as {\"n\": 2}"),
        "count(deny) == 1 with input as {\"n\": 2} | count(deny) = 0; deny = set()"
    );
    assert_eq!(
        why("doc := {\"n\": 3}\nfound := deny with input as doc\nsome f in found\nf == \"small\""),
        "f == \"small\" | f = \"big\""
    );
    assert_eq!(why("x := 2\n_f(x)"), "_f(x) | _f(x) = ; x = 2");
    assert_eq!(why("not _f(1)"), "not _f(1) | _f(1) = true");
    assert_eq!(why("y == 2\ny = 1 + 2"), "y == 2 | y = 3");
    assert_eq!(why("every x in [1, 2, 3] { x < 2 }"), "every x in [1, 2, 3] { x < 2 } | x = 2 or 3");
    assert_eq!(why("x := 1\n\"c\" in {\"a\", x}"), "\"c\" in {\"a\", x} | x = 1");
}

/// Conftest's policies are tested as OPA tests them: an error of a built-in function makes an expression undefined.
#[test]
fn an_error_that_is_gone_over_is_shown() {
    let shown = why("x := \"abc\"\nto_number(x) == 3");
    assert!(shown.starts_with("to_number(x) == 3 | to_number(x) = ; x = \"abc\"; "), "{shown}");
    assert!(shown.contains("abc"), "{shown}");
}

#[test]
fn what_cannot_be_evaluated_is_shown_with_its_place() {
    let text = "package p\nf(x) := 1 if x > 0\nf(x) := 2 if x > 1\ntest_it if {\n\ty := 2\n\tf(y) == 2\n}\n";
    let (verdict, shown) = outcome(text).remove(0);
    let Verdict::Error(error) = verdict else { panic!("{verdict:?}") };
    assert_eq!(error.place(), Some("p_test.rego:6:2"), "{error:?}");
    assert_eq!(shown, "f(y) == 2 | ");
}

#[test]
fn parts_that_say_nothing_are_left_out() {
    let shown = why("count(deny) == 3 with input as {\"n\": 3} with data.p._f as _g");
    assert_eq!(
        shown,
        "count(deny) == 3 with input as {\"n\": 3} with data.p._f as _g | count(deny) = 1; deny = {\"big\"}"
    );
    assert_eq!(why("x := 1\n$\"{x}\" == \"2\""), "$\"{x}\" == \"2\" | x = 1");
    assert_eq!(outcome("package p\ntest_it := false\n")[0].1, "test_it := false | ");
}

#[test]
fn of_several_bodies_the_one_that_came_farthest_is_shown() {
    let found = outcome("package p\ntest_a if false\ntest_a if { x := 1; x == 2 }\n");
    assert_eq!(found[0].1, "x == 2 | x = 1");
}

#[test]
fn a_rule_with_cases_tells_which_fail() {
    let found = outcome(
        "package p\ntest_sum[name] if {\n  some name, c in {\"one\": [1, 1], \"two\": [2, 3]}\n  c[0] == c[1]\n}\n\
         test_all[name] if some name in [\"a\", \"b\"]\n",
    );
    assert_eq!(found[0], (Verdict::Fail, "test_sum | two".to_owned()));
    assert_eq!(found[1].0, Verdict::Pass);
}

#[test]
fn covered_lines_are_those_of_the_original() {
    let text = "package p\n\ndeny contains x if {\n\tinput.a\n\tx := {\n\t\t\"msg\": \"no\",\n\t}\n}\n\nf(x) := 1 if x\n\n# c\nf(x) := 2 if {\n\tnot x\n\tx == false\n}\n";
    let test = "package p_test\nimport data.p\ntest_a if count(p.deny) == 0 with input as {}\n";
    let mut sources = Sources::default();
    let ids = [
        sources.add(Source::new("p.rego", Revision::Head, text)),
        sources.add(Source::new("p_test.rego", Revision::Head, test)),
    ];
    let mut library = library::load(&sources, &ids);
    library.diagnostics.clear();
    let suite = Suite { library: &library, sources: &sources, modules: &ids, data: &[], filter: None, coverage: true };
    let report = suite.run().unwrap();
    let lines = &report.coverage.unwrap()["p.rego"];
    assert_eq!(lines.covered.iter().copied().collect::<Vec<_>>(), [4]);
    assert!([5, 6, 14, 15].iter().all(|line| lines.missed.contains(line)), "{lines:?}");
}
