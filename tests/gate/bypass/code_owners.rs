//! The role of code owners: from CODEOWNERS at the merge base, for everything that the change touches.

use super::change::{ALICE, Change, IDENTITIES};

const CODEOWNERS: &str = ".github/CODEOWNERS";

/// Production asks for a code owner; Dave and the payments team own manifests, Paula the rest.
fn change() -> Change {
    let change = Change::on(|shop, _| {
        let matrix = shop.read(".changegate/approvals.yaml");
        shop.write(".changegate/approvals.yaml", matrix.replace("low: {peer: 1}", "low: {code-owner: 1}"));
        shop.write(CODEOWNERS, "* @paula-acme\n/k8s/ @dave-acme @acme/payments\n");
    });
    assert_eq!(change.judge().code, 3);
    change
}

/// Exit code after reviews by these logins.
fn reviewed(mut change: Change, logins: &[&str]) -> (i32, String) {
    logins.iter().for_each(|login| change.review(login));
    let ran = change.judge();
    (ran.code, ran.stdout)
}

#[test]
fn an_owner_or_somebody_of_the_owning_team_approves() {
    assert_eq!(reviewed(change(), &["dave-acme"]).0, 0);
    assert_eq!(reviewed(change(), &["frank-acme"]).0, 0, "a member of @acme/payments");
    assert_eq!(reviewed(change(), &["paula-acme"]).0, 3, "the owner of other files");
}

#[test]
fn each_file_needs_an_owner_of_its_own() {
    let both = || {
        let change = change();
        change.shop.write("docs/guide.md", "# Guide\n");
        change.shop.commit("With a guide", ALICE);
        change
    };
    let (code, told) = reviewed(both(), &["dave-acme"]);
    assert_eq!(code, 3);
    assert!(told.contains("`docs/guide.md` waits for one of its code owners: @paula-acme"), "{told}");
    assert_eq!(reviewed(both(), &["dave-acme", "paula-acme"]).0, 0);
}

#[test]
fn an_owner_who_contributed_does_not_count() {
    let change = change();
    change.edit_workload("replicas: 6", "replicas: 7");
    change.shop.commit("One more thing", "Dave Dent <dave@acme.example>");
    assert_eq!(reviewed(change, &["dave-acme"]).0, 3);
}

#[test]
fn an_owner_added_in_the_same_pull_request_is_none() {
    let change = change();
    change.shop.write(CODEOWNERS, "* @paula-acme\n/k8s/ @erin-acme\n/.github/ @erin-acme\n");
    assert!(change.shop.read(IDENTITIES).contains("erin-acme"));
    change.shop.commit("Erin owns the manifests", ALICE);
    assert_eq!(reviewed(change, &["erin-acme"]).0, 3);
}
