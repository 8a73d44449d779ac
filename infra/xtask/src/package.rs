//! Builds every function and lays it out as the template's `CodeUri`s expect: `target/lambda/<name>/bootstrap`.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::{self, Workspace};

/// What the functions are built for.
#[derive(Clone, Copy)]
pub(crate) enum Architecture {
    /// This machine, with plain cargo: for `sam local`, the emulator and measuring.
    Native,
    /// Lambda on Graviton, with cargo-lambda (`pip install cargo-lambda`).
    Arm64,
}

/// Builds and lays out, and prints the sizes.
pub(crate) fn run(workspace: &Workspace, architecture: Architecture) -> Result<()> {
    match architecture {
        Architecture::Native => {
            workspace::run(workspace.cargo(&["build", "--release", "--bins"]).args(workspace.packages()))?;
            lay_out(workspace)?;
        }
        // cargo-lambda lays out what it built by itself.
        Architecture::Arm64 => {
            let arguments = ["lambda", "build", "--release", "--arm64", "--bins"];
            workspace::run(workspace.cargo(&arguments).args(workspace.packages()))
                .context("building for arm64 needs cargo-lambda: pip install cargo-lambda")?;
        }
    }
    for name in &workspace.functions {
        let path = workspace.target.join("lambda").join(name).join("bootstrap");
        let size = fs::metadata(&path).with_context(|| format!("{} is missing", path.display()))?.len();
        println!("{:>10} bytes  {}", size, path.display());
    }
    Ok(())
}

fn lay_out(workspace: &Workspace) -> Result<()> {
    for name in &workspace.functions {
        let folder = workspace.target.join("lambda").join(name);
        fs::create_dir_all(&folder)?;
        let binary = workspace.target.join("release").join(name);
        fs::copy(&binary, folder.join("bootstrap")).with_context(|| format!("cannot copy {}", binary.display()))?;
    }
    Ok(())
}
