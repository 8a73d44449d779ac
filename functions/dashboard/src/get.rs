//! Get Dashboard Metrics.

use api::{ApiError, Check, Input, Json, Params, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    CompanyId, Failure, PurchaseId,
    dashboard::{Metrics, Period},
    purchase::{FailedPayment, Purchase},
};
use serde::Serialize;
use store::{Figures, day_number};

use crate::App;

/// Rows of each of the two lists.
const NEWEST: usize = 10;

/// `GET /api/admin/dashboard`: the figures of a period, and what happened last. Everything is read at once.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    Params(Query { period }): Params<Query>,
) -> Result<Json<Dashboard>, ApiError> {
    let (figures, sales, failed) = viewer.reading(|company| read(&app, company, period)).await?;
    Ok(Json(Dashboard {
        period: period.name(),
        metrics: Metrics::of(&figures.now, &figures.period).into(),
        recent_sales: sales.into_iter().map(SaleView::from).collect(),
        failed_payments: failed.into_iter().map(FailureView::from).collect(),
    }))
}

async fn read(
    app: &App,
    company: CompanyId,
    period: Period,
) -> Result<(Figures, Vec<Purchase>, Vec<FailedPayment>), Failure> {
    let today = day_number(app.clock.now());
    futures::try_join!(
        app.store.figures(company, period.days().map(|days| today - days + 1)),
        app.store.recent_sales(company, NEWEST),
        app.store.failed_payments(company, NEWEST),
    )
}

#[derive(Debug)]
pub(crate) struct Query {
    period: Period,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { period: c.text_or_none("period", Period::parse)?.unwrap_or(Period::Month) })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dashboard {
    period: &'static str,
    metrics: MetricsView,
    recent_sales: Vec<SaleView>,
    failed_payments: Vec<FailureView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricsView {
    total_revenue_cents: i64,
    total_purchases: i64,
    active_purchases: i64,
    active_subscriptions: i64,
    churn_rate: f64,
    conversion_rate: f64,
    average_order_value_cents: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SaleView {
    id: PurchaseId,
    repository_name: String,
    email: String,
    amount_cents: i64,
    created_at: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureView {
    id: PurchaseId,
    email: String,
    repository_name: String,
    amount_cents: i64,
    reason: String,
    created_at: Time,
}

impl From<Metrics> for MetricsView {
    fn from(metrics: Metrics) -> Self {
        Self {
            total_revenue_cents: metrics.total_revenue_cents,
            total_purchases: metrics.total_purchases,
            active_purchases: metrics.active_purchases,
            active_subscriptions: metrics.active_subscriptions,
            churn_rate: metrics.churn_rate,
            conversion_rate: metrics.conversion_rate,
            average_order_value_cents: metrics.average_order_value_cents,
        }
    }
}

impl From<Purchase> for SaleView {
    fn from(purchase: Purchase) -> Self {
        Self {
            id: purchase.id,
            repository_name: purchase.repository_name.to_string(),
            email: purchase.email.to_string(),
            amount_cents: purchase.amount_cents,
            created_at: Time(purchase.created_at),
        }
    }
}

impl From<FailedPayment> for FailureView {
    fn from(failed: FailedPayment) -> Self {
        Self {
            id: failed.purchase,
            email: failed.email.to_string(),
            repository_name: failed.repository_name.to_string(),
            amount_cents: failed.amount_cents,
            reason: failed.reason,
            created_at: Time(failed.at),
        }
    }
}
