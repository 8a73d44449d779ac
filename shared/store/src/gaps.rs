//! Which numbers of customers are not used any more. Customers are numbered one after the other, so with the gaps the place of a
//! row in the list of all tells its number, and a page in the middle is found without walking there.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CompanyId, Failure,
    customer::{Customer, CustomerId},
    paging::{Begin, PageRequest, Position},
};
use serde::Deserialize;

use crate::{
    Page, Store,
    keys::{self, customer_place},
    table::{Freshness, Range, Start, Write},
};

/// How many numbers one item is about, so that it stays below a kilobyte.
const NUMBERS: u64 = 128;

#[derive(Deserialize)]
struct Gaps {
    gone: Vec<u64>,
}

impl Store {
    /// Notes that a customer is gone.
    pub(crate) fn gap_write(&self, company: CompanyId, id: CustomerId) -> Result<Write, Failure> {
        let number = AttributeValue::Ns(vec![id.number().to_string()]);
        let key = keys::gaps_of_customers(company, u64::from(id.number()) / NUMBERS);
        self.table.update(&key, "ADD gone :number", vec![(":number".to_owned(), number)], None)
    }

    /// A page of all customers, of whom there are `total` and were made `made`, by its number. `None` when that is of no help:
    /// near both ends, where walking costs less, or when what was read does not fit together at this moment.
    pub(crate) async fn page_by_number(
        &self,
        company: CompanyId,
        (total, made): (u64, u64),
        request: &PageRequest,
    ) -> Result<Option<Page<Customer>>, Failure> {
        let Begin::Skip(newer) = request.begin else { return Ok(None) };
        let behind = u64::try_from(newer + request.limit).unwrap_or(u64::MAX);
        let Some(older) = total.checked_sub(behind) else { return Ok(None) };
        if newer.min(usize::try_from(older).unwrap_or(usize::MAX)) <= request.limit {
            return Ok(None);
        }
        let gaps: Vec<Gaps> = self.all(&keys::all_gaps_of_customers(company)).await?;
        let gaps: Vec<u64> = gaps.into_iter().flat_map(|gaps| gaps.gone).collect();
        let fits = u64::try_from(gaps.len()).is_ok_and(|gaps| gaps + total == made);
        let Some(first) = CustomerId::of_number(number_at(older, gaps)).filter(|_| fits) else { return Ok(None) };
        let range = Range {
            index: None,
            pk: &keys::customers(company),
            from: Start::At(&customer_place(first)),
            upto: None,
            limit: request.limit,
            freshness: Freshness::Eventual,
        };
        let mut rows: Vec<Customer> = self.table.range(range).await?;
        rows.reverse();
        // There are older rows, or the walk from the end would have been shorter.
        let next = rows.last().map(|last| Position { id: customer_place(last.id), skipped: newer + rows.len() });
        Ok(Some(Page { rows, total, next }))
    }
}

/// The number of the customer that has `older` before it, if the numbers begin with 1 and these are not used.
fn number_at(older: u64, mut gaps: Vec<u64>) -> u64 {
    gaps.sort_unstable();
    gaps.into_iter().fold(older + 1, |number, gap| if gap <= number { number + 1 } else { number })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_number_is_that_which_counting_finds(gaps in proptest::collection::btree_set(1..60_u64, 0..40), older in 0..50_u64) {
            let counted = (1..).filter(|number| !gaps.contains(number)).nth(usize::try_from(older).unwrap());
            prop_assert_eq!(Some(number_at(older, gaps.into_iter().rev().collect())), counted);
        }
    }
}
