//! Kustomize overlays and Helm charts through the binary: what is judged, where a finding points, what is refused.
//!
//! Tests that need a renderer are skipped where it is absent, unless `CHANGEGATE_TEST_RENDERERS=required`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::shop::{NOW, Ran, Shop, fixtures};

const OPS: &str = "Olga Ops <olga@acme.example>";
const ALICE: &str = "Alice Arnold <alice@acme.example>";

/// Whether one of the programs is installed.
pub fn is_installed(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| names.iter().any(|name| folder.join(name).is_file()));
    let required = std::env::var_os("CHANGEGATE_TEST_RENDERERS").is_some();
    assert!(found || !required, "none of {names:?} is installed");
    if !found {
        eprintln!("skipped: none of {names:?} is installed");
    }
    found
}

fn kustomize_is_missing() -> bool {
    !is_installed(&["kustomize", "kubectl"])
}

fn helm_is_missing() -> bool {
    !is_installed(&["helm"])
}

/// Judges with the programs of this machine, or those in the given folder alone.
fn check_with(shop: &Shop, path: Option<OsString>, args: &[&str]) -> Ran {
    let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let fixed = ["check", "--now", NOW, "--no-audit", "--format", "json"];
    shop.changegate_with_path(&path, &[&fixed[..], args].concat())
}

fn check(shop: &Shop, args: &[&str]) -> Ran {
    check_with(shop, None, args)
}

const CHANGE: [&str; 4] = ["--base", "main", "--head", "change"];

/// What was written is the state of production, and the change begins.
fn production(shop: &Shop) {
    shop.commit("State of production", OPS);
    shop.git(&["branch", "-f", "main"]);
}

/// Acme whose storefront is a base with an overlay for production that changes replicas and an image.
fn overlay() -> Shop {
    let shop = Shop::acme();
    let storefront = shop.read("k8s/prod/storefront/deployment.yaml");
    std::fs::remove_file(shop.root().join("k8s/prod/storefront/deployment.yaml")).unwrap();
    shop.write("k8s/base/storefront/storefront.yaml", storefront.replace("  namespace: shop\n", ""));
    shop.write("k8s/base/storefront/kustomization.yaml", "resources: [storefront.yaml]\n");
    shop.write(
        "k8s/prod/storefront/kustomization.yaml",
        "resources:\n  - ../../base/storefront\nnamespace: shop\npatches:\n  - path: size.yaml\n",
    );
    shop.write(
        "k8s/prod/storefront/size.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: storefront\nspec:\n  replicas: 4\n",
    );
    production(&shop);
    shop
}

/// Acme whose storefront is a chart with values for production.
fn chart() -> Shop {
    let shop = Shop::acme();
    let storefront = shop.read("k8s/prod/storefront/deployment.yaml");
    std::fs::remove_file(shop.root().join("k8s/prod/storefront/deployment.yaml")).unwrap();
    let template = storefront
        .replace("namespace: shop", "namespace: {{ .Release.Namespace }}")
        .replace("replicas: 3", "replicas: {{ .Values.replicas }}");
    assert!(template.contains(".Values.replicas"));
    shop.write(
        "charts/storefront/templates/storefront.yaml",
        format!("{{{{- if .Values.enabled }}}}\n{template}{{{{- end }}}}\n"),
    );
    shop.write("charts/storefront/Chart.yaml", "apiVersion: v2\nname: storefront\nversion: 1.0.0\n");
    shop.write("charts/storefront/values.yaml", "enabled: true\nreplicas: 1\n");
    shop.write("k8s/prod/storefront/values.yaml", "# production\nreplicas: 4\n");
    let config = shop.read("changegate.yaml");
    let helm = "kubernetes:\n  timeout: 20s\n  helm:\n    - {chart: charts/storefront, values: [k8s/prod/storefront/values.yaml], release: storefront, namespace: shop}\n";
    shop.write("changegate.yaml", config + helm);
    production(&shop);
    shop
}

/// A finding of a policy about a resource.
fn finding<'a>(json: &'a serde_json::Value, policy: &str, resource: &str) -> &'a serde_json::Value {
    let found =
        json["findings"].as_array().unwrap().iter().find(|f| f["policy"] == policy && f["resource"] == resource);
    found.unwrap_or_else(|| panic!("no {policy} about {resource}: {json:#}"))
}

#[track_caller]
fn stands_at(place: &serde_json::Value, path: &str, line: u64, column: u64) {
    assert_eq!(
        (&place["path"], &place["line"], &place["column"]),
        (&path.into(), &line.into(), &column.into()),
        "{place:#}"
    );
}

/// An error of this code at this place, and no permission.
#[track_caller]
fn undecided(ran: &Ran, code: &str, path: &str, line: Option<u64>) {
    let json = ran.json();
    assert_eq!(ran.code, 2, "{json:#}");
    let found = json["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == code && d["severity"] == "error");
    let found = found.unwrap_or_else(|| panic!("no {code}: {:#}", json["diagnostics"]));
    assert_eq!(found["path"], path, "{found:#}");
    if let Some(line) = line {
        assert_eq!(found["line"], line, "{found:#}");
    }
    assert!(found["help"].as_str().is_some_and(|h| !h.is_empty()), "no next step: {found:#}");
}

fn ids(shop: &Shop, args: &[&str]) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let ran = shop.changegate_with_path(&path, &[&["facts", "--now", NOW], args].concat());
    let resources = ran.json()["resources"].as_array().unwrap().clone();
    let id = |r: &serde_json::Value| {
        format!(
            "{} {} {}",
            r["id"].as_str().unwrap(),
            r["action"].as_str().unwrap(),
            r["environment"].as_str().unwrap_or("-")
        )
    };
    resources.iter().filter(|r| r["iac"] == "kubernetes").map(id).collect()
}

#[test]
fn an_overlay_is_judged_once_and_its_base_is_not() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    let found = ids(&shop, &["k8s"]);
    let deployments: Vec<_> = found.iter().filter(|id| id.starts_with("apps/Deployment/")).collect();
    assert_eq!(deployments.len(), 2, "{found:?}");
    assert!(found.contains(&"apps/Deployment/shop/storefront present prod".into()), "{found:?}");
    // What no overlay uses is judged, as is a base by itself.
    shop.write("k8s/base/storefront/unused.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: unused}\n");
    assert!(ids(&shop, &["k8s"]).iter().any(|id| id.starts_with("Service/unused")));
    assert!(ids(&shop, &["k8s/base"]).iter().any(|id| id.starts_with("apps/Deployment/storefront")));
}

#[test]
fn a_finding_in_an_overlay_points_at_the_patch() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    shop.edit("k8s/prod/storefront/size.yaml", "replicas: 4", "replicas: 1");
    shop.commit("Save money", ALICE);
    let ran = check(&shop, &CHANGE);
    let json = ran.json();
    assert_eq!(ran.code, 1, "{json:#}");
    let found = finding(&json, "HA-001", "apps/Deployment/shop/storefront");
    stands_at(&found["location"], "k8s/prod/storefront/size.yaml", 6, 3);
    assert!(
        found["introduced_by"].as_array().unwrap().iter().any(|by| by["author"].as_str().unwrap().contains("Alice"))
    );
    // The other objects of the overlay are the same at both ends.
    assert_eq!(json["summary"]["changed_resources"], 1, "{json:#}");
}

#[test]
fn a_patch_in_the_kustomization_and_an_image_rule_are_pointed_at() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    let kustomization = "resources:\n  - ../../base/storefront\nnamespace: shop\nimages:\n  - name: registry.acme.example/storefront\n    newTag: latest\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: replace\n        path: /spec/replicas\n        value: 1\n";
    shop.write("k8s/prod/storefront/kustomization.yaml", kustomization);
    shop.commit("Save money", ALICE);
    let json = check(&shop, &CHANGE).json();
    stands_at(
        &finding(&json, "HA-001", "apps/Deployment/shop/storefront")["location"],
        "k8s/prod/storefront/kustomization.yaml",
        12,
        9,
    );
    stands_at(
        &finding(&json, "RBK-003", "apps/Deployment/shop/storefront")["location"],
        "k8s/prod/storefront/kustomization.yaml",
        6,
        13,
    );
}

#[test]
fn a_finding_in_a_chart_points_at_the_template_and_names_the_values() {
    if helm_is_missing() {
        return;
    }
    let shop = chart();
    assert!(ids(&shop, &["."]).contains(&"apps/Deployment/shop/storefront present prod".into()));
    shop.edit("k8s/prod/storefront/values.yaml", "replicas: 4", "replicas: 1");
    shop.commit("Save money", ALICE);
    let ran = check(&shop, &CHANGE);
    let json = ran.json();
    assert_eq!(ran.code, 1, "{json:#}");
    let found = finding(&json, "HA-001", "apps/Deployment/shop/storefront");
    let template = shop.read("charts/storefront/templates/storefront.yaml");
    let line = 1 + template.lines().position(|l| l.contains(".Values.replicas")).unwrap() as u64;
    stands_at(&found["location"], "charts/storefront/templates/storefront.yaml", line, 3);
    assert!(
        found["because"]
            .as_array()
            .unwrap()
            .iter()
            .any(|b| b["path"] == "k8s/prod/storefront/values.yaml" && b["line"] == 2),
        "{found:#}"
    );
    assert_eq!(json["summary"]["changed_resources"], 1, "{json:#}");
}

#[test]
fn base_and_head_are_read_from_their_commits() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    shop.edit("k8s/prod/storefront/size.yaml", "replicas: 4", "replicas: 5");
    shop.commit("Grow", ALICE);
    shop.edit("k8s/prod/storefront/size.yaml", "replicas: 5", "replicas: 1");
    let json = check(&shop, &CHANGE).json();
    assert!(
        !json["findings"].as_array().unwrap().iter().any(|f| f["policy"] == "HA-001" && f["result"] == "fail"),
        "{json:#}"
    );
    let found = ids(&shop, &CHANGE);
    assert!(found.contains(&"apps/Deployment/shop/storefront update prod".into()), "{found:?}");
    assert!(found.contains(&"Service/shop/storefront no-op prod".into()), "{found:?}");
}

#[test]
fn an_overlay_over_objects_that_were_there_changes_nothing() {
    if kustomize_is_missing() {
        return;
    }
    let shop = Shop::acme();
    shop.write("k8s/prod/storefront/kustomization.yaml", "resources: [deployment.yaml]\n");
    shop.commit("Overlay", ALICE);
    let found = ids(&shop, &CHANGE);
    assert!(found.iter().all(|id| id.contains(" no-op ")), "{found:?}");
    // And an overlay that goes takes nothing with it.
    shop.git(&["branch", "-f", "main"]);
    std::fs::remove_file(shop.root().join("k8s/prod/storefront/kustomization.yaml")).unwrap();
    shop.commit("No overlay", ALICE);
    let found = ids(&shop, &CHANGE);
    assert!(found.iter().all(|id| id.contains(" no-op ")), "{found:?}");
}

#[test]
fn what_an_overlay_drops_is_deleted() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    shop.write(
        "k8s/prod/storefront/size.yaml",
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: storefront}\n$patch: delete\n",
    );
    shop.commit("No canary", ALICE);
    let found = ids(&shop, &CHANGE);
    assert!(found.contains(&"flagger.app/Canary/shop/storefront delete prod".into()), "{found:?}");
    assert!(found.contains(&"apps/Deployment/shop/storefront update prod".into()), "{found:?}");
}

/// A folder with one program in it.
fn stand_in(shop: &Shop, name: &str, script: &str) -> OsString {
    let folder = tempfile::tempdir().unwrap().keep();
    let program = folder.join(name);
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let git = PathBuf::from("/usr/bin");
    assert!(!shop.root().starts_with(&folder));
    std::env::join_paths([folder, git.join("none")]).unwrap()
}

fn without_programs() -> Option<OsString> {
    Some("/nowhere".into())
}

#[test]
fn a_missing_renderer_is_one_diagnostic_unless_rendering_is_off() {
    let shop = overlay();
    shop.write("k8s/prod/other/kustomization.yaml", "resources: [../../base/storefront]\n");
    let ran = check_with(&shop, without_programs(), &["."]);
    undecided(&ran, "kubernetes::renderer-missing", "k8s/prod/other/kustomization.yaml", None);
    let json = ran.json();
    let missing =
        json["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"] == "kubernetes::renderer-missing");
    assert_eq!(missing.count(), 1, "{json:#}");
    assert!(ran.stdout.contains("brew install"), "{}", ran.stdout);
    let config = shop.read("changegate.yaml");
    shop.write("changegate.yaml", format!("{config}kubernetes: {{render: off}}\n"));
    assert_ne!(check_with(&shop, without_programs(), &["."]).code, 2);
}

#[test]
fn a_renderer_is_only_missed_where_the_change_needs_it() {
    let shop = overlay();
    shop.write("README.md", "# docs\n");
    shop.commit("Docs", ALICE);
    assert_eq!(check_with(&shop, without_programs(), &CHANGE).code, 0);
    shop.edit("k8s/prod/storefront/size.yaml", "replicas: 4", "replicas: 5");
    shop.commit("Grow", ALICE);
    undecided(
        &check_with(&shop, without_programs(), &CHANGE),
        "kubernetes::renderer-missing",
        "k8s/prod/storefront/kustomization.yaml",
        None,
    );
}

#[test]
fn renderers_are_ended_at_their_limits() {
    let shop = chart();
    let config = shop.read("changegate.yaml");
    shop.write("changegate.yaml", config.replace("timeout: 20s", "timeout: 1s"));
    let marker = "charts/storefront/Chart.yaml";
    let started = std::time::Instant::now();
    for (script, says) in [
        ("/bin/sleep 600", "longer than 1 s"),
        ("while :; do echo 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; done", ""),
        ("echo 'Error: boom' >&2; exit 1", "boom"),
        ("exit 7", "said nothing"),
    ] {
        let path = stand_in(&shop, "helm", script);
        let ran = check_with(&shop, Some(path), &["."]);
        undecided(&ran, "kubernetes::render", marker, None);
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn what_a_renderer_prints_is_judged_as_untrusted() {
    let shop = chart();
    let bomb = "printf -- '---\\n# Source: storefront/templates/storefront.yaml\\n'; printf 'a: &a [x,x,x,x,x,x,x,x,x]\\n'; \
                i=0; p=a; for n in b c d e f g h i j; do printf \"$n: &$n [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]\\n\"; p=$n; done";
    undecided(
        &check_with(&shop, Some(stand_in(&shop, "helm", bomb)), &["."]),
        "kubernetes::render",
        "charts/storefront/Chart.yaml",
        None,
    );
    let deep = "printf -- '---\\n# Source: x\\nkind: A\\napiVersion: v1\\nspec: '; i=0; while [ $i -lt 20000 ]; do printf '['; i=$((i+1)); done";
    undecided(
        &check_with(&shop, Some(stand_in(&shop, "helm", deep)), &["."]),
        "kubernetes::render",
        "charts/storefront/Chart.yaml",
        None,
    );
}

#[test]
fn a_template_that_loops_is_refused() {
    if helm_is_missing() {
        return;
    }
    for template in [
        "{{- define \"loop\" }}{{ include \"loop\" . }}{{ end }}\n{{ include \"loop\" . }}\n",
        "{{- range $i := until 2000000000 }}\na{{ $i }}: b\n{{- end }}\n",
        "a: {{ repeat 1000000000 \"loop\" }}\n",
    ] {
        let shop = chart();
        shop.write("charts/storefront/templates/loop.yaml", template);
        undecided(&check(&shop, &["."]), "kubernetes::render", "charts/storefront/Chart.yaml", None);
    }
}

#[test]
fn what_leaves_the_repository_is_refused_with_its_place() {
    let shop = overlay();
    for (reference, code) in [
        ("https://example.com/all.yaml", "kubernetes::remote"),
        ("github.com/acme/base?ref=main", "kubernetes::remote"),
        ("../../../../etc", "kubernetes::outside"),
        ("../../base/nothing", "kubernetes::missing"),
    ] {
        shop.write(
            "k8s/prod/storefront/kustomization.yaml",
            format!("resources:\n  - ../../base/storefront\n  - {reference}\n"),
        );
        undecided(&check(&shop, &["."]), code, "k8s/prod/storefront/kustomization.yaml", Some(3));
    }
}

#[test]
fn dependencies_that_nobody_vendored_are_named() {
    let shop = chart();
    let depends = "apiVersion: v2\nname: storefront\nversion: 1.0.0\ndependencies:\n  - name: redis\n    version: 1.0.0\n    repository: https://charts.example.com\n";
    shop.write("charts/storefront/Chart.yaml", depends);
    let ran = check(&shop, &["."]);
    undecided(&ran, "kubernetes::dependency", "charts/storefront/Chart.yaml", Some(5));
    assert!(ran.stdout.contains("helm dependency update charts/storefront"), "{}", ran.stdout);
}

#[test]
fn a_chart_of_the_repository_is_brought_in_without_a_network() {
    if helm_is_missing() {
        return;
    }
    let shop = chart();
    shop.write("charts/cache/Chart.yaml", "apiVersion: v2\nname: cache\nversion: 1.0.0\n");
    shop.write("charts/cache/values.yaml", "port: 6379\n");
    shop.write(
        "charts/cache/templates/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: cache}\nspec: {ports: [{port: {{ .Values.port }}}]}\n",
    );
    let depends = "apiVersion: v2\nname: storefront\nversion: 1.0.0\ndependencies: [{name: cache, version: 1.0.0, repository: 'file://../cache'}]\n";
    shop.write("charts/storefront/Chart.yaml", depends);
    let found = ids(&shop, &["."]);
    assert_eq!(found.iter().filter(|id| id.starts_with("Service/cache")).count(), 1, "{found:?}");
}

#[test]
fn applications_and_releases_say_which_values_count() {
    if helm_is_missing() {
        return;
    }
    let shop = chart();
    let config = shop.read("changegate.yaml");
    shop.write("changegate.yaml", config.split("kubernetes:").next().unwrap());
    shop.write(
        "apps/storefront.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: storefront}\nspec:\n  destination: {namespace: shop}\n  source:\n    path: charts/storefront\n    helm:\n      valueFiles: [../../k8s/prod/storefront/values.yaml]\n      valuesObject: {replicas: 1}\n",
    );
    let json = check(&shop, &["."]).json();
    let found = finding(&json, "HA-001", "apps/Deployment/shop/storefront");
    assert!(
        found["because"].as_array().unwrap().iter().any(|b| b["path"] == "apps/storefront.yaml" && b["line"] == 10),
        "{found:#}"
    );
    shop.write(
        "apps/storefront.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: storefront, namespace: shop}\nspec:\n  chart:\n    spec:\n      chart: ./charts/storefront\n      sourceRef: {kind: GitRepository, name: x}\n      valuesFiles: [charts/storefront/values.yaml, k8s/prod/storefront/values.yaml]\n",
    );
    let found = ids(&shop, &["."]);
    assert!(found.contains(&"apps/Deployment/shop/storefront present prod".into()), "{found:?}");
}

#[test]
fn values_that_nobody_names_are_not_judged() {
    let shop = chart();
    shop.write("charts/storefront/values-large.yaml", "replicas: 9\n");
    shop.commit("More values", ALICE);
    undecided(&check(&shop, &CHANGE), "kubernetes::not-rendered", "charts/storefront/values-large.yaml", None);
}

#[test]
fn one_thread_and_many_say_the_same() {
    if kustomize_is_missing() {
        return;
    }
    let shop = overlay();
    for name in ["a", "b", "c", "d"] {
        shop.write(
            &format!("k8s/prod/{name}/kustomization.yaml"),
            format!("namePrefix: {name}-\nresources: [../../base/storefront]\n"),
        );
    }
    let one = check(&shop, &[".", "--jobs", "1"]);
    let many = check(&shop, &[".", "--jobs", "8"]);
    let without_id = |ran: &Ran| {
        let mut json = ran.json();
        json["audit"] = serde_json::Value::Null;
        json.to_string()
    };
    assert_eq!(without_id(&one), without_id(&many));
    assert!(fixtures().join("acme").is_dir());
}
