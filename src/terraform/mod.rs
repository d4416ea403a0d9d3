//! Terraform and OpenTofu: from configuration and plans to resources.
//!
//! [`source`] reads `.tf`, `.tofu` and their JSON forms as far as they are literal; [`plan`] reads the JSON of
//! `terraform show`; [`locate`] brings the two together, so that a finding about a planned value has a line
//! in the source. Both give the same shape: attributes as in plan JSON, nested blocks as lists of objects.

mod attributes;
pub mod config;
pub mod eval;
pub mod force_new;
mod json;
mod locate;
mod marks;
mod module;
mod place;
pub mod plan;
mod providers;
pub mod source;
mod tags;

pub use locate::locate;
pub use place::{region, zones};
pub use tags::{Tags, tags};
