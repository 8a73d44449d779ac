//! What every API call passes: the log, the fault plan, the limits, the credentials.

use axum::{
    extract::{OriginalUri, Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use jiff::ToSpan;
use serde_json::{Value, json};

use super::{
    Sandbox,
    oauth::Grant,
    state::{State, Token},
};
use crate::{
    forges::Trouble,
    sandbox::{Answer, Refusals, prefix, suffer},
};

/// GitHub's hourly allowance for a user's token.
const HOURLY: u64 = 5000;
/// How long a throttled call is told to wait, in seconds: GitHub's advice for secondary limits.
const THROTTLED_SECONDS: i64 = 60;
/// The longest life of an App's JWT, in seconds.
const JWT_SECONDS: i64 = 600;

/// The limits that tests set. They are not kept over a restart.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub primary: Option<Primary>,
    pub secondary: Option<Secondary>,
    pub bad_credentials: bool,
    /// What is wrong with archives.
    pub archives: Option<Trouble>,
}

#[derive(Debug)]
pub(super) struct Primary {
    pub remaining: u64,
    pub reset: Timestamp,
}

#[derive(Debug)]
pub(super) struct Secondary {
    pub until: Timestamp,
    /// Whether `retry-after` says how long.
    pub told: bool,
}

/// Who is calling, and what for.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The address of the API's root as the caller knows it, without a slash at its end.
    pub base: String,
    pub method: Method,
    /// Below the API's root.
    pub path: String,
    pub query: Option<String>,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub(super) enum Caller {
    /// A personal access token: it may do everything.
    Person,
    /// The GitHub App itself, by a JWT.
    App,
    /// An installation of the App.
    Installation(Token),
    /// Somebody who signed in: it only says who they are.
    User(Grant),
    /// Somebody without a credential: what is public can be read.
    Nobody,
}

/// The layer around the API.
pub(super) async fn gate(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    mut request: Request,
    next: Next,
) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    let fault = sandbox.faults.next(&format!("github {line}"));
    let served = sandbox.note(line);
    let effect = async {
        let caller = match sandbox.admit(request.headers()) {
            Ok(caller) => caller,
            Err(refused) => return refused.into_response(),
        };
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let origin = host.map_or_else(String::new, |host| format!("http://{host}"));
        let call = Call {
            base: format!("{origin}{}", prefix(&original, request.uri())),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            caller,
        };
        request.extensions_mut().insert(call);
        next.run(request).await
    };
    let refusals =
        Refusals { broken: refuse(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"), throttled: throttled(served) };
    let mut response = suffer(fault, refusals, effect).await;
    sandbox.sign_off(response.headers_mut(), served);
    response
}

impl Sandbox {
    /// Lets a call in, or says why not.
    fn admit(&self, headers: &HeaderMap) -> Result<Caller, Answer> {
        if headers.get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
            let message =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(refuse(StatusCode::FORBIDDEN, message));
        }
        let now = self.now();
        let bad_credentials = self.limits(|limits| limits.count(now))?;
        let Some(token) = credentials(headers) else {
            return Ok(Caller::Nobody);
        };
        if bad_credentials {
            return Err(bad());
        }
        if token.starts_with("ghs_") {
            let known = self.shared.state.read(|state| state.tokens.get(token).cloned());
            let known = known.filter(|known| now < known.expires_at).ok_or_else(bad)?;
            self.shared.state.read(|state| installed(state, known.account))?;
            return Ok(Caller::Installation(known));
        }
        if token.starts_with("gho_") {
            let known = self.shared.state.read(|state| state.sign_ins.tokens.get(token).cloned());
            return known.map(Caller::User).ok_or_else(bad);
        }
        if token.matches('.').count() == 2 {
            return check_jwt(token, now).map(|()| Caller::App);
        }
        Ok(Caller::Person)
    }

    /// The headers that every answer carries.
    fn sign_off(&self, headers: &mut HeaderMap, served: u64) {
        let now = self.now();
        let (remaining, reset) = self.limits(|limits| match &limits.primary {
            Some(primary) => (primary.remaining, primary.reset.as_second()),
            // Never used up unless a test says so.
            None => (HOURLY.saturating_sub(served + 1).max(1), now.as_second() + 3600),
        });
        let mut set = |name, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("x-github-request-id", format!("5A4D:{served:06X}:0:0"));
        set("x-github-media-type", "github.v3; format=json".to_owned());
        set("x-ratelimit-limit", HOURLY.to_string());
        set("x-ratelimit-remaining", remaining.to_string());
        set("x-ratelimit-used", HOURLY.saturating_sub(remaining).to_string());
        set("x-ratelimit-reset", reset.to_string());
        set("x-ratelimit-resource", "core".to_owned());
    }
}

impl Limits {
    /// Counts one call, and says whether credentials are refused just now.
    fn count(&mut self, now: Timestamp) -> Result<bool, Answer> {
        self.secondary.take_if(|limit| limit.until <= now);
        self.primary.take_if(|limit| limit.reset <= now);
        if let Some(limit) = &self.secondary {
            let refused = secondary(StatusCode::FORBIDDEN);
            return Err(if limit.told {
                refused.header("retry-after", seconds_until(limit.until, now).to_string())
            } else {
                refused
            });
        }
        if let Some(limit) = &mut self.primary {
            if limit.remaining == 0 {
                let message = "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the request ID.";
                return Err(refuse(StatusCode::FORBIDDEN, message));
            }
            limit.remaining -= 1;
        }
        Ok(self.bad_credentials)
    }
}

impl Caller {
    /// Whether a repository of `owner` can be seen.
    pub(super) fn sees(&self, owner: u64, repository: u64) -> bool {
        match self {
            Self::Person => true,
            Self::App | Self::User(_) | Self::Nobody => false,
            Self::Installation(token) => {
                token.account == owner && token.repositories.as_ref().is_none_or(|ids| ids.contains(&repository))
            }
        }
    }

    /// Whether access may be looked at and changed.
    pub(super) fn administers(&self) -> bool {
        match self {
            Self::Person => true,
            Self::App | Self::User(_) | Self::Nobody => false,
            Self::Installation(token) => token.administration,
        }
    }
}

/// An error in GitHub's shape.
pub(super) fn refuse(status: StatusCode, message: &str) -> Answer {
    Answer::json(
        status,
        json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.as_str(),
        }),
    )
}

/// The answer of a secondary limit.
pub(super) fn secondary(status: StatusCode) -> Answer {
    Answer::json(
        status,
        json!({
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
            "status": status.as_str(),
        }),
    )
}

/// The whole seconds from `now` until `then`, at least one.
pub(super) fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    let left = then.duration_since(now).as_millis();
    i64::try_from(left.div_euclid(1000) + i128::from(left.rem_euclid(1000) > 0)).unwrap_or(1).max(1)
}

/// A fault plan's throttling: both of the statuses that GitHub uses for it, in turn.
fn throttled(served: u64) -> Answer {
    let status = if served.is_multiple_of(2) { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
    secondary(status).header("retry-after", THROTTLED_SECONDS.to_string())
}

fn bad() -> Answer {
    refuse(StatusCode::UNAUTHORIZED, "Bad credentials")
}

/// Refuses where the App is not installed, or may do nothing for the time being.
pub(super) fn installed(state: &State, account: u64) -> Result<(), Answer> {
    match state.accounts.get(&account) {
        Some(found) if found.has_app && found.suspended => {
            Err(refuse(StatusCode::FORBIDDEN, "This installation has been suspended"))
        }
        Some(found) if found.has_app => Ok(()),
        _ => Err(bad()),
    }
}

/// The token of `Authorization: Bearer …` or `token …`.
fn credentials(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    let token = token.trim();
    (known && !token.is_empty()).then_some(token)
}

/// Checks what GitHub checks of an App's JWT, all but the signature: the sandbox knows no App's key.
fn check_jwt(token: &str, now: Timestamp) -> Result<(), Answer> {
    let refused = |message| refuse(StatusCode::UNAUTHORIZED, message);
    let undecodable = || refused("A JSON web token could not be decoded");
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        Some((serde_json::from_slice::<Value>(&bytes).ok(), bytes.len()))
    });
    let mut part = || parts.next().flatten();
    let (header, claims, signature) = (part(), part(), part());
    let (Some((Some(header), _)), Some((Some(claims), _)), Some((_, length))) = (header, claims, signature) else {
        return Err(undecodable());
    };
    if header["alg"] != "RS256" || length < 128 || claims["iss"].is_null() {
        return Err(undecodable());
    }
    let (Some(issued), Some(expires)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return Err(undecodable());
    };
    if issued > now.as_second() {
        return Err(refused(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ));
    }
    if expires <= now.as_second() {
        return Err(refused(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ));
    }
    if expires > now.as_second() + JWT_SECONDS {
        return Err(refused("'Expiration time' claim ('exp') is too far in the future"));
    }
    Ok(())
}

/// When an installation token made `now` ends.
pub(super) fn token_end(now: Timestamp) -> Timestamp {
    now.checked_add(1.hour()).unwrap_or(now)
}
