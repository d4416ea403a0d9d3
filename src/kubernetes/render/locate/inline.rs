//! Documents written inside of a text: patches in a kustomization, values in an application.

use crate::parse::tree::{Node, Value};
use crate::parse::yaml::{self, Limits};
use crate::source::Span;

/// The documents of a text, with places in the file that the text stands in. `file` is that file's text.
///
/// In a literal block every line of the text is a line of the file, indented; elsewhere everything stands at the whole text.
pub(super) fn documents(holder: &Node, file: &str) -> Vec<Node> {
    let Some(text) = holder.as_str() else { return Vec::new() };
    let lines = Lines::of(text, holder.span, file);
    let mut documents = yaml::parse(holder.span.source, text, &Limits::default()).documents;
    for document in &mut documents {
        walk(document, &|span| lines.as_ref().and_then(|lines| lines.place(span)).unwrap_or(holder.span));
    }
    documents
}

fn walk(node: &mut Node, place: &dyn Fn(Span) -> Span) {
    node.span = place(node.span);
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|entry| {
            entry.key_span = place(entry.key_span);
            walk(&mut entry.node, place);
        }),
        Value::Seq(items) => items.iter_mut().for_each(|item| walk(item, place)),
        _ => {}
    }
}

/// For each line of a text: where it starts in the text, and where in the file.
struct Lines {
    starts: Vec<(usize, usize)>,
}

impl Lines {
    /// `None` when the lines of the text are no lines of the file.
    fn of(text: &str, span: Span, file: &str) -> Option<Self> {
        let (mut at, mut written) = (span.start as usize, file.get(span.start as usize..)?.split_inclusive('\n'));
        at += written.next().filter(|header| header.starts_with('|'))?.len();
        let (mut offset, mut starts) = (0, Vec::new());
        for line in text.split_inclusive('\n') {
            let there = written.next()?;
            let (content, bare) = (there.trim_end_matches(['\r', '\n']), line.trim_end_matches(['\r', '\n']));
            starts.push((offset, at + content.len().checked_sub(bare.len()).filter(|_| content.ends_with(bare))?));
            offset += line.len();
            at += there.len();
        }
        Some(Self { starts })
    }

    fn place(&self, span: Span) -> Option<Span> {
        let of = |offset: u32| {
            let offset = offset as usize;
            let index = self.starts.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
            self.starts.get(index).map(|(start, there)| there + offset - start)
        };
        Some(Span::new(span.source, of(span.start)?, of(span.end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn placed(file: &str) -> String {
        let holder = yaml::parse(SourceId(0), file, &Limits::default()).documents.remove(0);
        let holder = holder.get("patch").cloned().expect("patch");
        let document = documents(&holder, file).remove(0);
        let node = document.at(&["spec", "replicas"]).expect("replicas");
        file[node.span.start as usize..node.span.end as usize].to_owned()
    }

    #[test]
    fn lines_of_a_block_are_lines_of_the_file() {
        assert_eq!(placed("a: 1\npatch: |-\n  spec:\n    replicas: 2\n"), "2");
        assert_eq!(placed("patch: |\n    # why\n\n    spec:\n      replicas: 33 # é\nb: 1\n"), "33");
        assert_eq!(placed("patch: |\r\n  spec:\r\n    replicas: 4\r\n"), "4");
        assert_eq!(placed("patch: 'spec: {replicas: 5}'\n"), "'spec: {replicas: 5}'");
        assert_eq!(placed("patch: >\n  spec: {replicas: 5}\n"), ">\n  spec: {replicas: 5}");
    }
}
