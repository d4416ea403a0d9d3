//! The policy input: what `docs/policy-input.md` says, as JSON Schema.
//!
//! Everything but the resources is generated from the types that are handed over. Resources are put together from parts
//! that evaluations share, so their shape is declared here; a test holds it against what `changegate facts` prints.
#![expect(dead_code, reason = "only the schemas of these types are used")]

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::facts::World;
use crate::finding::IntroducedBy;

/// The schema of the document that a policy sees as `input`.
pub(super) fn schema(generator: SchemaGenerator) -> Schema {
    let mut schema = generator.into_root_schema_for::<Input>();
    schema.insert("title".into(), "input".into());
    schema
}

/// What a policy sees.
#[derive(Serialize, JsonSchema)]
struct Input {
    #[serde(flatten)]
    world: World,
    /// Resources whose action is a change.
    changed: Vec<Resource>,
    /// Every resource; only for policies that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<Resource>>,
    /// The resource at hand; only for policies of scope `resource`.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource>,
}

/// One thing that the change could touch.
#[derive(Serialize, JsonSchema)]
struct Resource {
    #[serde(flatten)]
    summary: Summary,
    #[serde(flatten)]
    state: State,
    /// The state before the change; null when it did not exist.
    before: Option<Value>,
    /// Where both states differ. A path stands for everything below it.
    changed: Vec<Path>,
    /// What cannot be known yet; it is absent from `attrs`.
    unknown: Vec<Path>,
    /// What must not leave the process.
    sensitive: Vec<Path>,
    /// What makes a plan replace it.
    replace_paths: Vec<Path>,
    /// Terraform's `lifecycle` block.
    lifecycle: Option<Value>,
    /// Cloud region.
    region: Option<String>,
    /// Availability zones that it names.
    zones: Vec<String>,
    /// Losing it loses data.
    stateful: bool,
    /// As the catalogue or a tag says.
    owners: Vec<String>,
    /// Commits of the change that touched it.
    introduced_by: Vec<IntroducedBy>,
    /// What belongs to it.
    related: Vec<Related>,
    /// References that nothing in the tree answers: unknown, not absent.
    dangling: Vec<Dangling>,
}

/// What it is, and where.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// Terraform: the address. Kubernetes: `group/Kind/namespace/name`.
    id: String,
    /// `kubernetes` or `terraform`.
    iac: String,
    /// `apps/Deployment`, `Service`, `aws_db_instance`.
    r#type: String,
    /// Without namespace or module.
    name: String,
    /// Of Kubernetes objects that name one.
    namespace: Option<String>,
    /// Of Terraform resources.
    address: Option<String>,
    /// Terraform's module path; null in the root module.
    module: Option<String>,
    /// Path of the file.
    file: Option<String>,
    /// Line of its header.
    line: u32,
    /// `present`, `no-op`, `create`, `update`, `delete`, `replace`, `forget`.
    action: String,
    /// `prod`, `staging`, … after synonyms; null when it could not be resolved.
    environment: Option<String>,
    /// Name of its service; null when it could not be resolved.
    service: Option<String>,
    /// 0 to 3, as the catalogue says.
    tier: Option<u8>,
}

/// What it is made of.
#[derive(Serialize, JsonSchema)]
struct State {
    /// After the change; of a deleted resource, what it was.
    attrs: Value,
    /// The same with what absent fields mean, for Kubernetes kinds that have defaults.
    effective: Option<Value>,
}

/// A resource that belongs to another one.
#[derive(Serialize, JsonSchema)]
struct Related {
    /// What it is to it: `scaler`, `pdb`, `service`, ….
    relation: String,
    #[serde(flatten)]
    summary: Summary,
    #[serde(flatten)]
    state: State,
    /// What it is related to itself, by name.
    related: Vec<Name>,
}

/// A related resource by name.
#[derive(Serialize, JsonSchema)]
struct Name {
    /// What it is.
    relation: String,
    /// Its id.
    id: String,
    /// What the change does to it.
    action: String,
}

/// A reference that nothing answers.
#[derive(Serialize, JsonSchema)]
struct Dangling {
    /// What the other one would be.
    relation: String,
    /// Null for a selector, which names nobody.
    id: Option<String>,
    /// Its type.
    r#type: Option<String>,
    /// Its namespace.
    namespace: Option<String>,
    /// Its name.
    name: Option<String>,
    /// Where the reference stands in `attrs`.
    path: Path,
    /// From how many a selector could have picked; null when there may be more than can be seen.
    among: Option<u64>,
}

/// Keys and indexes.
type Path = Vec<Step>;

/// A key or an index.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Step {
    Key(String),
    Index(u64),
}
