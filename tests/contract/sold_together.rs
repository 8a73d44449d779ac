//! A repository and packages sold together: what a purchase brings its customer, and how the buyer gets a token.

use std::time::Duration;

use domain::{CompanyId, Secret, text::Email};
use journeys::{Answer, Sale, TestStack, example_repository, with};
use serde_json::{Value, json};

const BUYER: &str = "customer@example.com";
const PACKAGES: &[(&str, &str)] = &[("acme/gadget", "*"), ("acme/widget", "^2.0")];
const NAMES: [&str; 2] = ["acme/gadget", "acme/widget"];

async fn listed(t: &TestStack) -> String {
    t.list_with_packages(&example_repository(), PACKAGES).await
}

fn toolkit() -> Value {
    let fields = json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit", "displayName": "Toolkit"});
    with(example_repository(), &fields)
}

async fn bought() -> (TestStack, Sale) {
    let t = TestStack::start().await;
    let sale = t.checkout(&listed(&t).await, "johndoe").await;
    assert!(t.packages_of(&sale).await.is_empty(), "nothing before it is paid");
    t.pay_and_settle(&sale).await;
    (t, sale)
}

async fn settle(t: &TestStack) {
    t.deliver().await;
    t.settle().await;
}

async fn actions(t: &TestStack, sale: &Sale) -> Vec<String> {
    let logs = t.customer(&sale.purchase).await["accessLogs"].as_array().unwrap().clone();
    logs.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

/// How many customers have the buyer's address.
async fn customers(t: &TestStack) -> usize {
    let email = Email::parse(BUYER).unwrap();
    t.stack.store.customers_with_email(CompanyId(1), &email).await.unwrap().len()
}

#[tokio::test]
async fn a_purchase_brings_its_packages_and_a_refund_takes_them_back() {
    let (t, sale) = bought().await;
    assert_eq!(t.packages_of(&sale).await, NAMES);
    let customer = t.buyer(&sale).await.unwrap().customer;
    assert_eq!((customer.email.to_string().as_str(), customer.name.to_string().as_str()), (BUYER, "johndoe"));
    assert_eq!(customer.token, None, "nobody has read the letter yet");
    t.stripe().refund(&sale.session, None);
    settle(&t).await;
    assert!(t.packages_of(&sale).await.is_empty());
    let actions = actions(&t, &sale).await;
    let count = |name: &str| actions.iter().filter(|action| *action == name).count();
    assert_eq!((count("customer_created"), count("package_access_changed")), (1, 2), "{actions:?}");
    t.finish().await;
}

#[tokio::test]
async fn a_dispute_suspends_the_packages_and_winning_it_gives_them_back() {
    let (t, sale) = bought().await;
    let before = t.buyer(&sale).await.unwrap().grants.purchases;
    t.stripe().dispute(&sale.session);
    settle(&t).await;
    assert!(t.packages_of(&sale).await.is_empty());
    t.clock.advance(Duration::from_hours(1));
    t.stripe().win_dispute(&sale.session);
    settle(&t).await;
    assert_eq!(t.buyer(&sale).await.unwrap().grants.purchases, before, "as old as it was before");
    t.finish().await;
}

#[tokio::test]
async fn purchases_with_one_address_are_one_customers_and_end_each_by_itself() {
    let t = TestStack::start().await;
    let theme = listed(&t).await;
    let other = t.list_with_packages(&toolkit(), &[("acme/more", "*")]).await;
    let (one, two) = (t.checkout(&theme, "johndoe").await, t.checkout(&other, "janedoe").await);
    // Both at once.
    t.stripe().pay(&one.session);
    t.stripe().pay(&two.session);
    settle(&t).await;
    assert_eq!(customers(&t).await, 1);
    let (first, second) = (t.buyer(&one).await.unwrap(), t.buyer(&two).await.unwrap());
    assert_eq!(first, second);
    t.stripe().refund(&one.session, None);
    settle(&t).await;
    assert!(t.packages_of(&one).await.is_empty());
    assert_eq!(t.packages_of(&two).await, ["acme/more"]);
    t.finish().await;
}

#[tokio::test]
async fn trouble_with_github_does_not_hold_packages_up() {
    let t = TestStack::start().await;
    let sale = t.checkout(&listed(&t).await, "johndoe").await;
    t.github().forbid("ctrimm", "premium-theme", "Must have admin rights").unwrap();
    t.pay_and_settle(&sale).await;
    assert_eq!(t.packages_of(&sale).await, NAMES);
    t.leave_messages();
}

/// The links to a purchase's page in the letters to its buyer, without where we are reached.
fn links(t: &TestStack, sale: &Sale) -> Vec<String> {
    let letters = t.stack.mail.as_ref().unwrap().to(BUYER);
    let links = letters.iter().flat_map(testkit::mail::Message::links);
    let page = format!("/purchases/{}?token=", sale.purchase);
    links.filter_map(|link| link.find(&page).map(|at| link[at..].to_owned())).collect()
}

/// The query of the page without and with the proof that a letter was read.
fn queries(t: &TestStack, sale: &Sale) -> (String, String) {
    let proved = links(t, sale).into_iter().find(|link| link.contains("&letter=")).unwrap();
    let proved = proved.split_once('?').unwrap().1.to_owned();
    (proved.split_once("&letter=").unwrap().0.to_owned(), proved)
}

async fn ask(t: &TestStack, sale: &Sale, query: &str) -> Answer {
    t.post(&format!("/api/purchases/{}/composer-token?{query}", sale.purchase), &json!({})).await
}

#[tokio::test]
async fn a_token_is_made_by_who_has_read_the_letter() {
    let (t, sale) = bought().await;
    let (plain, proved) = queries(&t, &sale);
    let answer = ask(&t, &sale, &proved).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer}");
    assert_eq!(answer.json["repositoryUrl"], t.stack.url);
    let token = answer.text("/token");
    let good = async |token: &str| {
        let mark = t.buyer(&sale).await.unwrap().customer.token.unwrap();
        mark.sha256 == domain::token::sha256(token)
    };
    assert!(token.starts_with("tok_") && good(&token).await);
    let second = ask(&t, &sale, &proved).await.text("/token");
    assert!(good(&second).await && !good(&token).await, "it takes the other one's place");
    assert_eq!(ask(&t, &sale, &proved).await.status, 200);
    ask(&t, &sale, &proved).await.is_error(409, "CONFLICT", &[]);
    let actions = actions(&t, &sale).await;
    assert_eq!(actions.iter().filter(|action| *action == "customer_token_issued").count(), 3, "{actions:?}");
    // Who has only the page's link gets a letter, and no token.
    let before = links(&t, &sale).len();
    for query in [plain.clone(), format!("{plain}&letter=00000000000000000000000000000000")] {
        t.clock.advance(Duration::from_mins(1));
        let answer = ask(&t, &sale, &query).await;
        assert_eq!((answer.status, &answer.json["token"]), (202, &Value::Null), "{answer}");
        t.settle().await;
    }
    assert!(links(&t, &sale).len() > before);
    t.finish().await;
}

#[tokio::test]
async fn what_was_bought_is_installed_with_that_token_until_it_is_refunded() {
    let t = TestStack::start().await;
    t.shelve("acme/widget", &["3.0.0", "2.1.0", "2.0.0"]).await;
    t.shelve("acme/gadget", &["1.0.0"]).await;
    t.clock.advance(Duration::from_hours(1));
    let sale = t.checkout(&listed(&t).await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let (_, proved) = queries(&t, &sale);
    let token = Secret::new(ask(&t, &sale, &proved).await.text("/token")).unwrap();
    let available = async || t.fetch("/packages.json", &token).await.json["available-packages"].clone();
    assert_eq!(available().await, json!(NAMES));
    let shown = t.fetch("/p2/acme/widget.json", &token).await.json;
    let versions = shown["packages"]["acme/widget"].as_array().unwrap();
    assert_eq!(versions.iter().map(|it| it["version"].as_str().unwrap()).collect::<Vec<_>>(), ["2.1.0", "2.0.0"]);
    assert_eq!(t.fetch("/dist/acme/widget/2.0.0.zip", &token).await.status, 302);
    assert_eq!(t.fetch("/dist/acme/widget/3.0.0.zip", &token).await.status, 403);
    t.stripe().refund(&sale.session, None);
    settle(&t).await;
    assert_eq!(available().await, json!([]));
    assert_eq!(t.fetch("/dist/acme/widget/2.0.0.zip", &token).await.status, 404);
    t.finish().await;
}

#[tokio::test]
async fn the_page_tells_how_to_install_and_shows_a_token_once() {
    let (t, sale) = bought().await;
    let (plain, proved) = queries(&t, &sale);
    let page = t.get(&format!("/purchases/{}?{plain}", sale.purchase)).await.to_string();
    for text in ["Install with Composer", "acme/widget ^2.0", "composer config repositories.acme", "Mail me the link"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Make a token"), "{page}");
    let page = t.get(&format!("/purchases/{}?{proved}", sale.purchase)).await.to_string();
    assert!(page.contains("Make a token") && !page.contains("Mail me the link"), "{page}");
    let made = t.post(&format!("/purchases/{}/composer-token?{proved}", sale.purchase), &Value::Null).await;
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"), "{made}");
    assert!(made.to_string().contains("tok_"), "{made}");
    let mailed = t.post(&format!("/purchases/{}/composer-token?{plain}", sale.purchase), &Value::Null).await;
    assert_eq!(mailed.status, 303, "{mailed}");
    t.stripe().refund(&sale.session, None);
    settle(&t).await;
    let page = t.get(&format!("/purchases/{}?{proved}", sale.purchase)).await.to_string();
    assert!(!page.contains("Install with Composer"), "{page}");
    ask(&t, &sale, &proved).await.is_error(409, "CONFLICT", &[]);
    t.finish().await;
}

/// Anybody can type somebody else's address at a checkout.
#[tokio::test]
async fn no_link_makes_the_token_of_another_purchase() {
    let (t, sale) = bought().await;
    let other = t.list_with_packages(&toolkit(), &[("acme/more", "*")]).await;
    let other = t.checkout(&other, "janedoe").await;
    t.pay_and_settle(&other).await;
    let (plain, proved) = queries(&t, &sale);
    let (theirs, their_proof) = queries(&t, &other);
    assert_eq!(ask(&t, &other, &proved).await.status, 404, "another purchase's link");
    let proof = |query: &str| query.split_once("&letter=").unwrap().1.to_owned();
    for mixed in [format!("{theirs}&letter={}", proof(&proved)), format!("{plain}&letter={}", proof(&their_proof))] {
        let asked = if mixed.starts_with(&theirs) { &other } else { &sale };
        assert_eq!(ask(&t, asked, &mixed).await.status, 202, "another purchase's letter proves nothing");
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn what_is_sold_with_a_repository_is_told_and_kept_for_who_bought() {
    let (t, sale) = bought().await;
    let repository = t.customer(&sale.purchase).await["repository"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/admin/repositories/{repository}");
    let sold = json!([{"package": "acme/gadget", "constraint": "*"}, {"package": "acme/widget", "constraint": "^2.0"}]);
    assert_eq!(t.get(&path).await.json["packages"], sold);
    assert_eq!(t.get("/api/products/premium-astro-theme").await.json["packages"], sold);

    let plain = t.patch(&path, &json!({"packages": ["Acme/Widget"]})).await;
    assert_eq!((plain.status, &plain.json["packages"]), (200, &json!([{"package": "acme/widget", "constraint": "*"}])));
    let none = t.patch(&path, &json!({"packages": null})).await;
    assert_eq!((none.status, &none.json["packages"]), (200, &json!([])), "{none}");
    assert_eq!(t.get(&path).await.json.get("packages"), None, "shown where there are some");
    settle(&t).await;
    assert_eq!(t.packages_of(&sale).await, NAMES, "what was bought does not change");
    t.finish().await;
}

#[tokio::test]
async fn packages_that_cannot_be_sold_are_refused() {
    let t = TestStack::start().await;
    let repository = listed(&t).await;
    let path = format!("/api/admin/repositories/{repository}");
    for (packages, field) in [
        (json!(["acme/nothing"]), "packages"),
        (json!(["acme/widget", "acme/widget"]), "packages"),
        (json!("acme/widget"), "packages"),
        (json!([7]), "packages[0]"),
        (json!(["acme/widget", "no name"]), "packages[1].package"),
        (json!([{"constraint": "*"}]), "packages[0].package"),
        (json!([{"package": "acme/widget", "constraint": "^x"}]), "packages[0].constraint"),
        (Value::Array(vec![json!("acme/widget"); 51]), "packages"),
    ] {
        t.patch(&path, &json!({"packages": packages})).await.is_error(400, "VALIDATION_ERROR", &[field]);
        let new = with(toolkit(), &json!({"packages": packages}));
        t.post("/api/admin/repositories", &new).await.is_error(400, "VALIDATION_ERROR", &[field]);
    }
    let unknown = t.patch(&path, &json!({"packages": ["acme/nothing"]})).await;
    assert!(unknown.to_string().contains("acme/nothing"), "{unknown}");
    t.finish().await;
}
