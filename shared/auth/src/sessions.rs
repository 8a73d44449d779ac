//! Sessions: how they are signed, and the cookies that carry them.

use std::fmt;

use api::{ApiError, Kind};
use domain::{Clock, CompanyId, Random, Secret, SecretSource, Timestamp, member::Member, session::Claims};
use http::{HeaderMap, HeaderValue, Method, header};

use crate::jwt::{LastKeys, Unverified};

/// The cookie that carries a session.
const SESSION_COOKIE: &str = "tollgate";

/// Signs sessions and reads them.
#[derive(Clone)]
pub struct Sessions {
    keys: SecretSource,
    last_keys: LastKeys,
    clock: Clock,
    origin: String,
}

/// A session that was begun.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What its bearer shows.
    pub token: Secret,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Sessions {
    /// `keys`: one of at least 32 bytes, two with a comma between while rotating; the first signs. `public_url` is where
    /// browsers reach us: its scheme decides whether cookies may travel unencrypted, its origin who may send them.
    pub fn new(keys: SecretSource, public_url: &str, clock: Clock) -> Self {
        let (scheme, rest) = public_url.split_once("://").unwrap_or(("https", public_url));
        let authority = rest.split('/').next().unwrap_or_default();
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        Self { keys, last_keys: LastKeys::default(), clock, origin }
    }

    /// Begins a session of a member.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub async fn issue(&self, company: CompanyId, member: &Member, random: &Random) -> Result<Issued, ApiError> {
        let claims = Claims::issue(company, member, random, self.clock.now());
        let keys = self.last_keys.of(&self.keys.read().await?).map_err(ApiError::unavailable)?;
        let token = keys.sign(&claims).ok_or_else(|| ApiError::new(Kind::Internal, "a session cannot be signed"))?;
        Ok(Issued { token, expires_at: Timestamp::from_second(claims.expires_at).map_err(ApiError::internal)? })
    }

    /// What a session's token says, if it is good. Whether its member still is has to be looked up.
    pub(crate) async fn verify(&self, token: &Unverified) -> Result<Claims, ApiError> {
        let keys = self.last_keys.of(&self.keys.read().await?).map_err(ApiError::unavailable)?;
        keys.verify(token, self.clock.now()).ok_or_else(ApiError::unauthenticated)
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The cookie that carries a session from now on.
    pub fn cookie(&self, issued: &Issued) -> HeaderValue {
        let left = issued.expires_at.as_second() - self.clock.now().as_second();
        self.set_cookie(SESSION_COOKIE, issued.token.reveal(), left)
    }

    /// The cookie that takes it back.
    pub fn no_cookie(&self) -> HeaderValue {
        self.set_cookie(SESSION_COOKIE, "", 0)
    }

    pub(crate) fn read_cookie(&self, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
        self.cookie_called(SESSION_COOKIE, headers)
    }

    /// A cookie of ours for `seconds`, 0 to take it back. `value` is base64url, hexadecimal or a JWT: nothing to be encoded.
    ///
    /// No script reads it, and no other site's form brings it along. Over https it has the prefix that keeps other hosts of
    /// the same domain from setting it.
    pub fn set_cookie(&self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let (name, secure) = (self.cookie_name(name), if self.is_encrypted() { "; Secure" } else { "" });
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// A cookie of ours that the request brings.
    ///
    /// # Errors
    /// When there are two: which one counts is not for us to guess.
    pub fn cookie_called(&self, name: &str, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
        let name = self.cookie_name(name);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ApiError::unauthenticated()),
            (value, None) => Ok(value),
        }
    }

    /// Whether a page of ours sent the request, by what browsers say and no page can change. The page of a mailed link tells
    /// no referrer, so its browser leaves the origin out, but not on which site the page is.
    pub fn is_from_our_page(&self, headers: &HeaderMap) -> bool {
        let ours = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        ours || self.has_our_origin(headers)
    }

    /// Who comes by cookie has to show that a page of ours sent it, unless nothing is changed by the request.
    pub(crate) fn check_origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        let harmless = [Method::GET, Method::HEAD].contains(method);
        if harmless || self.has_our_origin(headers) {
            return Ok(());
        }
        Err(ApiError::new(Kind::Forbidden, "A request by cookie needs the Origin of our own pages"))
    }

    fn has_our_origin(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (first, second) = (origins.next(), origins.next());
        second.is_none() && first.is_some_and(|origin| origin.as_bytes() == self.origin.as_bytes())
    }

    fn is_encrypted(&self) -> bool {
        self.origin.starts_with("https://")
    }

    fn cookie_name(&self, name: &str) -> String {
        if self.is_encrypted() { format!("__Host-{name}") } else { name.to_owned() }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(public_url: &str) -> Sessions {
        let keys = SecretSource::fixed("keys", "a key of thirty-two bytes or more");
        Sessions::new(keys, public_url, Clock::fixed(Timestamp::from_second(1_767_225_600).unwrap()))
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| ((*name).try_into().unwrap(), HeaderValue::from_static(value)));
        pairs.collect::<Vec<(header::HeaderName, _)>>().into_iter().fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        })
    }

    #[test]
    fn over_https_a_cookie_is_bound_to_this_very_host() {
        let cookie = sessions("https://shop.example").set_cookie("tollgate", "x", 60);
        assert_eq!(cookie, "__Host-tollgate=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let cookie = sessions("http://127.0.0.1:4321").set_cookie("tollgate", "x", 60);
        assert_eq!(cookie, "tollgate=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_cookie_is_found_among_others_and_two_of_them_are_none() {
        let read = |line| sessions("https://shop.example").read_cookie(&headers(&[("cookie", line)]));
        assert_eq!(read("a=b; __Host-tollgate=x.y.z; c=d").unwrap().as_deref(), Some("x.y.z"));
        assert_eq!(read("tollgate=x; x__Host-tollgate=y").unwrap(), None);
        assert!(read("__Host-tollgate=x; __Host-tollgate=y").is_err());
    }

    #[test]
    fn only_our_own_origin_may_change_things_by_cookie() {
        let sessions = sessions("https://Shop.example/");
        let check = |method, pairs: &[_]| sessions.check_origin(&method, &headers(pairs)).is_ok();
        assert!(check(Method::POST, &[("origin", "https://shop.example")]));
        assert!(check(Method::GET, &[]) && check(Method::HEAD, &[("origin", "https://evil.example")]));
        for origin in ["null", "http://shop.example", "https://shop.example.evil", "https://shop.example:444", ""] {
            assert!(!check(Method::POST, &[("origin", origin)]), "{origin}");
        }
        assert!(!check(Method::DELETE, &[]));
        assert!(!check(Method::POST, &[("origin", "https://shop.example"), ("origin", "https://shop.example")]));
    }

    #[test]
    fn a_page_without_referrer_is_known_by_its_site() {
        let sessions = sessions("https://shop.example");
        assert!(sessions.is_from_our_page(&headers(&[("origin", "null"), ("sec-fetch-site", "same-origin")])));
        for site in ["cross-site", "same-site", "none"] {
            let pairs: &'static str = site;
            assert!(!sessions.is_from_our_page(&headers(&[("origin", "null"), ("sec-fetch-site", pairs)])), "{site}");
        }
    }
}
