//! What must hold of letters at rest: everybody was told what the end demands; nobody was told what never was; and a letter
//! came twice only where a fault came between its sending and its being written down.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    letters::{Letter, due},
    log::{LogEntry, LogStatus},
};
use jobs::Job;
use journeys::TestStack;
use testkit::{
    faults::{Fault, Faults},
    mail::Message,
};

use crate::{
    stories::{End, Gate, MONTHLY, Offer, PRICE, STORIES, Step, Story},
    world::{COMPANY, begin, come_to_rest, start, stopped_at},
};

/// Who buys.
const BUYER: &str = "customer@example.com";
/// Who is told of what needs the vendor.
pub(crate) const VENDOR: &str = "vendor@example.com";

/// The call that sends a letter, and those that write down that it was sent.
pub(crate) const SENDING: &str = "ses SendEmail";
const WRITING: &str = "dynamodb TransactWriteItems";
const READING: &str = "dynamodb GetItem";

/// Letters of one kind, by their subjects; which of several it is depends on when somebody looked.
struct Kind {
    to: &'static str,
    subjects: &'static [&'static str],
    /// How many the end demands.
    least: usize,
    /// How many what happened can have been a reason for.
    most: usize,
}

const GRANTED: &str = "Your access to Premium Astro Theme";
const SUSPENDED: &str = "Your access to Premium Astro Theme is suspended";
const ENDED: &str = "Your access to Premium Astro Theme has ended";

/// Says everything that is wrong with the letters about a purchase, the only one.
pub(crate) async fn wrong_letters(t: &TestStack, story: &Story, purchase: &str) -> Vec<String> {
    let id = purchase.parse().unwrap();
    let purchase = t.stack.store.purchase(COMPANY, id).await.unwrap().unwrap();
    let log = t.stack.store.log(COMPANY, id).await.unwrap();
    let lines: Vec<_> = log.iter().filter(|line| line.action.name().starts_with("email_sent_")).collect();
    let inbox = t.stack.mail.as_ref().unwrap().messages();
    let mut wrong = Vec::new();
    // Of several checkouts with one address on one day, one is confirmed.
    let mut left = due(&purchase, t.now());
    left.retain(|letter| *letter != Letter::Confirmation);
    if !left.is_empty() {
        wrong.push(format!("letters are due still: {left:?}"));
    }
    let failed: Vec<_> = lines.iter().filter(|line| line.status != LogStatus::Success).collect();
    if !failed.is_empty() {
        wrong.push(format!("letters were given up: {failed:?}"));
    }
    let written = written(&lines, &inbox, &mut wrong);
    unexplained(t, &inbox, &written, &mut wrong);
    kinds(story, &inbox, &written, &mut wrong);
    wrong.extend(last_word(&story.end, &inbox));
    wrong
}

/// The letters that were written down: each is one that was sent, and once.
fn written(lines: &[&LogEntry], inbox: &[Message], wrong: &mut Vec<String>) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    for line in lines.iter().filter(|line| line.status == LogStatus::Success) {
        let id = line.metadata.get("messageId").cloned().unwrap_or_default();
        if !inbox.iter().any(|message| message.id == id) {
            wrong.push(format!("{:?} tells of a letter {id:?} that was not sent", line.action));
        }
        if !written.insert(id) {
            wrong.push(format!("two lines {:?} of one letter", line.action));
        }
    }
    written
}

/// A letter that was not written down comes again. It may be so only after a fault.
fn unexplained(t: &TestStack, inbox: &[Message], written: &BTreeSet<String>, wrong: &mut Vec<String>) {
    let called = t.faults.called();
    let struck: BTreeMap<usize, Fault> =
        t.faults.struck().into_iter().map(|(index, _, fault)| (index, fault)).collect();
    let sends = |index: &usize| {
        called[*index] == SENDING && !matches!(struck.get(index), Some(Fault::Before | Fault::Throttle))
    };
    let sendings: Vec<usize> = (0..called.len()).filter(sends).collect();
    if sendings.len() != inbox.len() {
        wrong.push(format!("{} letters were sent, {} are in the inbox", sendings.len(), inbox.len()));
        return;
    }
    for (message, sent) in inbox.iter().zip(sendings).filter(|(message, _)| !written.contains(&message.id)) {
        if !is_struck(&called, &struck, sent) {
            wrong.push(format!("{:?} was not written down, though nothing failed", message.subject));
        }
    }
}

/// Whether the answer of a sending was lost, or the writing down after it failed. It is written over the state that was
/// read before the sending; over a newer one, if that has changed meanwhile.
fn is_struck(called: &[String], struck: &BTreeMap<usize, Fault>, sent: usize) -> bool {
    let is = |index: usize, name: &str| called.get(index).is_some_and(|call| call == name);
    let mut index = sent;
    loop {
        if struck.contains_key(&index) {
            return true;
        }
        index += 1;
        match (is(index, WRITING), is(index, READING)) {
            (false, false) => return false,
            (true, _) if !struck.contains_key(&index) && !is(index + 1, READING) => return false,
            _ => {}
        }
    }
}

/// Everybody has got what the end demands, and nobody more than there was a reason for.
fn kinds(story: &Story, inbox: &[Message], written: &BTreeSet<String>, wrong: &mut Vec<String>) {
    let kinds = demanded(story);
    for Kind { to, subjects, least, most } in &kinds {
        let is = |message: &&Message| message.to == [*to] && subjects.contains(&message.subject.as_str());
        let came = inbox.iter().filter(is).count();
        let told = inbox.iter().filter(is).filter(|message| written.contains(&message.id)).count();
        if came < *least || told > *most || (came > 0 && *most == 0) {
            wrong.push(format!("{told} letters (and {} doubles) {subjects:?}, not {least} to {most}", came - told));
        }
    }
    for message in inbox {
        let known = |kind: &Kind| message.to == [kind.to] && kind.subjects.contains(&message.subject.as_str());
        if !kinds.iter().any(known) {
            wrong.push(format!("a letter to {:?} that nobody expects: {:?}", message.to, message.subject));
        }
    }
}

/// The last that the buyer hears of the access is how it stands.
fn last_word(end: &End, inbox: &[Message]) -> Option<String> {
    let mut news = inbox.iter().map(|message| message.subject.as_str());
    let last = news.rfind(|subject| [GRANTED, SUSPENDED, ENDED].contains(subject));
    let right = match end.gate {
        Gate::NeverOpened => last.is_none(),
        Gate::Open => last == Some(GRANTED),
        Gate::ClosedAgain => last == Some(SUSPENDED) || last == Some(ENDED),
    };
    (!right).then(|| format!("the last word to the buyer is {last:?}, and the gate {:?}", end.gate))
}

/// What follows from a story, by hand: the rulings, not what the code makes of them.
fn demanded(story: &Story) -> Vec<Kind> {
    let of = |to, subjects, least: usize, most: usize| Kind { to, subjects, least, most };
    let count = |wanted: &dyn Fn(&Step) -> bool| story.steps.iter().filter(|step| wanted(step)).count();
    let (end, opens) = (&story.end, story.end.opens);
    let (open, closed) = (usize::from(end.gate == Gate::Open), usize::from(end.gate == Gate::ClosedAgain));
    let days: u64 = story.steps.iter().map(|step| if let Step::Wait(days) = step { *days } else { 0 }).sum();
    let once = story.offer == Offer::Once;
    let paid = end.revenue + end.refunded;
    let renewals = if once { 0 } else { usize::try_from(paid / MONTHLY).unwrap().saturating_sub(1) };
    let failures = count(&|step| matches!(step, Step::FailRenewal | Step::GiveUp(_)));
    let unpaid =
        usize::from(failures > 0 && !story.steps.iter().any(|it| matches!(it, Step::Renew | Step::PayOverdue)));
    let unsettled = count(&|step| matches!(step, Step::FailSettlement));
    let refunds = count(&|step| matches!(step, Step::Refund(_)));
    let partly = usize::from(end.refunded > 0 && end.refunded < if once { PRICE } else { MONTHLY });
    let partial = count(&|step| matches!(step, Step::Refund(Some(_))));
    let disputes = count(&|step| matches!(step, Step::Dispute | Step::Inquire));
    let decided = |how: Step| if story.steps.contains(&Step::Dispute) { count(&|step| *step == how) } else { 0 };
    let decisions = count(&|step| matches!(step, Step::WinDispute | Step::LoseDispute));
    let (won, lost) = (decided(Step::WinDispute), decided(Step::LoseDispute));
    let warnings = count(&|step| matches!(step, Step::WarnOfFraud));
    vec![
        of(BUYER, &["Your checkout of Premium Astro Theme"], 0, 1),
        of(BUYER, &[GRANTED], open, opens),
        of(BUYER, &[SUSPENDED, ENDED], closed, opens - open.min(opens)),
        of(BUYER, &["Your invitation to Premium Astro Theme still waits"], 0, usize::from(days >= 5)),
        of(BUYER, &["Your subscription to Premium Astro Theme was renewed"], renewals.min(1), renewals),
        of(BUYER, &["The payment for Premium Astro Theme failed"], unpaid, failures),
        of(BUYER, &["Your payment for Premium Astro Theme failed"], unsettled, unsettled),
        of(BUYER, &["A refund for Premium Astro Theme"], partly, partial),
        of(VENDOR, &["A payment for Premium Astro Theme was refunded"], refunds.min(1), refunds),
        of(VENDOR, &["A renewal of Premium Astro Theme could not be paid"], unpaid, failures),
        of(VENDOR, &["A payment for Premium Astro Theme failed"], unsettled, unsettled),
        of(
            VENDOR,
            &["A payment for Premium Astro Theme is disputed"],
            disputes.min(1).saturating_sub(decisions),
            disputes,
        ),
        of(VENDOR, &["You have won a dispute about Premium Astro Theme"], won, won),
        of(VENDOR, &["You have lost a dispute about Premium Astro Theme"], lost, lost),
        of(VENDOR, &["A payment for Premium Astro Theme may be fraud"], warnings, warnings),
    ]
}

/// Lets a worker stop at a call while it sends letters about a purchase, another one send what it finds due, and the first
/// go on. True if it did stop.
async fn interrupted(t: &TestStack, call: usize, purchase: &str) -> bool {
    // Counts anew.
    t.faults.start(&Faults::none());
    let slow = stopped_at(call, &t.faults, t.stack.settle_queue("DeliveriesQueue", 50)).await;
    let again = Job::Deliver { company: COMPANY, purchase: purchase.parse().unwrap() };
    t.stack.queues["DeliveriesQueue"].send(&again).await.unwrap();
    t.settle().await;
    let Err(rest) = slow else { return false };
    rest.await.unwrap();
    true
}

#[tokio::test]
async fn two_workers_at_once_send_a_letter_once() {
    for call in 0.. {
        let t = start(1, Duration::from_secs(5)).await;
        let sale = begin(&t, &STORIES[0]).await;
        t.stripe().pay(&sale.session);
        t.deliver().await;
        for queue in ["PaymentsQueue", "AccessQueue"] {
            t.stack.settle_queue(queue, 50).await.unwrap();
        }
        let stopped = interrupted(&t, call, &sale.purchase).await;
        come_to_rest(&t).await;
        let subjects: Vec<_> = t.stack.mail.as_ref().unwrap().to(BUYER).into_iter().map(|it| it.subject).collect();
        assert_eq!(subjects, ["Your checkout of Premium Astro Theme", GRANTED], "stopped at call {call}");
        t.finish().await;
        if !stopped {
            assert!(call > 8, "only {call}");
            return;
        }
    }
}
