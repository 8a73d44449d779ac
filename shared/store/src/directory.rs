//! Directories of long lists: where the row of a given place is, so that a page deep inside is found without walking there.
//!
//! The ids of every [`EVERY`]th row stand together in blocks. A list only ever grows at its end, so an anchor stays where it
//! is; only rows that are old enough to have nothing put in before them any more get one.

mod anchors;

use anchors::Anchors;
use domain::{
    CompanyId, Failure, LogId, Timestamp,
    paging::{Begin, PageRequest, Position},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Page, Store,
    keys::{self, List},
    table::{Freshness, Partition, Range, Start, item},
};

/// How many rows lie between two anchors: so many, less one, are read in vain at most.
const EVERY: u64 = 5;
/// How many anchors a block has: 16 bytes each, so that a block is half a read unit.
const ANCHORS: u64 = 128;
/// How many rows a block is about.
const ROWS: u64 = EVERY * ANCHORS;

/// Where the row of a given place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The sort key of the row to begin at.
    pub from: String,
    /// How many rows to skip from there.
    pub skip: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Block {
    number: u64,
    /// How many rows it is about so far.
    rows: u64,
    /// The last of them.
    last: String,
    anchors: Anchors,
    rev: u64,
}

/// A row, of which only the place is wanted. The table gives its sort key this name.
#[derive(Deserialize)]
struct Row {
    id: String,
}

impl Block {
    /// Takes in rows until it is full; answers with how many.
    fn take(&mut self, rows: &[Row]) -> usize {
        let room = usize::try_from(ROWS - self.rows).unwrap_or(0);
        for row in rows.iter().take(room) {
            if self.rows.is_multiple_of(EVERY) {
                self.anchors.push(&row.id);
            }
            self.rows += 1;
            self.last.clone_from(&row.id);
        }
        rows.len().min(room)
    }
}

impl Store {
    /// Takes rows of a list that are older than `before` into its directory, `limit` of them at most; answers with how many.
    /// Of two runs at once one comes to nothing.
    pub async fn extend_directory(
        &self,
        company: CompanyId,
        list: List,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, Failure> {
        let (pk, upto) = (list.partition(company), LogId::earliest(before).to_string());
        let newest = Partition { index: None, pk: &keys::directory(company, list), newest_first: true, limit: Some(1) };
        let mut block = self.table.query::<Block>(newest).await?.pop().unwrap_or_default();
        let after = Some(block.last.clone()).filter(|last| !last.is_empty());
        let range = Range {
            index: None,
            pk: &pk,
            from: Start::after(after.as_deref()),
            upto: Some(&upto),
            limit,
            freshness: Freshness::Strong,
        };
        let rows: Vec<Row> = self.table.range(range).await?;
        let mut taken = 0;
        while taken < rows.len() {
            if block.rows == ROWS {
                block = Block { number: block.number + 1, ..Block::default() };
            }
            let more = block.take(&rows[taken..]);
            if !self.write_block(company, list, &mut block).await? {
                break;
            }
            taken += more;
        }
        Ok(taken)
    }

    async fn write_block(&self, company: CompanyId, list: List, block: &mut Block) -> Result<bool, Failure> {
        let read = block.rev;
        block.rev += 1;
        let row = item("directory", &keys::directory_block(company, list, block.number), block)?;
        self.table.write_if(self.table.put_next(row, read)?).await
    }

    /// Where the row is that has `place` rows before it, the oldest row first; `None` when the directory does not know yet.
    pub async fn position(&self, company: CompanyId, list: List, place: u64) -> Result<Option<Place>, Failure> {
        let key = keys::directory_block(company, list, place / ROWS);
        let block: Option<Block> = self.table.get(&key, Freshness::Eventual).await?;
        let anchor = block.and_then(|block| block.anchors.get(usize::try_from(place % ROWS / EVERY).ok()?));
        Ok(anchor.map(|from| Place { from, skip: usize::try_from(place % EVERY).unwrap_or(0) }))
    }

    /// A page of a whole list that has `total` rows, by its number. `None` when the directory is of no help: near both ends,
    /// where walking costs less, and for what is not in it yet.
    pub(crate) async fn page_by_directory<T: DeserializeOwned>(
        &self,
        company: CompanyId,
        list: List,
        total: u64,
        request: &PageRequest,
        id: impl Fn(&T) -> String,
    ) -> Result<Option<Page<T>>, Failure> {
        let Begin::Skip(newer) = request.begin else { return Ok(None) };
        let behind = u64::try_from(newer + request.limit).unwrap_or(u64::MAX);
        let Some(place) = total.checked_sub(behind) else { return Ok(None) };
        if newer.min(usize::try_from(place).unwrap_or(usize::MAX)) <= request.limit {
            return Ok(None);
        }
        let Some(Place { from, skip }) = self.position(company, list, place).await? else { return Ok(None) };
        let range = Range {
            index: None,
            pk: &list.partition(company),
            from: Start::At(&from),
            upto: None,
            limit: skip + request.limit,
            freshness: Freshness::Eventual,
        };
        let mut rows: Vec<T> = self.table.range(range).await?;
        rows.drain(..skip.min(rows.len()));
        rows.reverse();
        // There are older rows, or the walk from the end would have been shorter.
        let next = rows.last().map(|last| Position { id: id(last), skipped: newer + rows.len() });
        Ok(Some(Page { rows, total, next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Row> {
        (0..count).map(|n| Row { id: format!("0190b5a0-0000-7000-8000-{n:012x}") }).collect()
    }

    #[test]
    fn every_fifth_row_of_a_block_is_an_anchor_and_a_full_block_takes_no_more() {
        let (mut block, rows) = (Block::default(), rows(1000));
        assert_eq!(block.take(&rows[..7]), 7);
        assert_eq!(block.take(&rows[7..]), 633);
        assert_eq!(block.take(&rows[640..]), 0);
        assert_eq!((block.rows, &block.last), (640, &rows[639].id));
        for place in [0_usize, 1, 127] {
            assert_eq!(block.anchors.get(place).unwrap(), rows[place * 5].id);
        }
        assert_eq!(block.anchors.get(128), None);
    }
}
