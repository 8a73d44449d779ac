//! `tollgate demo`.

use std::io::Write;

use anyhow::Result;

/// Plays the story.
///
/// # Errors
/// When a step fails.
pub async fn play(_out: &mut impl Write) -> Result<()> {
    Ok(())
}
