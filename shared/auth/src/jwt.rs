//! A session's token: a JWT (RFC 7519) signed with HMAC-SHA256, and with nothing else.
//!
//! What a token says of its own algorithm is compared and never followed. The key's id is the first eight hexadecimal
//! digits of its SHA-256, so that a key can be rotated: the first one signs, all of them verify.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{CompanyId, Secret, SessionId, Timestamp, UserId, session::Claims, text};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "HS256";
const ISSUER: &str = "tollgate";
const AUDIENCE: &str = "tollgate-api";
/// The least that a key has: as many bytes as what it signs is hashed to (RFC 7518, 3.2).
const LEAST_KEY_BYTES: usize = 32;
/// Longer texts are no token of ours.
const MOST_BYTES: usize = 2048;

/// Why there is nothing to sign or to verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session key has fewer than {LEAST_KEY_BYTES} bytes, or there is none")]
pub(crate) struct UnusableKeys;

/// The keys: the first signs, any verifies.
pub(crate) struct Keys(Vec<Key>);

struct Key {
    id: String,
    bytes: Vec<u8>,
}

/// A text in the form of our token. Nothing it says is believed yet.
#[derive(Debug)]
pub(crate) struct Unverified {
    signed: String,
    key: String,
    payload: String,
    signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    /// Extensions that have to be understood. We understand none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: UserId,
    company: CompanyId,
    jti: SessionId,
    generation: u32,
    iat: i64,
    exp: i64,
}

impl Keys {
    /// Reads a secret: keys with commas between. One that is too short refuses all: better to stop than to be guessed.
    pub(crate) fn parse(secret: &Secret) -> Result<Self, UnusableKeys> {
        let texts = secret.reveal().split(',').map(str::trim).filter(|text| !text.is_empty());
        let keys: Vec<Key> = texts.map(|text| Key::new(text.as_bytes())).collect();
        let usable = !keys.is_empty() && keys.iter().all(|key| key.bytes.len() >= LEAST_KEY_BYTES);
        if usable { Ok(Self(keys)) } else { Err(UnusableKeys) }
    }

    /// What each key makes of a text, the one that signs first.
    pub(crate) fn macs(&self, text: &str) -> Vec<[u8; 32]> {
        self.0.iter().filter_map(|key| Some(key.mac(text)?.finalize().into_bytes().into())).collect()
    }

    /// A token that says this.
    pub(crate) fn sign(&self, claims: &Claims) -> Option<Secret> {
        let key = self.0.first()?;
        let header = Header { alg: ALGORITHM.to_owned(), typ: "JWT".to_owned(), kid: key.id.clone(), crit: None };
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user,
            company: claims.company,
            jti: claims.session,
            generation: claims.generation,
            iat: claims.issued_at,
            exp: claims.expires_at,
        };
        let signed = format!("{}.{}", part(&header)?, part(&payload)?);
        let signature = URL_SAFE_NO_PAD.encode(key.mac(&signed)?.finalize().into_bytes());
        Secret::new(format!("{signed}.{signature}"))
    }

    /// What the token says, if it was signed with one of the keys, for us, and is good at this time.
    pub(crate) fn verify(&self, token: &Unverified, now: Timestamp) -> Option<Claims> {
        let key = self.0.iter().find(|key| key.id == token.key)?;
        key.mac(&token.signed)?.verify_slice(&token.signature).ok()?;
        let payload: Payload = read(&token.payload)?;
        let claims = Claims {
            company: payload.company,
            user: payload.sub,
            session: payload.jti,
            generation: payload.generation,
            issued_at: payload.iat,
            expires_at: payload.exp,
        };
        (payload.iss == ISSUER && payload.aud == AUDIENCE && claims.is_timely(now)).then_some(claims)
    }
}

impl Key {
    fn new(bytes: &[u8]) -> Self {
        let mut id = text::hex(&Sha256::digest(bytes));
        id.truncate(8);
        Self { id, bytes: bytes.to_vec() }
    }

    fn mac(&self, signed: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.bytes).ok()?;
        mac.update(signed.as_bytes());
        Some(mac)
    }
}

impl Unverified {
    /// Reads a text's form: garbage, and tokens of any other kind, are told apart without a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let Header { alg, typ, kid, crit } = read(header)?;
        if alg != ALGORITHM || typ != "JWT" || crit.is_some() || payload.contains('.') {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { signed: signed.to_owned(), key: kid, payload: payload.to_owned(), signature })
    }
}

/// The keys of the secret that was read last: a request does not hash them anew.
#[derive(Clone, Default)]
pub(crate) struct LastKeys(Arc<Mutex<Option<Read>>>);

/// A secret, and the keys in it.
type Read = (Secret, Arc<Keys>);

impl LastKeys {
    /// The keys of this secret.
    pub(crate) fn of(&self, secret: &Secret) -> Result<Arc<Keys>, UnusableKeys> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, keys)) = last.as_ref()
            && known == secret
        {
            return Ok(keys.clone());
        }
        let keys = Arc::new(Keys::parse(secret)?);
        *last = Some((secret.clone(), keys.clone()));
        Ok(keys)
    }
}

fn part(value: &impl Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?))
}

fn read<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests;
