//! Files of charts and overlays that a change touches and nothing renders.

use super::reader::Reader;
use super::rendering::Renders;
use crate::config::Render;
use crate::finding::Diagnostic;
use crate::gate::workspace::Difference;

impl Reader<'_> {
    /// Changed files that only mean something once they are rendered, and that nothing renders: what they do to the cluster was
    /// not judged.
    pub(super) fn unrendered(
        &self,
        difference: &Difference,
        [base, head]: [&Renders; 2],
    ) -> Result<Vec<Diagnostic>, Diagnostic> {
        let off = self.inputs.config.kubernetes.render == Render::Off;
        let make = if off { Diagnostic::warning } else { Diagnostic::error };
        let mut found = Vec::new();
        for change in difference.changes.iter().filter(|c| self.in_scope(&c.path) && self.wants(&c.path)) {
            let Some(what) = self.rendered_by(difference, &change.path)? else { continue };
            let values = is_other_values(&change.path);
            let is_read = |renders: &Renders| match values {
                true => renders.names_values(&change.path),
                false => renders.touches(&change.path),
            };
            if is_read(base) || is_read(head) {
                continue;
            }
            let message = format!("the change touches a {what}, and what it renders to was not judged");
            let help = match values && !off {
                true => {
                    "name the values file under `kubernetes.helm` in changegate.yaml (`{chart: …, values: […]}`), or in the \
                         application that deploys it"
                }
                false => {
                    "render it (`kustomize build`, `helm template`) and judge the result, or set `kubernetes: {render: off}` \
                          in changegate.yaml"
                }
            };
            found.push(make("kubernetes::not-rendered", message).in_file(change.path.as_str()).help(help));
        }
        Ok(found)
    }

    /// What renders a file, by the names that Kustomize and Helm give their files.
    fn rendered_by(&self, difference: &Difference, path: &str) -> Result<Option<&'static str>, Diagnostic> {
        let Some(repository) = &self.workspace.repository else { return Ok(None) };
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(match name {
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some("Kustomize overlay"),
            "Chart.yaml" => Some("Helm chart"),
            _ if name.starts_with("values") && name.ends_with("ml") => {
                let chart = format!("{}/Chart.yaml", folder(path));
                repository.read(difference.head, chart.trim_start_matches('/'))?.map(|_| "Helm chart")
            }
            _ => None,
        })
    }
}

/// A values file that counts only where somebody names it.
fn is_other_values(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("values") && !matches!(name, "values.yaml" | "values.yml")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
