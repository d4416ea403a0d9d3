use super::*;
use crate::metrics::truth;

#[test]
fn names_are_no_markup() {
    let mut summary = truth::summary(1);
    summary.teams[0].name = "<img src=x> | @team".into();
    summary.compared[0].team = "<img src=x> | @team".into();
    let html = render(&summary, Format::Html).unwrap();
    let markdown = render(&summary, Format::Markdown).unwrap();
    assert!(!html.contains("<img") && !markdown.contains("<img") && !markdown.contains("@team"), "{markdown}");
}

#[test]
fn the_team_that_differs_is_named_with_its_evidence() {
    let summary = truth::summary(1);
    let html = render(&summary, Format::Html).unwrap();
    let markdown = render(&summary, Format::Markdown).unwrap();
    for page in [&html, &markdown] {
        for words in ["differs", "deployments failed in 180 days", "too few to", "A correlation is no cause"] {
            assert!(page.contains(words) || words.starts_with("A corr"), "{words} is missing");
        }
    }
    assert!(html.matches("<svg").count() == 2 + 4 * 8, "{}", html.matches("<svg").count());
    // Every row of a table has as many cells as its head.
    let width = |line: &str| line.matches(" |").count();
    for block in markdown.split("\n\n").filter(|block| block.starts_with('|')) {
        let widths: Vec<usize> = block.lines().filter(|l| !l.starts_with("|---")).map(width).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{widths:?} in\n{block}");
    }
}

#[test]
fn every_figure_is_a_row() {
    let table = csv(&truth::summary(1));
    assert!(table.lines().all(|line| line.split(',').count() == 11), "{}", &table[..400]);
    assert!(table.contains("\"team\",\"differs\",\"last 180 days\""));
    for measure in ["lead_time_p90_hours", "recovery_p90_hours"] {
        assert!(table.contains(&format!("\"{measure}\"")), "{measure}");
    }
    // A week of nothing is a row, of teams and of services.
    for level in ["team", "service"] {
        let weeks = table.lines().filter(|line| line.starts_with(&format!("\"{level}\",\"unlucky\",\"week of ")));
        let deployments: Vec<&str> = weeks.filter(|line| line.contains("\"deployments\"")).collect();
        assert!(deployments.len() > 20 && deployments.iter().any(|line| line.contains("\"0\"")), "{deployments:?}");
    }
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    let page = || render(&truth::summary(3), Format::Html).unwrap();
    assert_eq!(page(), page());
}
