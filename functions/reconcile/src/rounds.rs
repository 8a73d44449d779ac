//! Work that is done for every company.

use domain::CompanyId;
use store::Watermark;

use crate::{App, Error};

/// How many companies one run serves at most. The next run goes on with those behind.
const COMPANIES: usize = 50;

/// One round of a task: the companies that are its turn, beginning with the one that the last run did not reach.
pub(crate) struct Round {
    task: &'static str,
    last: Watermark<u32>,
    companies: Vec<CompanyId>,
    reached: Option<CompanyId>,
    failed: usize,
}

impl Round {
    pub(crate) async fn begin(app: &App, task: &'static str) -> Result<Self, Error> {
        let mut companies = app.store.companies().await?;
        let last = app.store.watermark::<u32>(&format!("{task}/round")).await?;
        let next = companies.iter().position(|company| company.0 > last.at).unwrap_or(0);
        companies.rotate_left(next);
        companies.truncate(COMPANIES);
        Ok(Self { task, last, companies, reached: None, failed: 0 })
    }

    pub(crate) fn companies(&self) -> Vec<CompanyId> {
        self.companies.clone()
    }

    /// A company's turn is over. What fails for one company does not keep the others waiting.
    pub(crate) fn note(&mut self, company: CompanyId, outcome: Result<(), Error>) {
        self.reached = Some(company);
        if let Err(error) = outcome {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(task = self.task, company = company.0, error, "a company's turn failed");
            self.failed += 1;
        }
    }

    /// The next round begins behind the last company whose turn it was.
    pub(crate) async fn end(self, app: &App) -> Result<(), Error> {
        if let Some(company) = self.reached.filter(|company| company.0 != self.last.at) {
            app.store.move_watermark(&self.last, &company.0).await?;
        }
        match self.failed {
            0 => Ok(()),
            failed => Err(Error::Companies { failed, companies: self.companies.len() }),
        }
    }
}
