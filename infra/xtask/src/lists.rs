//! What pages of long lists cost: a test that is too slow to be run each time.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Loads rows by the hundred, the ten thousand and the million into the embedded database, and prints what pages take.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let arguments =
        ["test", "-p", "journeys", "--test", "budgets", "--", "--ignored", "--nocapture", "lists_of_a_million"];
    workspace::run(&mut workspace.cargo(&arguments))
}
