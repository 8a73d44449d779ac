//! Events on their way to the endpoint.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::Random;
use tokio::time::Instant;

use super::Sandbox;
use crate::sandbox::http_client;

/// How often the loop looks for new events.
const LOOK: Duration = Duration::from_millis(200);
/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first pause after a failed delivery; each one after is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two deliveries of one event.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Of so many deliveries one is made twice.
const TWICE_IN: u8 = 4;

/// One event, ready to be sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `evt_…`, the same at every attempt.
    pub event_id: String,
    /// The body, the same at every attempt.
    pub body: Vec<u8>,
    /// The `Stripe-Signature` header, made now.
    pub signature: String,
}

impl Sandbox {
    /// What has happened and was not delivered, in the order in which it happened, each freshly signed.
    pub fn undelivered(&self) -> Vec<Delivery> {
        self.expire_overdue();
        let now = self.now();
        self.shared.state.read(|state| {
            let waiting = state.events.iter().filter(|sent| sent.waits());
            let deliver = |sent: &super::events::Sent| {
                let body = sent.event.payload.to_string().into_bytes();
                let signature = signatures::stripe::sign(&body, &self.shared.webhook_secret, now);
                Delivery { event_id: sent.event.id.clone(), body, signature }
            };
            waiting.map(deliver).collect()
        })
    }

    /// Says that the endpoint has taken an event. An unknown one is fine.
    pub fn delivered(&self, event_id: &str) {
        self.record(event_id, "200", true);
    }

    fn record(&self, event_id: &str, answer: &str, delivered: bool) {
        let now = self.now();
        self.shared.state.change(|state| {
            if let Some(sent) = state.events.iter_mut().find(|sent| sent.event.id == event_id) {
                sent.delivered |= delivered;
                sent.attempts += 1;
                sent.answer = Some(answer.to_owned());
            }
            state.trim_events(now);
        });
    }

    /// Delivers events to `url` for ever: shuffled, some of them twice at once, each again until it is answered 2xx.
    ///
    /// To be spawned. What is undelivered is part of the sandbox's state, so that a sandbox that was opened from a file
    /// goes on where it was stopped; only the pauses begin anew.
    ///
    /// # Errors
    /// When the HTTP client cannot be made. Otherwise it never returns.
    pub async fn deliver_to(&self, url: String) -> anyhow::Result<()> {
        let client = http_client("Stripe/1.0 (+https://stripe.com/docs/webhooks)", PATIENCE)?;
        let mut pauses: HashMap<String, (Duration, Instant)> = HashMap::new();
        loop {
            let waiting = self.undelivered();
            let known: HashSet<&str> = waiting.iter().map(|it| it.event_id.as_str()).collect();
            pauses.retain(|id, _| known.contains(id.as_str()));
            let mut due: Vec<&Delivery> = waiting
                .iter()
                .filter(|it| pauses.get(&it.event_id).is_none_or(|pause| pause.1 <= Instant::now()))
                .collect();
            shuffle(&mut due, &self.shared.random);
            for delivery in due {
                let twice = self.shared.random.bytes::<1>()[0].is_multiple_of(TWICE_IN);
                let answers = attempt(&client, &url, delivery, twice).await;
                let accepted = answers.iter().any(|answer| answer.0);
                for (accepted, answer) in &answers {
                    self.record(&delivery.event_id, answer, *accepted);
                }
                if !accepted {
                    let (pause, until) =
                        pauses.entry(delivery.event_id.clone()).or_insert((FIRST_PAUSE, Instant::now()));
                    *until = Instant::now() + *pause;
                    *pause = (*pause * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Delivers once, or twice at the same time as it happens with the real one. The answers, an acceptance last.
async fn attempt(client: &reqwest::Client, url: &str, delivery: &Delivery, twice: bool) -> Vec<(bool, String)> {
    let times = if twice { 2 } else { 1 };
    let mut answers = futures::future::join_all((0..times).map(|_| send(client, url, delivery))).await;
    answers.sort_by_key(|answer| answer.0);
    answers
}

/// Sends one delivery, and says whether it was taken and what the answer was.
async fn send(client: &reqwest::Client, url: &str, delivery: &Delivery) -> (bool, String) {
    let request = client
        .post(url)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", &delivery.signature)
        .body(delivery.body.clone());
    match request.send().await {
        Ok(response) => (response.status().is_success(), response.status().as_u16().to_string()),
        Err(error) => {
            tracing::debug!(%error, "an event could not be delivered");
            (false, "no answer".to_owned())
        }
    }
}

/// Fisher and Yates's shuffle.
fn shuffle<T>(items: &mut [T], random: &Random) {
    for last in (1..items.len()).rev() {
        let drawn = u64::from_le_bytes(random.bytes());
        let other = drawn % (last as u64 + 1);
        items.swap(last, usize::try_from(other).unwrap_or(last));
    }
}
