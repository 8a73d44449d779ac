//! Applies what Stripe told to the purchase that it is about.

use clients::Stripe;
use domain::{
    LogId,
    purchase::{Gate, Purchase},
    stripe_event::{PaymentEvent, PurchaseRef, Subject},
};
use jobs::Job;
use store::Change;

use crate::{App, Error, TRIES, follow_up};

/// Applies an event: one transaction, then what follows from it. A repeated event changes nothing, but what follows is
/// asked for again, in case the first time ended between the two.
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
        if before.causes.contains(&event.id) {
            return follow_up(app, None, &before).await;
        }
        let now = app.clock.now();
        let after = before.learning(&event.facts).at(now).because_of(&event.id);
        let entry = event.log_entry(LogId::generate(now, &app.random), now).of_change(&before, &after);
        match app.store.change_purchase(&before, &after, &[entry]).await? {
            Change::Made => return follow_up(app, Some(&before), &after).await,
            Change::Stale => {}
        }
    }
    Err(Error::Contended)
}

/// Asks for what follows from a purchase as it is now. Without `before` it is not known whether it was asked for already.
pub(crate) async fn follow_up(app: &App, before: Option<&Purchase>, after: &Purchase) -> Result<(), Error> {
    let matters = match before {
        Some(before) => before.gate() != after.gate() || before.grace_ends_at() != after.grace_ends_at(),
        None => after.gate() != Gate::NotYet,
    };
    let sync = async {
        if matters {
            app.access.send(&Job::sync(after.entitlement())).await?;
        }
        Ok(())
    };
    let cancel = async {
        // Bought, or heard of, after access was taken back.
        if after.subscription_to_cancel().is_some() && before.is_none_or(|it| it.subscription_to_cancel().is_none()) {
            let job = Job::CancelSubscription { company: after.company, purchase: after.id };
            app.access.send(&job).await?;
        }
        Ok(())
    };
    futures::try_join!(sync, cancel, follow_up::letters(app, after))?;
    Ok(())
}

/// The purchase that an event is about; Stripe is asked only when the event itself does not name it.
async fn locate(stripe: &Stripe, subject: &Subject) -> Result<Option<PurchaseRef>, Error> {
    let subscription = match subject {
        Subject::Purchase(purchase) => return Ok(Some(*purchase)),
        Subject::Subscription(subscription) => Some(subscription.clone()),
        Subject::PaymentIntent(payment_intent) => {
            let metadata = stripe.payment_metadata(payment_intent).await?;
            if let Some(purchase) = metadata.as_ref().and_then(PurchaseRef::from_metadata) {
                return Ok(Some(purchase));
            }
            stripe.subscription_of_payment(payment_intent).await?
        }
    };
    let Some(subscription) = subscription else { return Ok(None) };
    Ok(stripe.subscription_metadata(&subscription).await?.and_then(|metadata| PurchaseRef::from_metadata(&metadata)))
}
