//! Pages of lists (contract `repopass.md`, "Pagination"; rulings 3 to 5), and how `cargoman.md` spells them.

use domain::{
    Problem,
    paging::{Begin, PageRequest, Position, TooDeep},
};
use serde::Serialize;

use crate::{ApiError, Check, Cursors};

/// No list has so many pages.
const LAST_PAGE: i64 = 1_000_000_000;

/// Which page is asked for: by its number, or by the cursor that the page before it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// From 1; without one, the first.
    page: Option<u32>,
    cursor: Option<String>,
    /// Rows on a page: 1 to 100.
    limit: u32,
}

impl PageQuery {
    /// Reads `page` (default 1) or `cursor`, and `limit` (default `default_limit`, at most 100; outside is an error).
    pub fn check(check: &mut Check, default_limit: u32) -> Option<Self> {
        Self::check_named(check, "limit", default_limit)
    }

    /// The same as the contract `cargoman.md` spells it: `per_page` (default 20) instead of `limit`.
    pub fn check_per_page(check: &mut Check) -> Option<Self> {
        Self::check_named(check, "per_page", 20)
    }

    fn check_named(check: &mut Check, limit: &'static str, default_limit: u32) -> Option<Self> {
        let limit = check.integer_or_none(limit, |limit| within(limit, 1, 100));
        let page = check.integer_or_none("page", |page| within(page, 1, LAST_PAGE));
        let cursor = check.text_or_none("cursor", |text| Ok(text.to_owned()));
        if let (Some(Some(_)), Some(Some(_))) = (&page, &cursor) {
            return check.problem("cursor", Problem::Conflicting { rule: "Must not be given together with page" });
        }
        Some(Self { page: page?, cursor: cursor?, limit: limit?.unwrap_or(default_limit) })
    }

    /// The page of a list.
    ///
    /// # Errors
    /// When the cursor is none of the list's.
    pub fn request(&self, cursors: &Cursors) -> Result<PageRequest, ApiError> {
        let limit = self.limit as usize;
        let begin = match &self.cursor {
            Some(cursor) => Begin::After(cursors.read(cursor)?),
            None => Begin::Skip((self.page.unwrap_or(1) as usize - 1) * limit),
        };
        Ok(PageRequest { begin, limit })
    }

    /// The page of a list that was read whole, and what the answer says of it.
    ///
    /// # Errors
    /// When the cursor is none of the list's.
    pub fn of_all<T>(
        &self,
        rows: Vec<T>,
        cursors: &Cursors,
        id: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Pagination), ApiError> {
        let request = self.request(cursors)?;
        let total = rows.len();
        let skip = match &request.begin {
            Begin::Skip(skip) => *skip,
            // A row that is gone is where it was.
            Begin::After(position) => {
                rows.iter().position(|row| id(row) == position.id).map_or(position.skipped, |place| place + 1)
            }
        };
        let page: Vec<T> = rows.into_iter().skip(skip).take(request.limit).collect();
        let last = page.last().filter(|_| skip + page.len() < total);
        let next = last.map(|last| Position { id: id(last), skipped: skip + page.len() });
        let pagination = Pagination::of(&request, total as u64, next.as_ref(), cursors);
        Ok((page, pagination))
    }
}

/// A page of a list as the contract `cargoman.md` answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing<T> {
    /// The rows.
    data: Vec<T>,
    pagination: CargomanPagination,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CargomanPagination {
    page: usize,
    per_page: usize,
    total: u64,
    total_pages: u64,
    /// An extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// These rows, and what there is to say of the page.
    pub fn of(rows: impl IntoIterator<Item = impl Into<T>>, pagination: Pagination) -> Self {
        let Pagination { page, limit: per_page, total, total_pages, next_cursor, .. } = pagination;
        let pagination = CargomanPagination { page, per_page, total, total_pages, next_cursor };
        Self { data: rows.into_iter().map(Into::into).collect(), pagination }
    }
}

/// What a list says of its pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    page: usize,
    limit: usize,
    total: u64,
    total_pages: u64,
    has_next: bool,
    has_previous: bool,
    /// An extension: where the next page begins, whatever is added to the list meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Pagination {
    /// What the answer to `request` says of a page, when the list has `total` rows and the next page begins at `next`.
    pub fn of(request: &PageRequest, total: u64, next: Option<&Position>, cursors: &Cursors) -> Self {
        Self {
            page: request.skipped() / request.limit + 1,
            limit: request.limit,
            total,
            total_pages: total.div_ceil(request.limit as u64),
            has_next: next.is_some(),
            has_previous: request.skipped() > 0,
            next_cursor: next.map(|next| cursors.write(next)),
        }
    }
}

impl From<TooDeep> for ApiError {
    fn from(_: TooDeep) -> Self {
        Self::field(
            "page",
            Problem::Unusable { reason: "Too far from both ends of the list; follow the cursors instead" },
        )
    }
}

fn within(value: i64, min: i64, max: i64) -> Result<u32, Problem> {
    let problem = Problem::OutOfRange { min, max };
    if (min..=max).contains(&value) { u32::try_from(value).map_err(|_| problem) } else { Err(problem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&[7; 32], "customers", &[])
    }

    fn query(text: &[(&str, &str)]) -> Result<PageRequest, ApiError> {
        let mut check =
            Check::query(text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        let page = PageQuery::check(&mut check, 20);
        check.finish(page)?.request(&cursors())
    }

    fn position() -> Position {
        Position { id: "0190b5a0-0000-7000-8000-000000000001".to_owned(), skipped: 40 }
    }

    #[test]
    fn pages_outside_their_range_are_refused_and_both_fields_named() {
        assert_eq!(query(&[]).unwrap(), PageRequest::first(20));
        assert_eq!(query(&[("page", "3"), ("limit", "100")]).unwrap().skipped(), 200);
        let named =
            |text| query(text).unwrap_err().fields.iter().map(|field| field.field.to_string()).collect::<Vec<_>>();
        assert_eq!(named(&[("page", "0"), ("limit", "101")]), ["limit", "page"]);
        assert_eq!(named(&[("page", "x")]), ["page"]);
        assert_eq!(named(&[("page", "99999999999999999999")]), ["page"]);
        assert_eq!(named(&[("cursor", "00")]), ["cursor"]);
        assert_eq!(named(&[("cursor", &cursors().write(&position())), ("page", "2")]), ["cursor"]);
    }

    #[test]
    fn cargoman_spells_it_its_own_way() {
        let mut check = Check::query(vec![("per_page".to_owned(), "2".to_owned())]);
        let page = PageQuery::check_per_page(&mut check).unwrap();
        let (rows, pagination) = page.of_all(vec!["a", "b", "c"], &cursors(), |row| (*row).to_owned()).unwrap();
        let next = cursors().write(&Position { id: "b".to_owned(), skipped: 2 });
        let expected = serde_json::json!({
            "data": ["a", "b"],
            "pagination": {"page": 1, "per_page": 2, "total": 3, "total_pages": 2, "next_cursor": next}
        });
        assert_eq!(serde_json::to_value(Listing::<String>::of(rows, pagination)).unwrap(), expected);
    }

    #[test]
    fn a_cursor_says_where_the_page_begins() {
        let request = query(&[("cursor", &cursors().write(&position()))]).unwrap();
        assert_eq!(request, PageRequest { begin: Begin::After(position()), limit: 20 });
        let pagination = serde_json::to_value(Pagination::of(&request, 45, None, &cursors())).unwrap();
        let expected = serde_json::json!({
            "page": 3, "limit": 20, "total": 45, "totalPages": 3, "hasNext": false, "hasPrevious": true
        });
        assert_eq!(pagination, expected);
    }

    #[test]
    fn a_list_that_was_read_whole_is_led_through_in_any_order() {
        let check = |cursor: Option<String>| PageQuery { page: None, cursor, limit: 2 };
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let rows = vec!["b", "a", "d", "c", "e"];
            let (page, told) = check(cursor).of_all(rows, &cursors(), |row| (*row).to_owned()).unwrap();
            seen.extend(page);
            assert_eq!(told.total, 5);
            cursor = told.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["b", "a", "d", "c", "e"]);
    }

    #[test]
    fn only_a_page_with_a_next_one_has_a_cursor() {
        let first = PageRequest::first(20);
        let next = Position { skipped: 20, ..position() };
        let told = serde_json::to_value(Pagination::of(&first, 45, Some(&next), &cursors())).unwrap();
        assert_eq!((&told["page"], &told["hasNext"], &told["hasPrevious"]), (&1.into(), &true.into(), &false.into()));
        assert_eq!(told["nextCursor"], cursors().write(&next));
    }
}
