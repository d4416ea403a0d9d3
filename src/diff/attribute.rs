//! Which commits of the change are behind each changed resource.

use crate::facts::Resource;
use crate::finding::IntroducedBy;

/// Fills in `introduced_by` of every changed resource.
///
/// `touched` gives the commits of the range that touched the files behind a resource, newest first. When there are several,
/// `changed_in` is asked for each whether it changed this resource; the caller compares the file at the commit
/// and at its parent. When none is found to have done so, all of them stay: nobody is cleared by a failed search.
pub fn attribute(
    resources: &mut [Resource],
    touched: impl Fn(&Resource) -> Vec<IntroducedBy>,
    mut changed_in: impl FnMut(&Resource, &IntroducedBy) -> bool,
) {
    for resource in resources.iter_mut().filter(|r| r.action.is_change()) {
        let commits = touched(resource);
        let several = commits.len() > 1;
        let narrowed: Vec<IntroducedBy> =
            commits.iter().filter(|c| !several || changed_in(resource, c)).cloned().collect();
        resource.introduced_by = if narrowed.is_empty() { commits } else { narrowed };
    }
}
