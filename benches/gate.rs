//! The gate and its parts: `cargo bench`. With `CHANGEGATE_CORPUS=DIR`, a folder of real manifests is judged, too.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench owns its environment"
)]

mod common;

use std::path::Path;

use changegate::change::calendar::{Target, next_transition, openness};
use changegate::gate::{self, Silent};
use changegate::parse::yaml::{self, Limits};
use changegate::policy::library;
use changegate::source::{SourceId, Sources};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn manifests(criterion: &mut Criterion) {
    let acme = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/acme");
    let text = std::fs::read_to_string(acme.join("k8s/prod/checkout/rollout.yaml")).unwrap();
    let text = vec![text; 300].join("---\n");
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("yaml", |b| b.iter(|| yaml::parse(SourceId(0), &text, &Limits::default())));
    group.finish();
}

/// The embedded library: looked over, an engine for one policy, an engine for all.
fn load(criterion: &mut Criterion) {
    let mut sources = Sources::default();
    let modules = library::embedded(&mut sources, false);
    let fresh = || library::load(&sources, &modules);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    group.bench_function("look over", |b| b.iter(fresh));
    group.bench_function("one policy", |b| {
        b.iter_batched(fresh, |library| library.engine_for(library.policies.first()).unwrap(), BatchSize::PerIteration);
    });
    group.bench_function("all policies", |b| {
        b.iter_batched(fresh, |library| library.engine().unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    let acme = common::request(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/acme"));
    group.bench_function("acme", |b| b.iter(|| gate::in_pool(1, || gate::check(&acme, &Silent))));
    let folder = tempfile::tempdir().unwrap();
    let small = "apiVersion: v1\nkind: Service\nmetadata: {name: orders}\nspec: {selector: {app: orders}}\n";
    std::fs::write(folder.path().join("service.yaml"), small).unwrap();
    let small = common::request(folder.path().to_owned());
    group.bench_function("small file", |b| b.iter(|| gate::in_pool(1, || gate::check(&small, &Silent))));
    if let Ok(corpus) = std::env::var("CHANGEGATE_CORPUS") {
        let corpus = common::request(corpus.into());
        group.sample_size(10);
        for jobs in [1, 2] {
            let name = format!("corpus, {jobs} threads");
            group.bench_function(name, |b| b.iter(|| gate::in_pool(jobs, || gate::check(&corpus, &Silent))));
        }
    }
    group.finish();
}

/// Ten years of 500 recurring freezes in eight time zones, spelled in four ways.
fn ten_years() -> String {
    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Tokyo",
        "Australia/Sydney",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "Pacific/Auckland",
    ];
    const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let head = "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {name: ten-years}\nspec:\n  timezone: UTC\n  windows:\n";
    (0..500).fold(head.to_owned(), |out, i| {
        let (minute, hour, day, next) = (i % 60, i % 24, DAYS[i % 7], DAYS[(i + 1) % 7]);
        let timing = match i % 4 {
            0 => format!("schedule: \"{minute} {hour} * * {day}\", duration: {}h", 1 + i % 10),
            1 => format!("schedule: \"{minute} {hour} {} * *\", until: \"{:02}:30\"", 1 + i % 28, (i + 5) % 24),
            2 => format!(
                "start: \"2024-01-0{}T{hour:02}:00\", duration: {}h, rrule: \"FREQ=WEEKLY;BYDAY={};UNTIL=20340101T000000Z\"",
                1 + i % 9,
                1 + i % 6,
                &day[..2]
            ),
            _ => format!("schedule: \"0 {hour} * * {day}\", endSchedule: \"0 {} * * {next}\"", (i + 8) % 24),
        };
        let services = if i % 2 == 0 { String::new() } else { format!(", services: [s{}]", i % 50) };
        out + &format!(
            "    - {{id: w{i}, kind: deny, {timing}, timezone: {}, scope: {{environments: [prod]{services}}}}}\n",
            ZONES[i % 8]
        )
    })
}

/// What `changegate freeze status` does: read the calendar, and tell whether it is open and until when.
fn freeze(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".changegate")).unwrap();
    std::fs::write(folder.path().join(".changegate/freeze.yaml"), ten_years()).unwrap();
    let asked = common::request(folder.path().to_owned());
    let at = "2029-06-12T16:00:00Z".parse().unwrap();
    let status = || {
        let read = gate::calendars(&asked);
        assert!(read.is_complete());
        let (service, environment) = (Some("s3".to_owned()), Some("prod".to_owned()));
        let target = Target { service, environment, ..Target::default() };
        let subject = read.subject(target);
        let calendars = &read.documents.calendars;
        (openness(calendars, &subject, at), next_transition(calendars, &subject, at))
    };
    criterion.bench_function("freeze status, 500 windows", |b| b.iter(status));
}

criterion_group!(benches, manifests, load, check, freeze);
criterion_main!(benches);
