//! Applies what Stripe told to the purchase that it is about.

use clients::Stripe;
use domain::{
    purchase::Gate,
    stripe_event::{PaymentEvent, PurchaseRef, Subject},
};
use jobs::Job;
use store::Change;

use crate::{App, Error, TRIES};

/// Applies an event: one transaction, then a message if access may have to change. A repeated event changes nothing but
/// sends the message again, in case the first time ended between the two.
pub(crate) async fn apply(app: &App, event: &PaymentEvent) -> Result<(), Error> {
    let Some(subject) = locate(&app.stripe, &event.subject).await? else {
        tracing::info!(metric = "stripe.event.unlinked", event.id, event.kind, "not about a purchase of ours");
        return Ok(());
    };
    for _ in 0..TRIES {
        let Some(before) = app.store.purchase(subject.company, subject.purchase).await? else {
            tracing::info!(metric = "stripe.event.unknown_purchase", event.id, event.kind, "unknown purchase");
            return Ok(());
        };
        if before.livemode != event.livemode {
            tracing::warn!(metric = "stripe.event.wrong_mode", event.id, event.kind, "an event of the other mode");
            return Ok(());
        }
        let after = before.learning(&event.facts);
        let affected = match app.store.change_purchase(&before, &after, &event.log_entry()).await? {
            Change::Made => before.gate() != after.gate(),
            Change::MadeBefore => before.gate() != Gate::NotYet,
            Change::Stale => continue,
        };
        if affected {
            app.access.send(&Job::SyncAccess { entitlement: after.entitlement(), attempt: 0 }).await?;
        }
        return Ok(());
    }
    Err(Error::Contended)
}

/// The purchase that an event is about; Stripe is asked only when the event itself does not name it.
async fn locate(stripe: &Stripe, subject: &Subject) -> Result<Option<PurchaseRef>, Error> {
    let subscription = match subject {
        Subject::Purchase(purchase) => return Ok(Some(*purchase)),
        Subject::Subscription(subscription) => Some(subscription.clone()),
        Subject::PaymentIntent(payment_intent) => stripe.subscription_of_payment(payment_intent).await?,
    };
    let Some(subscription) = subscription else { return Ok(None) };
    Ok(stripe.subscription_metadata(&subscription).await?.and_then(|metadata| PurchaseRef::from_metadata(&metadata)))
}
