//! The system under test, what goes on around it, and the means to let it come to rest.

use std::{future::poll_fn, path::Path, pin::Pin, sync::LazyLock, task::Poll, time::Duration};

use domain::{
    CompanyId, LogId, PurchaseId, Random,
    log::{Action, Actor, LogEntry, LogStatus},
    purchase::Purchase,
    stripe_event::metadata,
};
use journeys::{Options, Sale, TestStack, seeded};
use store::Begun;
use testkit::{faults::Faults, sam::Template};

/// How long the client of GitHub and Stripe waits for an answer that never comes. On a busy machine, one that does come may
/// take a while.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);
/// The company that sells.
pub(crate) const COMPANY: CompanyId = CompanyId(1);
/// What the stories sell, on GitHub.
pub(crate) const OWNER: &str = "ctrimm";
pub(crate) const NAME: &str = "premium-theme";
/// Who buys, where there is one buyer.
pub(crate) const BUYER: &str = "johndoe";

/// The template that runs.
pub(crate) static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap());

/// A system whose queues wait for nobody, and where nothing fails yet.
pub(crate) async fn start(seed: u64, outbound_timeout: Duration) -> TestStack {
    start_with(seed, outbound_timeout, Vec::new()).await
}

/// The same, with settings beside the usual ones.
pub(crate) async fn start_with(
    seed: u64,
    outbound_timeout: Duration,
    settings: Vec<(&'static str, String)>,
) -> TestStack {
    let usual = Options::default();
    let settings = [usual.settings.clone(), settings].concat();
    let t = TestStack::start_with(Options { seed, outbound_timeout, settings, ..usual }).await;
    t.stack.embedded.as_ref().unwrap().hold_waits();
    t
}

/// Lets the queues' waits be over.
pub(crate) async fn end_waits(t: &TestStack) {
    t.stack.embedded.as_ref().unwrap().end_waits().await.unwrap();
}

/// Ends all faults and lets the system come to rest: what Stripe has to tell is told, what is in a dead-letter queue is
/// tried again, time passes beyond every pause, until nothing is left to do.
pub(crate) async fn come_to_rest(t: &TestStack) {
    t.faults.heal();
    for _ in 0..20 {
        t.deliver().await;
        redrive(t).await;
        end_waits(t).await;
        t.settle().await;
        if t.stripe().undelivered().is_empty() && t.messages().await.is_empty() {
            return;
        }
        t.clock.advance(Duration::from_mins(2));
    }
    panic!("it does not come to rest: {:?}", t.messages().await);
}

/// Sends what is in dead-letter queues to where it came from.
async fn redrive(t: &TestStack) {
    let (sqs, embedded) = (&t.aws.sqs, t.stack.embedded.as_ref().unwrap());
    for queue in &TEMPLATE.queues {
        let Some(redrive) = &queue.redrive else { continue };
        let dead = embedded.queue_url(&TEMPLATE.queue(&redrive.dead_letter_queue).unwrap().name);
        loop {
            let received = sqs.receive_message().queue_url(&dead).max_number_of_messages(10).send().await.unwrap();
            let Some(messages) = received.messages.filter(|messages| !messages.is_empty()) else { break };
            for message in messages {
                let url = embedded.queue_url(&queue.name);
                sqs.send_message().queue_url(url).set_message_body(message.body).send().await.unwrap();
                sqs.delete_message().queue_url(&dead).set_receipt_handle(message.receipt_handle).send().await.unwrap();
            }
        }
    }
}

/// Delivers what Stripe has to tell in a drawn order, some of it twice and some of it not at all this time. What is not
/// answered 2xx is told again another time.
pub(crate) async fn deliver_some(t: &TestStack, dice: &Dice) {
    let mut deliveries = t.stripe().undelivered();
    dice.shuffle(&mut deliveries);
    for delivery in deliveries {
        if dice.chance(20) {
            continue;
        }
        for _ in 0..if dice.chance(20) { 2 } else { 1 } {
            let answer = t.post_event(delivery.body.clone(), &delivery.signature).await;
            assert!(matches!(answer.status, 200 | 503), "a webhook was answered {answer}");
            if answer.status == 200 {
                t.stripe().delivered(&delivery.event_id);
            }
        }
    }
}

/// Lists what a story sells and begins a checkout.
pub(crate) async fn begin(t: &TestStack, story: &crate::stories::Story) -> Sale {
    let repository = t.list(&story.listing()).await;
    t.checkout(&repository, BUYER).await
}

/// Two purchases of one repository by one buyer, both to be paid. A checkout that is begun again takes the first one up, so
/// the second is written as the checkout writes one, and its session is opened at Stripe.
pub(crate) async fn begin_twice(t: &TestStack, repository: &str) -> (Sale, Sale) {
    let first = t.checkout(repository, BUYER).await;
    // Not the stack's own store, whose calls may fail.
    let store = store::Store::new(t.aws.dynamodb.clone(), "Table");
    let other = store.purchase(COMPANY, first.purchase.parse().unwrap()).await.unwrap().unwrap();
    let sold = store.repository(COMPANY, other.repository).await.unwrap().unwrap().repository;
    t.clock.advance(Duration::from_secs(1));
    let id = PurchaseId::generate(t.now(), &t.random);
    let second = Purchase::begin(id, &sold, other.email, other.buyer, other.livemode, t.now());
    let line = LogId::generate(t.now(), &t.random);
    let line = LogEntry::new(line, t.now(), Actor::Buyer, Action::CheckoutCreated, LogStatus::Success).about(&second);
    let begun = store.begin_purchase(&second, Some(other.id), None, &line).await.unwrap();
    assert_eq!(begun, Begun::Yes);
    let session = session_of(t, &second).await;
    store.note_session(&second, &session).await.unwrap();
    (first, Sale { session, purchase: second.id.to_string() })
}

/// Opens a session at Stripe for a purchase that is paid once.
async fn session_of(t: &TestStack, purchase: &Purchase) -> String {
    let metadata = serde_json::json!({
        metadata::COMPANY: purchase.company.to_string(),
        metadata::REPOSITORY: purchase.repository.to_string(),
        metadata::PURCHASE: purchase.id.to_string(),
    });
    crate::stories::session_at_stripe(t, crate::stories::Offer::OnceAgain, &metadata).await
}

/// Luck that repeats itself.
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seeded(seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1)))
    }

    /// A number below `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        let drawn = u64::from_le_bytes(self.0.bytes()) % u64::try_from(end).unwrap();
        usize::try_from(drawn).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Does work until it makes the call of this index, counted from 0. Work that is not finished by then is handed back:
/// dropped, it is a worker that was killed there; awaited later, one that was slow. The call itself is not sent if it goes
/// to AWS, and takes effect if it goes to GitHub or Stripe, of which the work has not heard yet.
pub(crate) async fn stopped_at<F: Future>(call: usize, faults: &Faults, work: F) -> Result<F::Output, Pin<Box<F>>> {
    let mut work = Box::pin(work);
    let done = poll_fn(|context| {
        if faults.calls() > call {
            return Poll::Ready(None);
        }
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if faults.calls() > call => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    done.await.ok_or(work)
}

/// What failed, for a report.
pub(crate) fn struck(faults: &Faults) -> String {
    let lines = faults.struck().into_iter().map(|(index, call, fault)| format!("  call {index}: {call}: {fault:?}\n"));
    lines.collect()
}
