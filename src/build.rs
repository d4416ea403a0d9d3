//! Build script: compiles the crate again when a policy changed, since the library embeds them, and names the build.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

#[allow(clippy::disallowed_macros, reason = "cargo reads what a build script prints")]
fn main() {
    println!("cargo::rerun-if-changed=policies");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    // Remembered answers are those of one engine: another source, or another crate below it, is another one.
    let mut build = DefaultHasher::new();
    sources(Path::new("src"), &mut build);
    std::fs::read("Cargo.lock").unwrap_or_default().hash(&mut build);
    println!("cargo::rustc-env=CHANGEGATE_BUILD={:016x}", build.finish());
}

/// Every file below a folder, by its path.
fn sources(folder: &Path, build: &mut DefaultHasher) {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sources(&path, build);
        } else {
            path.to_string_lossy().replace('\\', "/").hash(build);
            std::fs::read(&path).unwrap_or_default().hash(build);
        }
    }
}
