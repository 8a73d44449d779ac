//! The sample events: what they hold is what the functions read today.

use std::fs;

use domain::{
    forge::ForgeKind,
    forge_event, github_event,
    stripe_event::{self, Received},
};
use jobs::Job;
use lambda_http::request::LambdaRequest;
use serde_json::Value;

use crate::{root, template};

/// Every file of `events/`: its name and its JSON.
fn events() -> Vec<(String, Value)> {
    let files = fs::read_dir(root().join("events")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

fn event(name: &str) -> Value {
    read(&root().join("events").join(name))
}

fn read(path: &std::path::Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The jobs of a batch of messages.
fn jobs(batch: &Value) -> Vec<Job> {
    let records = batch["Records"].as_array().unwrap();
    records.iter().map(|record| Job::from_message(record["body"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn requests_are_understood_by_the_lambda_crate_and_routed_by_the_template() {
    let template = template();
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    let mut keys: Vec<String> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
    keys.push("$default".to_owned());
    for (name, event) in events().into_iter().filter(|(_, event)| event["Records"].is_null() && event["run"].is_null())
    {
        let key = event["routeKey"].as_str().unwrap();
        assert!(keys.iter().any(|known| known == key), "{name}: template.yaml has no route {key}");
        let request = serde_json::from_value(event).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(request, LambdaRequest::ApiGatewayV2(_)), "{name} is no request of payload format 2.0");
    }
}

#[test]
fn the_plain_and_the_base64_webhook_are_the_same() {
    let body = |name| {
        lambda_http::Request::from(serde_json::from_value::<LambdaRequest>(event(name)).unwrap()).into_body().to_vec()
    };
    assert_eq!(body("stripe-webhook.json"), body("stripe-webhook-base64.json"));
}

#[test]
fn the_payments_batch_begins_with_what_intake_makes_of_the_webhook() {
    let webhook = event("stripe-webhook.json");
    let received = stripe_event::read(webhook["body"].as_str().unwrap().as_bytes()).unwrap();
    let Received::Relevant(event) = received else { panic!("{received:?}") };
    let expected = Job::ApplyPayment { event };
    assert_eq!(
        jobs(&self::event("payments-batch.json"))[0],
        expected,
        "put this body there: {}",
        expected.to_message().unwrap()
    );
}

#[test]
fn the_access_batch_ends_with_what_intake_makes_of_githubs_webhook() {
    let webhook = event("github-webhook.json");
    let header = |name: &str| webhook["headers"][name].as_str().unwrap();
    let body = webhook["body"].as_str().unwrap().as_bytes();
    let received = github_event::read(header("x-github-event"), header("x-github-delivery"), body).unwrap();
    let github_event::Received::Relevant(event) = received else { panic!("{received:?}") };
    let expected = Job::ApplyGithub { event };
    let jobs = jobs(&self::event("access-batch.json"));
    assert_eq!(*jobs.last().unwrap(), expected, "put this body there: {}", expected.to_message().unwrap());
}

#[test]
fn the_packages_batch_holds_what_intake_makes_of_the_forges_webhooks() {
    let jobs = jobs(&event("packages-batch.json"));
    let webhooks = [
        ("gitlab-webhook.json", ForgeKind::Gitlab, "x-gitlab-event", "x-gitlab-event-uuid"),
        ("bitbucket-webhook.json", ForgeKind::Bitbucket, "x-event-key", "x-request-uuid"),
    ];
    assert_eq!(jobs.len(), webhooks.len());
    for (job, (file, forge, kind, number)) in jobs.iter().zip(webhooks) {
        let webhook = event(file);
        let header = |name: &str| webhook["headers"][name].as_str().unwrap();
        let body = webhook["body"].as_str().unwrap().as_bytes();
        let received = forge_event::read(forge, header(kind), header(number), body).unwrap();
        let forge_event::Received::Relevant(event) = received else { panic!("{received:?}") };
        let expected = Job::ForgePush { event };
        assert_eq!(*job, expected, "put this body there: {}", expected.to_message().unwrap());
    }
}

#[test]
fn each_batch_holds_the_jobs_of_its_queue() {
    assert!(jobs(&event("payments-batch.json")).iter().all(|job| matches!(job, Job::ApplyPayment { .. })));
    let of_access = |job: &Job| matches!(job, Job::SyncAccess { .. } | Job::ApplyGithub { .. });
    assert!(jobs(&event("access-batch.json")).iter().all(of_access));
}

#[test]
fn what_the_clock_calls_with_is_what_the_template_says() {
    let mut written: Vec<String> =
        events().into_iter().filter(|(_, event)| !event["run"].is_null()).map(|(_, event)| event.to_string()).collect();
    let mut scheduled: Vec<String> =
        template().functions.iter().flat_map(|it| &it.schedules).map(|it| it.input.to_string()).collect();
    written.sort();
    scheduled.sort();
    assert_eq!(written, scheduled, "events/ (left) and the schedules' Input in template.yaml (right)");
}
