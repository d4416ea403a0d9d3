//! Conftest's names: which rules judge, and which packages are asked.

use globset::Glob;

use crate::finding::{Enforcement, Severity};
use crate::parse::de;

/// Which packages are asked (`--namespace`, `--all-namespaces`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// Every package.
    All,
    /// These; `*`, `?` and `[…]` stand for any characters, dots too.
    Named(Vec<String>),
}

impl Namespaces {
    /// The packages that are asked, of those that there are, in their order.
    ///
    /// # Errors
    /// What is wrong with the first name that is no package and matches none.
    pub(super) fn select<'a>(&self, packages: &[&'a str]) -> Result<Vec<&'a str>, String> {
        let Self::Named(names) = self else { return Ok(packages.to_vec()) };
        let mut matchers = Vec::with_capacity(names.len());
        for name in names {
            let matcher = Glob::new(name).map_err(|e| format!("`{name}` is no pattern of a namespace: {e}"))?;
            let matcher = matcher.compile_matcher();
            if !packages.iter().any(|package| matcher.is_match(package)) {
                let near = de::closest(name, packages.iter().copied());
                let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(format!("there is no package `{name}` among the policies{near}"));
            }
            matchers.push(matcher);
        }
        Ok(packages.iter().copied().filter(|package| matchers.iter().any(|m| m.is_match(package))).collect())
    }
}

/// What a rule's name says about its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `deny`, `violation`.
    Failure,
    /// `warn`.
    Warning,
}

impl Kind {
    /// The kind of a rule by its name: `deny`, `violation` or `warn`, alone or with `_words` behind it.
    pub(super) fn of(name: &str) -> Option<Self> {
        let is = |word: &str| {
            name.strip_prefix(word).is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('_').is_some_and(|rest| {
                        rest.split('_').all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric()))
                    })
            })
        };
        match () {
            () if is("deny") || is("violation") => Some(Self::Failure),
            () if is("warn") => Some(Self::Warning),
            () => None,
        }
    }

    pub(super) fn enforcement(self) -> Enforcement {
        match self {
            Self::Failure => Enforcement::Hard,
            Self::Warning => Enforcement::Soft,
        }
    }

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Failure => Severity::High,
            Self::Warning => Severity::Medium,
        }
    }
}

/// What an `exception` rule calls a rule: the name without `deny_`, `violation_` or `warn_`; nothing of the bare word.
pub(super) fn exception_name(rule: &str) -> &str {
    let cut = |word: &str| rule.strip_prefix(word).map(|rest| rest.strip_prefix('_').unwrap_or(rest));
    ["violation", "deny", "warn"].into_iter().find_map(cut).unwrap_or(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_rule_is() {
        for name in ["deny", "deny_run_as_root", "violation", "violation_a1"] {
            assert_eq!(Kind::of(name), Some(Kind::Failure), "{name}");
        }
        assert_eq!(Kind::of("warn_x"), Some(Kind::Warning));
        for name in ["denied", "deny_", "deny__x", "warning", "allow", "my_deny"] {
            assert_eq!(Kind::of(name), None, "{name}");
        }
        assert_eq!(exception_name("deny_run_as_root"), "run_as_root");
        assert_eq!(exception_name("violation"), "");
    }

    #[test]
    fn namespaces_are_selected_by_pattern() {
        let packages = ["commands", "main", "main.gke"];
        let select = |names: &[&str]| {
            Namespaces::Named(names.iter().map(|n| (*n).to_owned()).collect())
                .select(&packages)
                .map(|found| found.join(" "))
        };
        assert_eq!(select(&["main"]).as_deref(), Ok("main"));
        assert_eq!(select(&["main*"]).as_deref(), Ok("main main.gke"));
        assert_eq!(select(&["main.*", "c*"]).as_deref(), Ok("commands main.gke"));
        assert!(select(&["man"]).unwrap_err().contains("did you mean `main`"));
        assert_eq!(Namespaces::All.select(&packages).unwrap().len(), 3);
    }
}
