//! The clock's part: calls a function at the times of its schedules.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use testkit::sam::Template;
use tokio::{sync::watch, time::MissedTickBehavior};

use crate::Functions;

/// One schedule of the template.
#[derive(Clone, Debug)]
pub(crate) struct Ticker {
    run: String,
    every: Duration,
    app: reconcile::App,
}

impl Ticker {
    /// What it runs.
    pub(crate) fn name(&self) -> &str {
        &self.run
    }

    /// Ticks until it is asked to end; a run that was begun is finished. The first tick comes after a first wait.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + self.every, self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow() {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.changed() => return,
            }
            if let Err(error) = self.tick().await {
                tracing::warn!(
                    run = self.run,
                    error = format!("{error:#}"),
                    "a run failed; the next one does the rest"
                );
            }
        }
    }

    /// One run.
    pub(crate) async fn tick(&self) -> Result<()> {
        reconcile::handle(self.app.clone(), &self.run).await.map_err(|error| anyhow!(error))
    }
}

/// One ticker for each schedule of the template.
pub(crate) fn tickers(template: &Template, functions: &Functions) -> Result<Vec<Ticker>> {
    let mut tickers = Vec::new();
    for function in &template.functions {
        for schedule in &function.schedules {
            let app = functions.scheduled.get(&function.logical_id);
            let app = app.with_context(|| format!("{} is not for the clock to call", function.logical_id))?.clone();
            let run = schedule.input["run"].as_str().with_context(|| format!("{} runs nothing", schedule.name))?;
            tickers.push(Ticker { run: run.to_owned(), every: Duration::from_secs(schedule.every_s.into()), app });
        }
    }
    Ok(tickers)
}
