//! Purchases, for those who bought: the page that letters link to, and the same as JSON.

use std::time::Duration;

use axum::body::Body;
use http::{Method, header};
use journeys::{Answer, Sale, TestStack, example_repository, with};
use serde_json::{Value, json};
use testkit::github::Access;

const OWNER: &str = "ctrimm";
const NAME: &str = "premium-theme";
const INVITED: Access = Access::Invited { expired: false };

/// A buyer who was invited, with the link from the letter that says so.
struct Bought {
    t: TestStack,
    sale: Sale,
    token: String,
}

impl Bought {
    async fn start() -> Self {
        let t = TestStack::start().await;
        let repository = t.list_theme().await;
        let sale = t.checkout(&repository, "johndoe").await;
        t.pay_and_settle(&sale).await;
        let token = token(&t, &sale);
        Self { t, sale, token }
    }

    fn api(&self, what: &str) -> String {
        format!("/api/purchases/{}{what}", self.sale.purchase)
    }

    async fn get(&self) -> Value {
        let answer = self.ask(Method::GET, &self.api(""), "").await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json
    }

    async fn post(&self, what: &str, body: &Value) -> Answer {
        self.ask(Method::POST, &self.api(what), &body.to_string()).await
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        let request =
            http::Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        self.t.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    fn path(&self, what: &str) -> String {
        format!("/purchases/{}{what}?token={}", self.sale.purchase, self.token)
    }

    async fn page(&self) -> String {
        let answer = self.t.get(&self.path("")).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        answer.to_string()
    }

    /// Presses a button of the page.
    async fn press(&self, what: &str, fields: &str) -> Answer {
        let request =
            http::Request::post(self.path(what)).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.t.send(request.body(Body::from(fields.to_owned())).unwrap()).await
    }

    async fn settle(&self) {
        self.t.deliver().await;
        self.t.settle().await;
        self.t.deliver_github().await;
        self.t.settle().await;
    }

    fn access(&self, login: &str) -> Access {
        let github = self.t.github();
        github.access(OWNER, NAME, github.user_id(login).unwrap())
    }

    async fn actions(&self) -> Vec<String> {
        let logs = self.t.customer(&self.sale.purchase).await["accessLogs"].as_array().unwrap().clone();
        logs.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    }
}

/// The token of the link in a letter about this purchase.
fn token(t: &TestStack, sale: &Sale) -> String {
    let letters = t.stack.mail.as_ref().unwrap().to("customer@example.com");
    let links = letters.iter().flat_map(testkit::mail::Message::links);
    let mut own =
        links.filter_map(|link| Some(link.split_once(&format!("/purchases/{}?token=", sale.purchase))?.1.to_owned()));
    own.next().expect("a letter with a link")
}

#[tokio::test]
async fn the_link_of_a_letter_shows_how_it_stands() {
    let b = Bought::start().await;
    let view = b.get().await;
    assert_eq!(view["state"], "invited");
    assert_eq!((&view["status"], &view["accessStatus"]), (&json!("completed"), &json!("active")));
    assert_eq!(view["githubAccount"]["login"], "johndoe");
    assert_eq!(view["invitation"]["url"], "https://github.com/ctrimm/premium-theme/invitations");
    assert_eq!(view["invitation"]["expiresAt"], "2026-01-08T00:00:00Z");
    assert_eq!((&view["canResend"], &view["canChangeAccount"]), (&json!(true), &json!(true)));
    let page = b.page().await;
    for text in
        ["Premium Astro Theme", "johndoe", "$49.00", "Accept the invitation", "Send it again", "Use this account"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }

    b.t.github().accept(OWNER, NAME, "johndoe").unwrap();
    b.t.stripe().refund(&b.sale.session, None);
    b.settle().await;
    let view = b.get().await;
    assert_eq!((&view["state"], &view["closedBecause"]), (&json!("ended"), &json!("refunded")));
    assert_eq!((&view["canResend"], &view["canChangeAccount"]), (&json!(false), &json!(false)));
    let page = b.page().await;
    assert!(page.contains("Your access has ended: your payment was refunded in full."), "{page}");
    assert!(page.contains("<dt>Refunded</dt><dd>$49.00</dd>"), "{page}");
    b.t.finish().await;
}

/// Where Stripe sends a buyer who has paid.
fn success_path(t: &TestStack, sale: &Sale) -> String {
    let session = t.stripe().session(&sale.session).unwrap();
    let success = session["success_url"].as_str().unwrap();
    success.strip_prefix(&t.stack.url).unwrap().replace("{CHECKOUT_SESSION_ID}", &sale.session)
}

#[tokio::test]
async fn before_it_is_paid_the_page_says_what_is_awaited() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    let page = t.get(&success_path(&t, &sale)).await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.to_string().contains("not paid yet") && page.to_string().contains("Thank you!"), "{page}");
    t.finish().await;
}

#[tokio::test]
async fn a_renewal_that_failed_can_be_paid_from_the_page() {
    let t = TestStack::start().await;
    let monthly = json!({"pricingType": "subscription", "subscriptionCadence": "monthly", "graceDays": 7});
    let repository = t.list(&with(example_repository(), &monthly)).await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let path = success_path(&t, &sale);
    assert!(!t.get(&path).await.to_string().contains("Pay now"));
    t.clock.advance(Duration::from_hours(24 * 31));
    t.stripe().fail_renewal(&sale.session);
    t.deliver().await;
    t.settle().await;
    let page = t.get(&path).await.to_string();
    for text in ["Your last payment failed", "Pay now", "$49.00 every month", "If not paid, access until"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    t.finish().await;
}

#[tokio::test]
async fn no_other_token_opens_it() {
    let b = Bought::start().await;
    let other =
        b.t.checkout(
            &b.t.list(&with(
                example_repository(),
                &json!({"githubOwner": "acme-corp",
        "githubRepoName": "toolkit", "displayName": "Toolkit"}),
            ))
            .await,
            "janedoe",
        )
        .await;
    let ask = async |path: String, token: &str| {
        let request = http::Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        b.t.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask(b.api(""), &b.token).await.status, 200);
    // Another's purchase, and one that is not there.
    ask(format!("/api/purchases/{}", other.purchase), &b.token).await.is_error(404, "NOT_FOUND", &[]);
    ask("/api/purchases/0190b5a0-0000-7000-8000-000000000001".to_owned(), &b.token).await.is_error(
        404,
        "NOT_FOUND",
        &[],
    );
    // Forged: of the right form, but made without the key.
    let forged = domain::token::derive(domain::token::PURCHASE, domain::CompanyId(1), &[7; 32]);
    ask(b.api(""), forged.reveal()).await.is_error(404, "NOT_FOUND", &[]);
    let company_2 = domain::token::derive(domain::token::PURCHASE, domain::CompanyId(2), &[7; 32]);
    ask(b.api(""), company_2.reveal()).await.is_error(404, "NOT_FOUND", &[]);
    // Garbage, none, and an operator's.
    let changed = format!("{}x", &b.token[..b.token.len() - 1]);
    for garbage in [changed.as_str(), "tgp_", "x", b.t.token.reveal()] {
        ask(b.api(""), garbage).await.is_error(401, "UNAUTHORIZED", &[]);
    }
    b.t.get(&b.api("")).await.is_error(401, "UNAUTHORIZED", &[]);
    let operator = ask("/api/admin/customers".to_owned(), &b.token).await;
    operator.is_error(401, "UNAUTHORIZED", &[]);
    let page = b.t.get(&format!("/purchases/{}", b.sale.purchase)).await;
    assert_eq!(page.status, 401);
    assert!(page.to_string().contains("Copy all of it from the mail"), "{page}");
    b.t.finish().await;
}

#[tokio::test]
async fn an_invitation_is_sent_again_three_times_a_day() {
    let b = Bought::start().await;
    for sent in 2..=4 {
        b.t.clock.advance(Duration::from_mins(1));
        let answer = b.post("/invitation", &json!({})).await;
        assert_eq!(answer.status, 202, "{answer}");
        b.settle().await;
        assert_eq!(b.t.github().invitations_sent(OWNER, NAME), sent);
        assert_eq!(b.access("johndoe"), INVITED, "the older one was taken back");
    }
    b.post("/invitation", &json!({})).await.is_error(409, "CONFLICT", &[]);
    assert_eq!(b.get().await["invitation"]["expiresAt"], "2026-01-08T00:03:00Z");
    let actions = b.actions().await;
    assert_eq!(actions.iter().filter(|action| *action == "invitation_resent").count(), 3, "{actions:?}");
    b.t.clock.advance(Duration::from_hours(24));
    let back = b.press("/invitation", "").await;
    assert_eq!((back.status, back.header("location")), (303, &*format!("{}&notice=resent", b.path(""))));
    b.settle().await;
    b.t.github().accept(OWNER, NAME, "johndoe").unwrap();
    b.t.finish().await;
}

#[tokio::test]
async fn another_account_gets_the_access_when_the_first_is_out() {
    let b = Bought::start().await;
    b.t.github().accept(OWNER, NAME, "johndoe").unwrap();
    let answer = b.post("/account", &json!({"githubUsername": "JaneDoe"})).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.json["githubAccount"]["login"], "janedoe");
    b.settle().await;
    assert_eq!((b.access("johndoe"), b.access("janedoe")), (Access::None, INVITED));
    let view = b.get().await;
    assert_eq!((&view["state"], &view["githubAccount"]["login"]), (&json!("invited"), &json!("janedoe")));
    let letters = b.t.stack.mail.as_ref().unwrap().to("customer@example.com");
    assert!(letters.last().unwrap().text.contains("janedoe"), "the new account is told how to get in");
    let actions = b.actions().await;
    for action in ["account_changed", "collaborator_removed"] {
        assert!(actions.iter().any(|it| it == action), "{action}: {actions:?}");
    }

    // The first account can buy for itself again, and a refund closes the second one's access.
    b.t.stripe().refund(&b.sale.session, None);
    b.settle().await;
    assert_eq!(b.access("janedoe"), Access::None);
    b.t.finish().await;
}

#[tokio::test]
async fn while_the_first_account_cannot_be_put_out_the_second_waits() {
    let b = Bought::start().await;
    b.t.github().forbid(OWNER, NAME, "Must have admin rights").unwrap();
    assert_eq!(b.post("/account", &json!({"githubUsername": "janedoe"})).await.status, 200);
    b.settle().await;
    assert_eq!((b.access("johndoe"), b.access("janedoe")), (INVITED, Access::None));
    assert_eq!(b.get().await["state"], "waiting");
    b.t.leave_messages();
}

#[tokio::test]
async fn accounts_that_cannot_be_used_are_refused_and_nothing_changes() {
    let b = Bought::start().await;
    let repository = b.t.customer(&b.sale.purchase).await["repository"]["id"].as_str().unwrap().to_owned();
    let theirs = b.t.checkout(&repository, "janedoe").await;
    b.t.pay_and_settle(&theirs).await;
    let post = async |login: &str| b.post("/account", &json!({"githubUsername": login})).await;
    post("janedoe").await.is_error(409, "CONFLICT", &[]);
    post("johndoe").await.is_error(409, "CONFLICT", &[]);
    post("acme-corp").await.is_error(400, "VALIDATION_ERROR", &["githubUsername"]);
    post("nobody-by-this-name").await.is_error(400, "VALIDATION_ERROR", &["githubUsername"]);
    post("<script>").await.is_error(400, "VALIDATION_ERROR", &["githubUsername"]);
    b.post("/account", &json!({})).await.is_error(400, "VALIDATION_ERROR", &["githubUsername"]);
    let page = b.press("/account", "githubUsername=nobody-by-this-name").await;
    assert_eq!(page.status, 400);
    assert!(
        page.to_string().contains("No GitHub account has this name") && page.to_string().contains("Use this account"),
        "{page}"
    );
    b.settle().await;
    assert_eq!(b.access("johndoe"), INVITED);
    b.t.finish().await;
}

#[tokio::test]
async fn the_account_is_changed_three_times_a_month_at_most() {
    let b = Bought::start().await;
    for login in ["janedoe", "octocat", "johndoe"] {
        let back = b.press("/account", &format!("githubUsername={login}")).await;
        assert_eq!(back.status, 303, "{back}");
        b.settle().await;
        assert_eq!(b.access(login), INVITED);
    }
    b.post("/account", &json!({"githubUsername": "janedoe"})).await.is_error(409, "CONFLICT", &[]);
    assert!(!b.page().await.contains("Use this account"));
    b.t.finish().await;
}

#[tokio::test]
async fn stripe_has_the_receipt_and_the_page_where_cards_are_managed() {
    let b = Bought::start().await;
    let answer = b.post("/billing-portal", &json!({})).await;
    assert_eq!(answer.status, 200, "{answer}");
    let portal = b.t.get(&b.path("/billing-portal")).await;
    assert_eq!(portal.status, 303, "{portal}");
    let receipt = b.t.get(&b.path("/receipt")).await;
    assert_eq!(receipt.status, 303, "{receipt}");
    let view = b.get().await;
    assert_eq!(view["receiptUrl"], format!("{}{}", b.t.stack.url, b.path("/receipt")));
    assert_eq!(view["billingPortal"], true);
    b.t.finish().await;
}
