//! Kubernetes manifests: from documents to resources, and which resources belong together.
//!
//! Reads what kubectl would hand to the API server. Knows nothing of policies; environment, service and
//! actions are filled in by others.

mod defaults;
mod definition;
mod joins;
mod metadata;
mod objects;
mod read;
pub mod render;

pub use defaults::effective;
pub use joins::join;
pub use metadata::{annotation, label};
pub use objects::{Document, Objects, Other, objects};
pub use read::read;
