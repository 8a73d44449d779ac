//! Confirms credentials.

use api::{ApiError, Kind, RequestId};
use domain::{
    CompanyId, Random, Timestamp,
    company::Role,
    log::{Action, Actor, LogEntry},
    member::Member,
    session::Claims,
    token::Token,
};
use http::request::Parts;
use store::Store;

use crate::{
    Sessions,
    credential::{Credential, Presented},
};

/// Confirms credentials against the table, strongly read each time: nothing caches a "yes".
#[derive(Debug, Clone)]
pub struct Authenticator {
    store: Store,
    sessions: Sessions,
}

/// Who is calling, confirmed.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// Whose data it is about.
    pub company: CompanyId,
    /// Who, for the records.
    pub actor: Actor,
    /// What the caller may do.
    pub role: Role,
    /// The member and the session, when it is somebody who signed in.
    pub session: Option<(Member, Claims)>,
    /// With which request.
    pub request: RequestId,
}

impl Confirmed {
    /// A line of the log on what the caller does: who, and with which request. It is to be written together with the change.
    pub fn record(&self, action: Action, now: Timestamp, random: &Random) -> LogEntry {
        self.request.record(self.actor.clone(), action, now, random)
    }
}

impl Authenticator {
    /// Confirms against `store`, and sessions with `sessions`.
    pub fn new(store: Store, sessions: Sessions) -> Self {
        Self { store, sessions }
    }

    /// What signs sessions, and knows their cookies.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The credential that a request brings. Garbage is refused without asking anyone; so is a session whose signature or
    /// time is wrong, once the keys are known.
    pub(crate) async fn read(&self, parts: &Parts) -> Result<Credential, ApiError> {
        match Presented::by(parts, &self.sessions)? {
            Presented::OperatorToken(token) => Ok(Credential::OperatorToken(token)),
            Presented::Session(token) => Ok(Credential::Session(self.sessions.verify(&token).await?)),
        }
    }

    /// Fails unless the credential is good and its bearer has at least this role.
    pub(crate) async fn confirm(
        &self,
        credential: &Credential,
        least: Role,
        request: RequestId,
    ) -> Result<Confirmed, ApiError> {
        let confirmed = match credential {
            Credential::OperatorToken(token) => self.operator(token, request).await?,
            Credential::Session(claims) => self.member(claims, request).await?,
        };
        let allowed = confirmed.role >= least;
        if allowed { Ok(confirmed) } else { Err(ApiError::new(Kind::Forbidden, "Insufficient permissions")) }
    }

    async fn operator(&self, token: &Token, request: RequestId) -> Result<Confirmed, ApiError> {
        let operator = self.store.operator(token.claimed_company, &token.secret).await?;
        let good = operator.filter(|operator| operator.is_good(self.sessions.now()));
        let operator = good.ok_or_else(ApiError::unauthenticated)?;
        Ok(Confirmed {
            company: token.claimed_company,
            role: operator.role,
            actor: Actor::Token { id: operator.id.to_string(), name: operator.name },
            session: None,
            request,
        })
    }

    async fn member(&self, claims: &Claims, request: RequestId) -> Result<Confirmed, ApiError> {
        let member = self.store.member(claims.company, claims.user).await?;
        let member = member.filter(|member| member.accepts(claims)).ok_or_else(ApiError::unauthenticated)?;
        Ok(Confirmed {
            company: claims.company,
            role: member.role,
            actor: Actor::User { id: member.id.to_string(), name: member.name() },
            session: Some((member, claims.clone())),
            request,
        })
    }
}
