//! Where a value of a chart was set: values that the deployment holds, its files, the chart's own.

use crate::parse::tree::{Node, Step};
use crate::source::Span;

/// The values of a release, strongest first.
#[derive(Default)]
pub(super) struct Values {
    /// Each with the keys below which it counts: a subchart's own values count without its name.
    pub(super) layers: Vec<(Node, Vec<String>)>,
}

impl Values {
    /// The places that set what a chart with the given scope reads at `path`, followed by `rest`: the one that counts.
    pub(super) fn find(&self, scope: &[String], path: &[String], rest: &[Step]) -> Vec<Span> {
        let global = path.first().is_some_and(|first| first == "global");
        let full: Vec<&str> = match global {
            true => path.iter().map(String::as_str).collect(),
            false => scope.iter().chain(path).map(String::as_str).collect(),
        };
        let places = self.layers.iter().filter_map(|(root, own)| {
            let inside = own.iter().zip(&full).all(|(a, b)| a == b) && own.len() <= full.len();
            let keys = full.get(if global { 0 } else { own.len() }..).filter(|_| inside || global)?;
            place(root, keys, rest)
        });
        places.take(1).collect()
    }
}

/// Key and value at a path; what follows it is only followed as far as it goes.
fn place(root: &Node, keys: &[&str], rest: &[Step]) -> Option<Span> {
    let path: Vec<Step> = keys.iter().map(|key| Step::from(*key)).chain(rest.iter().cloned()).collect();
    let (node, key, taken) = root.deepest(&path);
    let scalar = node.as_map().is_none() && node.as_seq().is_none();
    let full = taken == path.len() || (taken >= keys.len() && scalar && rest.is_empty());
    (full && taken > 0).then(|| if scalar { key.to(node.span) } else { key })
}
