//! Reads of a part of a partition.

use domain::Failure;
use serde::de::DeserializeOwned;

use super::{Freshness, Table, read, text};

/// The rows of a partition whose sort keys lie between two, in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range<'a> {
    pub(crate) index: Option<&'static str>,
    pub(crate) pk: &'a str,
    pub(crate) from: Start<'a>,
    /// Inclusive.
    pub(crate) upto: Option<&'a str>,
    /// Rows to read at most.
    pub(crate) limit: usize,
    /// Only of the table itself; indexes are always eventual.
    pub(crate) freshness: Freshness,
}

/// Where a range begins. No sort key of its partition may be the beginning of another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At the first row.
    First,
    /// Behind this row.
    After(&'a str),
    /// At this row.
    At(&'a str),
}

impl<'a> Start<'a> {
    /// Behind this row, or at the first.
    pub(crate) fn after(row: Option<&'a str>) -> Self {
        row.map_or(Self::First, Self::After)
    }

    fn key(self) -> String {
        match self {
            Self::First => JUST_AFTER.to_owned(),
            Self::After(row) => format!("{row}{JUST_AFTER}"),
            Self::At(row) => row.to_owned(),
        }
    }
}

/// Sorts before every character of an id, and after the end of a text.
const JUST_AFTER: &str = " ";
/// Sorts after every character of an id.
const LAST: &str = "~";

impl Table {
    /// The rows of a range, the first one first.
    pub(crate) async fn range<T: DeserializeOwned>(&self, range: Range<'_>) -> Result<Vec<T>, Failure> {
        let name = |part: &str| range.index.map_or_else(|| part.to_owned(), |index| format!("{index}{part}"));
        let (from, upto) = (range.from.key(), range.upto.unwrap_or(LAST));
        if from.as_str() > upto {
            // The table refuses to be asked for nothing.
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        let mut start = None;
        while rows.len() < range.limit {
            let request = self
                .client
                .query()
                .table_name(&*self.name)
                .set_index_name(range.index.map(str::to_owned))
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :upto")
                .expression_attribute_names("#pk", name("pk"))
                .expression_attribute_names("#sk", name("sk"))
                .expression_attribute_values(":pk", text(range.pk))
                .expression_attribute_values(":from", text(&from))
                .expression_attribute_values(":upto", text(upto))
                .consistent_read(range.index.is_none() && range.freshness == Freshness::Strong)
                .set_limit(i32::try_from(range.limit - rows.len()).ok())
                .set_exclusive_start_key(start);
            let answer = Box::pin(request.send())
                .await
                .map_err(|error| Failure::unavailable("reading a part of a list", error))?;
            for item in answer.items.unwrap_or_default() {
                rows.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(rows)
    }
}
