//! What is written down twice must agree: the template with the code, the crates with the architecture, the files with
//! the house rules.
//!
//! Every message says what to change, and where something is missing, what to paste.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod edges;
mod environment;
mod events;
mod policies;
mod readme;
mod routes;
mod settings;
mod sources;

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use testkit::sam::{Function, Template};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The template that is deployed.
fn template() -> Template {
    Template::read(&root().join("template.yaml")).unwrap()
}

/// The workspace's packages, without what they depend on.
fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap()
}

/// The folder of a package, relative to the root: `shared/store`.
fn folder(package: &Package) -> String {
    let manifest = package.manifest_path.parent().unwrap().as_std_path().canonicalize().unwrap();
    manifest.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

/// The binary a function of the template runs: the last part of its `CodeUri`.
fn binary(function: &Function) -> &str {
    function.code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}
