//! How long GitHub asked us to wait, known to all workers. It may be lost: GitHub will say it again.

use domain::{CompanyId, Failure, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Volatile, keys,
    table::{Freshness, item},
};

#[derive(Serialize, Deserialize)]
struct Pause {
    until: Timestamp,
    /// Epoch seconds, for the table to delete it some time later.
    ttl: i64,
}

impl Volatile {
    /// Until when calls to GitHub on behalf of the company have to wait; may be in the past.
    pub async fn github_pause(&self, company: CompanyId) -> Result<Option<Timestamp>, Failure> {
        let pause: Option<Pause> = self.table.get(&keys::github_pause(company), Freshness::Eventual).await?;
        Ok(pause.map(|pause| pause.until))
    }

    /// Tells all workers to wait.
    pub async fn pause_github(&self, company: CompanyId, until: Timestamp) -> Result<(), Failure> {
        let pause = Pause { until, ttl: until.as_second() + 60 };
        self.table.put(item("pause", &keys::github_pause(company), &pause)?).await
    }
}
