//! The limits of a grant, as they come in and as they are shown.

use api::{ApiError, Check, Kind, Time};
use domain::{
    Timestamp,
    grant::{Grant, MOST_GRANTS},
    repository::Patch,
    text::{ConstraintText, MinimumStability},
};
use serde::Serialize;

/// The limits of a grant. All but the constraint are extensions.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    constraint: Patch<ConstraintText>,
    expires_at: Patch<Timestamp>,
    updates_until: Patch<Timestamp>,
    minimum_stability: Patch<MinimumStability>,
}

impl Limits {
    pub(crate) fn check(c: &mut Check) -> Option<Self> {
        let constraint = c.text_patch("constraint", ConstraintText::parse);
        let expires_at = c.time_patch("expires_at");
        let updates_until = c.time_patch("updates_until");
        let minimum_stability = c.text_patch("minimum_stability", MinimumStability::parse);
        Some(Self {
            constraint: constraint?,
            expires_at: expires_at?,
            updates_until: updates_until?,
            minimum_stability: minimum_stability?,
        })
    }

    /// A grant with these limits and no others.
    pub(crate) fn grant(&self, now: Timestamp) -> Grant {
        self.over(Grant::new(ConstraintText::any(), now))
    }

    /// The grant with these limits. Of one that was there before what is not named stays, and so does since when it is: who
    /// renews a grant does not take its other limits away by that.
    pub(crate) fn changed(&self, before: Option<&Grant>, now: Timestamp) -> Grant {
        before.map_or_else(|| self.grant(now), |before| self.over(before.clone()))
    }

    fn over(&self, before: Grant) -> Grant {
        let Self { constraint, expires_at, updates_until, minimum_stability } = self.clone();
        Grant {
            constraint: constraint.over(Some(before.constraint)).unwrap_or_else(ConstraintText::any),
            granted_at: before.granted_at,
            expires_at: expires_at.over(before.expires_at),
            updates_until: updates_until.over(before.updates_until),
            minimum_stability: minimum_stability.over(before.minimum_stability),
        }
    }
}

/// That there are not too many.
pub(crate) fn few_enough(grants: usize) -> Result<(), ApiError> {
    if grants <= MOST_GRANTS {
        return Ok(());
    }
    Err(ApiError::new(Kind::Invalid, format!("A customer is granted at most {MOST_GRANTS}; grant bundles instead")))
}

/// A grant in one line, for the log.
pub(crate) fn in_words(grant: Option<&Grant>) -> String {
    let Some(grant) = grant else { return "none".to_owned() };
    let date =
        |name: &str, at: Option<Timestamp>| at.map(|at| format!(", {name} {}", at.strftime("%Y-%m-%dT%H:%M:%SZ")));
    let stability = grant.minimum_stability.as_ref().map(|least| format!(", at least {least}"));
    let parts = [date("ends", grant.expires_at), date("updates until", grant.updates_until), stability];
    grant.constraint.to_string() + &parts.into_iter().flatten().collect::<String>()
}

/// A grant's limits.
#[derive(Debug, Serialize)]
pub(crate) struct LimitsView {
    constraint: String,
    granted_at: Time,
    expires_at: Option<Time>,
    updates_until: Option<Time>,
    minimum_stability: Option<String>,
}

impl From<&Grant> for LimitsView {
    fn from(grant: &Grant) -> Self {
        Self {
            constraint: grant.constraint.to_string(),
            granted_at: Time(grant.granted_at),
            expires_at: grant.expires_at.map(Time),
            updates_until: grant.updates_until.map(Time),
            minimum_stability: grant.minimum_stability.as_ref().map(ToString::to_string),
        }
    }
}
