use super::*;
use crate::change::fixture;

fn request(spec: &str) -> Request {
    let text = format!("apiVersion: changegate/v1\nkind: ChangeRequest\nmetadata: {{id: CHG-1}}\nspec: {spec}\n");
    Request::read("c.yaml", &fixture::yaml(&text).1[0]).expect("a request")
}

fn target(environment: Option<&str>, service: Option<&str>, tier: Option<u8>, region: Option<&str>) -> Target {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Target { environment: owned(environment), service: owned(service), tier, region: owned(region), namespace: None }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn scope(environments: &[&str], services: &[&str], tiers: &[u8], regions: &[&str]) -> Scope {
    Scope {
        environments: words(environments),
        services: words(services),
        tiers: tiers.to_vec(),
        regions: words(regions),
        ..Scope::default()
    }
}

#[test]
fn one_touched_combination_must_fit_as_a_whole() {
    let subject = Subject {
        targets: vec![
            target(Some("prod"), Some("orders-api"), Some(2), Some("eu-west-1")),
            target(Some("staging"), Some("orders-db"), Some(0), Some("us-east-1")),
        ],
        ..Subject::default()
    };
    assert!(Scope::default().fits(&subject), "an empty scope fits everything");
    assert!(scope(&["prod"], &[], &[], &[]).fits(&subject));
    assert!(scope(&["prod"], &["orders-api"], &[2], &["eu-west-1"]).fits(&subject));
    assert!(!scope(&["prod"], &[], &[0, 1], &[]).fits(&subject), "tier 0 is touched, in staging only");
    assert!(!scope(&["prod"], &["orders-db"], &[], &[]).fits(&subject));
    assert!(!scope(&[], &[], &[], &["ap-south-1"]).fits(&subject));
}

#[test]
fn what_is_unknown_fits() {
    let subject = Subject { targets: vec![target(None, None, None, None)], ..Subject::default() };
    assert!(scope(&["prod"], &["a"], &[0], &["r"]).fits(&subject));
    assert!(scope(&["prod"], &["a"], &[0], &["r"]).fits(&Subject::default()), "nothing is known at all");
    let half = Subject { targets: vec![target(Some("staging"), None, None, None)], ..Subject::default() };
    assert!(!scope(&["prod"], &[], &[], &[]).fits(&half), "what is known counts");
    let paths = GlobSet::builder().add(globset::Glob::new("k8s/**").unwrap()).build().unwrap();
    let scope = Scope {
        paths: Some(paths),
        teams: words(&["orders"]),
        change_types: vec![ChangeType::Normal],
        ..Scope::default()
    };
    assert!(scope.fits(&Subject::default()));
}

#[test]
fn names_are_compared_as_names() {
    let names = [("production".to_owned(), "prod".to_owned()), ("prd".to_owned(), "prod".to_owned())];
    let subject = Subject {
        targets: vec![target(Some("prod"), Some("component:default/Orders-API"), None, None)],
        environment_names: names.into(),
        ..Subject::default()
    };
    assert!(scope(&["Production"], &["orders-api"], &[], &[]).fits(&subject));
    assert!(scope(&["PROD"], &[], &[], &[]).fits(&subject));
    assert!(!scope(&["prod-eu"], &[], &[], &[]).fits(&subject));
}

#[test]
fn types_teams_and_paths_belong_to_the_whole_change() {
    let request = request("{type: emergency}");
    let subject = Subject {
        teams: words(&["group:default/orders"]),
        paths: Some(words(&["docs/a.md", "k8s/prod/a.yaml"])),
        request: Some(&request),
        ..Subject::default()
    };
    let types = |change_types: &[ChangeType]| Scope { change_types: change_types.to_vec(), ..Scope::default() };
    assert!(!types(&[ChangeType::Normal, ChangeType::Standard]).fits(&subject));
    assert!(types(&[ChangeType::Emergency]).fits(&subject));
    let teams = |teams: &[&str]| Scope { teams: words(teams), ..Scope::default() };
    assert!(teams(&["orders"]).fits(&subject) && !teams(&["checkout"]).fits(&subject));
    let paths = |glob: &str| Scope {
        paths: Some(GlobSet::builder().add(globset::Glob::new(glob).unwrap()).build().unwrap()),
        ..Scope::default()
    };
    assert!(paths("k8s/prod/**").fits(&subject) && !paths("terraform/**").fits(&subject));
    assert!(!paths("**").fits(&Subject { paths: Some(Vec::new()), ..Subject::default() }), "no file differs");
}

#[test]
fn an_exemption_needs_all_that_it_names() {
    let exemption = Exemption { change_class: Some(ChangeClass::SecurityFix), ..Exemption::default() };
    let by = |exemption: &Exemption, spec: &str| {
        let request = request(spec);
        let targets = vec![target(Some("prod"), Some("orders-api"), Some(1), None)];
        exemption.applies(&Subject { targets, request: Some(&request), ..Subject::default() })
    };
    assert_eq!(
        by(&exemption, "{changeClass: security-fix}").as_deref(),
        Some("changeClass security-fix (self-declared)")
    );
    assert_eq!(by(&exemption, "{changeClass: feature}"), None);
    assert_eq!(by(&exemption, "{}"), None, "an absent class exempts nothing");
    assert_eq!(exemption.applies(&Subject::default()), None, "nor does an absent request");

    let proven = Exemption { requires: words(&["advisoryRef"]), ..exemption };
    assert_eq!(by(&proven, "{changeClass: security-fix}"), None);
    assert_eq!(by(&proven, "{changeClass: security-fix, advisoryRef: '  '}"), None);
    assert_eq!(
        by(&proven, "{changeClass: security-fix, advisoryRef: CVE-2026-1}").as_deref(),
        Some("changeClass security-fix with advisoryRef")
    );

    let emergency = Exemption {
        change_types: vec![ChangeType::Emergency],
        services: words(&["orders-api"]),
        ..Exemption::default()
    };
    assert_eq!(
        by(&emergency, "{type: emergency}").as_deref(),
        Some("type emergency, services orders-api (self-declared)")
    );
    assert_eq!(by(&emergency, "{type: normal}"), None);
    let other = Exemption { services: words(&["checkout"]), ..Exemption::default() };
    assert_eq!(by(&other, "{type: normal}"), None);
    assert_eq!(other.applies(&Subject::default()), None, "unknown services are not covered");
}

#[test]
fn an_open_slot_covers_everything_or_opens_nothing() {
    let services =
        |names: &[&str]| Scope { services: names.iter().map(|n| (*n).to_owned()).collect(), ..Scope::default() };
    let targets = vec![target(Some("prod"), Some("a"), Some(1), None), target(Some("prod"), Some("b"), Some(2), None)];
    let subject = Subject { targets, paths: Some(vec!["k8s/a.yaml".into(), "docs/b.md".into()]), ..Subject::default() };
    assert!(Scope::default().covers(&subject));
    assert!(services(&["a", "b"]).covers(&subject) && !services(&["a"]).covers(&subject));
    let tiers = Scope { tiers: vec![1], ..Scope::default() };
    assert!(tiers.fits(&subject) && !tiers.covers(&subject));
    let regions = Scope { regions: vec!["eu-west-1".into()], ..Scope::default() };
    assert!(regions.fits(&subject) && !regions.covers(&subject), "an unknown region may be another one");
    let teams = Scope { teams: vec!["shop".into()], ..Scope::default() };
    assert!(teams.fits(&subject) && !teams.covers(&subject));
    let globs = |list: &[&str]| {
        let mut set = globset::GlobSetBuilder::new();
        for glob in list {
            set.add(globset::Glob::new(glob).unwrap());
        }
        Scope { paths: Some(set.build().unwrap()), ..Scope::default() }
    };
    assert!(globs(&["k8s/**"]).fits(&subject) && !globs(&["k8s/**"]).covers(&subject));
    assert!(globs(&["k8s/**", "docs/**"]).covers(&subject));
    assert!(!globs(&["**"]).covers(&Subject::default()), "without git the files are unknown");
}
