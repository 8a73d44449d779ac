//! What DynamoDB charges for a request: its metering rules, as pure functions over items in DynamoDB's JSON.
//!
//! An item is the JSON of the wire: `{"pk": {"S": "a"}, "count": {"N": "1"}}`. The rules are those of the developer
//! guide's pages "Read and write operations", "Item sizes and formats", "Managing indexes" and "Transactions".

use serde_json::{Map, Value};

/// An item in DynamoDB's JSON, attribute names to typed values.
pub type Item = Map<String, Value>;

/// Bytes a read unit covers.
const READ_BLOCK: usize = 4096;
/// Bytes a write unit covers.
const WRITE_BLOCK: usize = 1024;
/// What a list or a map costs beside what it holds.
const CONTAINER_OVERHEAD: usize = 3;
/// What each entry of a list or a map costs beside itself.
const ENTRY_OVERHEAD: usize = 1;

/// How fresh a read has to be, which is what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// Half a unit for each 4 KB.
    Eventual,
    /// One unit for each 4 KB.
    Strong,
    /// Two units for each 4 KB.
    Transactional,
}

/// Whether a write stands alone or is part of a transaction, which costs twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atomicity {
    /// One unit for each KB.
    Single,
    /// Two units for each KB of the table; what indexes take is not doubled.
    Transaction,
}

/// What a table is made of, as far as its cost goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the key attributes.
    pub keys: Vec<String>,
    /// Its global secondary indexes.
    pub indexes: Vec<Index>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Names of its own key attributes.
    pub keys: Vec<String>,
    /// Which attributes it copies.
    pub projection: Projection,
}

/// Which attributes an index copies, beside its keys and the table's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// Every one.
    All,
    /// None.
    KeysOnly,
    /// These.
    Include(Vec<String>),
}

/// Size of an item in bytes: the names and the values of its attributes.
pub fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// Size of one typed value, `{"S": "…"}`, in bytes.
fn value_bytes(value: &Value) -> usize {
    let Some((kind, content)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = content.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len(),
        "N" => number_bytes(text),
        "B" => base64_bytes(text),
        "BOOL" | "NULL" => 1,
        "SS" => texts(content).map(str::len).sum(),
        "NS" => texts(content).map(number_bytes).sum(),
        "BS" => texts(content).map(base64_bytes).sum(),
        "L" => {
            let entries = content.as_array().map(Vec::as_slice).unwrap_or_default();
            CONTAINER_OVERHEAD + entries.iter().map(|entry| ENTRY_OVERHEAD + value_bytes(entry)).sum::<usize>()
        }
        "M" => {
            let entries = content.as_object().into_iter().flatten();
            CONTAINER_OVERHEAD
                + entries.map(|(name, entry)| ENTRY_OVERHEAD + name.len() + value_bytes(entry)).sum::<usize>()
        }
        _ => 0,
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// A byte for each two significant digits, on either side of the point, one more, and one for a minus sign.
fn number_bytes(number: &str) -> usize {
    let number = number.trim();
    let (magnitude, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let negative = magnitude.starts_with('-');
    let (whole, fraction) = magnitude
        .trim_start_matches(['-', '+'])
        .split_once('.')
        .unwrap_or((magnitude.trim_start_matches(['-', '+']), ""));
    let digits = format!("{whole}{fraction}");
    let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
    let significant = digits.trim_matches('0').len();
    if significant == 0 {
        return 1;
    }
    // How many of the significant digits stand before the point; none for a pure fraction.
    let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let before = signed(whole.len()) - signed(leading_zeros) + exponent.parse::<i64>().unwrap_or(0);
    let before = usize::try_from(before.max(0)).unwrap_or(0).min(significant);
    before.div_ceil(2) + (significant - before).div_ceil(2) + 1 + usize::from(negative)
}

/// How many bytes a base64 text stands for.
fn base64_bytes(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// Read units of one item, or of one page of a query whose items are summed first. Nothing found costs as much as one
/// block.
pub fn read_units(bytes: usize, consistency: Consistency) -> f64 {
    let blocks = blocks(bytes, READ_BLOCK);
    match consistency {
        Consistency::Eventual => blocks / 2.0,
        Consistency::Strong => blocks,
        Consistency::Transactional => blocks * 2.0,
    }
}

/// Read units of a `BatchGetItem` or `TransactGetItems`: each item is rounded up by itself, a missing one costs a
/// block.
pub fn batch_read_units<'a>(items: impl IntoIterator<Item = Option<&'a Item>>, consistency: Consistency) -> f64 {
    items.into_iter().map(|item| read_units(item.map_or(0, item_bytes), consistency)).sum()
}

/// Read units of a page of a query: the sizes of all items read are summed, then rounded up. What a filter or a
/// projection leaves out was read all the same.
pub fn query_read_units<'a>(items: impl IntoIterator<Item = &'a Item>, consistency: Consistency) -> f64 {
    read_units(items.into_iter().map(item_bytes).sum(), consistency)
}

/// Write units the table itself takes: by the larger of the item before and after, at least one, also when nothing
/// changed, nothing was there to delete, or the condition failed.
pub fn base_write_units(before: Option<&Item>, after: Option<&Item>, atomicity: Atomicity) -> f64 {
    let bytes = before.map_or(0, item_bytes).max(after.map_or(0, item_bytes));
    match atomicity {
        Atomicity::Single => blocks(bytes, WRITE_BLOCK),
        Atomicity::Transaction => blocks(bytes, WRITE_BLOCK) * 2.0,
    }
}

impl Table {
    /// Write units of one write that took effect: the table's own and those of every index it touches.
    pub fn write_units(&self, before: Option<&Item>, after: Option<&Item>, atomicity: Atomicity) -> f64 {
        let indexes: f64 = self.indexes.iter().map(|index| index.write_units(&self.keys, before, after)).sum();
        base_write_units(before, after, atomicity) + indexes
    }
}

impl Index {
    /// Write units an index takes of one write. An item is in the index while it has all of the index's keys.
    ///
    /// Entering, leaving, or a change of a copied attribute: one write. A change of the index's key: two, for the old
    /// entry has to go. No copied attribute changed: none.
    pub fn write_units(&self, table_keys: &[String], before: Option<&Item>, after: Option<&Item>) -> f64 {
        let (before, after) = (self.entry(table_keys, before), self.entry(table_keys, after));
        let units = |entry: &Item| blocks(item_bytes(entry), WRITE_BLOCK);
        match (before, after) {
            (None, None) => 0.0,
            (Some(entry), None) | (None, Some(entry)) => units(&entry),
            (Some(before), Some(after)) if before == after => 0.0,
            (Some(before), Some(after)) if self.keys.iter().any(|key| before.get(key) != after.get(key)) => {
                units(&before) + units(&after)
            }
            (Some(before), Some(after)) => units(&before).max(units(&after)),
        }
    }

    /// What the index holds of an item, if it holds it.
    fn entry(&self, table_keys: &[String], item: Option<&Item>) -> Option<Item> {
        let item = item.filter(|item| self.keys.iter().all(|key| item.contains_key(key)))?;
        let copied = |name: &String| {
            self.keys.contains(name)
                || table_keys.contains(name)
                || match &self.projection {
                    Projection::All => true,
                    Projection::KeysOnly => false,
                    Projection::Include(names) => names.contains(name),
                }
        };
        Some(item.iter().filter(|(name, _)| copied(name)).map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// How many blocks of `size` bytes hold `bytes`, at least one.
fn blocks(bytes: usize, size: usize) -> f64 {
    // An item has at most 400 KB and a page 1 MB, so the count fits.
    f64::from(u32::try_from(bytes.div_ceil(size).max(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "units are multiples of one half, which floats hold exactly")]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(value: Value) -> Item {
        serde_json::from_value(value).unwrap()
    }

    /// An item of exactly `bytes` bytes: `pk` (2 + 1) and `d` (1 + the rest).
    fn sized(bytes: usize) -> Item {
        item(json!({"pk": {"S": "a"}, "d": {"S": "x".repeat(bytes - 4)}}))
    }

    fn index(projection: Projection) -> Index {
        Index { name: "gsi1".to_owned(), keys: vec!["gsi1pk".to_owned()], projection }
    }

    #[test]
    fn an_items_size_is_its_names_and_its_values() {
        for (value, bytes) in [
            (json!({}), 0),
            (json!({"pk": {"S": "abc"}}), 5),
            (json!({"pk": {"S": "é"}}), 4),
            (json!({"ok": {"BOOL": true}, "no": {"NULL": true}}), 6),
            (json!({"b": {"B": "aGVsbG8="}}), 6),
            (json!({"s": {"SS": ["ab", "c"]}}), 4),
            (json!({"n": {"NS": ["1", "100"]}}), 5),
            (json!({"b": {"BS": ["aGk=", "aGVsbG8="]}}), 8),
            (json!({"l": {"L": []}}), 4),
            (json!({"l": {"L": [{"S": "ab"}, {"BOOL": false}]}}), 4 + (1 + 2) + (1 + 1)),
            (json!({"m": {"M": {"k": {"S": "ab"}}}}), 4 + (1 + 1 + 2)),
        ] {
            assert_eq!(item_bytes(&item(value.clone())), bytes, "{value}");
        }
    }

    #[test]
    fn a_number_costs_a_byte_for_two_digits_and_one_more() {
        for (number, bytes) in [
            ("0", 1),
            ("-0", 1),
            ("7", 2),
            ("42", 2),
            ("123", 3),
            ("1000000", 2),
            ("-42", 3),
            ("0042", 2),
            ("0.001", 2),
            ("3.14", 3),
            ("12.5", 3),
            ("1.5e3", 2),
            ("1784289600", 5),
            ("12345678901234567890123456789012345678", 20),
        ] {
            assert_eq!(number_bytes(number), bytes, "{number}");
        }
    }

    #[test]
    fn reads_are_charged_by_four_kilobytes_and_freshness() {
        for (bytes, eventual) in [(0, 0.5), (1, 0.5), (4096, 0.5), (4097, 1.0), (400 * 1024, 50.0)] {
            assert_eq!(read_units(bytes, Consistency::Eventual), eventual, "{bytes}");
            assert_eq!(read_units(bytes, Consistency::Strong), eventual * 2.0, "{bytes}");
            assert_eq!(read_units(bytes, Consistency::Transactional), eventual * 4.0, "{bytes}");
        }
    }

    #[test]
    fn a_query_sums_before_it_rounds_and_a_batch_does_not() {
        let items = vec![sized(1000); 20];
        assert_eq!(query_read_units(&items, Consistency::Eventual), 2.5, "20,000 bytes are 5 blocks");
        assert_eq!(batch_read_units(items.iter().map(Some), Consistency::Eventual), 10.0);
        assert_eq!(batch_read_units([None, None], Consistency::Strong), 2.0, "a missing item costs a block");
    }

    #[test]
    fn writes_are_charged_by_the_larger_of_before_and_after() {
        let table = Table::default();
        for (before, after, units) in [
            (None, Some(sized(100)), 1.0),
            (None, Some(sized(1024)), 1.0),
            (None, Some(sized(1025)), 2.0),
            (Some(sized(3000)), Some(sized(100)), 3.0),
            (Some(sized(2500)), None, 3.0),
            (None, None, 1.0),
        ] {
            assert_eq!(table.write_units(before.as_ref(), after.as_ref(), Atomicity::Single), units);
            assert_eq!(table.write_units(before.as_ref(), after.as_ref(), Atomicity::Transaction), units * 2.0);
        }
    }

    #[test]
    fn an_index_is_written_only_when_what_it_holds_changes() {
        let keys = ["pk".to_owned()];
        let plain = item(json!({"pk": {"S": "a"}, "v": {"N": "1"}}));
        let held = item(json!({"pk": {"S": "a"}, "v": {"N": "1"}, "gsi1pk": {"S": "x"}}));
        let changed = item(json!({"pk": {"S": "a"}, "v": {"N": "2"}, "gsi1pk": {"S": "x"}}));
        let moved = item(json!({"pk": {"S": "a"}, "v": {"N": "1"}, "gsi1pk": {"S": "y"}}));
        for (projection, before, after, units) in [
            (Projection::All, None, Some(&plain), 0.0),
            (Projection::All, None, Some(&held), 1.0),
            (Projection::All, Some(&plain), Some(&held), 1.0),
            (Projection::All, Some(&held), Some(&held), 0.0),
            (Projection::All, Some(&held), Some(&changed), 1.0),
            (Projection::KeysOnly, Some(&held), Some(&changed), 0.0),
            (Projection::Include(vec!["v".to_owned()]), Some(&held), Some(&changed), 1.0),
            (Projection::Include(vec!["w".to_owned()]), Some(&held), Some(&changed), 0.0),
            (Projection::All, Some(&held), Some(&moved), 2.0),
            (Projection::All, Some(&held), Some(&plain), 1.0),
            (Projection::All, Some(&held), None, 1.0),
        ] {
            assert_eq!(index(projection.clone()).write_units(&keys, before, after), units, "{projection:?}");
        }
    }

    #[test]
    fn a_transaction_doubles_the_table_and_not_its_indexes() {
        let table = Table { keys: vec!["pk".to_owned()], indexes: vec![index(Projection::All)] };
        let held = item(json!({"pk": {"S": "a"}, "gsi1pk": {"S": "x"}}));
        assert_eq!(table.write_units(None, Some(&held), Atomicity::Single), 2.0);
        assert_eq!(table.write_units(None, Some(&held), Atomicity::Transaction), 3.0);
    }

    #[test]
    fn an_index_entry_is_as_large_as_its_projection() {
        let large = item(json!({"pk": {"S": "a"}, "gsi1pk": {"S": "x"}, "d": {"S": "x".repeat(5000)}}));
        assert_eq!(index(Projection::All).write_units(&["pk".to_owned()], None, Some(&large)), 5.0);
        assert_eq!(index(Projection::KeysOnly).write_units(&["pk".to_owned()], None, Some(&large)), 1.0);
    }
}
