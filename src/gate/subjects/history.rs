//! The past of single resources: which commits changed them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::{Reader, Text};
use crate::diff;
use crate::discover;
use crate::facts::Resource;
use crate::gate::Session;
use crate::git::{Touch, Touches};
use crate::source::{Revision, Sources};
use crate::terraform;

/// Resources of one file by their id.
type ById = BTreeMap<Arc<str>, Resource>;

/// Looks into the past of single resources.
pub(super) struct History<'a> {
    reader: &'a Reader<'a>,
    touches: &'a Touches,
    /// By path and commit: the file's resources at the parent and at the commit.
    seen: BTreeMap<(String, String), [ById; 2]>,
}

impl<'a> History<'a> {
    /// The past as far as the commits of the change reach.
    pub(super) fn new(reader: &'a Reader<'a>, touches: &'a Touches) -> Self {
        Self { reader, touches, seen: BTreeMap::new() }
    }

    /// Whether a commit changed a resource: its attributes differ between the file at the commit and at its parent.
    pub(super) fn changed(&mut self, resource: &Resource, commit: &str, sources: &Sources) -> bool {
        let path = diff::path_of(resource, sources).to_owned();
        let Some(touch) = self.touches.of(&path).iter().find(|t| t.commit.to_string() == *commit) else { return true };
        let touch = touch.clone();
        let [before, after] =
            self.seen.entry((path.clone(), commit.to_owned())).or_insert_with(|| versions(self.reader, &path, &touch));
        let attrs = |state: &ById| state.get(&resource.id).map(|r| (r.attrs.clone(), r.lifecycle.clone()));
        attrs(before) != attrs(after)
    }
}

fn versions(reader: &Reader<'_>, path: &str, touch: &Touch) -> [ById; 2] {
    let read = reader.workspace.repository.as_ref().and_then(|r| r.versions(touch).ok());
    let (before, after) = read.map_or((None, None), |versions| (versions.before, versions.after));
    let resources = |bytes: Option<Vec<u8>>| {
        let text = bytes.and_then(|bytes| discover::decode(bytes, path).ok());
        let (Some(text), Some(format)) = (text, discover::format_of(path)) else { return ById::new() };
        let mut session = Session::default();
        let texts = vec![Text { path: path.to_owned(), format, text }];
        let state = reader.state(texts, Revision::Base, &mut session);
        let (configured, _) = terraform::source::resources(&state.files);
        state.resources.into_iter().chain(configured).map(|r| (r.id.clone(), r)).collect()
    };
    [resources(before), resources(after)]
}
