//! `tollgate demo`: the whole story on a stack of its own in memory, step by step, each step checked.

mod costs;
mod one_time;
mod report;
mod stage;
mod subscription;

use std::io::Write;

use anyhow::{Context, Result};
use runtime::Settings;
use testkit::embedded::Data;

use crate::{Stack, StackConfig, World, welcome};
use stage::Stage;

const OPENING: &str = "\
Tollgate, from a payment to an open repository and back.

Everything runs inside this process and is gone afterwards. GitHub and Stripe are sandboxes, not the real ones.
Under each call: how long it took, the AWS calls it made (\"deep\": how many had to wait for one another), and the
read and write units that DynamoDB would bill. The first call of each function also reads its secrets.
";

/// Plays the story and writes it to `out`.
///
/// # Errors
/// When a step does not end as it should; the error names the step.
pub async fn play(out: &mut impl Write) -> Result<()> {
    let world = World { metered: true, ..World::real() };
    let listen = ([127, 0, 0, 1], 0).into();
    let config = StackConfig { listen, data: Data::Memory, settings: Settings::default(), world: world.clone() };
    let stack = Stack::start(config).await?;
    let token = welcome::first_start(&stack.store, &world.clock, &world.random).await?;
    let token = token.context("the stack in memory was not empty")?;

    writeln!(out, "{OPENING}")?;
    let mut stage = Stage::new(out, stack, token);
    let played = story(&mut stage).await;
    played.with_context(|| format!("the demo failed at {}", stage.place()))?;
    stage.end().await
}

async fn story(stage: &mut Stage<'_>) -> Result<()> {
    one_time::play(stage).await?;
    subscription::play(stage).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_story_ends_well() {
        let mut out = Vec::new();
        let played = Box::pin(play(&mut out)).await;
        let told = String::from_utf8(out).unwrap();
        played.unwrap_or_else(|error| panic!("{error:#}\n{told}"));
        assert!(told.ends_with("steps passed.\n"), "{told}");
    }
}
