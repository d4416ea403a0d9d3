//! What a terminal asks of the output: colour, links, characters, width.

use std::process::Command;

use crate::shop::{Shop, binary};

/// The output of a check of acme with nothing in the environment but these.
fn shown(shop: &Shop, variables: &[(&str, &str)], args: &[&str]) -> String {
    let mut command = Command::new(binary());
    command.current_dir(shop.root()).env_clear().envs(variables.iter().copied());
    let ran = command.args(["check", "--no-audit", "--now", crate::shop::NOW]).args(args).output().unwrap();
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn colour_follows_the_conventions() {
    let shop = Shop::acme();
    let coloured = |variables: &[(&str, &str)], args: &[&str]| shown(&shop, variables, args).contains("\x1b[");
    assert!(!coloured(&[], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn links_can_be_asked_for_and_refused() {
    let shop = Shop::acme();
    let linked = |variables: &[(&str, &str)], args: &[&str]| shown(&shop, variables, args).contains("\x1b]8;;https://");
    assert!(linked(&[("FORCE_HYPERLINK", "1")], &[]));
    assert!(!linked(&[("FORCE_HYPERLINK", "0"), ("WT_SESSION", "1")], &[]));
    assert!(!linked(&[("FORCE_HYPERLINK", "1"), ("NO_COLOR", "1")], &[]));
    // No terminal, however well it would be known.
    assert!(!linked(&[("TERM_PROGRAM", "WezTerm")], &[]));
}

#[test]
fn characters_and_width_are_those_of_the_terminal() {
    let shop = Shop::acme();
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        assert!(shown(&shop, &[("LC_ALL", locale)], &[]).is_ascii(), "{locale}");
    }
    for locale in ["", "de_DE", "en_US.UTF-8"] {
        assert!(!shown(&shop, &[("LANG", locale)], &[]).is_ascii(), "{locale}");
    }
    for (asked, width) in [("60", 60), ("120", 120), ("1", 40), ("9999", 160), ("wide", 100)] {
        let rule = "─".repeat(width);
        let page = shown(&shop, &[("COLUMNS", asked)], &[]);
        assert!(page.lines().any(|line| line == rule), "{asked}");
    }
}
