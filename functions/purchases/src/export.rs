//! The customers and the access logs as CSV: extensions of the contract. Who took a copy is written down.

use api::{ApiError, Csv, Params};
use auth::{Confirmed, Viewer};
use axum::extract::State;
use domain::{
    Failure, RepositoryId, Timestamp,
    log::{Action, LogEntry},
    paging::{Begin, PageRequest, Position},
    purchase::Purchase,
};

use crate::{App, list, logs};

/// Rows that are read at once.
const ROWS: usize = 500;
/// Bytes after which a file ends with a link to its continuation: Lambda answers with 6 MB at most, and 500 rows have less
/// than one.
const MOST_BYTES: usize = 4_000_000;

/// `GET /api/admin/customers.csv`: List Customers as CSV, with its filters.
pub(crate) async fn customers(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<list::Query>,
) -> Result<Csv, ApiError> {
    let cursors = query.cursors(&viewer.key());
    let mut request = PageRequest { limit: ROWS, ..query.page.request(&cursors)? };
    let read = viewer.confirmed_reading(|company| app.store.purchases(company, query.filter, &request));
    let (caller, mut found) = read.await?;
    write_down(&app, &caller, "customers", query.filter.repository).await?;
    let mut csv = Csv::new("customers.csv", CUSTOMERS);
    loop {
        let page = found?;
        page.rows.iter().for_each(|purchase| csv.row(&customer(purchase)));
        let Some(next) = next(page.next, &mut request, &csv) else { return Ok(csv) };
        if let Continued::InAnotherFile(position) = next {
            csv.continued_at(cursors.link("/api/admin/customers.csv", &position));
            return Ok(csv);
        }
        found = app.store.purchases(caller.company, query.filter, &request).await?;
    }
}

/// `GET /api/admin/access-logs.csv`: Get Access Logs as CSV, with its filters.
pub(crate) async fn access_logs(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<logs::Query>,
) -> Result<Csv, ApiError> {
    let cursors = query.cursors(&viewer.key());
    let mut request = PageRequest { limit: ROWS, ..query.page.request(&cursors)? };
    let read = viewer.confirmed_reading(|company| app.store.logs(company, query.filter, &request));
    let (caller, mut found) = read.await?;
    write_down(&app, &caller, "access-logs", query.filter.repository).await?;
    let mut csv = Csv::new("access-logs.csv", LOGS);
    loop {
        let page = found?;
        page.rows.iter().for_each(|line| csv.row(&log_line(line)));
        let Some(next) = next(page.next, &mut request, &csv) else { return Ok(csv) };
        if let Continued::InAnotherFile(position) = next {
            csv.continued_at(cursors.link("/api/admin/access-logs.csv", &position));
            return Ok(csv);
        }
        found = app.store.logs(caller.company, query.filter, &request).await?;
    }
}

enum Continued {
    Here,
    InAnotherFile(Position),
}

/// Where the rows go on, if there are more.
fn next(position: Option<Position>, request: &mut PageRequest, csv: &Csv) -> Option<Continued> {
    let position = position?;
    if csv.size() > MOST_BYTES {
        return Some(Continued::InAnotherFile(position));
    }
    request.begin = Begin::After(position);
    Some(Continued::Here)
}

async fn write_down(
    app: &App,
    caller: &Confirmed,
    what: &str,
    repository: Option<RepositoryId>,
) -> Result<(), Failure> {
    let line = caller.record(Action::Exported, app.clock.now(), &app.random);
    let line = LogEntry { repository, ..line }.with("list", Some(what));
    app.store.append_log(caller.company, &line).await
}

const CUSTOMERS: &[&str] = &[
    "id",
    "email",
    "githubUsername",
    "repositoryId",
    "repositoryName",
    "purchaseType",
    "amountCents",
    "paidCents",
    "refundedCents",
    "currency",
    "status",
    "accessStatus",
    "accessGrantedAt",
    "createdAt",
];

fn customer(purchase: &Purchase) -> [String; 14] {
    [
        purchase.id.to_string(),
        purchase.email.to_string(),
        purchase.buyer.login.clone(),
        purchase.repository.to_string(),
        purchase.repository_name.to_string(),
        purchase.pricing.name().to_owned(),
        purchase.amount_cents.to_string(),
        purchase.facts.paid_cents().to_string(),
        purchase.facts.refunded_cents().to_string(),
        purchase.currency.clone(),
        purchase.status().name().to_owned(),
        purchase.access_status().name().to_owned(),
        purchase.access.granted_at.map(time).unwrap_or_default(),
        time(purchase.created_at),
    ]
}

const LOGS: &[&str] =
    &["id", "purchaseId", "repositoryId", "action", "status", "actor", "metadata", "changes", "requestId", "createdAt"];

fn log_line(line: &LogEntry) -> [String; 10] {
    let metadata = line.metadata.iter().map(|(name, value)| format!("{name}: {value}"));
    let changes = line.changes.iter().map(|(name, (before, after))| format!("{name}: {before} -> {after}"));
    [
        line.id.to_string(),
        line.purchase.map(|id| id.to_string()).unwrap_or_default(),
        line.repository.map(|id| id.to_string()).unwrap_or_default(),
        line.action.name().to_owned(),
        line.status.name().to_owned(),
        line.actor.name().to_owned(),
        metadata.collect::<Vec<_>>().join("; "),
        changes.collect::<Vec<_>>().join("; "),
        line.request.clone().unwrap_or_default(),
        time(line.created_at),
    ]
}

/// As the contract writes it: whole seconds.
fn time(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
