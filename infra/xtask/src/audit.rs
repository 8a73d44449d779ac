//! Holds the log against its seals. The program `tollgate` knows the table, so it is the one that looks.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// Runs `tollgate audit`, which prints what it finds.
pub(crate) fn verify(workspace: &Workspace, options: &[&str]) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "local", "--bin", "tollgate", "--", "audit"]).args(options);
    let status = command.current_dir(&workspace.root).status().context("cargo does not run")?;
    ensure!(status.success(), "the log is not whole, or could not be read");
    Ok(())
}
