//! `changegate init` on repositories: `tests/data/onboarding/NAME/repo` is one, `expected` the files that it gets and
//! `printed.txt` what a person is told. `case.json` says why, and sets `remote`, `branch`, `args` and the `programs` that
//! are installed. `UPDATE=1` rewrites what is expected.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::shop::{NOW, Ran, Shop, copy};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/onboarding");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 6);
    cases
}

/// Files below a folder, without `.git`: path → text.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != ".git") {
                waiting.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

struct Case {
    shop: Shop,
    spec: serde_json::Value,
    path: OsString,
}

impl Case {
    fn new(folder: &Path) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let spec: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("case.json")).unwrap()).unwrap();
        let shop = Shop::new();
        let (root, programs) = (shop.root().join("shop"), shop.root().join("programs"));
        std::fs::create_dir_all(&programs).unwrap();
        std::fs::create_dir_all(&root).unwrap();
        copy(&folder.join("repo"), &root);
        let git = |args: &[&str]| shop.git(&[&["-C", root.to_str().unwrap()], args].concat());
        git(&["init", "-q", "-b", spec["branch"].as_str().unwrap_or("main"), "--template="]);
        if let Some(remote) = spec["remote"].as_str() {
            git(&["remote", "add", "origin", remote]);
        }
        for name in spec["programs"].as_array().into_iter().flatten() {
            let path = programs.join(name.as_str().unwrap());
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { path: programs.into_os_string(), shop, spec }
    }

    fn root(&self) -> PathBuf {
        self.shop.root().join("shop")
    }

    fn init(&self, more: &[&str]) -> Ran {
        let fixed = ["init", "shop", "--now", NOW, "--timezone", "Europe/Berlin"];
        let own: Vec<&str> = self.spec["args"].as_array().into_iter().flatten().map(|a| a.as_str().unwrap()).collect();
        self.shop.changegate_with_path(&self.path, &[&fixed[..], &own, more].concat())
    }
}

#[test]
fn a_repository_gets_what_it_lacks() {
    for folder in cases() {
        let name = folder.display();
        let case = Case::new(&folder);
        let before = files(&case.root());
        let ran = case.init(&[]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        let mut after = files(&case.root());
        for (path, text) in &before {
            assert_eq!(after.remove(path).as_ref(), Some(text), "{name}: {path} was there");
        }
        if std::env::var_os("UPDATE").is_some() {
            let _ = std::fs::remove_dir_all(folder.join("expected"));
            for (path, text) in &after {
                let path = folder.join("expected").join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            std::fs::write(folder.join("printed.txt"), &ran.stdout).unwrap();
        }
        assert_eq!(after, files(&folder.join("expected")), "{name}");
        assert_eq!(ran.stdout, std::fs::read_to_string(folder.join("printed.txt")).unwrap(), "{name}");
    }
}

#[test]
fn a_second_time_changes_nothing() {
    for folder in cases() {
        let case = Case::new(&folder);
        case.init(&[]);
        let once = files(&case.root());
        let ran = case.init(&[]);
        assert_eq!((ran.code, files(&case.root())), (0, once), "{}", folder.display());
        assert!(!ran.stdout.contains("\nwrote"), "{}", ran.stdout);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    for folder in cases() {
        let case = Case::new(&folder);
        let before = files(&case.root());
        let ran = case.init(&["--dry-run"]);
        assert_eq!((ran.code, files(&case.root())), (0, before), "{}", folder.display());
    }
}

/// The gate reads what was written: it judges, and nothing that it was given is wrong.
#[test]
fn the_check_works_afterwards() {
    for folder in cases() {
        let case = Case::new(&folder);
        let ran = case.init(&[]);
        assert_eq!(ran.code, 0);
        let renderers = [("kustomization", &["kustomize", "kubectl"][..]), ("chart", &["helm"])];
        let found = ran.stdout.lines().next().unwrap();
        let lacks =
            renderers.iter().any(|(what, names)| found.contains(what) && !crate::rendering::is_installed(names));
        if lacks {
            continue;
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let ran =
            case.shop.changegate_with_path(&path, &["check", "shop", "--now", NOW, "--no-audit", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}: {}", folder.display(), ran.stdout);
        let lint = case.shop.changegate_with_path(&path, &["freeze", "lint", "--context", "shop/.changegate"]);
        assert_eq!(lint.code, 0, "{}: {}", folder.display(), lint.stdout);
    }
}

/// The template of a change request is one that the gate can read, and it asks for what is empty.
#[test]
fn a_template_that_nobody_filled_in_does_not_pass() {
    let shop = Shop::acme();
    shop.git(&["checkout", "-q", "change"]);
    let target = shop.root().to_str().unwrap().to_owned();
    let ran = shop.changegate(&["init", &target, "--now", NOW, "--timezone", "Europe/Berlin"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let template = shop.read("changes/template.yaml.example");
    shop.write("changes/CHG-2030-00099.yaml", template);
    shop.edit("k8s/prod/storefront/deployment.yaml", "d4735e3a265e16ee", "4e07408562bedb8b");
    shop.commit("Copy the template", "Alice Arnold <alice@acme.example>");
    let ran = shop.changegate(&[
        "check",
        "--base",
        "main",
        "--head",
        "change",
        "--now",
        NOW,
        "--no-audit",
        "--format",
        "json",
    ]);
    let outcome = ran.json();
    let errors: Vec<_> =
        outcome["diagnostics"].as_array().unwrap().iter().filter(|d| d["severity"] == "error").collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(ran.code, 1);
    let lacking = outcome["findings"].as_array().unwrap().iter().filter(|f| f["policy"] == "CHG-003").count();
    assert!(lacking >= 7, "{lacking} fields are asked for");
}

#[test]
fn completions_and_the_manual_name_every_command() {
    let shop = Shop::new();
    let help = shop.changegate(&["--help"]).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()))
        .collect();
    assert!(commands.len() > 10, "{help}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = shop.changegate(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(commands.iter().all(|command| script.stdout.contains(command)), "{shell}");
    }
    let page = shop.changegate(&["man"]);
    assert!(page.stdout.contains(".TH changegate 1"));
    let pages = shop.changegate(&["man", "--out", "pages"]);
    assert_eq!((pages.code, pages.stdout.as_str()), (0, "pages/changegate.1\n"));
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(shop.read(&format!("pages/changegate-{command}.1")).contains(".SH OPTIONS"), "{command}");
    }
}
