//! List Customers.

use api::{ApiError, Check, Input, Json, PageQuery, Pagination, Params, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    Problem, PurchaseId, RepositoryId,
    purchase::{AccessStatus, PaymentStatus, Purchase},
};
use serde::Serialize;
use store::{PageRequest, PurchaseFilter};

use crate::App;

/// `GET /api/admin/customers`: the company's purchases, newest first.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Customers>, ApiError> {
    let page = PageRequest { skip: query.page.skip(), limit: query.page.limit as usize };
    let found = viewer.reading(|company| app.store.purchases(company, query.filter, page)).await?;
    Ok(Json(Customers {
        pagination: query.page.of(found.total),
        customers: found.rows.into_iter().map(CustomerRow::from).collect(),
    }))
}

#[derive(Debug)]
pub(crate) struct Query {
    page: PageQuery,
    filter: PurchaseFilter,
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
