//! Takes new rows of the long lists into their directories, so that every page is found at once.

use domain::CompanyId;
use store::keys::List;

use crate::{App, Error, ago, rounds::Round};

/// A row that is so old has none put in before it any more.
const SETTLES_AFTER_SECONDS: i64 = 2 * 60;
/// How many rows are read at once, and how often for a list in one run.
const ROWS: usize = 2000;
const ROUNDS: usize = 10;

/// Extends the directories of each company.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "directory").await?;
    for company in round.companies() {
        round.note(company, extend(app, company).await);
    }
    round.end(app).await
}

async fn extend(app: &App, company: CompanyId) -> Result<(), Error> {
    let before = ago(app, SETTLES_AFTER_SECONDS);
    for list in List::ALL {
        for _ in 0..ROUNDS {
            if app.store.extend_directory(company, list, before, ROWS).await? < ROWS {
                break;
            }
        }
    }
    Ok(())
}
