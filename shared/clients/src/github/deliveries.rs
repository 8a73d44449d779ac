//! Webhooks that did not reach us. GitHub never sends them again by itself, but an App may ask for it, for three days.
//!
//! See <https://docs.github.com/en/rest/apps/webhooks>.

use std::collections::{BTreeMap, HashSet};

use domain::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{Github, GithubError, MAX_PAGES, read, wire};
use crate::http::NoAnswer;

/// A webhook that no attempt has brought to us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FailedDelivery {
    /// The number of the last attempt: with it GitHub is asked to try again.
    pub id: u64,
    /// `X-GitHub-Delivery`, the same for all attempts.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// What happened, for events that tell.
    pub action: Option<String>,
    /// When it was last attempted.
    pub delivered_at: Timestamp,
    /// What was answered; 0 if nothing was.
    #[serde(default)]
    pub status_code: u16,
}

impl Github {
    /// The webhooks attempted since then that failed each time, oldest first. A token has none: only an App can ask.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say; `Unavailable` also when there are more than 5,000 deliveries to look
    /// through.
    pub async fn failed_deliveries(&self, since: Timestamp) -> Result<Vec<FailedDelivery>, GithubError> {
        let Some(jwt) = self.app_jwt().await? else { return Ok(Vec::new()) };
        let mut url = format!("{}/app/hook/deliveries?per_page=100", self.base_url);
        let mut outcomes = Outcomes::default();
        for _ in 0..MAX_PAGES {
            let answer = self.call(Method::GET, &url, Some(&jwt), None).await?;
            if answer.status != StatusCode::OK {
                return Err(self.refused(&answer));
            }
            // Newest first.
            let page: Vec<FailedDelivery> = read(&answer)?;
            let over = page.last().is_none_or(|oldest| oldest.delivered_at < since);
            page.into_iter().filter(|attempt| attempt.delivered_at >= since).for_each(|attempt| outcomes.add(attempt));
            let next = answer.header("link").and_then(wire::next_page);
            match next {
                Some(next) if !over && self.is_ours(next) => next.clone_into(&mut url),
                Some(_) if !over => break,
                _ => return Ok(outcomes.failed()),
            }
        }
        Err(GithubError::no_answer(NoAnswer::EndlessList))
    }

    /// Asks GitHub to send a webhook again. It comes with the same `X-GitHub-Delivery`.
    ///
    /// # Errors
    /// `NotFound` when it is too long ago; `Invalid` when the credentials are not an App's.
    pub async fn redeliver(&self, id: u64) -> Result<(), GithubError> {
        let jwt = self.app_jwt().await?;
        let jwt = jwt.ok_or_else(|| GithubError::invalid("only an App can have webhooks sent again"))?;
        let url = format!("{}/app/hook/deliveries/{id}/attempts", self.base_url);
        let answer = self.call(Method::POST, &url, Some(&jwt), None).await?;
        if answer.status == StatusCode::ACCEPTED { Ok(()) } else { Err(self.refused(&answer)) }
    }
}

/// Attempts, newest first, sorted into webhooks that came at last and those that did not.
#[derive(Default)]
struct Outcomes {
    arrived: HashSet<String>,
    failed: BTreeMap<String, FailedDelivery>,
}

impl Outcomes {
    fn add(&mut self, attempt: FailedDelivery) {
        if (200..300).contains(&attempt.status_code) {
            self.arrived.insert(attempt.guid);
        } else {
            // The newest attempt is there already, if there was a newer one.
            self.failed.entry(attempt.guid.clone()).or_insert(attempt);
        }
    }

    fn failed(self) -> Vec<FailedDelivery> {
        let Self { arrived, failed } = self;
        let mut failed: Vec<_> = failed.into_values().filter(|it| !arrived.contains(&it.guid)).collect();
        failed.sort_by_key(|it| (it.delivered_at, it.id));
        failed
    }
}
