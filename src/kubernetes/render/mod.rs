//! Kustomize roots and Helm charts, rendered with the user's own programs and located in their sources.
//!
//! A root is rendered in a scratch copy of exactly the files that it reads ([`Closure`]), at one state of the repository,
//! without network, within limits ([`program`]). What it reads is found out first, so that a reference that leaves
//! the repository or names a URL is refused with its place and nothing is started. Every value of a rendered object then
//! gets the place in the overlay, base, template or values file that it came from ([`locate`]).
//!
//! Knows nothing of git, of the difference or of policies.

mod chart;
mod closure;
mod helm;
mod kustomization;
mod kustomize;
mod locate;
mod program;
mod release;
mod roots;
mod scratch;
mod stage;
mod tree;

pub use closure::Closure;
pub use program::{Limits, Programs, Tool};
pub use release::{Asked, Deployment, ValuesFile, asked};
pub use roots::{Root, Roots};
pub use stage::{Rendered, Session, prepare, render};
pub use tree::{Tree, folder, join};
