//! Opaque tokens: a prefix, 30 base62 characters, and 6 characters of CRC-32, after the scheme that GitHub and npm use.
//!
//! The first six of the 30 characters tell the company's number, so that what a request asks for can be read at the
//! same time as its credential; the 24 others are random (142 bits), or follow from a key and from what the token opens.
//! The claim is worth nothing until the credential itself was found under that company, or was made anew from the key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use crate::{CompanyId, Random, Secret, ids::NotAnId, text};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters that tell the company's number.
pub(crate) const COMPANY: usize = 6;
const BODY: usize = 30;
const CHECKSUM: usize = 6;

/// The prefix of an operator's API token.
pub const OPERATOR: &str = "tga_";
/// The prefix of what opens one purchase to its buyer.
pub const PURCHASE: &str = "tgp_";

/// A text that has the form of a token: right prefix, right alphabet, right checksum. Garbage is told apart without asking anyone.
#[derive(Debug, Clone)]
pub struct Token {
    /// The company that it claims to belong to.
    pub claimed_company: CompanyId,
    /// The whole text.
    pub secret: Secret,
}

/// Which token, for lists and for revoking: the SHA-256 of its text in lower-case hex, under which it is kept. With 142
/// random bits nothing of the token can be found from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// The token with this digest.
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        Self(text::hex(digest))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex { Ok(Self(text.to_owned())) } else { Err(NotAnId) }
    }
}

/// Makes a token. It is shown once; only its SHA-256 is kept.
pub fn issue(prefix: &str, company: CompanyId, random: &Random) -> Secret {
    issue_naming(prefix, company, "", random)
}

/// Makes a token that also names somebody within the company. The name takes the place of some of its random characters.
pub(crate) fn issue_naming(prefix: &str, company: CompanyId, name: &str, random: &Random) -> Secret {
    let mut token = format!("{prefix}{}{name}", base62(company.0, COMPANY));
    while token.len() < prefix.len() + BODY {
        // Rejection sampling: the 8 byte values past the last multiple of 62 would favour some characters.
        let fair = random.bytes::<32>().into_iter().filter(|byte| *byte < 248);
        let missing = prefix.len() + BODY - token.len();
        token.extend(fair.take(missing).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    signed(token)
}

/// The lower-case hex of a token's SHA-256.
pub fn sha256(token: &str) -> String {
    text::hex(&Sha256::digest(token.as_bytes()))
}

/// The token that follows from a keyed hash (256 bits) of what it opens: the same hash makes the same token, and nobody
/// without the key makes it.
pub fn derive(prefix: &str, company: CompanyId, hash: &[u8; 32]) -> Secret {
    let mut token = format!("{prefix}{}", base62(company.0, COMPANY));
    let mut number = *hash;
    for _ in COMPANY..BODY {
        // Long division by 62; the remainder is a digit.
        let mut rest = 0_u16;
        for byte in &mut number {
            let part = rest << 8 | u16::from(*byte);
            *byte = u8::try_from(part / 62).unwrap_or(u8::MAX);
            rest = part % 62;
        }
        token.push(char::from(ALPHABET[usize::from(rest)]));
    }
    signed(token)
}

fn signed(mut token: String) -> Secret {
    let checksum = crc32(token.as_bytes());
    token.push_str(&base62(checksum, CHECKSUM));
    Secret::new(token).unwrap_or_else(|| unreachable!("a token is never blank"))
}

/// Reads a token with this prefix; `None` when it cannot be one.
pub fn parse(prefix: &str, text: &str) -> Option<Token> {
    let body = text.strip_prefix(prefix)?;
    if body.len() != BODY + CHECKSUM || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (signed, checksum) = text.split_at(text.len() - CHECKSUM);
    if read_base62(checksum)? != crc32(signed.as_bytes()) {
        return None;
    }
    let company = read_base62(&body[..COMPANY])?;
    Some(Token { claimed_company: CompanyId(company), secret: Secret::new(text)? })
}

/// The last `width` digits of a number. No 32 bits need more than six.
pub(crate) fn base62(number: u32, width: usize) -> String {
    let mut digits = [b'0'; CHECKSUM];
    let mut rest = number as usize;
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[rest % 62];
        rest /= 62;
    }
    digits[CHECKSUM - width..].iter().map(|digit| char::from(*digit)).collect()
}

pub(crate) fn read_base62(text: &str) -> Option<u32> {
    let mut number: u64 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        number = number * 62 + digit as u64;
    }
    u32::try_from(number).ok()
}

/// CRC-32 as in zlib and PNG (IEEE 802.3), bit by bit: tokens are short.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    fn random() -> Random {
        let next = AtomicU8::new(0);
        Random::new(move |bytes| bytes.fill_with(|| next.fetch_add(37, Ordering::Relaxed)))
    }

    #[test]
    fn the_checksum_is_the_usual_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_issued_token_is_read_back_with_its_company() {
        let token = issue(OPERATOR, CompanyId(4_000_000_000), &random());
        assert_eq!(token.reveal().len(), OPERATOR.len() + 36);
        assert_eq!(parse(OPERATOR, token.reveal()).unwrap().claimed_company, CompanyId(4_000_000_000));
    }

    #[test]
    fn what_follows_from_a_hash_is_the_same_each_time_and_another_for_another_hash() {
        let of = |last: u8| {
            let mut hash = [0xA5; 32];
            hash[31] = last;
            derive(PURCHASE, CompanyId(7), &hash).reveal().to_owned()
        };
        assert_eq!(of(1), of(1));
        let distinct: std::collections::BTreeSet<_> = (0..=255).map(of).collect();
        assert_eq!(distinct.len(), 256);
        for token in distinct {
            assert_eq!(parse(PURCHASE, &token).unwrap().claimed_company, CompanyId(7), "{token}");
            assert!(parse(OPERATOR, &token).is_none());
        }
    }

    #[test]
    fn any_changed_character_gives_it_away() {
        let token = issue(OPERATOR, CompanyId(1), &random());
        for place in 0..token.reveal().len() {
            let mut changed = token.reveal().as_bytes().to_vec();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            assert!(parse(OPERATOR, std::str::from_utf8(&changed).unwrap()).is_none(), "place {place}");
        }
        for garbage in ["", "tga_", "Bearer", &"x".repeat(40), "tga_äääääääääääääääääää"] {
            assert!(parse(OPERATOR, garbage).is_none());
        }
    }
}
