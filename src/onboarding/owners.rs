//! What CODEOWNERS says about the gate's own files.

/// Where forges look for the file, in their order.
pub(super) const PLACES: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Whether somebody owns `changegate.yaml` and `.changegate/`: by a rule for everything, or by one for both.
pub(super) fn cover_the_gate(text: &str) -> bool {
    let rules: Vec<(&str, bool)> = text.lines().filter_map(rule).collect();
    let owned = |wanted: &[&str]| rules.iter().rev().find(|(p, _)| wanted.contains(p)).is_some_and(|(_, owned)| *owned);
    let everything = ["*", "**", "/**", "/"];
    let config = [&everything[..], &["changegate.yaml", "/changegate.yaml"]].concat();
    let context = [&everything[..], &[".changegate", ".changegate/", "/.changegate", "/.changegate/"]].concat();
    owned(&config) && owned(&context)
}

/// A pattern, and whether it names an owner.
fn rule(line: &str) -> Option<(&str, bool)> {
    let line = line.split('#').next()?.trim();
    let mut words = line.split_whitespace();
    let pattern = words.next().filter(|first| !first.starts_with('['))?;
    Some((pattern, words.next().is_some()))
}

#[cfg(test)]
mod tests {
    use super::cover_the_gate;

    #[test]
    fn the_last_rule_that_matches_counts() {
        assert!(cover_the_gate("* @acme/web\n"));
        assert!(cover_the_gate("/changegate.yaml @acme/web # the gate\n.changegate/ @acme/web\n"));
        assert!(!cover_the_gate("# * @acme/web\n*.tf @acme/web\n"));
        assert!(!cover_the_gate("* @acme/web\n/.changegate/\n"));
        assert!(!cover_the_gate(""));
    }
}
