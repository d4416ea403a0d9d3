//! Policies from bundles and from other repositories: what is believed, and what is refused.

use std::io::Write;

use crate::shop::Shop;

const POLICY: &str = "package main\ndeny contains \"no services\" if input.kind == \"Service\"\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n";

/// A `.tar.gz` of files.
fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    packed_with(files, |_| ())
}

fn packed_with(files: &[(&str, &str)], more: impl Fn(&mut tar::Builder<flate2::write::GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        let name = path.as_bytes();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(text.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, text.as_bytes()).unwrap();
    }
    more(&mut builder);
    builder.into_inner().unwrap().finish().unwrap()
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("k8s/service.yaml", SERVICE);
    shop
}

/// Exit code, and the code of the first error or else the messages of the findings.
fn judged(shop: &Shop, args: &[&str]) -> (i32, String) {
    let ran = shop.check(&[&["--no-builtin", "k8s"], args].concat());
    let json = ran.json();
    let list = |key: &str| json[key].as_array().unwrap().clone();
    let error = list("diagnostics").into_iter().find(|d| d["severity"] == "error");
    let said = error.map_or_else(
        || list("findings").iter().map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("; "),
        |error| error["code"].as_str().unwrap().to_owned(),
    );
    (ran.code, said)
}

fn bundle(bytes: &[u8], args: &[&str]) -> (i32, String) {
    let shop = shop();
    shop.write("bundle.tar.gz", bytes);
    judged(&shop, &[&["--policy", "bundle.tar.gz"], args].concat())
}

#[test]
fn a_bundle_judges_with_its_data() {
    let policy = "package main\nimport data.limits\ndeny contains limits.word if input.kind == \"Service\"\n";
    let files = [
        ("/main.rego", policy),
        ("/limits/data.json", "{\"word\": \"from data\"}"),
        ("/.manifest", "{\"revision\": \"1\"}"),
    ];
    assert_eq!(bundle(&packed(&files), &[]), (1, "from data".into()));
    let files = [
        ("main/main.rego", policy),
        ("limits/data.yaml", "word: yes it is\n"),
        ("main/main_test.rego", "package main\ntest_x if"),
    ];
    assert_eq!(bundle(&packed(&files), &[]), (1, "yes it is".into()), "tests are left out");
}

/// The documents of `data` reach the process that evaluates what is not trusted.
#[test]
#[cfg(target_os = "linux")]
fn an_isolated_policy_judges_with_its_data() {
    let metadata = "# METADATA\n# title: x\n# description: x\n# custom:\n#   id: X-001\n#   scope: resource\n#   targets: \
                    [Service]\n#   severity: low\n#   enforcement: advisory\n#   stages: [pull-request]\n#   remediation: x\n#   \
                    since: 0.1.0\n";
    let body = "package acme.x\n\nimport data.limits\n\ndeny contains limits.word if input.resource.name == \"shop\"\n";
    let ours = format!("{metadata}{body}");
    let files = [("x/x.rego", &*ours), ("limits/data.json", "{\"word\": \"from data\"}")];
    for args in [&[][..], &["--isolate"]] {
        assert_eq!(bundle(&packed(&files), args), (0, "from data".into()), "{args:?}");
    }
    let files = [
        ("main.rego", "package main\n\ndeny contains data.limits.word if input.kind == \"Service\"\n"),
        ("limits/data.json", "{\"word\": \"from data\"}"),
    ];
    for args in [&[][..], &["--isolate"]] {
        assert_eq!(bundle(&packed(&files), args), (1, "from data".into()), "{args:?}");
    }
}

#[test]
fn what_a_manifest_does_not_own_is_refused() {
    let with = |manifest: &str, files: &[(&str, &str)]| {
        let all = [&[("main.rego", POLICY), (".manifest", manifest)], files].concat();
        bundle(&packed(&all), &[]).1
    };
    assert_eq!(with("{\"roots\": [\"main\"]}", &[]), "no services");
    assert_eq!(with("{\"roots\": [\"other\"]}", &[]), "bundle::roots");
    assert_eq!(with("{\"roots\": [\"main\", \"main/x\"]}", &[]), "bundle::manifest");
    assert_eq!(
        with("{\"roots\": [\"main\", \"a/b\"]}", &[("data.json", "{\"a\": {\"b\": {\"c\": 1}}}")]),
        "no services"
    );
    assert_eq!(with("{\"roots\": [\"main\", \"a/b\"]}", &[("data.json", "{\"a\": {\"c\": 1}}")]), "bundle::roots");
    assert_eq!(with("{", &[]), "bundle::manifest");
}

#[test]
fn hostile_archives_are_refused() {
    let refused = |bytes: &[u8], code: &str| assert_eq!(bundle(bytes, &[]), (2, code.into()));
    refused(&packed(&[("../main.rego", POLICY)]), "bundle::entry");
    refused(&packed(&[("a/../../main.rego", POLICY)]), "bundle::entry");
    refused(&packed(&[("main.rego", POLICY), ("./main.rego", POLICY)]), "bundle::entry");
    refused(b"not an archive", "bundle::archive");
    refused(&packed(&[("README.md", "nothing")]), "policy::none");
    let linked = packed_with(&[("main.rego", POLICY)], |builder| {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_cksum();
        builder.append_link(&mut header, "data.json", "/etc/passwd").unwrap();
    });
    refused(&linked, "bundle::entry");
    let bomb = packed_with(&[("main.rego", POLICY)], |builder| {
        let zeros = vec![b' '; 15 << 20];
        for i in 0..5 {
            let mut header = tar::Header::new_ustar();
            header.set_size(zeros.len() as u64);
            header.set_cksum();
            builder.append_data(&mut header, format!("{i}/data.json"), zeros.as_slice()).unwrap();
        }
    });
    assert!(bomb.len() < 1 << 20);
    refused(&bomb, "bundle::limit");
}

const KEY: &str = include_str!("../data/bundle/private.pem");
const PUBLIC: &str = include_str!("../data/bundle/public.pem");

/// `.signatures.json` over files: name and digest.
fn signatures(files: &[(&str, &str)]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(name, hash)| serde_json::json!({"name": name, "hash": hash, "algorithm": "SHA-256"}))
        .collect();
    let key = jsonwebtoken::EncodingKey::from_ec_pem(KEY.as_bytes()).unwrap();
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    let token = jsonwebtoken::encode(&header, &serde_json::json!({"files": files}), &key).unwrap();
    serde_json::json!({"signatures": [token]}).to_string()
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn signatures_are_checked_with_a_key() {
    let signed = |text: &str| {
        let files = [("main.rego", &*sha256(POLICY)), ("/data.json", &*sha256("{\"a\":1}"))];
        packed(&[("main.rego", text), ("data.json", "{ \"a\": 1 }\n"), (".signatures.json", &signatures(&files))])
    };
    let with_key = |bytes: &[u8]| {
        let shop = shop();
        shop.write("bundle.tar.gz", bytes).write("key.pem", PUBLIC);
        judged(&shop, &["--policy", "bundle.tar.gz", "--verification-key", "key.pem"])
    };
    assert_eq!(with_key(&signed(POLICY)), (1, "no services".into()));
    assert_eq!(with_key(&signed("package main\ndeny contains \"x\" if false\n")), (2, "bundle::signature".into()));
    assert_eq!(with_key(&packed(&[("main.rego", POLICY)])), (2, "bundle::signature".into()), "not signed");
    assert_eq!(bundle(&signed(POLICY), &[]), (2, "bundle::signature".into()), "no key");
    let missing = signatures(&[("main.rego", &sha256(POLICY)), ("gone.rego", &sha256(""))]);
    assert_eq!(with_key(&packed(&[("main.rego", POLICY), (".signatures.json", &missing)])).1, "bundle::signature");
    let unsigned = signatures(&[]);
    assert_eq!(with_key(&packed(&[("main.rego", POLICY), (".signatures.json", &unsigned)])).1, "bundle::signature");
    // One sign of what was signed is another one.
    let signed = signatures(&[("main.rego", &sha256(POLICY))]);
    let at = signed.find('.').unwrap() + 9;
    let other = if signed[at..].starts_with('A') { "B" } else { "A" };
    let forged = format!("{}{other}{}", &signed[..at], &signed[at + 1..]);
    assert_eq!(with_key(&packed(&[("main.rego", POLICY), (".signatures.json", &forged)])).1, "bundle::signature");
}

/// A repository with policies, and a shop whose configuration names it.
fn remote() -> (Shop, Shop, String) {
    let remote = Shop::new();
    remote.git(&["init", "-q", "-b", "main", "--template="]);
    remote
        .write("policy/main.rego", POLICY)
        .write("README.md", "not fetched")
        .commit("v1", "Olga Ops <olga@acme.example>");
    remote.git(&["tag", "v1"]);
    let source = format!("git::file://{}//policy?ref=v1", remote.root().display());
    let shop = shop();
    shop.write("changegate.yaml", format!("policies:\n  builtin: false\n  paths: [\"{source}\"]\n"));
    shop.git(&["init", "-q", "-b", "main", "--template="]);
    (remote, shop, source)
}

fn fetch(shop: &Shop, more: &[&str]) -> (i32, String) {
    let ran = shop.changegate(&[&["policy", "fetch", "--cache", ".git/cache"], more].concat());
    (ran.code, ran.stdout + &ran.stderr)
}

fn check(shop: &Shop, more: &[&str]) -> (i32, String) {
    judged(shop, &[&["--policy-cache", ".git/cache"], more].concat())
}

#[test]
fn pinned_policies_judge_offline_and_only_as_they_were_pinned() {
    let (remote, shop, source) = remote();
    assert_eq!(check(&shop, &[]), (2, "lock::missing".into()), "nothing is fetched by itself");
    let (code, text) = fetch(&shop, &[]);
    assert_eq!(code, 0, "{text}");
    let lock = shop.read("changegate.lock");
    assert!(lock.contains(&remote.git(&["rev-parse", "v1"])) && lock.contains(&source), "{lock}");
    // The tag moves: what is pinned stays.
    remote
        .write("policy/main.rego", POLICY.replace("services", "changes"))
        .commit("v2", "Olga Ops <olga@acme.example>");
    remote.git(&["tag", "-f", "v1"]);
    assert_eq!(check(&shop, &[]), (1, "no services".into()));
    assert_eq!(fetch(&shop, &[]).0, 0);
    assert_eq!(shop.read("changegate.lock"), lock);
    std::fs::remove_dir_all(shop.root().join(".git/cache")).unwrap();
    assert_eq!(check(&shop, &[]), (2, "lock::not-fetched".into()));
    assert_eq!(fetch(&shop, &[]).0, 0);
    assert_eq!(check(&shop, &[]), (1, "no services".into()));
    assert_eq!(fetch(&shop, &["--update"]).0, 0);
    assert_eq!(check(&shop, &[]), (1, "no changes".into()));
}

#[test]
fn a_cache_or_a_lock_that_was_tampered_with_is_refused() {
    let (_remote, shop, _) = remote();
    assert_eq!(fetch(&shop, &[]).0, 0);
    let folder = std::fs::read_dir(shop.root().join(".git/cache/policies")).unwrap().next().unwrap().unwrap().path();
    std::fs::File::options().append(true).open(folder.join("main.rego")).unwrap().write_all(b"\n").unwrap();
    assert_eq!(check(&shop, &[]), (2, "lock::digest".into()));
    assert_eq!(fetch(&shop, &[]).0, 0);
    assert_eq!(check(&shop, &[]).0, 1);
    let lock = shop.read("changegate.lock");
    let at = lock.find("sha256:").unwrap() + 7;
    let other = if lock[at..].starts_with('0') { "1" } else { "0" };
    shop.write("changegate.lock", format!("{}{other}{}", &lock[..at], &lock[at + 1..]));
    let (code, text) = fetch(&shop, &[]);
    assert!(code == 2 && text.contains("lock::digest"), "{text}");
    shop.write("changegate.lock", "version: 2\n");
    assert_eq!(check(&shop, &[]), (2, "lock::syntax".into()));
}

#[test]
fn a_change_to_the_lock_does_not_choose_who_judges_it() {
    let (remote, shop, source) = remote();
    assert_eq!(fetch(&shop, &[]).0, 0);
    shop.commit("Pinned", "Olga Ops <olga@acme.example>");
    remote
        .write("policy/main.rego", "package main\ndeny contains \"x\" if false\n")
        .commit("Lax", "Mal Ory <mal@acme.example>");
    remote.git(&["tag", "-f", "v1"]);
    shop.git(&["checkout", "-q", "-b", "change"]);
    assert_eq!(fetch(&shop, &["--update"]).0, 0);
    shop.write("k8s/service.yaml", SERVICE.replace("shop", "other"));
    shop.commit("Change", "Mal Ory <mal@acme.example>");
    let args = ["--base", "main", "--head", "change"];
    assert_eq!(check(&shop, &args), (1, "no services".into()), "the lock of the base counts");
    let ran = shop.check(&[&args[..], &["--policy-cache", ".git/cache", "k8s"]].concat());
    assert_eq!(ran.code, 1);
    // A source that the base does not pin.
    let more = source.replace("?ref=v1", "");
    assert_eq!(check(&shop, &[&args[..], &["--policy", &more]].concat()), (2, "lock::missing".into()));
}

#[test]
fn what_cannot_be_pinned_is_not_fetched() {
    let (remote, shop, source) = remote();
    let code = |source: &str| {
        let (code, text) = fetch(&shop, &[source]);
        assert_eq!(code, 2, "{text}");
        ["policy::source", "fetch::failed", "fetch::folder", "fetch::link", "policy::none"]
            .into_iter()
            .find(|code| text.contains(code))
    };
    assert_eq!(code("git::ext::sh -c true"), Some("policy::source"));
    assert_eq!(code(&source.replace("ref=v1", "ref=nope")), Some("fetch::failed"));
    assert_eq!(code(&source.replace("//policy", "//nowhere")), Some("fetch::folder"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", remote.root().join("policy/data.json")).unwrap();
        remote.commit("Link", "Mal Ory <mal@acme.example>");
        assert_eq!(code(&source.replace("?ref=v1", "")), Some("fetch::link"));
    }
}

/// What `--policy` takes is taken by the commands that explain and test policies, too.
#[test]
fn bundles_and_pinned_folders_are_listed_tested_and_linted() {
    let shop = Shop::new();
    assert_eq!(shop.changegate(&["policy", "new", "ACME-001", "--dir", "p"]).code, 0);
    let folder = "acme/missing_owner_annotation/missing_owner_annotation";
    let (rule, test) = (shop.read(&format!("p/{folder}.rego")), shop.read(&format!("p/{folder}_test.rego")));
    let with_data = format!("{test}\ntest_data if data.limits.most == 2\n");
    let (rule_path, test_path) = (format!("/{folder}.rego"), format!("/{folder}_test.rego"));
    let files = [(&*rule_path, &*rule), (&*test_path, &*with_data), ("/limits/data.json", "{\"most\": 2}")];
    shop.write("b.tar.gz", packed(&files));
    let tested = shop.changegate(&["test", "b.tar.gz"]);
    assert_eq!((tested.code, &*tested.stdout), (0, "4 passed, 0 failed\n"), "{}", tested.stderr);
    let linted = shop.changegate(&["policy", "lint", "b.tar.gz"]);
    assert_eq!((linted.code, &*linted.stdout), (0, "0 faults in 2 files\n"), "{}", linted.stderr);
    let listed = shop.changegate(&["policy", "list", "--no-builtin", "--policy", "b.tar.gz"]);
    assert_eq!(listed.stdout, "ACME-001  medium    advisory  Missing owner annotation\n", "{}", listed.stderr);
    let shown = shop.changegate(&["policy", "show", "ACME-001", "--no-builtin", "--policy", "b.tar.gz"]);
    assert!(shown.stdout.contains("Missing owner annotation"), "{}", shown.stderr);
    let unsigned = ["test", "b.tar.gz", "--verification-key", "key.pem"];
    shop.write("key.pem", include_str!("../data/bundle/public.pem"));
    let ran = shop.changegate(&unsigned);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("is not signed, and a key was given"), "{}", ran.stderr);
    let ran = shop.changegate(&["test", "c.tar.gz"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there is no `c.tar.gz` to read policies from"), "{}", ran.stderr);
}

#[test]
fn pinned_folders_are_listed_and_tested() {
    let (_remote, shop, source) = remote();
    assert_eq!(fetch(&shop, &[]).0, 0);
    let listed = shop.changegate(&["test", &source, "--policy-cache", ".git/cache"]);
    assert!(listed.code == 2 && listed.stderr.contains("no test was declared"), "{}{}", listed.stdout, listed.stderr);
    let ran = shop.changegate(&["policy", "list", "--no-builtin", "--policy", &source, "--policy-cache", ".git/cache"]);
    let expected = "main.deny  high      hard      deny of package main\n";
    assert_eq!((ran.code, &*ran.stdout), (0, expected), "{}", ran.stderr);
}
