//! One thing that a change could touch, whichever tool manages it.

use std::sync::Arc;

use crate::finding::IntroducedBy;
use crate::parse::tree::{Node, Path};
use crate::source::Span;

/// Which tool manages a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Iac {
    /// A Kubernetes object.
    Kubernetes,
    /// A resource of a Terraform or OpenTofu configuration or plan.
    Terraform,
}

impl Iac {
    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Terraform => "terraform",
        }
    }
}

/// What the change does to a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// No base to compare with: the resource is judged as it stands.
    #[default]
    Present,
    /// The same at both ends.
    NoOp,
    /// Did not exist before.
    Create,
    /// Exists at both ends and differs in meaning.
    Update,
    /// Exists only before.
    Delete,
    /// Destroyed and created again.
    Replace,
    /// Taken out of management; the object itself stays.
    Forget,
}

impl Action {
    /// The word in the policy input and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::NoOp => "no-op",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Forget => "forget",
        }
    }

    /// Whether the change does something to the resource.
    pub fn is_change(self) -> bool {
        !matches!(self, Self::Present | Self::NoOp)
    }
}

/// How one resource belongs to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// What the other one is to it: `scaler`, `scale-target`, `pdb`, `workload`, … (docs/policy-input.md, Related).
    pub relation: &'static str,
    /// Index into the facts' resources.
    pub index: usize,
}

/// A reference that nothing in the tree answers. What it names may exist elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dangling {
    /// What the other one would be to it.
    pub relation: &'static str,
    /// `apps/Deployment`; `None` for a selector, which names nobody.
    pub kind: Option<Arc<str>>,
    /// Of what is named.
    pub namespace: Option<Arc<str>>,
    /// Of what is named.
    pub name: Option<Arc<str>>,
    /// Where the reference stands in the attributes.
    pub path: Path,
    /// From how many in the tree a selector could have picked; `None` when there may be more than can be seen.
    pub among: Option<usize>,
}

impl Dangling {
    /// Whether both miss the same thing, at whatever place.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let key = |d: &Self| (d.relation, d.kind.clone(), d.namespace.clone(), d.name.clone());
        key(self) == key(other)
    }
}

/// One thing that the change could touch.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Terraform: the address. Kubernetes: `group/Kind/namespace/name` (contract, Shapes).
    pub id: Arc<str>,
    /// Which tool manages it.
    pub iac: Option<Iac>,
    /// `aws_db_instance`, `apps/Deployment`, `Service`: what `targets` of a policy name.
    pub kind: Arc<str>,
    /// Name without namespace or module.
    pub name: Arc<str>,
    /// Kubernetes namespace, when the object names one.
    pub namespace: Option<Arc<str>>,
    /// Terraform module path, `module.a.module.b`; `None` in the root module.
    pub module: Option<Arc<str>>,
    /// What it was evaluated or rendered in. Terraform: directory of the root module; empty for the repository's own
    /// root. Kubernetes: the kustomization's directory (`k8s/prod`) or the chart and its release (`charts/app@orders`); `None` for
    /// an object that stands in its file as it is.
    pub root: Option<Arc<str>>,
    /// The path that decides where it belongs, where that is not the file it stands in.
    pub place: Option<Arc<str>>,
    /// The attributes after the change (before it, when it is deleted). Kubernetes: the whole object.
    pub attrs: Arc<Node>,
    /// The attributes before the change, when it existed.
    pub before: Option<Arc<Node>>,
    /// The whole resource before the change, when it existed and its other state was read.
    pub base: Option<Arc<Resource>>,
    /// Terraform's `lifecycle` block.
    pub lifecycle: Option<Node>,
    /// The whole resource in its source.
    pub span: Span,
    /// Where a missing attribute is shown: the block's header or the object's first line.
    pub header: Span,
    /// What the change does to it.
    pub action: Action,
    /// Why a plan does so, in its own words: `replace_because_tainted`, `delete_because_no_resource_config`, ….
    pub action_reason: Option<Arc<str>>,
    /// Why a plan replaces it: paths whose change forces it.
    pub replace_paths: Vec<Path>,
    /// Paths whose value differs between before and after.
    pub changed: Vec<Path>,
    /// Paths whose value is not known.
    pub unknown: Vec<Path>,
    /// Paths whose value must not leave the process.
    pub sensitive: Vec<Path>,
    /// Attributes whose value came through variables or locals: where it came from, nearest place first.
    pub origins: Vec<(Path, Vec<Span>)>,
    /// `prod`, `staging`, … after synonyms; `None` when it could not be resolved.
    pub environment: Option<Arc<str>>,
    /// Name of the service it belongs to; `None` when it could not be resolved.
    pub service: Option<Arc<str>>,
    /// Tier of the service as the catalogue says, 0 to 3.
    pub tier: Option<u8>,
    /// Cloud region.
    pub region: Option<Arc<str>>,
    /// Availability zones it names.
    pub zones: Vec<Arc<str>>,
    /// Losing it loses data (catalogue 2.1).
    pub stateful: bool,
    /// Owners as the catalogue or a tag says.
    pub owners: Vec<Arc<str>>,
    /// Commits of the change that touched it.
    pub introduced_by: Vec<IntroducedBy>,
    /// Resources it is joined with.
    pub related: Vec<Related>,
    /// References of it that could not be resolved.
    pub dangling: Vec<Dangling>,
}
