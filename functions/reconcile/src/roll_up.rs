//! Moves the figures of past days out of the sums, which every list reads, into the months.

use domain::CompanyId;
use store::day_number;

use crate::{App, Error, rounds::Round};

/// How often a repository's days are tried in one run: each time moves some, and may meet a change.
const TIMES: usize = 10;

/// Rolls up the days before yesterday.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "roll_up").await?;
    for company in round.companies() {
        round.note(company, roll_up(app, company).await);
    }
    round.end(app).await
}

async fn roll_up(app: &App, company: CompanyId) -> Result<(), Error> {
    let yesterday = day_number(app.clock.now()) - 1;
    for (repository, sums) in app.store.all_sums(company).await? {
        if sums.days.range(..yesterday).next().is_none() {
            continue;
        }
        for _ in 0..TIMES {
            if !app.store.roll_up(company, repository, yesterday).await?.again {
                break;
            }
        }
    }
    Ok(())
}
