//! A stack with something in it, and the means to measure what is done with it.

use journeys::{Answer, Options, Sale, TestStack};
use serde_json::{Value, json};
use testkit::connector::{Meter, Usage};

/// How long the texts are that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// Those of the contract's examples.
    Short,
    /// A description of 600 characters, five selling points, and names that are longer than most.
    Long,
}

/// A stack and how long its texts are.
pub(crate) struct Shop {
    pub(crate) t: TestStack,
    pub(crate) texts: Texts,
    sold: usize,
}

impl Shop {
    pub(crate) async fn open(texts: Texts) -> Self {
        let t = TestStack::start_with(Options { metered: true, ..Options::default() }).await;
        Self { t, texts, sold: 0 }
    }

    /// What the vendor says of the repository called `name`; a monthly subscription if asked.
    pub(crate) fn repository(&self, name: &str, monthly: bool) -> Value {
        let (kind, cadence) = if monthly { ("subscription", json!("monthly")) } else { ("one-time", json!(null)) };
        let mut new = json!({
            "githubOwner": self.login("vendor"),
            "githubRepoName": name,
            "displayName": name,
            "description": "A beautiful production-ready theme",
            "coverImageUrl": "https://cdn.example.com/cover.png",
            "pricingType": kind,
            "priceCents": 4900,
            "subscriptionCadence": cadence,
        });
        if self.texts == Texts::Long {
            new["githubRepoName"] = json!(padded(name, 40));
            new["displayName"] = json!(padded(name, 60));
            new["description"] = json!("A sentence of some words. ".repeat(24).trim());
            new["coverImageUrl"] = json!(format!("https://cdn.example.com/{}.png", "a".repeat(90)));
            new["features"] = json!(vec!["A selling point that takes a line of its own, and a half"; 5]);
        }
        new
    }

    /// Lists a repository that is on GitHub, and answers with its id.
    pub(crate) async fn list(&self, name: &str, monthly: bool) -> String {
        let new = self.repository(name, monthly);
        let text = |field: &str| new[field].as_str().unwrap().to_owned();
        self.t.github().add_repository(&text("githubOwner"), &text("githubRepoName"), true);
        self.t.list(&new).await
    }

    /// A checkout by somebody new.
    pub(crate) async fn checkout(&mut self, repository: &str) -> Sale {
        let answer = self.try_checkout(repository).await;
        assert_eq!(answer.status, 200, "{answer}");
        Sale { session: answer.text("/sessionId"), purchase: answer.text("/purchaseId") }
    }

    /// Asks for a checkout by somebody new.
    pub(crate) async fn try_checkout(&mut self, repository: &str) -> Answer {
        self.sold += 1;
        let login = self.login(&format!("buyer-{}", self.sold));
        self.t.github().add_user(&login);
        let email = match self.texts {
            Texts::Short => format!("buyer-{}@example.com", self.sold),
            Texts::Long => format!("{}@{}.example.com", padded(&format!("buyer-{}", self.sold), 20), "a".repeat(12)),
        };
        self.t
            .post("/api/checkout", &json!({"repositoryId": repository, "githubUsername": login, "email": email}))
            .await
    }

    /// Sells to somebody new, who is invited at the end.
    pub(crate) async fn sell(&mut self, repository: &str) -> Sale {
        let sale = self.checkout(repository).await;
        self.t.pay_and_settle(&sale).await;
        sale
    }

    /// Queues what Stripe's sandbox has to tell.
    pub(crate) async fn deliver(&self) {
        self.t.deliver().await;
    }

    /// Works off one queue, and says what it took: without the poller's own calls.
    pub(crate) async fn work(&self, queue: &str) -> Usage {
        let meter = Meter::new();
        let settled = meter.scope(self.t.stack.settle_queue(queue, 50)).await.unwrap();
        assert_eq!(settled.failed, 0, "records of {queue} failed");
        meter.usage().without_polling()
    }

    fn login(&self, name: &str) -> String {
        if self.texts == Texts::Long { padded(name, 24) } else { name.to_owned() }
    }
}

/// What `work` takes.
pub(crate) async fn measured<T>(work: impl Future<Output = T>) -> (Usage, T) {
    let meter = Meter::new();
    let result = meter.scope(work).await;
    (meter.usage(), result)
}

fn padded(text: &str, length: usize) -> String {
    format!("{text:x<length$}")
}
