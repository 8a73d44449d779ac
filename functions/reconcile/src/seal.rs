//! Seals the log of each company: see [`domain::seal`].

use std::collections::BTreeSet;

use domain::{
    CompanyId, LogId,
    seal::{LATE_SECONDS, Line, MOST_LINES, SETTLES_AFTER_SECONDS, Seal},
};

use crate::{App, Error, ago, rounds::Round};

/// How many seals one run makes for a company.
const MOST_SEALS: usize = 20;
/// How many seals are looked through for what they have, when lines turn up late.
const RECENT: usize = 40;
/// How many lines of the last hour are looked at again.
const LOOKED_AT: usize = 5000;

/// Seals all lines that have settled.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "seal").await?;
    for company in round.companies() {
        round.note(company, seal(app, company).await);
    }
    round.end(app).await
}

async fn seal(app: &App, company: CompanyId) -> Result<(), Error> {
    let upto = LogId::earliest(ago(app, SETTLES_AFTER_SECONDS));
    let recent = app.store.last_seals(company, RECENT).await?;
    let mut late = late(app, company, &recent).await?;
    let mut last = recent.into_iter().next();
    for _ in 0..MOST_SEALS {
        let lines = app.store.lines(company, last.as_ref().map(|seal| seal.upto), upto, MOST_LINES).await?;
        let Some(next) = Seal::next(last.as_ref(), &lines, &std::mem::take(&mut late), app.clock.now()) else { break };
        if !app.store.insert_seal(company, &next).await? {
            // Another run seals the same lines.
            break;
        }
        // The log of this function is another place that holds the hash: who rewrites the table cannot rewrite that.
        tracing::info!(
            metric = "log.sealed",
            company = company.0,
            n = next.n,
            lines = next.lines.len(),
            late = next.late.len(),
            hash = next.hash,
            "sealed"
        );
        last = Some(next);
    }
    Ok(())
}

/// The lines of the last hour that are older than the last seal and in none.
async fn late(app: &App, company: CompanyId, recent: &[Seal]) -> Result<Vec<Line>, Error> {
    let Some(last) = recent.first() else { return Ok(Vec::new()) };
    let mut from = LogId::earliest(ago(app, LATE_SECONDS));
    if let Some(oldest) = recent.last().filter(|_| recent.len() == RECENT) {
        // What older seals have is not known.
        from = oldest.after.map_or(from, |after| after.max(from));
    }
    let sealed: BTreeSet<LogId> = recent.iter().flat_map(|seal| seal.lines.iter().chain(&seal.late).copied()).collect();
    let mut lines = app.store.lines(company, Some(from), last.upto, LOOKED_AT).await?;
    lines.retain(|line| !sealed.contains(&line.id));
    lines.truncate(MOST_LINES);
    Ok(lines)
}
