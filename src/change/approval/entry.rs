//! An approval as an entry of a request's text: written in without touching a byte of what is there.

use crate::parse::tree::Node;

/// Which list an approval belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `spec.approvals`: of the change.
    Change,
    /// `spec.freezeOverride.approvals`: of the override.
    Override,
}

/// An approval that is written into a request.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Who.
    pub by: &'a str,
    /// In which role.
    pub role: Option<&'a str>,
    /// `approved`, ….
    pub decision: &'a str,
    /// When.
    pub at: &'a str,
    /// The change digest.
    pub digest: &'a str,
    /// The armoured signature.
    pub signature: &'a str,
}

impl Place {
    /// The keys down to the list.
    pub fn path(self) -> &'static [&'static str] {
        match self {
            Self::Change => &["spec", "approvals"],
            Self::Override => &["spec", "freezeOverride", "approvals"],
        }
    }
}

impl Entry<'_> {
    /// The entry as lines of a block list whose dash stands in column `indent`.
    pub fn lines(&self, place: Place, indent: usize) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut fields = vec![format!("by: {}", quoted(self.by))];
        fields.extend(self.role.map(|role| format!("role: {}", quoted(role))));
        // Whoever stands in an override's list agrees; there is no other decision.
        fields.extend((place == Place::Change).then(|| format!("decision: {}", quoted(self.decision))));
        fields.push(format!("at: {}", quoted(self.at)));
        fields.push(format!("boundDigest: {}", quoted(self.digest)));
        fields.push("signature: |".to_owned());
        fields.extend(self.signature.trim().lines().map(|line| format!("  {}", line.trim())));
        let margin = " ".repeat(indent);
        let lines = fields.iter().enumerate().map(|(n, field)| {
            let dash = if n == 0 { "- " } else { "  " };
            format!("{margin}{dash}{field}\n")
        });
        lines.collect()
    }

    /// The request's text with the entry in it; `None` where the list is written in a way that only its author should
    /// change (in brackets, behind an anchor). Whoever calls reads the answer back before using it.
    pub fn insert(&self, place: Place, text: &str, document: &Node) -> Option<String> {
        let (key, above) = place.path().split_last()?;
        let parent = document.at(above)?.as_map()?;
        let Some(entry) = parent.entry(key) else {
            return self.before(place, text, parent.iter().next()?.key_span.start);
        };
        let margin = column(text, entry.key_span.start);
        match entry.node.as_seq() {
            Some([first, .., last] | [first @ last]) => {
                let dash = line(text, first.span.start).find('-').filter(|dash| *dash >= margin)?;
                let after = end_of_line(text, end(last));
                insert(text, after, &self.lines(place, dash))
            }
            _ if entry.node.is_null() || entry.node.as_seq().is_some() => {
                let start = entry.key_span.start as usize;
                let stop = end_of_line(text, entry.key_span.end);
                let rest = text.get(entry.key_span.end as usize..stop)?;
                let (value, comment) = rest.split_once('#').map_or((rest, ""), |(value, comment)| (value, comment));
                let empty = ["[]", "null", "~", ""].contains(&value.trim().strip_prefix(':')?.trim());
                let comment = if comment.is_empty() { "\n".to_owned() } else { format!(" #{comment}") };
                let new = format!("{key}:{comment}{}", self.lines(place, margin + 2));
                empty.then(|| Some([text.get(..start)?, &new, text.get(stop..)?].concat()))?
            }
            _ => None,
        }
    }

    /// A list of its own before the first key of its mapping.
    fn before(&self, place: Place, text: &str, first: u32) -> Option<String> {
        let key = place.path().last()?;
        let margin = column(text, first);
        let own_line = line(text, first).get(..margin)?.trim().is_empty();
        let new = format!("{}{key}:\n{}", " ".repeat(margin), self.lines(place, margin + 2));
        own_line.then(|| insert(text, start_of_line(text, first), &new))?
    }
}

fn insert(text: &str, at: usize, new: &str) -> Option<String> {
    let (before, after) = text.split_at_checked(at)?;
    let line_feed = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    Some([before, line_feed, new, after].concat())
}

/// Where the last value inside of a node ends.
fn end(node: &Node) -> u32 {
    let inner = match (node.as_map(), node.as_seq()) {
        (Some(map), _) => map.iter().map(|entry| end(&entry.node).max(entry.key_span.end)).max(),
        (_, Some(items)) => items.iter().map(end).max(),
        _ => None,
    };
    inner.unwrap_or_default().max(node.span.end)
}

fn start_of_line(text: &str, at: u32) -> usize {
    text.get(..at as usize).and_then(|before| before.rfind('\n')).map_or(0, |feed| feed + 1)
}

/// After the line feed of the line in which `at` stands; a value that ends with one ends its line.
fn end_of_line(text: &str, at: u32) -> usize {
    let at = at as usize;
    if at > 0 && text.as_bytes().get(at - 1) == Some(&b'\n') {
        return at;
    }
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |feed| at + feed + 1)
}

fn line(text: &str, at: u32) -> &str {
    text.get(start_of_line(text, at)..end_of_line(text, at)).unwrap_or_default()
}

fn column(text: &str, at: u32) -> usize {
    at as usize - start_of_line(text, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::fixture;

    const ENTRY: Entry<'_> = Entry {
        by: "dave@x",
        role: Some("peer"),
        decision: "approved",
        at: "2026-06-09T08:00:00Z",
        digest: "sha256:aa",
        signature: "-----BEGIN\nabc\n-----END\n",
    };

    fn inserted(place: Place, text: &str) -> Option<String> {
        let document = fixture::yaml(text).1.remove(0);
        let new = ENTRY.insert(place, text, &document)?;
        let read = fixture::yaml(&new).1.remove(0);
        let list = read.at(place.path()).and_then(Node::as_seq).expect("a list");
        assert_eq!(list.last().and_then(|e| e.get("by")).and_then(Node::as_str), Some("dave@x"), "{new}");
        let signature = list.last().and_then(|e| e.get("signature")).and_then(Node::as_str);
        assert_eq!(signature, Some(ENTRY.signature), "{new}");
        // Not one line that was there is gone or changed, but the empty list.
        for line in text.lines().filter(|line| !line.contains("approvals:")) {
            assert!(new.lines().any(|kept| kept == line), "{line:?} is not in {new}");
        }
        Some(new)
    }

    #[test]
    fn an_entry_joins_whatever_list_is_there() {
        let lists = [
            "spec:\n  type: normal # kept\n",
            "spec:\n  approvals: [] # none yet\n  type: normal\n",
            "spec:\n  approvals:\n  type: normal\n",
            "spec:\n    approvals: null\n",
            "spec:\n  approvals:\n    - by: a\n      signature: |\n        x\n        y\n  # a word\n  type: normal\n",
            "spec:\n  approvals:\n  - {by: a,\n     role: b}\n\n  - by: b # last\n",
            "spec:\n  approvals:\n    - by: a",
        ];
        for text in lists {
            assert!(inserted(Place::Change, text).is_some(), "{text}");
        }
        let text = "spec:\n  freezeOverride:\n    freezeRef: sale\n    approvals: []\n    category: regulatory\n  approvals: []\n";
        let new = inserted(Place::Override, text).expect("inserted");
        assert!(new.contains("  approvals: []\n") && !new.contains("decision"), "{new}");
    }

    #[test]
    fn a_list_that_only_its_author_should_change_is_left_alone() {
        for text in ["spec: {type: normal}\n", "spec:\n  approvals: [{by: a}]\n", "spec: {approvals: []}\n", "a: 1\n"] {
            let document = fixture::yaml(text).1.remove(0);
            let new = ENTRY.insert(Place::Change, text, &document);
            let broken = new.as_deref().is_none_or(|new| {
                let (_, documents) = fixture::yaml(new);
                documents
                    .first()
                    .and_then(|d| d.at(&["spec", "approvals"])?.as_seq())
                    .is_none_or(|list| list.len() != 1)
            });
            assert!(broken, "{new:?}");
        }
    }
}
