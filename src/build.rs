//! Build script: compiles the crate again when a policy changed, since the library embeds them.

#[allow(clippy::disallowed_macros, reason = "cargo reads what a build script prints")]
fn main() {
    println!("cargo::rerun-if-changed=policies");
    println!("cargo::rerun-if-changed=src/build.rs");
}
