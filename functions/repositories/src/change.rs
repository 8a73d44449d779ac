//! Writes a change of a repository, with the lines that tell of it.

use api::{ApiError, Kind};
use auth::Confirmed;
use domain::{
    log::Action,
    repository::{PriceEntry, Repository},
};
use store::Change;

use crate::App;

/// How often a change is made anew because somebody else changed the repository meanwhile.
pub(crate) const TRIES: usize = 5;

/// Writes it, unless somebody was faster: then it has to be decided anew.
pub(crate) async fn write(
    app: &App,
    (before, after): (&Repository, &Repository),
    action: Action,
    caller: &Confirmed,
) -> Result<Change, ApiError> {
    let now = after.updated_at;
    let line = |action| caller.record(action, now, &app.random).about_repository(after.id);
    let change = line(action).of_listing(before, after);
    let priced = before.pricing != after.pricing;
    // A price by itself is told of in a line of its own.
    let mut lines = if priced && change.changes.is_empty() { Vec::new() } else { vec![change] };
    if priced {
        lines.push(line(Action::PriceChanged).of_price(before, after));
    }
    let price = priced.then(|| PriceEntry::of(after, caller.actor.clone(), now));
    Ok(app.store.change_repository(before, after, &lines, price.as_ref()).await?)
}

/// It was decided again and again, and somebody else was always faster.
pub(crate) fn contended() -> ApiError {
    ApiError::new(Kind::Conflict, "The repository keeps changing; try again")
}
