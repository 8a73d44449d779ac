//! Cursors: places in a list that clients carry from one page to the next (ruling 3).
//!
//! A cursor is signed with a key that follows from the caller's own credential, so it needs no secret of ours, and is worth
//! nothing to anybody else. The signature covers the list and its filters: a cursor of another list is refused.

use domain::{Problem, paging::Position, text};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ApiError;

/// Bytes of the signature that are kept: 128 bits.
const SIGNATURE: usize = 16;

/// Makes and reads the cursors of one list for one caller.
#[derive(Debug)]
pub struct Cursors {
    signer: Hmac<Sha256>,
    /// The filters, as a query string has them.
    filters: String,
}

impl Cursors {
    /// Those of the list called `list` with these filters, for the caller who has this key.
    pub fn new(key: &[u8; 32], list: &str, filters: &[(&str, Option<String>)]) -> Self {
        let mut signer =
            Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("a key of any length will do"));
        signer.update(list.as_bytes());
        // No value holds the separators: they are ids and names of ours.
        let given = filters.iter().filter_map(|(name, value)| Some(format!("{name}={}&", value.as_ref()?)));
        let filters: String = given.collect();
        signer.update(format!("\n{filters}\n").as_bytes());
        Self { signer, filters }
    }

    /// The address of the list at `path` from a place on.
    pub fn link(&self, path: &str, position: &Position) -> String {
        format!("{path}?{}cursor={}", self.filters, self.write(position))
    }

    /// The cursor of a place.
    pub fn write(&self, position: &Position) -> String {
        let place = format!("{}.{}", position.id, position.skipped);
        let signature = self.signed(&place).finalize().into_bytes();
        text::hex(&signature[..SIGNATURE]) + &text::hex(place.as_bytes())
    }

    /// The place of a cursor.
    ///
    /// # Errors
    /// When we did not make it, or for another list, other filters or another caller.
    pub fn read(&self, cursor: &str) -> Result<Position, ApiError> {
        self.place(cursor).ok_or_else(|| {
            ApiError::field("cursor", Problem::Unusable { reason: "Not a cursor of this list with these filters" })
        })
    }

    fn place(&self, cursor: &str) -> Option<Position> {
        let bytes = text::unhex(cursor)?;
        let (signature, place) = bytes.split_at_checked(SIGNATURE)?;
        let place = std::str::from_utf8(place).ok()?;
        // Compares in constant time.
        self.signed(place).verify_truncated_left(signature).ok()?;
        // A package's name can hold a dot.
        let (id, skipped) = place.rsplit_once('.')?;
        Some(Position { id: id.to_owned(), skipped: skipped.parse().ok()? })
    }

    fn signed(&self, place: &str) -> Hmac<Sha256> {
        self.signer.clone().chain_update(place.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8; 32] = &[7; 32];

    fn position() -> Position {
        Position { id: "0190b5a0-0000-7000-8000-000000000001".to_owned(), skipped: 40 }
    }

    fn filters(status: Option<&str>) -> Vec<(&'static str, Option<String>)> {
        vec![("repositoryId", None), ("status", status.map(str::to_owned))]
    }

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let cursors = Cursors::new(KEY, "customers", &filters(Some("active")));
        assert_eq!(cursors.read(&cursors.write(&position())).unwrap(), position());
    }

    #[test]
    fn a_cursor_is_worth_nothing_elsewhere_or_changed() {
        let cursors = Cursors::new(KEY, "customers", &filters(Some("active")));
        let cursor = cursors.write(&position());
        for other in [
            Cursors::new(&[8; 32], "customers", &filters(Some("active"))),
            Cursors::new(KEY, "logs", &filters(Some("active"))),
            Cursors::new(KEY, "customers", &filters(Some("pending"))),
            Cursors::new(KEY, "customers", &filters(None)),
        ] {
            assert!(other.read(&cursor).is_err());
        }
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            assert!(cursors.read(std::str::from_utf8(&changed).unwrap()).is_err(), "place {place}");
        }
        for garbage in
            ["", "0", "zz", &cursor[..40], &cursor[..32], &format!("{cursor}00"), &cursor.to_uppercase(), "ä"]
        {
            assert!(cursors.read(garbage).is_err(), "{garbage}");
        }
    }
}
