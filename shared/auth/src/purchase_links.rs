//! Links to purchases: whoever has the link is the buyer.
//!
//! A link's token follows from a session key and from which purchase it opens, so nothing of it is kept. It works for as
//! long as its key does: after a rotation the links that the older key made go on working until that key is taken away.

use std::{fmt, sync::Arc};

use api::{ApiError, ClientAddress, Guard, RateSlot, RequestId};
use axum::extract::{FromRef, FromRequestParts};
use domain::{
    CompanyId, Failure, PurchaseId, Secret, SecretSource,
    purchase::Purchase,
    rate::{self, Bucket},
    text::hex,
    token::{self, Token},
};
use http::{header::AUTHORIZATION, request::Parts};

use crate::{
    credential::bearer,
    jwt::{Keys, LastKeys},
    limits::Limiter,
};

/// Makes links to purchases, and knows them again.
#[derive(Clone)]
pub struct PurchaseLinks {
    keys: SecretSource,
    last_keys: LastKeys,
    public_url: String,
}

impl PurchaseLinks {
    /// `keys` are those of sessions. `public_url` is where browsers reach us, without a slash at the end.
    pub fn new(keys: SecretSource, public_url: &str) -> Self {
        Self { keys, last_keys: LastKeys::default(), public_url: public_url.to_owned() }
    }

    /// The page of a purchase, with what opens it. It stands in no log.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn link(&self, company: CompanyId, purchase: PurchaseId) -> Result<String, Failure> {
        let token = self.tokens(company, purchase).await?.into_iter().next();
        let token = token.ok_or_else(|| Failure::broken("making a link", "there is no key"))?;
        Ok(format!("{}/purchases/{purchase}?token={}", self.public_url, token.reveal()))
    }

    /// The same page, for a letter to the buyer's address and nothing else: beside what opens the purchase it has a proof that
    /// whoever follows it reads that address. The other link proves no address: the one who begins a checkout types it, and
    /// Stripe leads back to the page.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn mailed_link(&self, purchase: &Purchase) -> Result<String, Failure> {
        let proof = self.proofs(purchase).await?.into_iter().next();
        let proof = proof.ok_or_else(|| Failure::broken("making a link", "there is no key"))?;
        let link = self.link(purchase.company, purchase.id).await?;
        Ok(format!("{link}&letter={}", proof.reveal()))
    }

    /// Whether this is what a letter to the purchase's address said.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn prove_address(&self, purchase: &Purchase, proof: &str) -> Result<bool, Failure> {
        Ok(self.proofs(purchase).await?.iter().any(|made| is_same(made.reveal(), proof)))
    }

    async fn proofs(&self, purchase: &Purchase) -> Result<Vec<Secret>, Failure> {
        let keys = self.keys().await?;
        let Purchase { company, id, email, .. } = purchase;
        let macs = keys.macs(&format!("purchase-address:{company}:{id}:{}", email.to_lowercase()));
        Ok(macs.iter().filter_map(|mac| Secret::new(hex(&mac[..16]))).collect())
    }

    /// Whether a token opens a purchase of the company that it claims.
    async fn opens(&self, token: &Token, purchase: PurchaseId) -> Result<bool, Failure> {
        let tokens = self.tokens(token.claimed_company, purchase).await?;
        Ok(tokens.iter().any(|made| is_same(made.reveal(), token.secret.reveal())))
    }

    async fn tokens(&self, company: CompanyId, purchase: PurchaseId) -> Result<Vec<Secret>, Failure> {
        let keys = self.keys().await?;
        let macs = keys.macs(&format!("purchase-link:{company}:{purchase}"));
        Ok(macs.iter().map(|mac| token::derive(token::PURCHASE, company, mac)).collect())
    }

    async fn keys(&self) -> Result<Arc<Keys>, Failure> {
        let secret = self.keys.read().await.map_err(|error| Failure::unavailable("reading the keys", error))?;
        self.last_keys.of(&secret).map_err(|error| Failure::unavailable("reading the keys", error))
    }
}

impl fmt::Debug for PurchaseLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurchaseLinks")
    }
}

/// Somebody with a link's token: in `Authorization: Bearer tgp_…`, else in the query's `token`. Whether it opens the purchase
/// is found out by [`Buyer::reading`], which alone tells the company.
#[derive(Debug)]
pub struct Buyer {
    token: Token,
    links: PurchaseLinks,
    limiter: Limiter,
    address: String,
    slot: RateSlot,
    request: RequestId,
}

impl Buyer {
    /// Reads from the purchase's company while the request is being counted. A token that does not open this purchase is
    /// told that there is none; such requests are counted by the address.
    ///
    /// # Errors
    /// When the token does not open it, when there were too many requests, else when the read fails.
    pub async fn reading<T, F>(
        &self,
        purchase: PurchaseId,
        read: impl FnOnce(CompanyId) -> F,
    ) -> Result<(CompanyId, T), ApiError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let company = self.token.claimed_company;
        if !self.links.opens(&self.token, purchase).await? {
            self.limiter.allow(&rate::ANONYMOUS, &self.address, &self.slot).await?;
            return Err(ApiError::not_found());
        }
        let counted = self.limiter.counted(&rate::CALLER, self.token.secret.reveal(), self.slot.clone());
        counted.not_refused()?;
        let (allowed, read) = futures::join!(counted.allowed(), read(company));
        allowed?;
        Ok((company, read?))
    }

    /// Counts the request by the address in another bucket, too.
    ///
    /// # Errors
    /// When there are too many from there, or when a request that must not go uncounted cannot be counted.
    pub async fn allowed(&self, bucket: &'static Bucket) -> Result<(), ApiError> {
        self.limiter.allow(bucket, &self.address, &self.slot).await
    }

    /// Which request it is, for the log lines of what it does.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// What opens the purchase, for the links of its page.
    pub fn token(&self) -> &Secret {
        &self.token.secret
    }
}

impl Guard for Buyer {
    const NAME: &'static str = "Buyer";
}

impl<S: Sync> FromRequestParts<S> for Buyer
where
    PurchaseLinks: FromRef<S>,
    Limiter: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let presented = if parts.headers.contains_key(AUTHORIZATION) {
            bearer(&parts.headers).and_then(|text| token::parse(token::PURCHASE, text))
        } else {
            parts.uri.query().and_then(of_query)
        };
        let address = parts.extensions.get().map(|ClientAddress(address)| rate::address_key(*address));
        Ok(Self {
            token: presented.ok_or_else(ApiError::unauthenticated)?,
            links: PurchaseLinks::from_ref(state),
            limiter: Limiter::from_ref(state),
            address: address.unwrap_or_else(|| "unknown".to_owned()),
            slot: parts.extensions.get().cloned().unwrap_or_default(),
            request: RequestId::of(&parts.extensions),
        })
    }
}

/// Compares all of two texts whatever their beginnings: how long it takes says nothing of where they differ.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The one token of a query. It has no character that would be encoded.
fn of_query(query: &str) -> Option<Token> {
    let mut tokens = query.split('&').filter_map(|pair| pair.strip_prefix("token="));
    let (Some(text), None) = (tokens.next(), tokens.next()) else { return None };
    token::parse(token::PURCHASE, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old key of thirty-two bytes or more";
    const NEW: &str = "a new key of thirty-two bytes or more!";

    fn links(keys: &str) -> PurchaseLinks {
        PurchaseLinks::new(SecretSource::fixed("keys", keys), "https://shop.example")
    }

    fn purchase(last: u8) -> PurchaseId {
        format!("0190b5a0-0000-7000-8000-0000000000{last:02}").parse().unwrap()
    }

    async fn token(links: &PurchaseLinks, company: u32, purchase: PurchaseId) -> Token {
        let link = links.link(CompanyId(company), purchase).await.unwrap();
        let (page, token) = link.split_once("?token=").unwrap();
        assert_eq!(page, format!("https://shop.example/purchases/{purchase}"));
        token::parse(token::PURCHASE, token).unwrap()
    }

    #[tokio::test]
    async fn a_link_opens_its_own_purchase_and_no_other() {
        let links = links(NEW);
        let opener = token(&links, 1, purchase(1)).await;
        assert!(links.opens(&opener, purchase(1)).await.unwrap());
        assert!(!links.opens(&opener, purchase(2)).await.unwrap());
        let other = token(&links, 2, purchase(1)).await;
        let claimed = Token { claimed_company: CompanyId(1), ..other };
        assert!(!links.opens(&claimed, purchase(1)).await.unwrap(), "another company's");
    }

    #[tokio::test]
    async fn links_of_an_older_key_work_until_it_is_taken_away() {
        let old = token(&links(OLD), 1, purchase(1)).await;
        assert!(links(&format!("{NEW},{OLD}")).opens(&old, purchase(1)).await.unwrap());
        assert!(!links(NEW).opens(&old, purchase(1)).await.unwrap());
        assert_eq!(
            token(&links(&format!("{NEW},{OLD}")), 1, purchase(1)).await.secret,
            token(&links(NEW), 1, purchase(1)).await.secret
        );
    }

    #[tokio::test]
    async fn without_a_usable_key_nothing_is_made_and_nothing_opens() {
        let opener = token(&links(NEW), 1, purchase(1)).await;
        for keys in ["", "short"] {
            assert!(links(keys).link(CompanyId(1), purchase(1)).await.is_err());
            assert!(links(keys).opens(&opener, purchase(1)).await.is_err());
        }
    }

    #[test]
    fn a_query_has_one_token_or_none() {
        let good = token::derive(token::PURCHASE, CompanyId(1), &[3; 32]);
        let good = good.reveal();
        assert!(of_query(&format!("a=b&token={good}")).is_some());
        assert!(of_query(&format!("token={good}&token={good}")).is_none());
        assert!(of_query("token=").is_none() && of_query("").is_none());
    }
}
