//! The limits of a grant, as they come in and as they are shown.

use api::{ApiError, Check, Kind, Time};
use domain::{
    Timestamp,
    grant::{Grant, MOST_GRANTS},
    text::{ConstraintText, MinimumStability},
};
use serde::Serialize;

/// The limits of a grant. All but the constraint are extensions.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    constraint: ConstraintText,
    expires_at: Option<Timestamp>,
    updates_until: Option<Timestamp>,
    minimum_stability: Option<MinimumStability>,
}

impl Limits {
    pub(crate) fn check(c: &mut Check) -> Option<Self> {
        let constraint = c.text_or_none("constraint", ConstraintText::parse);
        let expires_at = c.time_or_none("expires_at");
        let updates_until = c.time_or_none("updates_until");
        let minimum_stability = c.text_or_none("minimum_stability", MinimumStability::parse);
        Some(Self {
            constraint: constraint?.unwrap_or_else(ConstraintText::any),
            expires_at: expires_at?,
            updates_until: updates_until?,
            minimum_stability: minimum_stability?,
        })
    }

    /// The grant with these limits. Who had one before has it since then.
    pub(crate) fn grant(&self, before: Option<&Grant>, now: Timestamp) -> Grant {
        let Self { constraint, expires_at, updates_until, minimum_stability } = self.clone();
        let granted_at = before.map_or(now, |before| before.granted_at);
        Grant { constraint, granted_at, expires_at, updates_until, minimum_stability }
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
