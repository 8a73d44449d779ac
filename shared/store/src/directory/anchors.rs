//! Ids as 16 bytes each, one behind the other: written out they would be more than twice as long.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

const WIDTH: usize = 16;

/// Ids in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Anchors(Vec<u8>);

impl Anchors {
    /// Adds an id: 32 hexadecimal digits and hyphens.
    pub(super) fn push(&mut self, id: &str) {
        let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
        self.0.extend(u128::from_str_radix(&digits, 16).unwrap_or(0).to_be_bytes());
    }

    /// The id at a place.
    pub(super) fn get(&self, place: usize) -> Option<String> {
        let bytes = self.0.get(place * WIDTH..(place + 1) * WIDTH)?;
        let digits = format!("{:032x}", u128::from_be_bytes(bytes.try_into().ok()?));
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Some(parts.join("-"))
    }
}

impl Serialize for Anchors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Anchors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Anchors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Anchors, E> {
                Ok(Anchors(bytes.to_vec()))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Anchors, E> {
                Ok(Anchors(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Bytes)
    }
}
