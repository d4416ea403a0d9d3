//! The same values in give the same bytes out, at any number of threads and in every format.

use crate::shop::{NOW, Shop};

fn change() -> Shop {
    let shop = Shop::acme();
    shop.edit("k8s/prod/checkout/rollout.yaml", "minReplicas: 4", "minReplicas: 1");
    shop.edit("terraform/prod/orders_db.tf", "deletion_protection       = true", "deletion_protection       = false");
    shop.commit("Save money", "Alice Arnold <alice@acme.example>");
    shop
}

#[test]
fn one_thread_and_eight_give_the_same_bytes_in_every_format() {
    let shop = change();
    for format in ["pretty", "json", "sarif", "github"] {
        let run = |jobs: &str| {
            let args = [
                "check",
                "--base",
                "main",
                "--head",
                "change",
                "--now",
                NOW,
                "--no-audit",
                "--format",
                format,
                "--jobs",
                jobs,
            ];
            shop.changegate(&args)
        };
        let one = run("1");
        for again in ["8", "1", "2"] {
            let other = run(again);
            assert_eq!((one.code, &one.stdout), (other.code, &other.stdout), "{format} with {again} threads");
        }
    }
}

#[test]
fn the_format_and_quiet_never_change_the_code() {
    let shop = change();
    let codes: Vec<i32> = [&["--format", "pretty"][..], &["--format", "sarif"], &["--format", "github"], &["--quiet"]]
        .into_iter()
        .map(|extra| {
            let fixed = ["check", "--base", "main", "--head", "change", "--now", NOW, "--no-audit"];
            shop.changegate(&[&fixed[..], extra].concat()).code
        })
        .collect();
    assert_eq!(codes, [1, 1, 1, 1]);
}

#[test]
fn facts_do_not_depend_on_threads() {
    let shop = change();
    let facts = |jobs| shop.changegate(&["facts", "--base", "main", "--head", "change", "--now", NOW, "--jobs", jobs]);
    let one = facts("1");
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert_eq!(one.stdout, facts("8").stdout);
}
