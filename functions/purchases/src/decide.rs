//! Writes down what an operator decided about a purchase, with the line that tells of it.

use api::{ApiError, Kind};
use auth::Admin;
use domain::{PurchaseId, log::Action, purchase::Purchase};
use store::Change;

use crate::App;

/// How often a decision is made anew because somebody else changed the purchase meanwhile.
const TRIES: usize = 5;

/// The purchase after `decision`, which is given who decides. One that changes nothing leaves no line.
pub(crate) async fn decide(
    app: &App,
    admin: &Admin,
    id: PurchaseId,
    action: Action,
    reason: Option<&str>,
    decision: impl Fn(&Purchase, &str) -> Purchase,
) -> Result<Purchase, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.purchase(company, id)).await?;
    for _ in 0..TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        let after = decision(&before, caller.actor.name());
        if after == before {
            return Ok(after);
        }
        let line = caller.record(action, app.clock.now(), &app.random);
        let line = line.of_change(&before, &after).with("reason", reason);
        if app.store.change_purchase(&before, &after, &[line]).await? == Change::Made {
            return Ok(after);
        }
        found = app.store.purchase(caller.company, id).await?;
    }
    Err(ApiError::new(Kind::Conflict, "The purchase keeps changing; try again"))
}
