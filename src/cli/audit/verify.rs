//! `audit verify` and `audit coverage`.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use changegate::audit::coverage::{self, Commit, Coverage, Decided};
use changegate::audit::verify::{Flaw, Grade, Layer};
use changegate::audit::{Expected, Pin, Pins, Report};
use changegate::finding::Diagnostic;
use serde_json::json;

use super::{Answer, CoverageArgs, Format, Place, VerifyArgs, shown, text, unwritable};
use crate::cli::attest;

/// Flaws that are printed for people; JSON has all.
const SHOWN: usize = 20;

pub(super) fn run(place: &Place, args: &VerifyArgs) -> Result<Answer, Diagnostic> {
    let pins_file = args.pins.clone().unwrap_or_else(|| place.root.join(".changegate/audit.pins"));
    let mut pins = read_pins(&pins_file)?;
    let name = place.name();
    let known = pins.of(&name);
    if known.is_none() && args.pin.is_empty() {
        place.must_exist()?;
    }
    let expected = Expected {
        keys: args.key.iter().map(|key| attest::verifier_key(key)).collect::<Result<_, _>>()?,
        pins: args.pin.iter().cloned().chain(known).collect(),
        checkpoints: args.checkpoint.iter().map(|path| attest::read(path)).collect::<Result<_, _>>()?,
    };
    let mut report = changegate::audit::verify(&*place.store, &expected)?;
    if let Some(branch) = &args.branch {
        let found = find_coverage(place, branch, args.since.as_deref(), None)?;
        report.flaws.extend(uncovered(&found));
    }
    let code = report.exit_code();
    let head = Pin { size: report.records, root: report.root };
    if code == 0 && !args.no_remember && pins.remember(&name, &head) {
        replace(&pins_file, &pins.to_text())?;
    }
    let out = match args.format {
        Format::Json => as_json(&report),
        Format::Pretty => as_text(&report),
    };
    Ok(Answer { code, ..text(out) })
}

fn read_pins(path: &Path) -> Result<Pins, Diagnostic> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Pins::default()),
        Err(e) => return Err(unwritable(path, &e)),
    };
    Pins::parse(&text).ok_or_else(|| {
        Diagnostic::error("audit::pins", "the remembered heads cannot be read")
            .in_file(path.display().to_string())
            .help("restore the file; without it a rollback cannot be noticed")
    })
}

/// A pin that is lost to a crash is a rollback that nobody notices: the old file stays until the new one is whole.
fn replace(path: &Path, contents: &str) -> Result<(), Diagnostic> {
    let new = path.with_extension("pins.new");
    let write = || -> std::io::Result<()> {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let mut file = std::fs::File::create(&new)?;
        file.write_all(contents.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().map_err(|e| unwritable(path, &e))
}

fn uncovered(coverage: &Coverage) -> Vec<Flaw> {
    let flaw = |index, what| Flaw { index, layer: Layer::Coverage, grade: Grade::Incomplete, what };
    let missing = coverage.missing.iter().map(|c| flaw(None, format!("commit {} came in without a decision", c.id)));
    let refused = coverage.refused.iter().map(|r| {
        flaw(Some(r.index), format!("commit {} came in although the decision was: {}", r.commit.id, r.decision))
    });
    missing.chain(refused).collect()
}

const RESULT: [&str; 4] = ["ok", "tampered", "incomplete", "cannot verify"];

fn result(code: u8) -> &'static str {
    RESULT.get(usize::from(code)).copied().unwrap_or("cannot verify")
}

/// What the check could not tell, whatever it found.
fn limits(report: &Report) -> Vec<&'static str> {
    let mut limits = Vec::new();
    if !report.pinned {
        limits.push(
            "no earlier head was there to compare with: that the log was rolled back, or replaced, cannot be excluded",
        );
    }
    if report.unchecked_signatures {
        limits.push("records are signed, and no key was given to check them with");
    }
    limits
}

fn as_json(report: &Report) -> String {
    let value = json!({
        "schema": "changegate/audit-verify/v1",
        "result": result(report.exit_code()),
        "log": report.log,
        "records": report.records,
        "pruned": report.pruned,
        "root": report.root.to_string(),
        "signed": report.signed,
        "proved": report.proved,
        "rollback_excluded": report.pinned,
        "first_bad_index": report.first_bad(),
        "flaws": report.flaws,
        "limits": limits(report),
    });
    format!("{value:#}\n")
}

/// The same flaw of records one after the other is told once.
fn runs(flaws: &[Flaw]) -> Vec<(&Flaw, usize)> {
    let mut runs: Vec<(&Flaw, usize)> = Vec::new();
    for flaw in flaws {
        let follows = |first: &Flaw, count: usize| {
            let next = first.index.map(|index| index + count as u64);
            next.is_some() && next == flaw.index && (first.grade, &first.what) == (flaw.grade, &flaw.what)
        };
        match runs.last_mut() {
            Some((first, count)) if follows(first, *count) => *count += 1,
            _ => runs.push((flaw, 1)),
        }
    }
    runs
}

fn as_text(report: &Report) -> String {
    let mut out = String::new();
    let runs: Vec<(&Flaw, usize)> = runs(&report.flaws);
    for (flaw, count) in runs.iter().take(SHOWN) {
        let place = match (flaw.index, *count as u64) {
            (None, _) => "log".into(),
            (Some(index), 1) => format!("record {index}"),
            (Some(index), count) => format!("records {index} to {}", index + count - 1),
        };
        let grade = match flaw.grade {
            Grade::Tampered => "tampered",
            Grade::Incomplete => "incomplete",
            Grade::Unverifiable => "cannot verify",
        };
        let _ = writeln!(out, "{grade}: {place}: {}", shown(&flaw.what));
    }
    if runs.len() > SHOWN {
        let _ = writeln!(out, "… and {} more (--format json has all)", runs.len() - SHOWN);
    }
    for limit in limits(report) {
        let _ = writeln!(out, "note: {limit}");
    }
    let pruned = if report.pruned > 0 { format!(" ({} pruned)", report.pruned) } else { String::new() };
    let signed = if report.signed > 0 { format!(", {} signed", report.signed) } else { String::new() };
    let proved = if report.proved > 0 { format!(", {} with a proved author", report.proved) } else { String::new() };
    let _ = writeln!(out, "{}: {} records{pruned}{signed}{proved}", shown(&report.log), report.records);
    let _ = writeln!(out, "root {}", report.root);
    let _ = writeln!(out, "{}", result(report.exit_code()));
    out
}

pub(super) fn coverage(place: &Place, args: &CoverageArgs) -> Result<Answer, Diagnostic> {
    let found = find_coverage(place, &args.branch, args.since.as_deref(), args.until.as_deref())?;
    let out = match args.format {
        Format::Json => format!(
            "{:#}\n",
            json!({"schema": "changegate/audit-coverage/v1", "branch": args.branch, "coverage": found})
        ),
        Format::Pretty => coverage_text(&found),
    };
    Ok(Answer { code: found.exit_code(), ..text(out) })
}

fn coverage_text(found: &Coverage) -> String {
    let mut out = String::new();
    for commit in &found.missing {
        let _ = writeln!(out, "no decision  {}  {}  {}", commit.id, shown(&commit.at), shown(&commit.subject));
    }
    for refused in &found.refused {
        let (commit, index) = (&refused.commit, refused.index);
        let _ = writeln!(
            out,
            "{:<11}  {}  {}  {}  (record {index})",
            refused.decision,
            commit.id,
            shown(&commit.at),
            shown(&commit.subject)
        );
    }
    let _ = writeln!(out, "{} of {} commits were allowed by a decision", found.covered, found.commits);
    out
}

fn find_coverage(
    place: &Place,
    branch: &str,
    since: Option<&str>,
    until: Option<&str>,
) -> Result<Coverage, Diagnostic> {
    let heads = coverage::decisions(&*place.store)?;
    let commits = commits(&place.root, branch, since, until)?;
    let trees = trees(&place.root, &heads)?;
    Ok(coverage::coverage(&commits, &heads, &trees))
}

/// First-parent commits of a branch, newest first.
fn commits(root: &Path, branch: &str, since: Option<&str>, until: Option<&str>) -> Result<Vec<Commit>, Diagnostic> {
    let mut args =
        vec!["log".to_owned(), "--first-parent".into(), "-z".into(), "--format=%H%x01%P%x01%T%x01%cI%x01%s".into()];
    args.extend(since.map(|since| format!("--since={}", day(since))));
    args.extend(until.map(|until| format!("--until={}", day(until))));
    args.extend(["--end-of-options".to_owned(), branch.to_owned(), "--".into()]);
    let text = git(root, &args, "")?;
    Ok(text.split('\0').filter_map(commit).collect())
}

/// git reads a bare day as that day at the present time of day.
fn day(text: &str) -> String {
    if text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    }
}

fn commit(line: &str) -> Option<Commit> {
    let mut fields = line.split('\u{1}');
    let mut next = || fields.next().map(str::to_owned);
    let (id, parents, tree, at, subject) = (next()?, next()?, next()?, next()?, next()?);
    Some(Commit { id, parents: parents.split_whitespace().map(str::to_owned).collect(), tree, at, subject })
}

/// Trees of those heads that the repository still knows.
fn trees(root: &Path, heads: &HashMap<String, Decided>) -> Result<HashMap<String, String>, Diagnostic> {
    let hex = |head: &&String| head.len() >= 40 && head.bytes().all(|b| b.is_ascii_hexdigit());
    let input: String = heads.keys().filter(hex).map(|head| format!("{head}^{{tree}} {head}\n")).collect();
    let args = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(rest)"].map(str::to_owned);
    let text = git(root, &args, &input)?;
    let line = |line: &str| {
        let mut words = line.split(' ');
        let (tree, kind, head) = (words.next()?, words.next()?, words.next()?);
        (kind == "tree").then(|| (head.to_owned(), tree.to_owned()))
    };
    Ok(text.lines().filter_map(line).collect())
}

fn git(root: &Path, args: &[String], input: &str) -> Result<String, Diagnostic> {
    let fault = |what: &str| {
        Diagnostic::error("audit::git", format!("git cannot list the commits: {what}"))
            .in_file(root.display().to_string())
            .help("run this in a clone that has the branch, with its history")
    };
    let child = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|e| fault(&e.to_string()))?;
    let mut stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(input.as_bytes())));
        child.wait_with_output()
    });
    let output = output.map_err(|e| fault(&e.to_string()))?;
    if !output.status.success() {
        return Err(fault(String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
