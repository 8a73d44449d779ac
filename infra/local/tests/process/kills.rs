//! `kill -9` between payment and invitation: what was accepted is finished at the next start, once.
//!
//! GitHub and Stripe are the sandboxes, but in this process, so that they live on and remember every call.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use axum::Router;
use local::World;
use serde_json::json;
use testkit::{
    faults::{Fault, Faults},
    github::{self, Access},
    stripe,
};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::program::{Program, folder, until};

const WEBHOOK_SECRET: &str = "whsec_test_of_the_process";
const OWNER: &str = "ctrimm";
const REPOSITORY: &str = "premium-theme";
const INVITE: &str = "PUT /repos/ctrimm/premium-theme/collaborators/johndoe";

/// The world outside the process, and a purchase that is about to be paid.
struct Sale {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    github: github::Sandbox,
    stripe: stripe::Sandbox,
    /// What GitHub does to the calls to come.
    faults: Faults,
    token: String,
    session: String,
    _runtime: Runtime,
}

impl Sale {
    /// A program with a checkout begun.
    fn begin(test: &str) -> (Self, Program) {
        let World { clock, random, .. } = World::real();
        let faults = Faults::none();
        let github = github::Sandbox::new(clock.clone()).with_faults(faults.clone());
        let stripe = stripe::Sandbox::new(clock, random, WEBHOOK_SECRET.to_owned());
        let runtime = Runtime::new().unwrap();
        let github_url = serve(&runtime, github.router());
        let environment = vec![
            ("GITHUB_API_URL", github_url),
            ("GITHUB_TOKEN", "ghp_test_synthetic".to_owned()),
            ("STRIPE_API_URL", serve(&runtime, stripe.router())),
            ("STRIPE_SECRET_KEY", "sk_test_synthetic".to_owned()),
            ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
        ];
        let (token, session) = (String::new(), String::new());
        let mut sale =
            Self { folder: folder(test), environment, github, stripe, faults, token, session, _runtime: runtime };
        let program = sale.start();
        program.token().unwrap().clone_into(&mut sale.token);
        sale.session = sale.check_out(&program);
        (sale, program)
    }

    fn start(&self) -> Program {
        let environment: Vec<_> = self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Program::start(&self.folder, &environment)
    }

    fn check_out(&self, program: &Program) -> String {
        let repository = json!({
            "githubOwner": OWNER, "githubRepoName": REPOSITORY, "displayName": "Premium Theme",
            "pricingType": "one-time", "priceCents": 4900,
        });
        let repository = program.post("/api/admin/repositories", &self.token, &repository);
        assert_eq!(repository.status, 201, "{repository:?}");
        let id = repository.json()["id"].clone();
        let order = json!({"repositoryId": id, "githubUsername": "johndoe", "email": "customer@example.com"});
        let checkout = program.post("/api/checkout", "", &order);
        assert_eq!(checkout.status, 200, "{checkout:?}");
        checkout.json()["sessionId"].as_str().unwrap().to_owned()
    }

    /// The buyer pays, and the program accepts that the charge succeeded. Stripe's other events get lost on the way, so
    /// that nothing else can heal what is lost here.
    fn pay(&self, program: &Program) {
        let charge = self.stripe.pay(&self.session).into_iter().find(|event| event.kind == "charge.succeeded").unwrap();
        self.deliver(program, &charge.id);
    }

    fn refund(&self, program: &Program) {
        let events = self.stripe.refund(&self.session, None);
        self.deliver(program, &events.iter().find(|event| event.kind == "charge.refunded").unwrap().id);
    }

    fn deliver(&self, program: &Program, event: &str) {
        let delivery = self.stripe.undelivered().into_iter().find(|delivery| delivery.event_id == event).unwrap();
        let headers = [("content-type", "application/json"), ("stripe-signature", delivery.signature.as_str())];
        let answer = program.send("POST", "/api/webhooks/stripe", &headers, &delivery.body);
        assert_eq!(answer.status, 200, "{answer:?}");
        self.stripe.delivered(event);
    }

    /// Waits until GitHub was made to hold or refuse a call.
    fn until_struck(&self) {
        until("a call to GitHub fails", || (!self.faults.struck().is_empty()).then_some(()));
    }

    /// The end that every run must come to.
    fn expect_one_invitation(&self, program: &Program) {
        until("the gate is open", || (program.purchase(&self.token)["accessStatus"] == "active").then_some(()));
        let johndoe = self.github.user_id("johndoe").unwrap();
        assert_eq!(self.github.access(OWNER, REPOSITORY, johndoe), Access::Invited { expired: false });
        assert_eq!(self.github.invitations_sent(OWNER, REPOSITORY), 1);
        assert_eq!(self.invited(), 1, "{:#?}", self.github.requests());
        assert_eq!(program.purchase(&self.token)["status"], "completed");
    }

    /// The end that every run with a refund must come to. That it is wanted shows at once, so GitHub is asked.
    fn expect_a_closed_gate(&self, program: &Program) {
        let johndoe = self.github.user_id("johndoe").unwrap();
        until("the gate is closed", || (self.github.access(OWNER, REPOSITORY, johndoe) == Access::None).then_some(()));
        let purchase = program.purchase(&self.token);
        assert_eq!((&purchase["status"], &purchase["accessStatus"]), (&"completed".into(), &"revoked".into()));
        assert_eq!(self.invited(), 1, "{:#?}", self.github.requests());
    }

    fn invited(&self) -> usize {
        self.github.requests().iter().filter(|request| *request == INVITE).count()
    }
}

fn serve(runtime: &Runtime, router: Router) -> String {
    let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[test]
fn killed_right_after_the_webhook_was_answered() {
    let (sale, program) = Sale::begin("kill_after_the_answer");
    sale.pay(&program);
    program.kill();
    sale.expect_one_invitation(&sale.start());
}

#[test]
fn killed_when_the_payment_is_written_down() {
    let (sale, program) = Sale::begin("kill_after_the_payment");
    sale.faults.start(&Faults::nth(0, Fault::Timeout));
    sale.pay(&program);
    until("the payment is written down", || (program.purchase(&sale.token)["status"] == "completed").then_some(()));
    program.kill();
    sale.faults.heal();
    sale.expect_one_invitation(&sale.start());
}

/// The calls are: the account's name, its invitations, whether it has access, the invitation itself. Each is held while the process is killed.
#[test]
fn killed_while_github_is_asked() {
    for call in 0..4 {
        let (sale, program) = Sale::begin("kill_in_a_call");
        sale.faults.start(&Faults::nth(call, Fault::Timeout));
        sale.pay(&program);
        sale.until_struck();
        program.kill();
        assert_eq!(sale.invited(), usize::from(call == 3), "call {call}: {:#?}", sale.github.requests());
        sale.faults.heal();
        sale.expect_one_invitation(&sale.start());
    }
}

#[test]
fn killed_again_and_again() {
    let (sale, mut program) = Sale::begin("kill_again_and_again");
    sale.pay(&program);
    // More often than a message may be received before it goes to the dead-letter queue would be too often.
    for _ in 0..3 {
        program.kill();
        program = sale.start();
    }
    sale.expect_one_invitation(&program);
}

#[test]
fn killed_while_a_retry_waits_its_time() {
    let (mut sale, program) = Sale::begin("kill_in_a_wait");
    program.kill();
    let working = sale.environment[0].1.clone();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    sale.environment[0].1 = format!("http://{closed}");
    let program = sale.start();
    sale.pay(&program);
    until("the retry is sent", || program.log().contains("to be tried again").then_some(()));
    assert_eq!(program.purchase(&sale.token)["accessStatus"], "pending");
    program.kill();
    assert_eq!(sale.invited(), 0);

    sale.environment[0].1 = working;
    sale.expect_one_invitation(&sale.start());
}

/// The calls are: the account's name, its invitations, the deletion of the one that waits, the collaborator's removal, and
/// twice a look at whether all is gone.
#[test]
fn killed_while_the_gate_is_closed_after_a_refund() {
    for call in 0..6 {
        let (sale, program) = Sale::begin("kill_after_a_refund");
        sale.pay(&program);
        sale.expect_one_invitation(&program);
        sale.faults.start(&Faults::nth(call, Fault::Timeout));
        sale.refund(&program);
        sale.until_struck();
        program.kill();
        sale.faults.heal();
        sale.expect_a_closed_gate(&sale.start());
    }
}

#[test]
fn a_refund_accepted_before_the_kill_closes_the_gate_after_it() {
    let (sale, program) = Sale::begin("kill_after_the_refunds_answer");
    sale.pay(&program);
    sale.expect_one_invitation(&program);
    sale.refund(&program);
    program.kill();
    sale.expect_a_closed_gate(&sale.start());
}

/// Events that were sent but not accepted belong to Stripe still, and its sandbox remembers them.
#[test]
fn the_sandboxes_remember_what_they_owe() {
    let folder = folder("kill_with_sandboxes");
    let program = Program::start(&folder, &[]);
    let token = program.token().unwrap().to_owned();
    let repository = json!({
        "githubOwner": OWNER, "githubRepoName": REPOSITORY, "displayName": "Premium Theme",
        "pricingType": "one-time", "priceCents": 4900,
    });
    let id = program.post("/api/admin/repositories", &token, &repository).json()["id"].clone();
    let order = json!({"repositoryId": id, "githubUsername": "johndoe", "email": "customer@example.com"});
    let checkout = program.post("/api/checkout", "", &order).json();
    let page = checkout["sessionUrl"].as_str().unwrap().strip_prefix(&program.url).unwrap();
    assert_eq!(program.send("POST", &format!("{page}/pay"), &[], b"").status, 303);
    program.kill();

    let program = Program::start(&folder, &[]);
    until("the gate is open", || (program.purchase(&token)["accessStatus"] == "active").then_some(()));
    let page = program.send("GET", "/sandbox/github", &[], b"").body;
    assert_eq!(page.matches("<td>invited").count(), 1, "{page}");
}

/// A pause so short that the queue has not yet been told that the message is done with, or so long that it has.
#[test]
fn killed_at_any_moment_after_the_answer() {
    for millis in [1, 4, 16, 64] {
        let (sale, program) = Sale::begin("kill_at_any_moment");
        sale.pay(&program);
        std::thread::sleep(Duration::from_millis(millis));
        program.kill();
        let program = sale.start();
        until("the gate is open", || (program.purchase(&sale.token)["accessStatus"] == "active").then_some(()));
        assert_eq!(sale.github.invitations_sent(OWNER, REPOSITORY), 1);
    }
}
