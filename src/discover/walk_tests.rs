use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn with(files: &[&str]) -> Self {
        let folder = Self { dir: tempfile::tempdir().expect("temporary folder") };
        files.iter().for_each(|f| folder.write(f, ""));
        folder
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("exists")
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.root().join(path);
        fs::create_dir_all(full.parent().expect("has a folder")).expect("folder");
        fs::write(full, text).expect("file");
    }

    fn link(&self, path: &str, target: &str) {
        symlink(target, self.root().join(path)).expect("link");
    }

    fn walk(&self, paths: &[&str], tracked: &[&str]) -> (Vec<String>, Vec<(&'static str, String)>) {
        let root = self.root();
        let tracked: Vec<PathBuf> = tracked.iter().map(|t| root.join(t)).collect();
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let found = walk(&root, &paths, &tracked, &|p| p != "changes" && p != "policy/own.yaml");
        let faults = found.diagnostics.iter().map(|d| (d.code, d.path.as_deref().unwrap_or_default().to_owned()));
        (found.files.iter().map(|f| f.path.to_string()).collect(), faults.collect())
    }
}

#[test]
fn foreign_and_ignored_files_do_not_count() {
    let folder = Folder::with(&[
        "b.yaml",
        "a/main.tf",
        "a/readme.md",
        ".github/ci.yaml",
        "a/.terraform/m/x.tf",
        "web/node_modules/p.json",
        "out/x.json",
        "out/keep.json",
        "changes/CHG-1.yaml",
        "policy/own.yaml",
        "policy/data.json",
    ]);
    folder.write(".gitignore", "out/*\n!out/keep.json\n");
    let (files, faults) = folder.walk(&["."], &[]);
    assert_eq!(files, [".github/ci.yaml", "a/main.tf", "b.yaml", "out/keep.json", "policy/data.json"]);
    assert_eq!(faults, []);
}

#[test]
fn a_named_or_tracked_file_counts_although_it_is_ignored() {
    let folder = Folder::with(&["out/x.yaml", "out/y.yaml", "out/z.yaml", "changes/t.yaml", ".hidden/t.yaml", "n.md"]);
    folder.write(".gitignore", "*.yaml\n");
    let (files, faults) =
        folder.walk(&[".", "out/x.yaml", "n.md"], &["out/y.yaml", "changes/t.yaml", ".hidden/t.yaml"]);
    assert_eq!(files, [".hidden/t.yaml", "out/x.yaml", "out/y.yaml"]);
    assert_eq!(faults, [("discover::format", "n.md".to_owned())]);
    assert_eq!(folder.walk(&["nope"], &[]).1, [("discover::not-found", "nope".to_owned())]);
}

#[test]
fn links_are_followed_once_and_never_out_of_the_root() {
    let outside = Folder::with(&["secret.yaml"]);
    let folder = Folder::with(&["real/a.yaml", ".releases/1/b.yaml", "data"]);
    folder.link("real/again.yaml", "a.yaml");
    folder.link("typed.yaml", "data");
    folder.link("current", ".releases/1");
    folder.link("also", ".releases/1");
    folder.link("real/up", "..");
    folder.link("out", outside.root().to_str().expect("text"));
    let (files, faults) = folder.walk(&["."], &[]);
    assert_eq!(files, [".releases/1/b.yaml", "real/a.yaml", "typed.yaml"]);
    assert_eq!(faults, [("discover::outside", "out".to_owned())]);
}

#[test]
fn links_to_nothing_and_to_themselves_are_errors() {
    let folder = Folder::with(&["a.yaml"]);
    folder.link("gone.yaml", "nowhere");
    folder.link("gone.txt", "nowhere");
    folder.link("self.yaml", "self.yaml");
    let (files, faults) = folder.walk(&["."], &[]);
    assert_eq!(files, ["a.yaml"]);
    assert_eq!(faults, [("discover::unreadable", "gone.yaml".to_owned()), ("discover::link", "self.yaml".to_owned())]);
}

#[test]
fn a_lattice_of_links_takes_no_time() {
    let folder = Folder::with(&[]);
    for level in 0..40 {
        folder.write(&format!(".d{level}/f{level}.yaml"), "");
        folder.link(&format!(".d{level}/left"), &format!("../.d{}", level + 1));
        folder.link(&format!(".d{level}/right"), &format!("../.d{}", level + 1));
    }
    folder.write(".d40/f40.yaml", "");
    folder.link("start", ".d0");
    assert_eq!(folder.walk(&["."], &[]).0.len(), 41);
}

#[test]
fn an_unreadable_folder_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&["closed/a.yaml", "b.yaml"]);
    let closed = folder.root().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("own folder");
    let readable_anyway = fs::read_dir(&closed).is_ok();
    let (_, faults) = folder.walk(&["."], &[]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("own folder");
    if !readable_anyway {
        assert_eq!(faults, [("discover::unreadable", "closed".to_owned())]);
    }
}

#[test]
fn reading_keeps_the_order_and_reports_each_file() {
    let folder = Folder::with(&["a.yaml", "c.yaml"]);
    fs::write(folder.root().join("b.yaml"), b"\xFF").expect("file");
    let file = fs::File::create(folder.root().join("huge.yaml")).expect("file");
    file.set_len(crate::git::MAX_FILE + 1).expect("sparse file");
    let found = walk(&folder.root(), &[".".into()], &[], &|_| true);
    fs::remove_file(folder.root().join("c.yaml")).expect("file");
    let read = super::super::read(&found.files);
    let codes: Vec<&str> = read.iter().map(|r| r.as_ref().map_or_else(|d| d.code, |_| "text")).collect();
    assert_eq!(codes, ["text", "discover::encoding", "discover::unreadable", "discover::too-large"]);
}
