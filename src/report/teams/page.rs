//! What stands on the page.

use serde::Serialize;

use super::super::Format;
use super::super::chart::{Dot, Hour, Limits, Point, WeekBar, funnel, heat, trend, weeks};
use super::figures::{FIGURES, percent, share, time};
use crate::metrics::flags::Flag;
use crate::metrics::statistics::{FEWEST, Proportion, funnel as limits, significance};
use crate::metrics::summary::{Compared, DEFINITIONS, HEADLINE_DAYS, Measures, NO_CAUSE, Scope, Share, Summary, Week};

#[derive(Serialize)]
pub(super) struct Report {
    made_at: String,
    zone: String,
    headline: String,
    decisions: u64,
    quality: Vec<Problem>,
    flags: Vec<Flag>,
    definitions: [(&'static str, &'static str); 5],
    no_cause: &'static str,
    funnel: String,
    compared: Vec<Row>,
    heat: String,
    scopes: Vec<Section>,
    services: Vec<Row>,
    people: Option<Vec<Row>>,
}

/// What is wrong with the data.
#[derive(Serialize)]
struct Problem {
    words: &'static str,
    count: u64,
    examples: String,
}

/// A row of a table, with what stands first apart.
#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<String>,
}

/// The organisation or a team.
#[derive(Serialize)]
struct Section {
    anchor: String,
    name: String,
    since: String,
    tables: Vec<Table>,
    charts: Vec<Drawing>,
    correlation: Vec<String>,
}

/// Every figure in some windows.
#[derive(Serialize)]
struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// A chart with the words that stand above it.
#[derive(Serialize)]
struct Drawing {
    title: &'static str,
    svg: String,
}

impl Report {
    /// Markdown has no pictures.
    pub(super) fn of(summary: &Summary, format: Format) -> Self {
        let drawn = format == Format::Html;
        let scopes = std::iter::once(&summary.organisation).chain(&summary.teams);
        Self {
            made_at: summary.now.strftime("%-d %b %Y, %H:%M UTC").to_string(),
            zone: summary.zone.clone(),
            headline: format!("last {HEADLINE_DAYS} days"),
            decisions: summary.decisions,
            quality: quality(summary),
            flags: summary.flags.clone(),
            definitions: DEFINITIONS,
            no_cause: NO_CAUSE,
            funnel: if drawn { drawn_funnel(summary) } else { String::new() },
            compared: summary.compared.iter().map(compared).collect(),
            heat: if drawn { drawn_heat(summary) } else { String::new() },
            scopes: scopes.enumerate().map(|(n, scope)| section(n, scope, drawn)).collect(),
            services: summary.services.iter().map(service).collect(),
            people: summary.people.as_ref().map(|people| {
                let row = |p: &crate::metrics::summary::Person| Row {
                    name: p.name.to_string(),
                    cells: vec![share(&Share::of(p.deployments))],
                };
                people.iter().map(row).collect()
            }),
        }
    }
}

fn quality(summary: &Summary) -> Vec<Problem> {
    let problem = |(problem, seen): (crate::metrics::quality::Problem, &crate::metrics::quality::Seen)| Problem {
        words: problem.words(),
        count: seen.count,
        examples: seen.examples.join("; "),
    };
    summary.quality.iter().map(problem).collect()
}

fn compared(one: &Compared) -> Row {
    let own = share(&Share::of(one.own));
    let verdict = match (one.own.rate(), one.limits, one.q) {
        _ if one.own.n < FEWEST => "too few to compare".to_owned(),
        (Some(rate), Some(limits), q) => {
            let place = match rate {
                rate if rate > limits.action.high => "above the 99.8 % limits",
                rate if rate < limits.action.low => "below the 99.8 % limits",
                rate if rate > limits.warning.high => "above the 95 % limits",
                rate if rate < limits.warning.low => "below the 95 % limits",
                _ => "within the limits of chance",
            };
            let differs = match q {
                Some(q) if q <= 0.05 => format!("; differs from all others, {}", significance(q)),
                Some(q) => format!("; not distinguishable from all others, {}", significance(q)),
                None => String::new(),
            };
            format!("{place}{differs}")
        }
        _ => "nothing to compare with".to_owned(),
    };
    Row { name: one.team.to_string(), cells: vec![own, share(&Share::of(one.rest)), verdict] }
}

fn service(scope: &Scope) -> Row {
    let show = |name: &str| {
        let figure = FIGURES.iter().find(|(known, _)| *known == name);
        figure.zip(scope.headline()).map(|((_, show), measures)| show(measures)).unwrap_or_default()
    };
    let team = scope.team.as_deref().unwrap_or("no owner").to_owned();
    let names = ["Deployments", "Change fail rate", "Change lead time", "Failed deployment recovery time"];
    Row { name: scope.name.to_string(), cells: std::iter::once(team).chain(names.map(show)).collect() }
}

fn section(n: usize, scope: &Scope, drawn: bool) -> Section {
    let (rolling, quarters): (Vec<&Measures>, Vec<&Measures>) =
        scope.windows.iter().partition(|m| m.window.name.starts_with("last "));
    let correlation = scope.correlation.iter().map(|c| {
        let lag = match c.lag {
            0 => "the same week".to_owned(),
            1 => "the week after".to_owned(),
            lag => format!("{lag} weeks later"),
        };
        let clear = if c.interval.contains(0.0) { ": not distinguishable from none" } else { "" };
        format!(
            "{lag}: rank correlation {:.2} ({:.2} to {:.2}), {} weeks{clear}",
            c.rho, c.interval.low, c.interval.high, c.n
        )
    });
    Section {
        anchor: format!("scope-{n}"),
        name: if n == 0 { "All together".to_owned() } else { scope.name.to_string() },
        since: scope.first.map_or_else(|| "never seen".into(), |at| at.strftime("since %-d %b %Y").to_string()),
        tables: vec![table("up to now", &rolling), table("in calendar quarters", &quarters)],
        charts: if drawn { charts(n, scope) } else { Vec::new() },
        correlation: correlation.collect(),
    }
}

fn table(name: &'static str, windows: &[&Measures]) -> Table {
    let row = |(name, show): &super::figures::Figure| Row {
        name: (*name).to_owned(),
        cells: windows.iter().map(|measures| show(measures)).collect(),
    };
    let columns = std::iter::once("Measure".to_owned()).chain(windows.iter().map(|m| m.window.name.clone()));
    Table { name, columns: columns.collect(), rows: FIGURES.iter().map(row).collect() }
}

/// A value with the ends of its interval.
type Estimate = (f64, f64, f64);

fn charts(n: usize, scope: &Scope) -> Vec<Drawing> {
    let points = |value: &dyn Fn(&Measures) -> Option<Estimate>| -> Vec<Point> {
        let label = |m: &Measures| m.window.end.strftime("%-d %b %y").to_string();
        scope.trend.iter().map(|m| Point { label: label(m), value: value(m) }).collect()
    };
    let frequency = points(&|m| m.frequency.map(|r| (r.rate, r.interval.low, r.interval.high)));
    let fails = points(&|m| {
        let interval = m.fail_rate.interval.filter(|_| m.fail_rate.counts.is_enough())?;
        Some((m.fail_rate.rate?, interval.low, interval.high))
    });
    let lead = points(&|m| {
        let interval = m.lead_time.interval?;
        Some((m.lead_time.median?, interval.low, interval.high))
    });
    let drawn = |id: &str, title: &'static str, points: &[Point], show: &dyn Fn(f64) -> String| Drawing {
        title,
        svg: trend(&format!("{id}-{n}"), title, points, show),
    };
    let week = |w: &Week| WeekBar {
        label: w.monday.strftime("%-d %b %y").to_string(),
        deployments: w.deployments,
        failed: w.failed,
        incidents: w.incidents,
    };
    let bars: Vec<WeekBar> = scope.weeks.iter().map(week).collect();
    let title = "Week by week: deployments above the line, failed ones red; incidents below";
    vec![
        Drawing { title, svg: weeks(&format!("weeks-{n}"), title, &bars) },
        drawn("frequency", "Deployments a week, over 28 days each", &frequency, &|v| format!("{v:.1}")),
        drawn("fails", "Change fail rate, over 28 days each", &fails, &percent),
        drawn("lead", "Change lead time, median over 28 days each", &lead, &time),
    ]
}

fn drawn_funnel(summary: &Summary) -> String {
    let all = summary.organisation.headline().map(|m| m.fail_rate.counts).unwrap_or_default();
    let Some(rate) = all.rate() else { return String::new() };
    let dots: Vec<Dot> = summary.compared.iter().filter_map(dot).collect();
    let most = dots.iter().map(|dot| dot.n).max().unwrap_or(0).max(20);
    let steps = 80_u64.min(most);
    let curve = (1..=steps).filter_map(|step| {
        let n = (step * most).div_ceil(steps);
        let at = limits(rate, n)?;
        Some(Limits { n, warning: (at.warning.low, at.warning.high), action: (at.action.low, at.action.high) })
    });
    funnel("funnel", rate, &dots, &curve.collect::<Vec<_>>())
}

fn dot(one: &Compared) -> Option<Dot> {
    let Proportion { n, .. } = one.own;
    let (rate, limits) = (one.own.rate()?, one.limits?);
    let outside = n >= FEWEST && !limits.warning.contains(rate);
    let words = format!("{}: {}", one.team, share(&Share::of(one.own)));
    Some(Dot { name: one.team.to_string(), n, rate, outside, better: rate < limits.warning.low, words })
}

fn drawn_heat(summary: &Summary) -> String {
    let hour = |cell: &crate::metrics::summary::Cell| Hour {
        weekday: cell.weekday,
        hour: cell.hour,
        n: cell.deployments.n,
        failed: cell.deployments.k,
    };
    heat("heat", &summary.heat.iter().map(hour).collect::<Vec<_>>())
}
