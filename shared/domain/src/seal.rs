//! Seals: the log of a company as a chain, so that nobody can change what was written without its being found.
//!
//! A seal holds the ids of the lines that follow those of the seal before, and a hash over that seal's hash and over the
//! lines as they are stored. A line that was altered, removed or put in between afterwards breaks its seal, and a seal
//! that was rewritten breaks the next one. Lines that turn up late, because the one who wrote them was slow, are declared
//! by a later seal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{LogId, Timestamp, stored::seconds, text};

/// A line is sealed when it is so old: none can be in flight any more that sorts before it.
pub const SETTLES_AFTER_SECONDS: i64 = 2 * 60;
/// For so long a line that turns up late is taken for a slow one.
pub const LATE_SECONDS: i64 = 60 * 60;
/// The most lines of one seal: its item stays around ten kilobytes.
pub const MOST_LINES: usize = 250;

/// A line of the log as it is stored, whatever its fields mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: LogId,
    /// All that is stored of it.
    pub body: Value,
}

/// A seal over some lines of one company's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Its number: the first is 1.
    pub n: u64,
    /// The hash of the seal before; empty for the first.
    pub previous: String,
    /// The last line that was sealed before, if any was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<LogId>,
    /// The last line that is sealed now.
    pub upto: LogId,
    /// The lines from `after`, exclusive, to `upto`, inclusive, in their order.
    pub lines: Vec<LogId>,
    /// Lines that turned up late among those of earlier seals, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LogId>,
    /// SHA-256 in lower-case hex over all of this and over the lines.
    pub hash: String,
    /// When it was made.
    #[serde(with = "seconds")]
    pub sealed_at: Timestamp,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A seal is missing, or is not the one that was there.
    #[error("seal {n} does not follow the seal before it")]
    Chain {
        /// Which one.
        n: u64,
    },
    /// A line that was sealed is gone.
    #[error("line {line} was removed: seal {n} has it")]
    Removed {
        /// The seal's number.
        n: u64,
        /// The line.
        line: LogId,
    },
    /// A line is there that was never sealed.
    #[error("line {line} was put in afterwards: seal {n} does not have it")]
    Inserted {
        /// The number of the seal whose lines it is among.
        n: u64,
        /// The line.
        line: LogId,
    },
    /// The hash is another: a line, or the seal itself, says something else than it did.
    #[error("a line of seal {n} was altered, or the seal was: one of {from} to {upto}")]
    Altered {
        /// The seal's number.
        n: u64,
        /// Its first line.
        from: LogId,
        /// Its last.
        upto: LogId,
    },
}

impl Seal {
    /// The next seal, over `lines` that follow what `previous` sealed and `late` ones; `None` when there are neither.
    pub fn next(previous: Option<&Self>, lines: &[Line], late: &[Line], now: Timestamp) -> Option<Self> {
        let after = previous.map(|seal| seal.upto);
        let mut seal = Self {
            n: previous.map_or(1, |seal| seal.n + 1),
            previous: previous.map(|seal| seal.hash.clone()).unwrap_or_default(),
            after,
            upto: lines.last().map(|line| line.id).or(after)?,
            lines: lines.iter().map(|line| line.id).collect(),
            late: late.iter().map(|line| line.id).collect(),
            hash: String::new(),
            sealed_at: now,
        };
        if seal.lines.is_empty() && seal.late.is_empty() {
            return None;
        }
        seal.hash = seal.hash_over(lines.iter().chain(late));
        Some(seal)
    }

    /// Each part ends with a line break, which canonical JSON cannot hold, so no two different inputs are alike.
    fn hash_over<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> String {
        let mut hash = Sha256::new();
        let after = self.after.map(|id| id.to_string()).unwrap_or_default();
        let head = [
            self.previous.clone(),
            self.n.to_string(),
            after,
            self.upto.to_string(),
            self.lines.len().to_string(),
            self.late.len().to_string(),
            self.sealed_at.as_second().to_string(),
        ];
        for part in head.into_iter().chain(lines.map(|line| canonical(&line.body))) {
            hash.update(part.as_bytes());
            hash.update(b"\n");
        }
        text::hex(&hash.finalize())
    }
}

/// JSON with its objects' names in order and no space between: the same value is always the same text.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields: Vec<_> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// Walks along a company's seals, oldest first, and holds each against the lines that are there now.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    previous: Option<Seal>,
    /// What later seals declare late.
    late: BTreeSet<LogId>,
    /// The late ones among the lines met so far.
    met: BTreeMap<LogId, Line>,
}

impl Walk {
    /// Begins at the first seal. `seals` are all there are.
    pub fn along(seals: &[Seal]) -> Self {
        Self { late: seals.iter().flat_map(|seal| seal.late.iter().copied()).collect(), ..Self::default() }
    }

    /// Holds the next seal against `found`: all lines that are now between its `after` and its `upto`, in their order.
    ///
    /// # Errors
    /// The first thing that is not as it was sealed.
    pub fn step(&mut self, seal: &Seal, found: &[Line]) -> Result<(), Broken> {
        let n = seal.n;
        let follows = match &self.previous {
            None => n == 1 && seal.previous.is_empty() && seal.after.is_none(),
            Some(previous) => {
                n == previous.n + 1 && seal.previous == previous.hash && seal.after == Some(previous.upto)
            }
        };
        if !follows {
            return Err(Broken::Chain { n });
        }
        let sealed: BTreeSet<LogId> = seal.lines.iter().copied().collect();
        let is_there: BTreeSet<LogId> = found.iter().map(|line| line.id).collect();
        if let Some(line) = sealed.difference(&is_there).next() {
            return Err(Broken::Removed { n, line: *line });
        }
        for line in found.iter().filter(|line| !sealed.contains(&line.id)) {
            if !self.late.contains(&line.id) {
                return Err(Broken::Inserted { n, line: line.id });
            }
            self.met.insert(line.id, line.clone());
        }
        if let Some(line) = seal.late.iter().find(|line| !self.met.contains_key(line)) {
            return Err(Broken::Removed { n, line: *line });
        }
        let lines = found.iter().filter(|line| sealed.contains(&line.id));
        let late = seal.late.iter().filter_map(|line| self.met.get(line));
        let from = seal.lines.first().or(seal.late.first()).copied().unwrap_or(seal.upto);
        if seal.hash_over(lines.chain(late)) != seal.hash {
            return Err(Broken::Altered { n, from, upto: seal.upto });
        }
        self.previous = Some(seal.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
