//! Ends what could still be paid for a purchase that an operator revoked: its subscription (ruling 28), or the session of its
//! checkout. Nothing is paid back.

use domain::{CompanyId, PurchaseId};

use crate::{App, Error};

/// Level-triggered: the purchase is read, and nothing is done unless it is revoked and its subscription runs. Stripe tells of
/// the end by an event, which is what is written down.
pub(crate) async fn cancel(app: &App, company: CompanyId, purchase: PurchaseId) -> Result<(), Error> {
    let Some(purchase) = app.store.purchase(company, purchase).await? else { return Ok(()) };
    let Some(subscription) = purchase.subscription_to_cancel() else { return Ok(()) };
    app.stripe.cancel_subscription(subscription).await?;
    // Cancelling leaves them open, and the buyer could still pay them.
    app.stripe.void_open_invoices(subscription).await?;
    Ok(())
}

/// Level-triggered as well. A session that is complete or expired already is left as it is: what was paid is written down when
/// Stripe tells of it, and opens nothing.
pub(crate) async fn expire(app: &App, company: CompanyId, purchase: PurchaseId) -> Result<(), Error> {
    let Some(purchase) = app.store.purchase(company, purchase).await? else { return Ok(()) };
    let Some(session) = purchase.session_to_expire() else { return Ok(()) };
    app.stripe.expire_session(session).await?;
    Ok(())
}
