//! Get Access Logs.

use std::collections::BTreeMap;

use api::{ApiError, Check, Cursors, Input, Json, PageQuery, Pagination, Params, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    LogId, Problem, PurchaseId, RepositoryId,
    log::{Action, Actor, LogEntry, LogStatus},
};
use serde::Serialize;
use store::LogFilter;

use crate::App;

/// `GET /api/admin/access-logs`: the company's log, newest line first.
pub(crate) async fn logs(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Logs>, ApiError> {
    let cursors = query.cursors(&viewer.key());
    let request = query.page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.logs(company, query.filter, &request)).await??;
    Ok(Json(Logs {
        pagination: Pagination::of(&request, found.total, found.next.as_ref(), &cursors),
        logs: found.rows.into_iter().map(LogRow::from).collect(),
    }))
}

#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) page: PageQuery,
    pub(crate) filter: LogFilter,
}

impl Query {
    pub(crate) fn cursors(&self, key: &[u8; 32]) -> Cursors {
        let LogFilter { purchase, repository, action, status } = self.filter;
        let filters = [
            ("purchaseId", purchase.map(|it| it.to_string())),
            ("repositoryId", repository.map(|it| it.to_string())),
            ("action", action.map(|it| it.name().to_owned())),
            ("status", status.map(|it| it.name().to_owned())),
        ];
        Cursors::new(key, "access-logs", &filters)
    }
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        const MALFORMED: Problem = Problem::Malformed { what: "id" };
        let page = PageQuery::check(c, 50);
        let purchase = c.text_or_none("purchaseId", |text| text.parse::<PurchaseId>().map_err(|_| MALFORMED));
        let repository = c.text_or_none("repositoryId", |text| text.parse::<RepositoryId>().map_err(|_| MALFORMED));
        let action = c.text_or_none("action", |text| {
            let known = Action::ALL.iter().find(|action| action.name() == text);
            known.copied().ok_or(Problem::Unusable { reason: "There is no such action" })
        });
        let status = c.text_or_none("status", |text| {
            let known = LogStatus::ALL.into_iter().find(|status| status.name() == text);
            known.ok_or(Problem::NotOneOf { allowed: "success, failed, retry" })
        });
        let filter = LogFilter { purchase: purchase?, repository: repository?, action: action?, status: status? };
        Some(Self { page: page?, filter })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Logs {
    logs: Vec<LogRow>,
    pagination: Pagination,
}

/// The contract's fields; those after `created_at` are extensions, shown where they apply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogRow {
    id: LogId,
    purchase_id: Option<PurchaseId>,
    action: Action,
    status: LogStatus,
    metadata: BTreeMap<String, String>,
    created_at: Time,
    actor: ActorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_id: Option<RepositoryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    changes: BTreeMap<String, ChangeView>,
}

/// Who did it.
#[derive(Debug, Serialize)]
struct ActorView {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    before: String,
    after: String,
}

impl From<LogEntry> for LogRow {
    fn from(line: LogEntry) -> Self {
        let changes = line.changes.into_iter();
        Self {
            id: line.id,
            purchase_id: line.purchase,
            action: line.action,
            status: line.status,
            metadata: line.metadata,
            created_at: Time(line.created_at),
            actor: line.actor.into(),
            repository_id: line.repository,
            request_id: line.request,
            changes: changes.map(|(name, (before, after))| (name, ChangeView { before, after })).collect(),
        }
    }
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let name = actor.name().to_owned();
        let (kind, id) = match actor {
            Actor::Stripe => ("stripe", None),
            Actor::Github => ("github", None),
            Actor::Forge => ("forge", None),
            Actor::Tollgate => ("tollgate", None),
            Actor::Buyer => ("buyer", None),
            Actor::User { id, .. } => ("user", Some(id)),
            Actor::Token { id, .. } => ("token", Some(id)),
        };
        Self { kind, name, id }
    }
}
