//! Pages of lists (contract `repopass.md`, "Pagination"; rulings 4 and 5).

use domain::Problem;
use serde::Serialize;

use crate::Check;

/// The rows before a page that are still skipped. What lies deeper is not looked for by page number.
const MOST_SKIPPED: i64 = 10_000;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// From 1.
    pub page: u32,
    /// Rows on a page: 1 to 100.
    pub limit: u32,
}

impl PageQuery {
    /// Reads `page` (default 1) and `limit` (default `default_limit`, at most 100; outside is an error).
    pub fn check(check: &mut Check, default_limit: u32) -> Option<Self> {
        let limit = check.integer_or_none("limit", |limit| within(limit, 1, 100));
        let deepest = MOST_SKIPPED / i64::from(limit.flatten().unwrap_or(default_limit)) + 1;
        let page = check.integer_or_none("page", |page| within(page, 1, deepest));
        Some(Self { page: page?.unwrap_or(1), limit: limit?.unwrap_or(default_limit) })
    }

    /// Rows before the page.
    pub fn skip(self) -> usize {
        (self.page as usize - 1) * self.limit as usize
    }

    /// What the answer says of the page.
    pub fn of(self, total: u64) -> Pagination {
        let total_pages = total.div_ceil(self.limit.into());
        Pagination {
            page: self.page,
            limit: self.limit,
            total,
            total_pages,
            has_next: u64::from(self.page) < total_pages,
            has_previous: self.page > 1,
        }
    }
}

fn within(value: i64, min: i64, max: i64) -> Result<u32, Problem> {
    let problem = Problem::OutOfRange { min, max };
    if (min..=max).contains(&value) { u32::try_from(value).map_err(|_| problem) } else { Err(problem) }
}

/// What a list says of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    page: u32,
    limit: u32,
    total: u64,
    total_pages: u64,
    has_next: bool,
    has_previous: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &[(&str, &str)]) -> Result<PageQuery, crate::ApiError> {
        let mut check =
            Check::query(text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        let page = PageQuery::check(&mut check, 20);
        check.finish(page)
    }

    #[test]
    fn pages_outside_their_range_are_refused_and_both_fields_named() {
        assert_eq!(query(&[]).unwrap(), PageQuery { page: 1, limit: 20 });
        assert_eq!(query(&[("page", "3"), ("limit", "100")]).unwrap().skip(), 200);
        let named = |text| query(text).unwrap_err().fields.iter().map(|field| field.field).collect::<Vec<_>>();
        assert_eq!(named(&[("page", "0"), ("limit", "101")]), ["limit", "page"]);
        assert_eq!(named(&[("page", "x")]), ["page"]);
        assert_eq!(named(&[("page", "502")]), ["page"], "too deep");
        assert_eq!(named(&[("page", "99999999999999999999")]), ["page"]);
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = |page| serde_json::to_value(PageQuery { page, limit: 20 }.of(45)).unwrap();
        assert_eq!(
            page(3),
            serde_json::json!({"page": 3, "limit": 20, "total": 45, "totalPages": 3, "hasNext": false, "hasPrevious": true})
        );
        assert_eq!(page(1)["hasNext"], true);
    }
}
