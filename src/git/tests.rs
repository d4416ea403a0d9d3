//! Small repositories, made with git2 itself.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Oid, Time};
use proptest::prelude::*;

use super::*;

/// What git calls the content `text`.
fn blob(text: &str) -> String {
    Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).expect("hash").to_string()
}

struct Lab {
    dir: tempfile::TempDir,
    git: git2::Repository,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut options = git2::RepositoryInitOptions::new();
        let git = git2::Repository::init_opts(dir.path(), options.initial_head("main")).expect("repository");
        let mut config = git.config().expect("config");
        // The machine's own settings must not change what is tested.
        config.set_str("core.autocrlf", "false").expect("config");
        config.set_str("core.excludesFile", "/dev/null").expect("config");
        Self { dir, git }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("exists")
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let full = self.root().join(path);
        fs::create_dir_all(full.parent().expect("has a folder")).expect("folder");
        fs::write(full, text).expect("file");
        self
    }

    fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.root().join(path)).expect("file");
        self
    }

    fn stage(&self) -> &Self {
        let mut index = self.git.index().expect("index");
        index.add_all(["*"], IndexAddOption::DEFAULT, None).expect("add");
        index.update_all(["*"], None).expect("update");
        index.write().expect("write");
        self
    }

    fn commit(&self, message: &str) -> CommitId {
        self.stage();
        let head = self.git.head().ok().and_then(|h| h.target());
        self.commit_on(&head.into_iter().collect::<Vec<_>>(), message)
    }

    /// Commits the index with the given parents and moves HEAD there.
    fn commit_on(&self, parents: &[Oid], message: &str) -> CommitId {
        let tree = self.git.index().and_then(|mut i| i.write_tree()).and_then(|t| self.git.find_tree(t)).expect("tree");
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|p| self.git.find_commit(*p).expect("parent")).collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let at = |minute| Time::new(1_700_000_000 + 60 * minute, 60);
        let minute = i64::try_from(self.count()).expect("few");
        let author = git2::Signature::new("Ann", "ann@example.org", &at(minute)).expect("signature");
        let committer = git2::Signature::new("Bob", "bob@example.org", &at(minute)).expect("signature");
        let id = self.git.commit(None, &author, &committer, message, &tree, &parents).expect("commit");
        match self.git.find_reference("HEAD").ok().and_then(|h| h.symbolic_target().ok().flatten().map(str::to_owned)) {
            Some(branch) => drop(self.git.reference(&branch, id, true, "test").expect("branch")),
            None => self.git.set_head_detached(id).expect("head"),
        }
        CommitId(id)
    }

    fn count(&self) -> usize {
        let mut n = 0;
        self.git
            .odb()
            .expect("odb")
            .foreach(|_| {
                n += 1;
                true
            })
            .expect("objects");
        n
    }

    fn checkout(&self, id: CommitId, branch: &str) {
        let commit = self.git.find_commit(id.0).expect("commit");
        self.git.branch(branch, &commit, true).expect("branch");
        self.git.set_head(&format!("refs/heads/{branch}")).expect("head");
        self.git
            .checkout_head(Some(git2::build::CheckoutBuilder::new().force().remove_untracked(true)))
            .expect("files");
    }

    fn open(&self) -> Repository {
        Repository::discover(&self.root()).expect("readable").expect("repository")
    }

    fn changes(&self, base: CommitId, head: Snapshot) -> Vec<String> {
        shown(&self.open().changes(base, head).expect("changes"))
    }
}

fn shown(changes: &[FileChange]) -> Vec<String> {
    let one = |c: &FileChange| match &c.previous_path {
        Some(old) => format!("{} {} {} <- {old}", c.status.as_str(), c.mode, c.path),
        None => format!("{} {} {}", c.status.as_str(), c.mode, c.path),
    };
    changes.iter().map(one).collect()
}

fn code<T>(result: Result<T, Diagnostic>) -> (&'static str, String) {
    result.err().map(|d| (d.code, d.help)).expect("an error")
}

#[test]
fn outside_of_a_repository_there_is_none() {
    let dir = tempfile::tempdir().expect("temporary folder");
    assert!(Repository::discover(dir.path()).expect("no error").is_none());
}

#[test]
fn a_repository_is_found_from_a_file_inside_it() {
    let lab = Lab::new();
    lab.write("a/b.yaml", "x").commit("one");
    let repository = Repository::discover(&lab.root().join("a/b.yaml")).expect("readable").expect("repository");
    assert_eq!(repository.root().canonicalize().expect("exists"), lab.root());
    assert_eq!(repository.branch().as_deref(), Some("main"));
    assert_eq!(repository.relative(&lab.root().join("a/b.yaml")).as_deref(), Some("a/b.yaml"));
    assert_eq!(repository.relative(Path::new("/")), None);
}

#[test]
fn revisions_resolve_or_say_what_to_do() {
    let lab = Lab::new();
    assert_eq!(code(lab.open().resolve("HEAD")).0, "git::no-commit");
    let one = lab.write("a", "1").commit("one");
    let two = lab.write("a", "2").commit("two");
    let object = lab.git.find_object(one.0, None).expect("object");
    let tagger = git2::Signature::new("Ann", "a@x", &Time::new(0, 0)).expect("signature");
    lab.git.tag("v1.0", &object, &tagger, "annotated", false).expect("tag");
    lab.git.reference("refs/remotes/origin/trunk", one.0, true, "").expect("remote branch");
    let repository = lab.open();
    for (spec, expected) in [("main", two), ("HEAD~1", one), ("v1.0", one), ("origin/trunk", one)] {
        assert_eq!(repository.resolve(spec).expect(spec), expected, "{spec}");
    }
    assert_eq!(repository.resolve(&one.to_string()).expect("full id"), one);
    assert_eq!(code(repository.resolve("trunk")), ("git::unknown-revision", "did you mean `origin/trunk`?".into()));
    assert_eq!(code(repository.resolve("mian")), ("git::unknown-revision", "did you mean `main`?".into()));
    assert_eq!(code(repository.resolve("HEAD:a")).0, "git::not-a-commit");
    assert!(code(repository.resolve("something-else")).1.contains("git fetch"));
}

#[test]
fn unrelated_histories_have_no_merge_base() {
    let lab = Lab::new();
    let one = lab.write("a", "1").commit("one");
    let other = lab.commit_on(&[], "other root");
    assert_eq!(code(lab.open().merge_base(one, other)).0, "git::no-common-ancestor");
}

#[test]
fn a_cut_off_history_is_named() {
    let lab = Lab::new();
    let one = lab.write("a", "1").commit("one");
    let two = lab.write("a", "2").commit("two");
    let three = lab.write("a", "3").commit("three");
    let object = |id: CommitId| {
        let hex = id.to_string();
        lab.git.path().join("objects").join(&hex[..2]).join(&hex[2..])
    };
    fs::write(lab.git.path().join("shallow"), format!("{two}\n")).expect("shallow");
    fs::remove_file(object(one)).expect("object");
    let repository = lab.open();
    let other = lab.commit_on(&[], "other root");
    for fault in [code(repository.merge_base(other, three)), code(repository.range(other, Snapshot::Commit(three)))] {
        assert_eq!(fault.0, "git::shallow");
        assert!(fault.1.contains("fetch-depth: 0"));
    }
    assert!(code(repository.resolve("main~2")).1.contains("fetch-depth: 0"));
}

#[test]
fn changes_between_commits_are_complete() {
    let lab = Lab::new();
    lab.write("keep", "k").write("edit", "1").write("gone", "g").write("moved/old.yaml", "a: 1\nb: 2\nc: 3\n");
    lab.write("kind", "file");
    let base = lab.commit("base");
    lab.remove("gone").remove("moved/old.yaml").remove("kind").write("edit", "2").write("new", "n");
    lab.write("moved/new.yaml", "a: 1\nb: 2\nc: 4\n").write("kind/inner", "now a folder");
    let head = lab.commit("head");
    let repository = lab.open();
    let changes = repository.changes(base, Snapshot::Commit(head)).expect("changes");
    assert_eq!(
        shown(&changes),
        [
            "modified 100644 edit",
            "deleted 000000 gone",
            "deleted 000000 kind",
            "added 100644 kind/inner",
            "renamed 100644 moved/new.yaml <- moved/old.yaml",
            "added 100644 new",
        ]
    );
    let list = content(&changes);
    let gone: Vec<&str> = list.iter().filter(|c| c.blob.is_none() && c.mode == "000000").map(|c| &*c.path).collect();
    assert_eq!(gone, ["gone", "kind", "moved/old.yaml"]);
    assert_eq!(list.iter().find(|c| c.path == "edit").and_then(|c| c.blob.clone()), Some(blob("2")));
    assert!(list.is_sorted() && list.len() == 7);
    assert_eq!(repository.content_at(base, head).expect("content"), list);
}

#[test]
fn index_and_working_tree_are_named_as_git_would() {
    let lab = Lab::new();
    lab.write(".gitignore", "*.log\n").write("a", "1").write("b", "1").write("c", "1").write("d", "1");
    let base = lab.commit("base");
    lab.write("a", "2").write("b", "2").stage();
    lab.write("b", "1").remove("c").write("new/untracked", "u").write("x.log", "ignored");
    lab.git.index().and_then(|mut i| i.remove_path(Path::new("d")).and_then(|()| i.write())).expect("rm --cached");
    assert_eq!(lab.changes(base, Snapshot::Index), ["modified 100644 a", "modified 100644 b", "deleted 000000 d"]);
    let objects = lab.count();
    let changes = lab.open().changes(base, Snapshot::WorkingTree).expect("changes");
    assert_eq!(shown(&changes), ["modified 100644 a", "deleted 000000 c", "added 100644 new/untracked"]);
    assert_eq!(changes[2].blob, Some(blob("u")));
    assert_eq!(lab.count(), objects, "nothing was written into the repository");
    let index = lab.open().content_of(base, Snapshot::WorkingTree);
    lab.stage();
    let head = lab.commit("all of it");
    assert_eq!(index, lab.open().content_of(base, Snapshot::Commit(head)));
}

#[cfg(unix)]
fn clone_of(e: &git2::IndexEntry) -> git2::IndexEntry {
    git2::IndexEntry { path: e.path.clone(), ..*e }
}

impl Repository {
    fn content_of(&self, base: CommitId, head: Snapshot) -> Vec<Content> {
        content(&self.changes(base, head).expect("changes"))
    }
}

#[test]
fn line_endings_are_hashed_as_stored() {
    let lab = Lab::new();
    let base = lab.write(".gitattributes", "*.yaml text eol=crlf\n").commit("base");
    lab.write("a.yaml", "a: 1\r\nb: 2\r\n");
    let changes = lab.open().changes(base, Snapshot::WorkingTree).expect("changes");
    assert_eq!(changes[0].blob, Some(blob("a: 1\nb: 2\n")));
}

#[cfg(unix)]
#[test]
fn links_modes_and_submodules_are_told_apart() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let lab = Lab::new();
    lab.write("real.yaml", "r").write("tool", "#!").write("folder/x.yaml", "x");
    let base = lab.commit("base");
    symlink("real.yaml", lab.root().join("link.yaml")).expect("link");
    symlink("folder", lab.root().join("there")).expect("link");
    symlink("../../etc/passwd", lab.root().join("out")).expect("link");
    fs::set_permissions(lab.root().join("tool"), fs::Permissions::from_mode(0o755)).expect("mode");
    let inner = git2::Repository::init(lab.root().join("sub")).expect("repository");
    lab.write("sub/inside.yaml", "not ours");
    let me = git2::Signature::new("Ann", "a@x", &Time::new(0, 0)).expect("signature");
    let tree = inner.index().and_then(|mut i| i.write_tree()).and_then(|t| inner.find_tree(t)).expect("tree");
    let pinned = inner.commit(Some("HEAD"), &me, &me, "inner", &tree, &[]).expect("commit");
    let expected = [
        "added 120000 link.yaml",
        "added 120000 out",
        "added 160000 sub",
        "added 120000 there",
        "modified 100755 tool",
    ];
    let changes = lab.open().changes(base, Snapshot::WorkingTree).expect("changes");
    assert_eq!(shown(&changes), expected);
    assert_eq!((&changes[0].blob, &changes[2].blob), (&Some(blob("real.yaml")), &Some(pinned.to_string())));
    let mut index = lab.git.index().expect("index");
    ["link.yaml", "out", "there", "tool"].iter().for_each(|f| index.add_path(Path::new(f)).expect("add"));
    let like = index.get_path(Path::new("tool"), 0).expect("entry");
    let pin = |id| git2::IndexEntry { mode: 0o160_000, id, path: b"sub".to_vec(), ..clone_of(&like) };
    index.add(&pin(pinned)).and_then(|()| index.write()).expect("add");
    let head = lab.commit_on(&[base.0], "head");
    assert_eq!(lab.changes(base, Snapshot::Commit(head)), expected);
    lab.write(".git/info/exclude", ".gitmodules");
    lab.write(".gitmodules", "[submodule \"sub\"]\npath = sub\nurl = ./x\nignore = all\n");
    index.add(&pin(base.0)).and_then(|()| index.write()).expect("add");
    assert_eq!(lab.changes(head, Snapshot::Index), ["modified 160000 sub"]);
    assert!(lab.changes(head, Snapshot::WorkingTree).is_empty());
    let read = |path: &str| {
        lab.open()
            .read(Snapshot::Commit(head), path)
            .expect("readable")
            .map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    assert_eq!(read("link.yaml").as_deref(), Some("r"));
    assert_eq!(read("there/x.yaml").as_deref(), Some("x"));
    assert_eq!((read("out"), read("sub"), read("folder"), read("nope")), (None, None, None, None));
    let listed = lab.open().list(Snapshot::Commit(head), "there").expect("list");
    assert_eq!(listed.iter().map(|f| &*f.path).collect::<Vec<_>>(), ["there/x.yaml"]);
}

#[test]
fn snapshots_are_listed_and_read_without_a_checkout() {
    let lab = Lab::new();
    let head = lab.write("k8s/a.yaml", "old").write("k8s/deep/b.yaml", "b").write("k8sx.yaml", "x").commit("one");
    lab.write("k8s/a.yaml", "staged").stage();
    lab.write("k8s/a.yaml", "now").write("k8s/new.yaml", "n").remove("k8s/deep/b.yaml");
    let repository = lab.open();
    let list = |of| -> Vec<String> { repository.list(of, "k8s/").expect("list").into_iter().map(|f| f.path).collect() };
    assert_eq!(list(Snapshot::Commit(head)), ["k8s/a.yaml", "k8s/deep/b.yaml"]);
    assert_eq!(list(Snapshot::Index), ["k8s/a.yaml", "k8s/deep/b.yaml"]);
    assert_eq!(list(Snapshot::WorkingTree), ["k8s/a.yaml", "k8s/new.yaml"]);
    assert_eq!(repository.list(Snapshot::Commit(head), "").expect("list").len(), 3);
    assert_eq!(repository.list(Snapshot::Commit(head), "nope").expect("list"), []);
    for (of, text) in [(Snapshot::Commit(head), "old"), (Snapshot::Index, "staged"), (Snapshot::WorkingTree, "now")] {
        assert_eq!(repository.read(of, "k8s/a.yaml").expect("readable").as_deref(), Some(text.as_bytes()));
        for outside in ["/nowhere/a.yaml", "../nowhere"] {
            assert_eq!(repository.read(of, outside).expect("nothing"), None, "{outside}");
        }
    }
    assert_eq!(repository.read(Snapshot::Index, "").expect("nothing"), None);
    assert_eq!(repository.read_blob(&blob("old")).expect("readable"), b"old");
}

#[test]
fn an_unmerged_index_is_an_error() {
    let lab = Lab::new();
    let base = lab.write("a", "1").commit("base");
    let ours = lab.write("a", "2").commit("ours");
    lab.checkout(base, "other");
    let theirs = lab.write("a", "3").commit("theirs");
    lab.checkout(ours, "ours");
    let annotated = lab.git.find_annotated_commit(theirs.0).expect("commit");
    lab.git.merge(&[&annotated], None, None).expect("merge");
    assert_eq!(code(lab.open().changes(base, Snapshot::Index)).0, "git::conflict");
    assert_eq!(lab.changes(base, Snapshot::WorkingTree), ["modified 100644 a"]);
}

#[test]
fn commits_of_the_base_do_not_belong_to_the_change() {
    let lab = Lab::new();
    let fork = lab.write("a", "1").commit("fork");
    let main = lab.write("b", "main's").commit("on main");
    lab.checkout(fork, "topic");
    let message = "topic\n\nWhy.\n\nchange-request: CHG-7\n\nCo-authored-by: Cy <cy@example.org>\n";
    let topic = lab.write("a", "2").commit(message);
    lab.write("b", "main's").stage();
    let merge = lab.commit_on(&[topic.0, main.0], "merge main\n\nChange-Request: CHG-8");
    let repository = lab.open();
    let range = repository.range(main, Snapshot::Commit(merge)).expect("range");
    assert_eq!(range.commits.iter().map(|c| c.id).collect::<Vec<_>>(), [merge, topic]);
    assert_eq!(range.commits[0].trailers("Change-Request").last(), Some("CHG-8"));
    assert_eq!(range.commits[1].trailers("CHANGE-REQUEST").last(), Some("CHG-7"));
    let merge_base = repository.merge_base(main, merge).expect("merge base");
    assert_eq!(merge_base, main);
    let changes = repository.changes(merge_base, Snapshot::Commit(merge)).expect("changes");
    let facts = repository.facts(main, merge_base, &range, &changes);
    assert_eq!(
        (facts.base, facts.branch.as_deref(), facts.head),
        (main.to_string(), Some("topic"), Some(merge.to_string()))
    );
    assert_eq!(facts.authors, ["ann@example.org"]);
    assert_eq!(facts.files.iter().map(|f| (&*f.path, f.status)).collect::<Vec<_>>(), [("a", "modified")]);
    let commit = &facts.commits[1];
    assert_eq!((&*commit.subject, &*commit.committer, commit.signed), ("topic", "bob@example.org", false));
    assert_eq!(commit.co_authors, ["cy@example.org"]);
    assert!(commit.at.ends_with("+01:00"), "{}", commit.at);
    assert_eq!(&*range.commits[1].introduced_by().author, "Ann <ann@example.org>");
    let touches = repository.touches(&range, &changes).expect("touches");
    assert_eq!(touches.of("a").iter().map(|t| t.commit).collect::<Vec<_>>(), [topic]);
    assert_eq!(repository.range(main, Snapshot::WorkingTree).expect("range").head, None);
}

#[test]
fn a_file_is_followed_through_renames() {
    let lab = Lab::new();
    let text = |last: &str| format!("a: 1\nb: 2\nc: 3\nlast: {last}\n");
    let base = lab.write("one.yaml", &text("x")).write("other", "1").commit("base");
    let edit = lab.write("one.yaml", &text("y")).commit("edit");
    let rename = lab.remove("one.yaml").write("two.yaml", &text("z")).commit("rename and edit");
    lab.write("other", "2").commit("elsewhere");
    let last = lab.write("two.yaml", &text("!")).commit("edit again");
    let repository = lab.open();
    let head = Snapshot::Commit(last);
    let changes = repository.changes(base, head).expect("changes");
    assert_eq!(shown(&changes), ["modified 100644 other", "renamed 100644 two.yaml <- one.yaml"]);
    let range = repository.range(base, head).expect("range");
    let touches = repository.touches(&range, &changes).expect("touches");
    assert_eq!(touches.of("two.yaml").iter().map(|t| t.commit).collect::<Vec<_>>(), [last, rename, edit]);
    assert!(touches.of("one.yaml").is_empty());
    let versions = repository.versions(&touches.of("two.yaml")[1]).expect("versions");
    let (before, after) = (Some(text("y").into_bytes()), Some(text("z").into_bytes()));
    assert_eq!(versions, Versions { before, after });
}

#[test]
fn a_merge_touches_a_file_only_where_it_resolved_a_conflict() {
    let lab = Lab::new();
    let base = lab.write("a", "1").write("b", "1").commit("base");
    let left = lab.write("a", "left").commit("left");
    lab.checkout(base, "right");
    let right = lab.write("a", "right").write("b", "right").commit("right");
    lab.write("a", "both").stage();
    let merge = lab.commit_on(&[left.0, right.0], "merge");
    let repository = lab.open();
    let changes = repository.changes(base, Snapshot::Commit(merge)).expect("changes");
    let range = repository.range(base, Snapshot::Commit(merge)).expect("range");
    let touches = repository.touches(&range, &changes).expect("touches");
    let mut of_a: Vec<CommitId> = touches.of("a").iter().map(|t| t.commit).collect();
    assert_eq!(of_a.remove(0), merge);
    assert_eq!(of_a.len(), 2);
    assert_eq!(touches.of("b").iter().map(|t| t.commit).collect::<Vec<_>>(), [right]);
}

#[test]
fn an_ssh_signature_names_its_key() {
    let lab = Lab::new();
    lab.write("a", "1").commit("one");
    let head = lab.git.head().and_then(|h| h.peel_to_commit()).expect("head");
    let buffer = lab
        .git
        .commit_create_buffer(&head.author(), &head.committer(), "signed", &head.tree().expect("tree"), &[&head])
        .expect("buffer");
    let text = std::str::from_utf8(&buffer).expect("text");
    let armored = include_str!("../../tests/data/git/commit.sig");
    let id = CommitId(lab.git.commit_signed(text, armored.trim_end(), None).expect("commit"));
    let signature = lab.open().commit(id).expect("commit").signature.expect("signature");
    assert_eq!(signature.kind, SignatureKind::Ssh);
    assert_eq!(signature.fingerprint.as_deref(), Some(include_str!("../../tests/data/git/fingerprint").trim_end()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_text_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    let base = lab.write("a", "1").commit("base");
    fs::write(lab.root().join(std::ffi::OsStr::from_bytes(b"\xFF.yaml")), "x").expect("file");
    assert_eq!(code(lab.open().changes(base, Snapshot::WorkingTree)).0, "git::path-encoding");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However the files change, the working tree, the index after `git add` and the commit after it have one list,
    /// and the list rebuilds the head from the base.
    #[test]
    fn three_snapshots_of_one_state_have_one_list(
        before in prop::collection::btree_map("[a-c](/[a-c])?x", "[12]{0,2}", 1..6),
        after in prop::collection::btree_map("[a-c](/[a-c])?x", "[12]{0,2}", 1..6),
    ) {
        let lab = Lab::new();
        for (path, text) in &before { lab.write(path, text); }
        let base = lab.commit("base");
        for path in before.keys() { lab.remove(path); }
        for (path, text) in &after { lab.write(path, text); }
        let tree = lab.open().content_of(base, Snapshot::WorkingTree);
        lab.stage();
        prop_assert_eq!(&tree, &lab.open().content_of(base, Snapshot::Index));
        let head = lab.commit("head");
        prop_assert_eq!(&tree, &lab.open().content_of(base, Snapshot::Commit(head)));
        let mut rebuilt: std::collections::BTreeMap<String, String> =
            before.iter().map(|(path, text)| (path.clone(), blob(text))).collect();
        for entry in tree {
            match entry.blob {
                Some(id) => drop(rebuilt.insert(entry.path, id)),
                None => drop(rebuilt.remove(&entry.path)),
            }
        }
        let expected: std::collections::BTreeMap<String, String> =
            after.iter().map(|(path, text)| (path.clone(), blob(text))).collect();
        prop_assert_eq!(rebuilt, expected);
    }
}
