//! What this workspace holds, as cargo knows it: nothing is listed twice.

use std::{ffi::OsString, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

/// Where things are, and which functions there are.
pub(crate) struct Workspace {
    /// The folder of `template.yaml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// The function binaries' names, sorted.
    pub(crate) functions: Vec<String>,
}

impl Workspace {
    /// Asks cargo. A function is a binary of a package in `functions/`.
    pub(crate) fn load() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata failed")?;
        let folder = metadata.workspace_root.join("functions");
        let packages = metadata.packages.iter().filter(|package| package.manifest_path.starts_with(&folder));
        let binaries = packages.flat_map(|package| &package.targets).filter(|target| target.is_bin());
        let mut functions: Vec<String> = binaries.map(|target| target.name.clone()).collect();
        functions.sort();
        ensure!(!functions.is_empty(), "no package in {folder} has a binary");
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
            functions,
        })
    }

    /// A cargo command in the workspace's root, with the cargo that started this program.
    pub(crate) fn cargo(&self, subcommand: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.args(subcommand).current_dir(&self.root);
        command
    }

    /// `-p NAME` for every function, so that all are built by one command and share one set of features.
    pub(crate) fn packages(&self) -> Vec<&str> {
        self.functions.iter().flat_map(|name| ["-p", name]).collect()
    }
}

/// Runs a command to its end and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} did not start", command.get_program().display()))?;
    ensure!(status.success(), "{} ended with {status}", command.get_program().display());
    Ok(())
}
