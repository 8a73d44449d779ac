//! What lists take when they are long: the first page, the last one, and one that a cursor leads to.

use http::StatusCode;
use serde_json::Value;

use crate::{
    bulk::{self, List},
    endpoints::ok,
    package_customers,
    shop::{Shop, Texts, measured},
    table::{Budget, Table},
};

/// Rows on a page.
const PAGE: u64 = 20;
/// A page behind more rows than this, from either end, is refused: a cursor leads there.
const MOST_SKIPPED: u32 = 10_000;

/// A shop with a bit of everything, of which lists are made longer.
pub(crate) async fn open() -> (Shop, String) {
    let mut shop = Shop::open(Texts::Short).await;
    let theme = shop.list("theme", false).await;
    shop.list("toolkit", true).await;
    shop.checkout(&theme).await;
    let refunded = shop.sell(&theme).await;
    shop.t.stripe().refund(&refunded.session, None);
    shop.deliver().await;
    shop.t.settle().await;
    shop.sell(&theme).await;
    (shop, theme)
}

/// Each list at this length.
pub(crate) async fn measure(rows: usize, table: &mut Table) {
    for list in [List::Customers, List::Repositories, List::Logs, List::PackageCustomers, List::Packages] {
        let (shop, repository) = open().await;
        package_customers::make(&shop, 3).await;
        package_customers::grant_all(&shop, bulk::PACKAGE).await;
        // Nobody sells a million repositories.
        let rows = if list == List::Repositories { rows.min(10_000) } else { rows };
        bulk::fill(&shop.t, list, rows).await;
        for (what, path, budget) in lists(list, rows, &repository) {
            let pages = Pages { shop: &shop, what: format!("{what} of {rows}"), path, budget };
            pages.measure(table).await;
        }
        if list == List::Customers {
            let usage = ok(&shop, "/api/admin/dashboard?period=1y").await.0;
            table.add(format!("dashboard with {rows} purchases"), usage, Budget::dashboard());
        }
        shop.t.finish().await;
    }
}

/// The lists of this kind of rows: what they are called, their path, their budget.
fn lists(list: List, rows: usize, repository: &str) -> Vec<(&'static str, String, Budget)> {
    let (customers, logs) = ("/api/admin/customers?", "/api/admin/access-logs?");
    match list {
        List::Customers => vec![
            ("customers", customers.to_owned(), Budget::list()),
            ("customers by status", format!("{customers}status=active&"), Budget::filtered_list()),
            ("customers by repository", format!("{customers}repositoryId={repository}&"), Budget::filtered_list()),
            (
                "customers by both",
                format!("{customers}repositoryId={repository}&status=active&"),
                Budget::filtered_list(),
            ),
        ],
        List::PackageCustomers => vec![
            ("package customers", "/api/v1/customers?".to_owned(), Budget::list()),
            ("package customers by status", "/api/v1/customers?status=active&".to_owned(), Budget::filtered_list()),
            (
                "customers of a package",
                format!("/api/v1/packages/{}/customers?", bulk::PACKAGE),
                Budget::customers_of_package(rows),
            ),
        ],
        List::Packages => vec![("packages", "/api/v1/packages?".to_owned(), Budget::list())],
        List::Repositories => vec![("repositories", "/api/admin/repositories?".to_owned(), Budget::list())],
        List::Logs => vec![
            ("logs", logs.to_owned(), Budget::list()),
            ("logs by action", format!("{logs}action=collaborator_added&"), Budget::filtered_list()),
            ("logs by status", format!("{logs}status=success&"), Budget::filtered_list()),
            ("logs by repository", format!("{logs}repositoryId={repository}&"), Budget::filtered_list()),
            (
                "logs by repository and action",
                format!("{logs}repositoryId={repository}&action=collaborator_added&"),
                Budget::filtered_list(),
            ),
        ],
    }
}

struct Pages<'a> {
    shop: &'a Shop,
    what: String,
    path: String,
    budget: Budget,
}

impl Pages<'_> {
    async fn measure(&self, table: &mut Table) {
        let first = self.page(table, "page 1", "page=1", self.budget).await;
        let pagination = &first["pagination"];
        if let Some(cursor) = pagination["nextCursor"].as_str().or(pagination["next_cursor"].as_str()) {
            self.page(table, "by cursor", &format!("cursor={cursor}"), self.budget).await;
        }
        let pages = pagination["totalPages"].as_u64().or(pagination["total_pages"].as_u64()).unwrap();
        self.page(table, "last page", &format!("page={pages}"), self.budget).await;
        self.middle(table, pages.div_ceil(2)).await;
    }

    /// What the contract calls the number of rows on a page.
    fn limit(&self) -> &'static str {
        if self.path.starts_with("/api/v1/") { "per_page" } else { "limit" }
    }

    /// A page that is walked to, if it is not too far. Who has a package is read whole.
    async fn middle(&self, table: &mut Table, page: u64) {
        let skipped = u32::try_from((page - 1) * PAGE).unwrap();
        let whole = self.path.contains("/packages/");
        // Customers of packages are numbered, so a page of all of them is found at once.
        let numbered = self.path == "/api/v1/customers?";
        let found = whole || numbered || skipped <= MOST_SKIPPED;
        let path = format!("{}page={page}&{}={PAGE}", self.path, self.limit());
        let (usage, answer) = measured(self.shop.t.get(&path)).await;
        assert_eq!(answer.status, if found { StatusCode::OK } else { StatusCode::BAD_REQUEST }, "{path}: {answer}");
        let walked = found && !whole && !numbered;
        let budget = if walked { self.budget.walking(skipped) } else { self.budget };
        table.add(format!("{}, page in the middle", self.what), usage, budget);
    }

    async fn page(&self, table: &mut Table, what: &str, page: &str, budget: Budget) -> Value {
        let (usage, answer) = ok(self.shop, &format!("{}{page}&{}={PAGE}", self.path, self.limit())).await;
        table.add(format!("{}, {what}", self.what), usage, budget);
        answer
    }
}
