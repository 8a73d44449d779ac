//! Where the story is played: makes the calls, tells of them, and checks what comes back.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Body;
use domain::Secret;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use testkit::{
    connector::{Meter, Usage},
    github::{self, Access},
    stripe::{self, Delivery},
};

use super::{
    costs::{Cost, Costs},
    report,
};
use crate::Stack;

/// So many batches are enough for any step.
const ROUNDS: usize = 20;
/// The longest line of fields.
const WIDTH: usize = 100;

/// The stack, the page that is written, and what it has cost so far.
pub(super) struct Stage<'a> {
    out: &'a mut dyn Write,
    stack: Stack,
    token: Secret,
    step: usize,
    heading: &'static str,
    costs: Costs,
}

/// A request, and what is expected of its answer.
pub(super) struct Ask {
    method: &'static str,
    path: String,
    body: Option<Value>,
    of_vendor: bool,
    status: StatusCode,
    shown: Vec<(&'static str, Option<Value>)>,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>) -> Self {
        let (path, status) = (path.into(), StatusCode::OK);
        Self { method: "GET", path, body: None, of_vendor: false, status, shown: Vec::new() }
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: "POST", body: Some(body), ..Self::get(path) }
    }

    /// The vendor asks, with the token of the first start.
    pub(super) fn by_vendor(self) -> Self {
        Self { of_vendor: true, ..self }
    }

    /// This status is expected; 200 without.
    pub(super) fn expecting(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The answer has this field (a JSON pointer) with this value, and it is told.
    pub(super) fn with(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.shown.push((pointer, Some(value.into())));
        self
    }

    /// The answer has this field with any value, and it is told.
    pub(super) fn showing(mut self, pointer: &'static str) -> Self {
        self.shown.push((pointer, None));
        self
    }

    fn request(&self, token: &Secret) -> Result<Request<Body>> {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        if self.of_vendor {
            request = request.header("authorization", format!("Bearer {}", token.reveal()));
        }
        if self.body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = self.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        Ok(request.body(body)?)
    }
}

/// What a request was answered, and how long that took.
struct Answered {
    status: StatusCode,
    body: Value,
    time: Duration,
}

impl<'a> Stage<'a> {
    pub(super) fn new(out: &'a mut dyn Write, stack: Stack, token: Secret) -> Self {
        Self { out, stack, token, step: 0, heading: "the beginning", costs: Costs::default() }
    }

    /// Where the story is, for an error.
    pub(super) fn place(&self) -> String {
        format!("step {}, \"{}\"", self.step, self.heading)
    }

    pub(super) fn github(&self) -> Result<&github::Sandbox> {
        self.stack.github.as_ref().context("the demo needs GitHub's sandbox")
    }

    pub(super) fn stripe(&self) -> Result<&stripe::Sandbox> {
        self.stack.stripe.as_ref().context("the demo needs Stripe's sandbox")
    }

    /// The next step begins.
    pub(super) fn step(&mut self, heading: &'static str) -> Result<()> {
        self.step += 1;
        self.heading = heading;
        writeln!(self.out, "\n{:>2}. {heading}", self.step)?;
        Ok(())
    }

    /// A line of the present step.
    pub(super) fn say(&mut self, line: impl std::fmt::Display) -> Result<()> {
        writeln!(self.out, "    {line}")?;
        Ok(())
    }

    /// Makes a request, tells of it, and checks the answer, which is returned.
    pub(super) async fn call(&mut self, ask: Ask) -> Result<Value> {
        let asked = self.outside()?;
        let meter = Meter::new();
        let answered = self.answer(&meter, ask.request(&self.token)?).await?;
        let who = if ask.of_vendor { "  (with the vendor's token)" } else { "" };
        self.say(format_args!("{} {}{who}", ask.method, ask.path))?;
        self.say_outside(asked)?;
        self.say_answer(&ask, &answered)?;
        self.pay("requests", 1, answered.time, &meter.usage())?;
        check(&ask, &answered)?;
        Ok(answered.body)
    }

    /// The status, and the fields, on lines of their own if they are many.
    fn say_answer(&mut self, ask: &Ask, answered: &Answered) -> Result<()> {
        let found = |pointer| answered.body.pointer(pointer).unwrap_or(&Value::Null);
        let fields: Vec<_> = ask.shown.iter().map(|(pointer, _)| report::field(pointer, found(pointer))).collect();
        let line = format!("{}  {}", answered.status, fields.join(", "));
        if line.chars().count() <= WIDTH {
            return self.say(line);
        }
        self.say(answered.status)?;
        fields.iter().try_for_each(|field| self.say(format_args!("  {field}")))
    }

    async fn answer(&self, meter: &Meter, request: Request<Body>) -> Result<Answered> {
        let began = Instant::now();
        let response = meter.scope(self.stack.call(request)).await;
        let time = began.elapsed();
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let body = serde_json::from_slice(&body).with_context(|| format!("{status} without JSON"))?;
        Ok(Answered { status, body, time })
    }

    /// Delivers Stripe's events the way it may: newest first, and then all of them again.
    pub(super) async fn deliver(&mut self) -> Result<()> {
        let mut events = self.stripe()?.undelivered();
        ensure!(!events.is_empty(), "Stripe has nothing to tell");
        events.reverse();
        let (meter, began) = (Meter::new(), Instant::now());
        let mut fates = Vec::new();
        for delivery in events.iter().chain(&events) {
            fates.push(self.deliver_one(&meter, delivery).await?);
        }
        let time = began.elapsed();
        self.say("POST /api/webhooks/stripe, newest event first, and then all of them once more:")?;
        let (first, second) = fates.split_at(events.len());
        for (delivery, (first, second)) in events.iter().zip(first.iter().zip(second)) {
            self.say(format_args!("  {:<34}{first}, then {second}", kind(delivery)?))?;
            self.stripe()?.delivered(&delivery.event_id);
        }
        self.pay("webhooks", fates.len(), time, &meter.usage())
    }

    /// What became of one delivery, in words.
    async fn deliver_one(&self, meter: &Meter, delivery: &Delivery) -> Result<&'static str> {
        let sent = || meter.usage().calls.iter().filter(|call| call.operation == "SendMessage").count();
        let before = sent();
        let answered = self.answer(meter, webhook(&delivery.body, &delivery.signature)?).await?;
        ensure!(answered.status == StatusCode::OK, "{} was answered {}", delivery.event_id, answered.status);
        Ok(if sent() > before { "200 queued" } else { "200 not needed" })
    }

    /// Somebody sends an event with a signature that is not Stripe's.
    pub(super) async fn forge(&mut self, body: &Value, signature: &str) -> Result<()> {
        let meter = Meter::new();
        let answered = self.answer(&meter, webhook(body.to_string().as_bytes(), signature)?).await?;
        self.say("POST /api/webhooks/stripe")?;
        self.say(format_args!("{}  {}", answered.status, answered.body))?;
        self.pay("webhooks", 1, answered.time, &meter.usage())?;
        let refused = answered.status == StatusCode::BAD_REQUEST && answered.body["error"] == "Invalid signature";
        ensure!(refused, "the forgery was not refused");
        ensure!(meter.usage().calls.is_empty(), "a forgery caused a call");
        Ok(())
    }

    /// Lets the worker take what is in a queue.
    pub(super) async fn work(&mut self, queue: &str, name: &str) -> Result<()> {
        let asked = self.outside()?;
        let (meter, began) = (Meter::new(), Instant::now());
        let settled = meter.scope(self.stack.settle_queue(queue, ROUNDS)).await?;
        let (time, usage) = (began.elapsed(), meter.usage().without_polling());
        let messages = settled.succeeded;
        self.say(format_args!(
            "worker, queue {name}: {messages} message{} done",
            if messages == 1 { "" } else { "s" }
        ))?;
        self.say_outside(asked)?;
        self.pay(&format!("messages of {name}"), messages, time, &usage)?;
        ensure!(settled.failed == 0, "{} messages failed", settled.failed);
        ensure!(messages > 0, "the queue was empty");
        Ok(())
    }

    /// GitHub itself says how far somebody has come.
    pub(super) fn on_github(&mut self, repository: (&str, &str), login: &str, expected: Access) -> Result<()> {
        let (owner, name) = repository;
        let account = self.github()?.user_id(login).context("no such account")?;
        let access = self.github()?.access(owner, name, account);
        let words = match access {
            Access::None => "has no access",
            Access::Invited { .. } => "is invited",
            Access::Collaborator => "is a collaborator",
        };
        self.say(format_args!("On GitHub: {login} {words} ({owner}/{name})"))?;
        ensure!(access == expected, "expected {expected:?} on GitHub, found {access:?}");
        Ok(())
    }

    /// Tells what it all cost, and ends the stack.
    pub(super) async fn end(self) -> Result<()> {
        writeln!(self.out, "\nWhat it cost\n\n{}\nAll {} steps passed.", self.costs, self.step)?;
        self.stack.shutdown().await;
        Ok(())
    }

    fn pay(&mut self, kind: &str, count: usize, time: Duration, usage: &Usage) -> Result<()> {
        self.costs.add(kind, &Cost::of(count, time, usage));
        self.say(if count == 1 { report::cost(time, usage) } else { report::sum(time, usage) })
    }

    /// How many calls GitHub and Stripe have seen.
    fn outside(&self) -> Result<(usize, usize)> {
        Ok((self.github()?.requests().len(), self.stripe()?.requests().len()))
    }

    /// Tells of the calls that GitHub and Stripe have seen since.
    fn say_outside(&mut self, (github, stripe): (usize, usize)) -> Result<()> {
        let (on_github, on_stripe) =
            (self.github()?.requests().split_off(github), self.stripe()?.requests().split_off(stripe));
        for line in report::counted(on_github) {
            self.say(format_args!("  -> GitHub: {line}"))?;
        }
        for line in report::counted(on_stripe) {
            self.say(format_args!("  -> Stripe: {line}"))?;
        }
        Ok(())
    }
}

fn check(ask: &Ask, answered: &Answered) -> Result<()> {
    let Answered { status, body, .. } = answered;
    ensure!(*status == ask.status, "expected {}, the answer was {status}: {body}", ask.status);
    for (pointer, expected) in &ask.shown {
        match (body.pointer(pointer), expected) {
            (Some(value), Some(expected)) if value != expected => {
                bail!("expected {pointer} to be {expected}, it is {value}")
            }
            (None | Some(Value::Null), None) => bail!("the answer has no {pointer}: {body}"),
            (None, Some(expected)) => bail!("expected {pointer} to be {expected}, the answer has none: {body}"),
            _ => {}
        }
    }
    Ok(())
}

fn webhook(body: &[u8], signature: &str) -> Result<Request<Body>> {
    let request = Request::post("/api/webhooks/stripe").header("content-type", "application/json; charset=utf-8");
    Ok(request.header("stripe-signature", signature).body(Body::from(body.to_vec()))?)
}

fn kind(delivery: &Delivery) -> Result<String> {
    let event: Value = serde_json::from_slice(&delivery.body)?;
    Ok(event["type"].as_str().unwrap_or_default().to_owned())
}
