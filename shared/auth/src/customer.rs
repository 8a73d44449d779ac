//! The guard of what customers fetch with Composer.

use api::{ApiError, Guard};
use axum::extract::FromRequestParts;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    CompanyId, Timestamp, customer,
    customer::CustomerId,
    token::{self, Token},
};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use store::Holder;
use subtle::ConstantTimeEq;

use crate::credential::bearer;

/// A customer who presents a token of the right form. Whether it is the customer's good one shows when the customer was
/// read, together with whatever else the request needs: [`Customer::confirm`].
#[derive(Debug)]
pub struct Customer {
    token: Token,
    claimed: CustomerId,
}

impl Customer {
    /// The company that the token claims to belong to.
    pub fn claimed_company(&self) -> CompanyId {
        self.token.claimed_company
    }

    /// The customer that the token claims to belong to.
    pub fn claimed_customer(&self) -> CustomerId {
        self.claimed
    }

    /// What was read of the claimed customer, if the token is its good one and it may install anything.
    ///
    /// # Errors
    /// 401 when the token is not good, 403 with the reason when the customer is suspended or its time is over.
    pub fn confirm(&self, holder: Option<Holder>, now: Timestamp) -> Result<Holder, ApiError> {
        let presented = token::sha256(self.token.secret.reveal());
        let good = |holder: &Holder| {
            let mark = holder.customer.token.as_ref();
            mark.is_some_and(|mark| bool::from(mark.sha256.as_bytes().ct_eq(presented.as_bytes())))
        };
        let holder = holder.filter(good).ok_or_else(ApiError::unauthenticated)?;
        domain::grant::open(&holder.customer, now)
            .map_err(|closed| ApiError::new(api::Kind::Forbidden, closed.to_string()))?;
        Ok(holder)
    }
}

impl Guard for Customer {
    const NAME: &'static str = "Customer";
}

impl<S: Sync> FromRequestParts<S> for Customer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = presented(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
        let token = token::parse(customer::TOKEN, &text).ok_or_else(ApiError::unauthenticated)?;
        let claimed = CustomerId::claimed_by(&token).ok_or_else(ApiError::unauthenticated)?;
        Ok(Self { token, claimed })
    }
}

/// The token: the password of `Authorization: Basic`, whatever the user name, or a bearer token.
fn presented(headers: &HeaderMap) -> Option<String> {
    if let Some(token) = bearer(headers) {
        return Some(token.to_owned());
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(text.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok()?;
    Some(decoded.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn the_token_is_the_password_or_the_bearer() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(presented(&headers(&basic("token:tok_x"))).unwrap(), "tok_x");
        assert_eq!(presented(&headers(&basic(":tok_x:y"))).unwrap(), "tok_x:y");
        assert_eq!(presented(&headers("bearer tok_x")).unwrap(), "tok_x");
        for bad in ["Basic", "Basic ???", "Digest tok_x", &basic("tok_x"), "Basic \u{fc}"] {
            assert_eq!(presented(&headers(bad)), None, "{bad}");
        }
        assert_eq!(presented(&HeaderMap::new()), None);
        let mut two = headers("Bearer a");
        two.append(AUTHORIZATION, "Bearer b".parse().unwrap());
        assert_eq!(presented(&two), None);
    }
}
