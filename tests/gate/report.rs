//! The pack for the board: what stands in it, what never does, and that it is the same on one thread and on many.

use crate::shop::{NOW, Shop};

const REQUEST: &str = "changes/CHG-2030-00017.yaml";
const WHO: &str = "Alice Arnold <alice@acme.example>";

/// Writes both pages for a change and returns them.
fn pages(shop: &Shop, more: &[&str]) -> (String, String) {
    let out = tempfile::tempdir().unwrap();
    let place = out.path().to_string_lossy().into_owned();
    let mut args = vec!["report", "cab", "--base", "main", "--head", "change", "--now", NOW, "--out", &place];
    args.extend(more);
    let ran = shop.changegate(&args);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let read = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    (read("cab.html"), read("cab.md"))
}

fn skipped_analysis() -> Shop {
    let shop = Shop::acme();
    shop.edit("k8s/prod/storefront/deployment.yaml", "  provider: istio", "  provider: istio\n  skipAnalysis: true");
    shop.edit(REQUEST, "soak: PT24H", "soak: PT25H");
    shop.commit("Ship it", WHO);
    shop
}

#[test]
fn says_what_the_board_has_to_know() {
    let (html, markdown) = pages(&skipped_analysis(), &[]);
    for page in [&html, &markdown] {
        for word in ["CHG-2030-00017", "CAN-005", "skipAnalysis", "redeploy-previous", "20 min", "asserted", "PT4H"] {
            assert!(page.contains(word) || (word == "PT4H" && page == &markdown), "{word} is missing in\n{page}");
        }
    }
    assert!(html.contains("denied") && markdown.contains("**DENIED.**"));
    assert!(html.contains("Tue 5 Mar 2030, 10:00 CET"), "times are in the zone of the request");
}

/// One file: nothing is fetched, no script runs.
#[test]
fn is_self_contained() {
    let (html, _) = pages(&skipped_analysis(), &[]);
    for loads in ["<script", "<link", "src=\"http", "@import", "url("] {
        assert!(!html.contains(loads), "{loads}");
    }
}

#[test]
fn what_a_request_says_is_no_markup() {
    let shop = skipped_analysis();
    shop.edit(REQUEST, "title: Storefront shows delivery dates", "title: \"<img src=x onerror=alert(1)> | @team `x`\"");
    shop.commit("Ship it", WHO);
    let (html, markdown) = pages(&shop, &[]);
    assert!(!html.contains("<img"), "{html}");
    assert!(!markdown.contains("<img") && !markdown.contains("@team"), "{markdown}");
}

#[test]
fn secrets_stay_out() {
    let shop = Shop::acme();
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: card\n  namespace: shop\n  annotations: \
             {{backstage.io/kubernetes-id: storefront}}\nstringData:\n  token: {value}\n"
        )
    };
    shop.git(&["checkout", "-q", "main"]);
    shop.write("k8s/prod/storefront/secret.yaml", secret("first-plainly-secret"));
    shop.commit("Before", WHO);
    shop.git(&["checkout", "-q", "-B", "change"]);
    shop.write("k8s/prod/storefront/secret.yaml", secret("second-plainly-secret"));
    shop.commit("Ship it", WHO);
    let (html, markdown) = pages(&shop, &[]);
    for page in [&html, &markdown] {
        assert!(page.contains("stringData.token"), "{page}");
        assert!(!page.contains("plainly-secret"), "{page}");
    }
}

#[test]
fn one_thread_and_many_write_the_same() {
    let shop = skipped_analysis();
    assert_eq!(pages(&shop, &["--jobs", "1"]), pages(&shop, &["--jobs", "8"]));
}

/// Two changes of one service at one time are told to the board.
#[test]
fn conflicts_of_an_agenda_are_told() {
    let shop = skipped_analysis();
    let text = shop.read(REQUEST);
    let other = text.replace("CHG-2030-00017", "CHG-2030-00018").replace("T11:30:00", "T13:00:00");
    shop.write("agenda/a.yaml", &text).write("agenda/b.yaml", other);
    shop.commit("Agenda", WHO);
    let (html, markdown) = pages(&shop, &["--changes", "agenda"]);
    for page in [&html, &markdown] {
        assert!(page.contains("same service: storefront, from Tue 5 Mar 2030, 10:00 CET"), "{page}");
    }
    assert!(html.contains("2 changes before the board"), "{html}");
}

/// A change that cannot be judged is reported, and the exit code says so.
#[test]
fn what_cannot_be_judged_is_said() {
    let shop = skipped_analysis();
    shop.write("k8s/prod/broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a\nspec:\n  - x: [\n");
    shop.commit("Break it", WHO);
    let out = tempfile::tempdir().unwrap();
    let place = out.path().to_string_lossy().into_owned();
    let ran = shop.changegate(&["report", "cab", "--base", "main", "--head", "change", "--now", NOW, "--out", &place]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let html = std::fs::read_to_string(out.path().join("cab.html")).unwrap();
    assert!(html.contains("undecided") && html.contains("yaml::syntax"), "{html}");
}
