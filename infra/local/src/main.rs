//! The binary `tollgate`: the whole system on a laptop.

use anyhow::Result;
use local::{
    Stack, StackConfig, World, audit, demo,
    options::{self, Command},
    welcome,
};
use runtime::{Edges, Services, Settings};
use testkit::embedded::Data;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<()> {
    match options::parse(std::env::args().skip(1))? {
        Command::Help => print(options::HELP),
        Command::Demo => {
            log("off");
            Box::pin(demo::play(&mut std::io::stdout())).await?;
        }
        Command::Token { data } => {
            log("warn,dynoxide=error,s3s=off");
            let (listen, world) = (([127, 0, 0, 1], 0).into(), World::real());
            let config = StackConfig { listen, data, settings: Settings::from_env(), world: world.clone() };
            let stack = Stack::start(config).await?;
            let token = welcome::another_token(&stack.store, &world.clock, &world.random).await?;
            print(&format!("{}\n", token.reveal()));
            stack.shutdown().await;
        }
        Command::Audit { data } => {
            log("warn,dynoxide=error,s3s=off");
            audit(data).await?;
        }
        Command::Serve { listen, data } => {
            log("info,dynoxide=error,rustack_sqs_core=warn,s3s=off");
            let world = World::real();
            let mut stack =
                Stack::start(StackConfig { listen, data, settings: Settings::from_env(), world: world.clone() })
                    .await?;
            let token = welcome::first_start(&stack.store, &world.clock, &world.random).await?;
            print(&welcome::text(&stack, token.as_ref()));
            stack.poll();
            tokio::signal::ctrl_c().await?;
            print("\nEnding: what was begun is finished first.\n");
            stack.shutdown().await;
        }
    }
    Ok(())
}

/// With `TABLE_NAME` it is a table elsewhere, of which nothing else has to be known.
async fn audit(data: Data) -> Result<()> {
    let (settings, world) = (Settings::from_env(), World::real());
    let findings = if settings.get("TABLE_NAME").is_some() {
        let services = Services::new(settings, Edges::real());
        audit::verify(&services.store()?, world.clock.now()).await?
    } else {
        let config = StackConfig { listen: ([127, 0, 0, 1], 0).into(), data, settings, world: world.clone() };
        let stack = Stack::start(config).await?;
        let findings = audit::verify(&stack.store, world.clock.now()).await?;
        stack.shutdown().await;
        findings
    };
    for finding in &findings {
        print(&format!("{finding}\n"));
    }
    let broken = findings.iter().filter(|finding| finding.broken.is_some()).count();
    anyhow::ensure!(broken == 0, "the log of {broken} of {} companies is not as it was sealed", findings.len());
    Ok(())
}

/// Logs for a person, to stderr, so that stdout holds what was asked for.
fn log(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().compact().with_target(false).with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[expect(clippy::print_stdout, reason = "this is a program for a terminal")]
fn print(text: &str) {
    print!("{text}");
}
