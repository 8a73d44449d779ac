//! What must hold at rest, whatever happened before: nothing lost, nothing doubled, nobody has access who should not.

use std::collections::BTreeMap;

use domain::{
    GithubUserId, RepositoryId,
    access::{EntitlementKey, Observed, is_desired, share_of},
    log::{Action, LogEntry, LogStatus},
    paging::{Begin, PageRequest},
    purchase::{AccessStatus, Purchase},
    stripe_event::{Received, Subject, read},
    tally::Tally,
};
use journeys::TestStack;
use store::PurchaseFilter;
use testkit::github::Access;

use crate::{
    stories::{End, Gate},
    world::{COMPANY, NAME, OWNER},
};

/// One buyer's purchase, and what must have come of it.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) purchase: String,
    pub(crate) buyer: &'static str,
    pub(crate) end: End,
    /// The ids of the relevant events that happened to it.
    pub(crate) events: Vec<String>,
}

/// What is stored about a repository and its purchases, and what GitHub grants.
pub(crate) struct Books {
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) tally: Tally,
    pub(crate) logs: BTreeMap<String, Vec<LogEntry>>,
}

impl Books {
    pub(crate) async fn read(t: &TestStack, repository: RepositoryId) -> Self {
        let filter = PurchaseFilter { repository: Some(repository), status: None };
        let all = PageRequest { begin: Begin::Skip(0), limit: 1000 };
        let page = t.stack.store.purchases(COMPANY, filter, &all).await.unwrap().unwrap();
        let mut logs = BTreeMap::new();
        for purchase in &page.rows {
            logs.insert(purchase.id.to_string(), t.stack.store.log(COMPANY, purchase.id).await.unwrap());
        }
        Self { purchases: page.rows, tally: t.stack.store.sums(COMPANY, repository).await.unwrap().tally, logs }
    }

    pub(crate) fn purchase(&self, id: &str) -> &Purchase {
        self.purchases.iter().find(|purchase| purchase.id.to_string() == id).unwrap()
    }
}

/// Says everything that is wrong; nothing when all is well. `expected` are all the purchases that events happened to.
pub(crate) async fn violations(t: &TestStack, expected: &[Expected]) -> Vec<String> {
    let id = expected[0].purchase.parse().unwrap();
    let repository = t.stack.store.purchase(COMPANY, id).await.unwrap().unwrap().repository;
    let books = Books::read(t, repository).await;
    let mut wrong = Wrong::default();
    wrong.unless(t.messages().await.is_empty(), || "messages are left".to_owned());
    let sums = books.purchases.iter().map(Tally::of).fold(Tally::default(), |sum, tally| sum + tally);
    wrong.unless(books.tally == sums, || format!("the tally {:?} is not the sum {sums:?}", books.tally));
    let revenue: i64 = expected.iter().map(|it| it.end.revenue).sum();
    wrong.unless(books.tally.revenue_cents == revenue, || {
        format!("revenue {} not {revenue}", books.tally.revenue_cents)
    });
    for it in expected {
        access(t, &books, it, &mut wrong).await;
        payments(&books, it, &mut wrong);
    }
    let most: usize = expected.iter().map(|it| it.end.opens).sum();
    let sent = t.github().invitations_sent(OWNER, NAME);
    wrong.unless(sent <= most, || format!("{sent} invitations, and not at most {most}"));
    sessions(t, &mut wrong);
    wrong.0
}

#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }
}

/// GitHub grants what it should, and the books say what GitHub grants.
async fn access(t: &TestStack, books: &Books, it: &Expected, wrong: &mut Wrong) {
    let purchase = books.purchase(&it.purchase);
    let account = t.github().user_id(it.buyer).unwrap();
    let granted = t.github().access(OWNER, NAME, account);
    let key = EntitlementKey { company: COMPANY, repository: purchase.repository, account: GithubUserId(account) };
    let entitlement = t.stack.store.entitlement(&key).await.unwrap();
    let observed = entitlement.as_ref().map_or(Observed::Nothing, |entitlement| entitlement.observed);
    let ids = entitlement.as_ref().map(|it| it.purchases.clone()).unwrap_or_default();
    let purchases = t.stack.store.purchases_by_id(COMPANY, ids).await.unwrap();
    let desired = is_desired(&purchases);
    let open = it.end.gate == Gate::Open;
    let (status, seen) = match (it.end.gate, granted) {
        (Gate::Open, Access::Invited { expired: false }) => (AccessStatus::Active, observed == Observed::Invited),
        // That an invitation was accepted is noticed the next time somebody looks.
        (Gate::Open, Access::Collaborator) => (AccessStatus::Active, observed != Observed::Nothing),
        (Gate::ClosedAgain, Access::None) => (AccessStatus::Revoked, observed == Observed::Nothing),
        (Gate::NeverOpened, Access::None) => (AccessStatus::Pending, observed == Observed::Nothing),
        (gate, granted) => return wrong.unless(false, || format!("{gate:?}, but GitHub grants {granted:?}")),
    };
    wrong.unless(purchase.access_status() == status, || {
        format!("access is {:?} not {status:?}", purchase.access_status())
    });
    wrong.unless(seen, || format!("GitHub grants {granted:?}, the entitlement says {observed:?}"));
    wrong.unless(desired == open, || format!("the entitlement is desired: {desired}"));
    let share = share_of(&purchases, purchase, observed);
    wrong.unless(purchase.access.observed == share, || {
        format!("the purchase says {:?}, the entitlement {observed:?}", purchase.access.observed)
    });
    let problem = purchase.access.problem.as_ref().or(entitlement.as_ref().and_then(|it| it.problem.as_ref()));
    wrong.unless(problem.is_none(), || format!("a problem stays: {problem:?}"));
}

/// Every event has left its line, once, and the money is right.
fn payments(books: &Books, it: &Expected, wrong: &mut Wrong) {
    let (purchase, log) = (books.purchase(&it.purchase), &books.logs[&it.purchase]);
    wrong.unless(purchase.status() == it.end.status, || {
        format!("status {:?} not {:?}", purchase.status(), it.end.status)
    });
    let (paid, refunded) = (purchase.facts.paid_cents(), purchase.facts.refunded_cents());
    wrong.unless(paid - refunded == it.end.revenue, || {
        format!("{paid} paid, {refunded} refunded, not {}", it.end.revenue)
    });
    wrong.unless(refunded == it.end.refunded, || format!("{refunded} refunded, not {}", it.end.refunded));
    let mut logged: Vec<_> = log.iter().filter_map(event).collect();
    let mut happened = it.events.clone();
    logged.sort();
    happened.sort();
    wrong.unless(logged == happened, || format!("events in the log: {logged:?}, not {happened:?}"));
    let invited = |line: &&LogEntry| {
        (line.action, line.status) == (Action::CollaboratorAdded, LogStatus::Success)
            && line.metadata.contains_key("invitation")
    };
    let removed = |line: &&LogEntry| (line.action, line.status) == (Action::CollaboratorRemoved, LogStatus::Success);
    let (invited, removed) = (log.iter().filter(invited).count(), log.iter().filter(removed).count());
    let most = it.end.opens;
    wrong.unless(invited <= most, || format!("{invited} lines about {most} invitations"));
    wrong.unless(removed <= most, || format!("{removed} lines about {most} removals"));
}

/// The id of the event that a line tells of.
pub(crate) fn event(line: &LogEntry) -> Option<String> {
    line.request.clone().filter(|request| request.starts_with("evt_"))
}

/// A purchase has one session at Stripe.
fn sessions(t: &TestStack, wrong: &mut Wrong) {
    let mut of_purchase: BTreeMap<String, usize> = BTreeMap::new();
    for session in t.stripe().sessions() {
        let session = t.stripe().session(&session).unwrap();
        if let Some(purchase) = session["client_reference_id"].as_str() {
            *of_purchase.entry(purchase.to_owned()).or_default() += 1;
        }
    }
    wrong.unless(of_purchase.values().all(|count| *count == 1), || format!("sessions by purchase: {of_purchase:?}"));
}

/// The ids of those events that Tollgate has a use for and that name this purchase, or no purchase at all: then they
/// belong to the subscription of the only one there is.
pub(crate) fn relevant_to(purchase: &str, events: &[testkit::stripe::Event]) -> Vec<String> {
    let ours = |event: &&testkit::stripe::Event| match read(event.payload.to_string().as_bytes()).unwrap() {
        Received::Relevant(event) => match &event.subject {
            Subject::Purchase(named) => named.purchase.to_string() == purchase,
            Subject::Subscription(_) | Subject::PaymentIntent(_) => true,
        },
        Received::Irrelevant { .. } => false,
    };
    events.iter().filter(ours).map(|event| event.id.clone()).collect()
}
