//! Which environment the name of a folder or file speaks of.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::resolve;

/// Words that name an environment also inside of a longer name (`prod-eu`, `2-dev`). `live`, `test`, `ci`, `demo` and
/// such are left out: `live-stream` and `test-utils` are no environments.
const WITHIN: &[&str] = &["prod", "production", "prd", "staging", "stg", "preprod", "dev", "development", "qa", "uat"];

/// Words that turn the next one around: `non-prod`, `pre-prod`, `post-prod`.
const TURNED: &[&str] = &["non", "not", "no", "pre", "post"];

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A name that the gate knows by itself.
    Known(String),
    /// A name that holds one, and that has to be declared.
    Within(String),
}

/// What the name of a folder says about the environment of what lies in it.
pub(super) fn folder(name: &str) -> Option<Named> {
    let spellings = resolve::spellings(&Config::default());
    match spellings.get(name) {
        Some(environment) => Some(Named::Known(environment.to_string())),
        None => within(name).map(Named::Within),
    }
}

/// The environment that a file is for, by its stem: `prod`, `values-prod`, `eu.production`.
pub(super) fn file(stem: &str) -> Option<String> {
    match folder(stem)? {
        Named::Known(environment) | Named::Within(environment) => Some(environment),
    }
}

/// The one environment among the words of a name; `None` where there are two or where one is turned around.
fn within(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty()).collect();
    if words.iter().any(|word| TURNED.contains(word)) {
        return None;
    }
    let spellings = resolve::spellings(&Config::default());
    let found: BTreeSet<String> = words
        .iter()
        .filter(|word| WITHIN.contains(word))
        .filter_map(|word| spellings.get(*word))
        .map(ToString::to_string)
        .collect();
    (found.len() == 1).then(|| found.into_iter().next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_speak_of_one_environment_or_of_none() {
        let known = |name: &str| Some(Named::Known(name.into()));
        let within = |name: &str| Some(Named::Within(name.into()));
        for (name, expected) in [
            ("prod", known("prod")),
            ("production", known("prod")),
            ("stage", known("staging")),
            ("prod-eu", within("prod")),
            ("eu_prd_1", within("prod")),
            ("3-secops-dev", within("dev")),
            ("Prod", within("prod")),
            ("non-prod", None),
            ("pre-prod-eu", None),
            ("nonprod", None),
            ("prod-to-dev", None),
            ("live-stream", None),
            ("test-utils", None),
            ("products", None),
            ("", None),
        ] {
            assert_eq!(folder(name), expected, "{name}");
        }
    }
}
