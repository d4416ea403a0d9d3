//! The git store: crashes between the steps, what others leave in the inbox, and repositories that mean harm.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use changegate::audit::{AuditLevel, GitStore, Remote, Store};

use crate::place::{Place, git, numbers, read, record, with_part};

fn inbox(place: &Place) -> usize {
    git(&place.bare(), &["for-each-ref", "refs/changegate/inbox"]).lines().count()
}

/// The machine died after the inbox had the record: whoever integrates next brings it in, and a retry finds it.
#[test]
fn a_record_that_was_accepted_is_integrated_by_the_next_writer() {
    let place = Place::git();
    let receipt = place.git_at(AuditLevel::Accepted).append(&with_part(0)).expect("accepted");
    assert_eq!((receipt.index, receipt.root, receipt.level), (None, None, AuditLevel::Accepted));
    assert_eq!(inbox(&place), 1);
    let store = place.open();
    assert_eq!(store.size().expect("readable"), 0);
    assert_eq!(store.append(&record(1)).expect("appended").index, Some(1), "the older one goes first");
    assert_eq!(inbox(&place), 0);
    assert_eq!(place.open().append(&with_part(0)).expect("a retry").index, Some(0));
    assert_eq!((inbox(&place), numbers(&read(&*store).0)), (0, vec![0, 1]));
    let log = git(&place.bare(), &["log", "--format=%an %ae", "changegate-audit"]);
    assert_eq!(log, "changegate changegate@localhost", "one commit took both");
}

/// The machine died after the branch had the record and before it knew: the retry lies in the inbox again.
#[test]
fn a_record_that_comes_again_leaves_the_inbox_and_stands_once() {
    let place = Place::git();
    let first = place.open().append(&record(0)).expect("appended");
    place.git_at(AuditLevel::Accepted).append(&record(0)).expect("accepted again");
    assert_eq!(inbox(&place), 1);
    place.open().integrate().expect("integrated");
    assert_eq!((inbox(&place), place.open().size().expect("readable")), (0, 1));
    assert_eq!(place.open().append(&record(0)).expect("a retry"), first);
}

#[test]
fn what_is_no_record_stays_in_the_inbox_and_stops_nobody() {
    let place = Place::git();
    let tree = git(&place.bare(), &["mktree"]);
    let commit = git(&place.bare(), &["commit-tree", "-m", "junk", &tree]);
    git(&place.bare(), &["update-ref", "refs/changegate/inbox/00000000-junk", &commit]);
    git(&place.bare(), &["update-ref", &format!("refs/changegate/inbox/{}", record(1).id), &commit]);
    assert_eq!(place.open().append(&record(0)).expect("appended").index, Some(0));
    assert_eq!(place.open().append(&record(1)).expect_err("its place is taken").code, "audit::unwritable");
    place.open().integrate().expect("nothing to do");
    assert_eq!(inbox(&place), 2);
}

/// Hooks, filters, rewritten addresses and monitors of the judged repository must not run, nor decide where records go.
#[test]
fn the_judged_repository_decides_nothing() {
    let place = Place::git();
    let judged = place.directory.path().join("judged");
    fs::create_dir(&judged).expect("a directory");
    git(&judged, &["init", "--quiet"]);
    let trap = judged.join("trap.sh");
    let sprung = judged.join("sprung");
    fs::write(&trap, format!("#!/bin/sh\necho \"$0\" >> {}\n", sprung.display())).expect("written");
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).expect("executable");
    let trap = trap.display().to_string();
    for hook in ["pre-push", "reference-transaction", "post-checkout", "pre-auto-gc", "post-index-change"] {
        fs::copy(&trap, judged.join(".git/hooks").join(hook)).expect("copied");
    }
    let bare = place.bare().display().to_string();
    for (key, value) in [
        ("core.fsmonitor", trap.as_str()),
        ("core.sshCommand", &trap),
        ("core.hooksPath", ".git/hooks"),
        ("core.pager", &trap),
        ("credential.helper", &trap),
        ("filter.x.clean", &trap),
        ("uploadpack.packObjectsHook", &trap),
        ("remote.origin.receivepack", &trap),
        ("remote.origin.uploadpack", &trap),
        ("push.gpgSign", "true"),
        ("gpg.program", &trap),
        ("push.followTags", "true"),
        ("url.file:///nowhere/.insteadOf", "/"),
        ("url.file:///elsewhere/.pushInsteadOf", "/"),
    ] {
        git(&judged, &["config", key, value]);
    }
    fs::write(judged.join(".gitattributes"), "* filter=x\n").expect("written");
    let store = GitStore::new(Remote::find(&bare, &judged).expect("a remote"), AuditLevel::Integrated);
    assert_eq!(store.append(&record(0)).expect("appended").index, Some(0));
    assert_eq!(place.open().size().expect("readable"), 1);
    assert!(!sprung.exists(), "{}", fs::read_to_string(&sprung).unwrap_or_default());
}

#[test]
fn a_remote_is_found_by_name_and_a_branch_by_its_own() {
    let place = Place::git();
    let judged = place.directory.path().join("judged");
    fs::create_dir(&judged).expect("a directory");
    git(&judged, &["init", "--quiet"]);
    git(&judged, &["remote", "add", "origin", &place.bare().display().to_string()]);
    let store = GitStore::new(Remote::find("origin#audit/eu", &judged).expect("a remote"), AuditLevel::Integrated);
    store.append(&record(0)).expect("appended");
    assert_eq!(git(&place.bare(), &["for-each-ref", "--format=%(refname)"]), "refs/heads/audit/eu");
    assert_eq!(git(&place.bare(), &["cat-file", "blob", "audit/eu:log/00/00/00/00.json"]).as_bytes(), record(0).leaf);
    for bad in ["nobody", "origin#-f", "origin#a..b", "--upload-pack=x"] {
        assert!(Remote::find(bad, &judged).is_err(), "{bad}");
    }
}

fn refused(url: &str) -> (String, String) {
    let remote = Remote::find(url, Path::new("/")).expect("an address");
    let fault = GitStore::new(remote, AuditLevel::Integrated).append(&record(0)).expect_err("refused");
    assert_eq!(fault.code, "audit::unwritable");
    assert!(fault.help.contains("--audit-level spooled"), "{}", fault.help);
    (fault.message, fault.path.unwrap_or_default().to_string())
}

#[test]
fn a_repository_that_cannot_be_reached_is_an_error_with_help_and_without_password() {
    let (message, path) = refused("file:///nowhere/log.git");
    assert!(message.contains("/nowhere/log.git"), "{message} {path}");
    let (message, path) = refused("http://bot:hunter2@127.0.0.1:1/log.git");
    assert!(!message.contains("hunter2") && !path.contains("hunter2"), "{message} {path}");
    let (message, _) = refused("ext::sh -c 'touch /tmp/changegate-ran'://");
    assert!(message.contains("not allowed"), "{message}");
}

/// How a forge protects the branch: its own hooks and rules apply, and its words reach the reader.
#[test]
fn the_rules_of_the_receiving_repository_apply() {
    let place = Place::git();
    let hook = place.bare().join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\necho 'the branch is protected' >&2\nexit 1\n").expect("written");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("executable");
    let fault = place.open().append(&record(0)).expect_err("refused");
    assert_eq!(fault.code, "audit::unwritable");
    assert!(fault.message.contains("protected"), "{}", fault.message);
}

#[test]
fn what_may_have_to_be_forgotten_is_not_put_into_git() {
    let place = Place::git();
    let secret = with_part(0);
    let fault = place.open().append(&changegate::audit::Record { disclosures: secret.parts.clone(), ..secret });
    assert_eq!(fault.expect_err("refused").code, "audit::unsupported");
    assert_eq!(place.open().prune(1).expect_err("refused").code, "audit::unsupported");
}
