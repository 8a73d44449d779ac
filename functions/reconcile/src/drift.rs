//! Counts one repository anew, and says when its sums are not what its purchases add up to. That is a defect of ours, so
//! nothing is repaired quietly.

use domain::{CompanyId, RepositoryId, purchase::AccessStatus, tally::Tally};
use serde::{Deserialize, Serialize};

use crate::{App, Error};

/// A repository with more purchases of a status than this is not counted: it would take longer than a run may.
const MOST: usize = 20_000;

/// The repository that was counted last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Last {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repository: Option<(CompanyId, RepositoryId)>,
}

/// Counts the next repository.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let read = app.store.watermark::<Last>("drift").await?;
    let mut all = Vec::new();
    for company in app.store.companies().await? {
        all.extend(app.store.all_repositories(company).await?.into_iter().map(|repository| (company, repository.id)));
    }
    let next = all.iter().find(|place| Some(**place) > read.at.repository).or(all.first()).copied();
    let Some((company, repository)) = next else { return Ok(()) };
    if is_off(app, company, repository).await? && is_off(app, company, repository).await? {
        tracing::error!(metric = "counter.drift", value = 1, company = company.0, %repository, "the sums are wrong");
    } else {
        tracing::info!(metric = "counter.drift", value = 0, company = company.0, %repository, "the sums are right");
    }
    app.store.move_watermark(&read, &Last { repository: next }).await?;
    Ok(())
}

/// Whether the purchases add up to something else than the sums, and the sums stood still meanwhile. Indexes follow a moment
/// later, so one look alone proves nothing.
async fn is_off(app: &App, company: CompanyId, repository: RepositoryId) -> Result<bool, Error> {
    let before = app.store.sums(company, repository).await?.tally;
    let mut counted = Tally::default();
    for status in AccessStatus::ALL {
        let purchases = app.store.purchases_of_repository(company, repository, status, MOST).await?;
        if purchases.len() == MOST {
            tracing::info!(company = company.0, %repository, "too many purchases to count in one run");
            return Ok(false);
        }
        counted = purchases.iter().fold(counted, |sum, purchase| sum + Tally::of(purchase));
    }
    let after = app.store.sums(company, repository).await?.tally;
    if before == after && counted != after {
        tracing::warn!(company = company.0, %repository, ?counted, sums = ?after, "counted otherwise");
        return Ok(true);
    }
    Ok(false)
}
