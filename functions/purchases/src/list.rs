//! List Customers.

use api::{ApiError, Check, Cursors, Input, Json, PageQuery, Pagination, Params, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    Problem, PurchaseId, RepositoryId,
    purchase::{AccessStatus, PaymentStatus, Purchase},
};
use serde::Serialize;
use store::PurchaseFilter;

use crate::App;

/// `GET /api/admin/customers`: the company's purchases, newest first.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Customers>, ApiError> {
    let cursors = query.cursors(&viewer.key());
    let request = query.page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.purchases(company, query.filter, &request)).await??;
    Ok(Json(Customers {
        pagination: Pagination::of(&request, found.total, found.next.as_ref(), &cursors),
        customers: found.rows.into_iter().map(CustomerRow::from).collect(),
    }))
}

#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) page: PageQuery,
    pub(crate) filter: PurchaseFilter,
}

impl Query {
    pub(crate) fn cursors(&self, key: &[u8; 32]) -> Cursors {
        let PurchaseFilter { repository, status } = self.filter;
        let filters =
            [("repositoryId", repository.map(|it| it.to_string())), ("status", status.map(|it| it.name().to_owned()))];
        Cursors::new(key, "customers", &filters)
    }
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let page = PageQuery::check(c, 20);
        let repository = c.text_or_none("repositoryId", |text| {
            text.parse::<RepositoryId>().map_err(|_| Problem::Malformed { what: "id" })
        });
        // Ruling 6: the filter means the access status.
        let status = c.text_or_none("status", |text| {
            let known = AccessStatus::ALL.into_iter().find(|status| status.name() == text);
            known.ok_or(Problem::NotOneOf { allowed: "pending, active, revoked" })
        });
        Some(Self { page: page?, filter: PurchaseFilter { repository: repository?, status: status? } })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Customers {
    customers: Vec<CustomerRow>,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomerRow {
    id: PurchaseId,
    email: String,
    github_username: String,
    repository_name: String,
    purchase_type: &'static str,
    amount_cents: i64,
    status: PaymentStatus,
    access_status: AccessStatus,
    access_granted_at: Option<Time>,
    created_at: Time,
}

impl From<Purchase> for CustomerRow {
    fn from(purchase: Purchase) -> Self {
        Self {
            id: purchase.id,
            status: purchase.status(),
            access_status: purchase.access_status(),
            purchase_type: purchase.pricing.name(),
            email: purchase.email.to_string(),
            github_username: purchase.buyer.login,
            repository_name: purchase.repository_name.to_string(),
            amount_cents: purchase.amount_cents,
            access_granted_at: purchase.access.granted_at.map(Time),
            created_at: Time(purchase.created_at),
        }
    }
}
