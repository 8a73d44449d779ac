//! How times are stored: whole seconds as numbers. An item is paid for by the kilobyte, and its indexes copy it.

/// A time as epoch seconds.
pub mod seconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        at.as_second().serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is no number of seconds that a calendar has.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_second(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A time that may be missing, as epoch seconds.
pub mod maybe_seconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::as_second).serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is no number of seconds that a calendar has.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let seconds = Option::<i64>::deserialize(deserializer)?;
        seconds.map(Timestamp::from_second).transpose().map_err(D::Error::custom)
    }
}

/// Times by name, as epoch seconds.
pub mod seconds_by_name {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes them.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<K: Serialize + Ord, S: Serializer>(
        times: &BTreeMap<K, Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(times.iter().map(|(name, at)| (name, at.as_second())))
    }

    /// Reads them.
    ///
    /// # Errors
    /// When one is no number of seconds that a calendar has.
    pub fn deserialize<'de, K: Deserialize<'de> + Ord, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<K, Timestamp>, D::Error> {
        let seconds = BTreeMap::<K, i64>::deserialize(deserializer)?;
        let at = |(name, second)| Ok((name, Timestamp::from_second(second).map_err(D::Error::custom)?));
        seconds.into_iter().map(at).collect()
    }
}
