//! Writes a change of a customer or of its grants, with the line that tells of it. A change that changes nothing leaves none.

use api::{ApiError, FieldProblem, Kind};
use auth::Admin;
use domain::{
    CompanyId, Failure, Problem, Timestamp,
    customer::{Customer, CustomerId, HasExpired},
    grant::Grants,
    log::{Action, LogEntry},
};
use store::{CustomerChange, Holder};

use crate::App;

/// How often a change is made anew because somebody else changed the customer meanwhile: a vendor's import may grant many
/// packages to one customer at once.
pub(crate) const TRIES: usize = 100;
/// The most bytes of all grants of a customer: what is stored in one piece has to be less than 400 KB.
const MOST_BYTES: usize = 300_000;

/// The customer after `decide`, which is given the time. `tell` adds to the line of the log.
pub(crate) async fn customer(
    app: &App,
    admin: &Admin,
    (id, action): (CustomerId, Action),
    decide: impl Fn(&Customer, Timestamp) -> Result<Customer, ApiError>,
    tell: impl Fn(LogEntry) -> LogEntry,
) -> Result<Customer, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.customer(company, id)).await?;
    for _ in 0..TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        let line = caller.record(action, app.clock.now(), &app.random);
        let after = decide(&before, line.created_at)?;
        if after == before {
            return Ok(after);
        }
        let line = tell(line.of_customer(&before, &after));
        match app.store.change_customer(caller.company, &before, &after, &line).await? {
            CustomerChange::Made => return Ok(after),
            CustomerChange::ExternalIdTaken => return Err(external_id_taken()),
            CustomerChange::Stale => found = app.store.customer(caller.company, id).await?,
        }
    }
    Err(contended())
}

/// A customer with its grants before and after `decide`, which is given what `read` read beside them, and the line of the
/// log to complete.
pub(crate) async fn grants<C, R: Future<Output = Result<(Option<Holder>, C), Failure>>>(
    app: &App,
    admin: &Admin,
    action: Action,
    read: impl Fn(CompanyId) -> R,
    decide: impl Fn(&Holder, C, LogEntry) -> Result<(Holder, LogEntry), ApiError>,
) -> Result<(Holder, Holder), ApiError> {
    let (caller, mut found) = admin.confirmed_reading(&read).await?;
    for _ in 0..TRIES {
        let (before, beside) = found;
        let before = before.ok_or_else(ApiError::not_found)?;
        let line = caller.record(action, app.clock.now(), &app.random);
        let (after, line) = decide(&before, beside, line)?;
        if after == before {
            return Ok((before, after));
        }
        let line = line.of_customer(&before.customer, &after.customer);
        if write(app, caller.company, (&before, &after), line).await? == CustomerChange::Made {
            return Ok((before, after));
        }
        found = read(caller.company).await?;
    }
    Err(contended())
}

async fn write(
    app: &App,
    company: CompanyId,
    (before, after): (&Holder, &Holder),
    line: LogEntry,
) -> Result<CustomerChange, ApiError> {
    if before.grants == after.grants {
        return Ok(app.store.change_customer(company, &before.customer, &after.customer, &line).await?);
    }
    small_enough(&after.grants)?;
    Ok(app.store.change_grants(company, before, after, &[line]).await?)
}

fn small_enough(grants: &Grants) -> Result<(), ApiError> {
    let bytes = serde_json::to_vec(grants).map_err(ApiError::internal)?.len();
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(ApiError::new(Kind::Invalid, "All that the customer was granted is too much to keep; grant bundles instead"))
}

/// It was decided again and again, and somebody else was always faster.
pub(crate) fn contended() -> ApiError {
    ApiError::new(Kind::Conflict, "The customer keeps changing; try again")
}

/// What the vendor's own system calls a customer is what it calls another.
pub(crate) fn external_id_taken() -> ApiError {
    ApiError::new(Kind::Conflict, "Another customer has this external_id")
}

/// The customer has to be given a later end first.
pub(crate) fn expired(error: HasExpired) -> ApiError {
    ApiError::new(Kind::Conflict, error.to_string())
}

/// The request names something that does not exist.
pub(crate) fn unknown(field: impl Into<std::borrow::Cow<'static, str>>, reason: &'static str) -> ApiError {
    let problem = FieldProblem { field: field.into(), problem: Problem::Unusable { reason } };
    ApiError { fields: vec![problem], ..ApiError::new(Kind::NotFound, reason) }
}
