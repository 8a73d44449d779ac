//! The books: the log's seals, and the directories by which pages are found.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CompanyId, GithubUserId, LogId, PurchaseId, Random,
    log::{Action, Actor, LogEntry, LogStatus},
    paging::{Begin, PageRequest},
    purchase::{Buyer, Purchase},
    seal::Broken,
    text::Email,
};
use journeys::{Options, TestStack};
use local::audit::{self, Finding};
use store::{
    Begun, PurchaseFilter,
    keys::{self, List},
};
use testkit::connector::Meter;

const COMPANY: CompanyId = CompanyId(1);

type Item = HashMap<String, AttributeValue>;

/// A sale whose log is sealed.
async fn sealed() -> (TestStack, Vec<Item>) {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    seal(&t).await;
    let request = t.aws.dynamodb.query().table_name("Table").key_condition_expression("pk = :pk");
    let request = request.expression_attribute_values(":pk", AttributeValue::S(keys::log(COMPANY)));
    let lines = request.send().await.unwrap().items.unwrap();
    assert!(lines.len() > 4);
    (t, lines)
}

async fn seal(t: &TestStack) {
    t.clock.advance(Duration::from_mins(3));
    t.run_schedule("books").await;
}

async fn finding(t: &TestStack) -> Finding {
    audit::verify(&t.stack.store, t.now()).await.unwrap().remove(0)
}

async fn put(t: &TestStack, line: Item) {
    t.aws.dynamodb.put_item().table_name("Table").set_item(Some(line)).send().await.unwrap();
}

async fn remove(t: &TestStack, line: &Item) {
    let request = t.aws.dynamodb.delete_item().table_name("Table");
    request.key("pk", line["pk"].clone()).key("sk", line["sk"].clone()).send().await.unwrap();
}

fn id(line: &Item) -> LogId {
    line["sk"].as_s().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole() {
    let (t, lines) = sealed().await;
    let found = finding(&t).await;
    assert_eq!((found.broken.clone(), found.lines, found.unsealed), (None, lines.len(), 0));
    // A run with nothing new makes no seal.
    seal(&t).await;
    assert_eq!(finding(&t).await, found);
    t.finish().await;
}

#[tokio::test]
async fn a_line_that_is_altered_removed_or_put_in_is_found() {
    let (t, lines) = sealed().await;
    let mut altered = lines[2].clone();
    altered.insert("status".to_owned(), AttributeValue::S("failed".to_owned()));
    put(&t, altered).await;
    assert!(matches!(finding(&t).await.broken, Some(Broken::Altered { n: 1, .. })));
    put(&t, lines[2].clone()).await;
    assert_eq!(finding(&t).await.broken, None);

    remove(&t, &lines[1]).await;
    assert_eq!(finding(&t).await.broken, Some(Broken::Removed { n: 1, line: id(&lines[1]) }));
    put(&t, lines[1].clone()).await;

    // Long afterwards, so that nobody takes it for one that was slow.
    t.clock.advance(Duration::from_hours(2));
    let between =
        LogId::generate(domain::Timestamp::from_millisecond(journeys::START).unwrap(), &Random::new(|it| it.fill(0)));
    let mut inserted = lines[0].clone();
    inserted.insert("sk".to_owned(), AttributeValue::S(between.to_string()));
    put(&t, inserted).await;
    seal(&t).await;
    assert_eq!(finding(&t).await.broken, Some(Broken::Inserted { n: 1, line: between }));
    t.finish().await;
}

#[tokio::test]
async fn a_line_that_was_slow_is_sealed_late() {
    let (t, lines) = sealed().await;
    let slow =
        LogId::generate(domain::Timestamp::from_millisecond(journeys::START).unwrap(), &Random::new(|it| it.fill(0)));
    let mut line = lines[0].clone();
    line.insert("sk".to_owned(), AttributeValue::S(slow.to_string()));
    put(&t, line).await;
    seal(&t).await;
    let found = finding(&t).await;
    assert_eq!((found.broken, found.late, found.seals), (None, 1, 2));
    t.finish().await;
}

#[tokio::test]
async fn a_seal_that_is_taken_away_is_found() {
    let (t, _) = sealed().await;
    t.clock.advance(Duration::from_mins(3));
    let sale = t.checkout(&t.get("/api/admin/repositories").await.text("/repositories/0/id"), "janedoe").await;
    t.pay_and_settle(&sale).await;
    seal(&t).await;
    assert_eq!(finding(&t).await.seals, 2);
    let first = keys::seal(COMPANY, 1);
    let request = t.aws.dynamodb.delete_item().table_name("Table");
    request.key("pk", AttributeValue::S(first.pk)).key("sk", AttributeValue::S(first.sk)).send().await.unwrap();
    assert_eq!(finding(&t).await.broken, Some(Broken::Chain { n: 2 }));
    t.finish().await;
}

/// How many purchases the list of the directory's test has: more than one block of a directory is about.
const PURCHASES: u64 = 700;

async fn fill(t: &TestStack) {
    let repository = t.list_theme().await;
    let repository = t.stack.store.repository(COMPANY, repository.parse().unwrap()).await.unwrap().unwrap().repository;
    for number in 0..PURCHASES {
        t.clock.advance(Duration::from_secs(1));
        let id = PurchaseId::generate(t.now(), &t.random);
        let buyer = Buyer { id: GithubUserId(1000 + number), login: format!("buyer-{number}") };
        let email = Email::parse("customer@example.com").unwrap();
        let purchase = Purchase::begin(id, &repository, email, buyer, false, t.now());
        let (actor, action) = (Actor::Tollgate, Action::CheckoutCreated);
        let entry = LogEntry::new(LogId::generate(t.now(), &t.random), t.now(), actor, action, LogStatus::Success);
        let begun = t.stack.store.begin_purchase(&purchase, None, None, &entry.about(&purchase)).await.unwrap();
        assert_eq!(begun, Begun::Yes);
    }
}

async fn page(t: &TestStack, number: usize) -> Vec<String> {
    let answer = t.get(&format!("/api/admin/customers?limit=20&page={number}")).await;
    assert_eq!(answer.status, 200, "{answer}");
    let rows = answer.json["customers"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_directory_finds_the_pages_that_walking_finds() {
    let t = TestStack::start_with(Options { metered: true, ..Options::default() }).await;
    fill(&t).await;
    let mut walked = Vec::new();
    for number in 1..=35 {
        walked.push(page(&t, number).await);
    }
    t.clock.advance(Duration::from_mins(3));
    t.run_schedule("books").await;
    for (number, rows) in walked.iter().enumerate() {
        assert_eq!(page(&t, number + 1).await, *rows, "page {}", number + 1);
    }
    // The middle costs no more than the ends: the counts, half a block, and little more than the page's own rows.
    let middle = PageRequest { begin: Begin::Skip(340), limit: 20 };
    let meter = Meter::new();
    let page = meter.scope(t.stack.store.purchases(COMPANY, PurchaseFilter::default(), &middle)).await;
    assert_eq!(page.unwrap().unwrap().rows.len(), 20);
    let usage = meter.usage();
    assert!(usage.read_units <= 3.0, "{usage:?}");
    for list in List::ALL {
        assert!(t.stack.store.position(COMPANY, list, 333).await.unwrap().is_some());
    }
    assert_eq!(t.stack.store.position(COMPANY, List::Purchases, PURCHASES).await.unwrap(), None);
    t.finish().await;
}
