//! How much a fault of the input counts: what a change did not touch must not stop it.

use crate::config::Render;
use crate::finding::{Diagnostic, Level};
use crate::gate::workspace::Difference;
use crate::git::FileChange;
use crate::source::Sources;

/// What the change touches; everything, where there is nothing to compare with.
#[derive(Clone, Copy)]
pub(super) struct Touched<'a> {
    pub(super) difference: Option<&'a Difference>,
    pub(super) render: Render,
}

impl<'a> Touched<'a> {
    /// Files that differ.
    pub(super) fn changes(&self) -> Option<&'a [FileChange]> {
        self.difference.map(|difference| &*difference.changes)
    }

    /// A fault, in the light of the file that it names.
    pub(super) fn weigh(&self, fault: Diagnostic) -> Diagnostic {
        let path = fault.path.clone();
        self.weigh_in(fault, path.as_deref())
    }

    /// A fault, in the light of the file that it stands in.
    pub(super) fn weigh_at(&self, fault: Diagnostic, sources: &Sources) -> Diagnostic {
        let path =
            fault.span.and_then(|s| sources.get(s.source)).map(|s| s.path.clone()).or_else(|| fault.path.clone());
        self.weigh_in(fault, path.as_deref())
    }

    /// A fault in such a file is a warning. A template that is not rendered cannot be judged, so it stops the gate
    /// unless the configuration turns rendering off.
    fn weigh_in(&self, mut fault: Diagnostic, path: Option<&str>) -> Diagnostic {
        if fault.code == "terraform::missing_variable" {
            // Its value comes from elsewhere and is unknown here; a policy that needs it says so.
            fault.level = Level::Note;
        }
        let Some(changes) = self.changes() else { return fault };
        let touched = path.is_none_or(|path| changes.iter().any(|c| c.path == path));
        let template = fault.code == "yaml::template";
        if !touched && fault.level == Level::Error {
            fault.level = Level::Warning;
        } else if touched && template && self.render == Render::Auto {
            fault.level = Level::Error;
            fault.help = "the change touches a template that nothing renders: name its chart under `kubernetes.helm`, judge the \
                          rendered manifests, or set `kubernetes: {render: off}` in changegate.yaml"
                .into();
        }
        fault
    }
}
