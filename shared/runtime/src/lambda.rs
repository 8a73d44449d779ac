//! Lambda's own loop, for a router and for a job handler. Not generic over the function, so that it is compiled once.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use axum::Router;
use jobs::{Job, Outcome, Record, run_batch};
use lambda_runtime::{LambdaEvent, service_fn};

use crate::{Error, Services, gateway};

/// Serves a router to API Gateway until Lambda ends the process.
///
/// # Errors
/// When Lambda's loop ends.
pub async fn serve(services: Services, router: Router) -> Result<(), Error> {
    services.warm_up().await;
    lambda_http::run(gateway::behind(router)).await.map_err(Error::Lambda)
}

/// Hands the jobs of each batch to `handle` until Lambda ends the process.
///
/// # Errors
/// When Lambda's loop ends.
pub async fn consume<F>(services: Services, handle: impl Fn(Job) -> F + Send + Sync + 'static) -> Result<(), Error>
where
    F: Future<Output = Outcome> + Send + 'static,
{
    services.warm_up().await;
    run_consumer(Arc::new(move |job| Box::pin(handle(job)))).await
}

type Handler = dyn Fn(Job) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync;

async fn run_consumer(handle: Arc<Handler>) -> Result<(), Error> {
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| {
        let handle = handle.clone();
        async move {
            let left = event.context.deadline().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
            let deadline = Instant::now() + left.saturating_sub(since_epoch());
            let records: Vec<_> = event.payload.records.into_iter().map(record).collect();
            let report = run_batch(&records, Some(deadline), |job| handle(job)).await;
            let mut response = SqsBatchResponse::default();
            report.failed.into_iter().for_each(|id| response.add_failure(id));
            Ok::<_, lambda_runtime::Error>(response)
        }
    });
    lambda_runtime::run(service).await.map_err(Error::Lambda)
}

/// What a schedule of the template calls a function with.
#[derive(Debug, serde::Deserialize)]
struct Scheduled {
    run: String,
}

/// Hands the name of what is to be run, each time the clock asks for it, to `handle` until Lambda ends the process. A run
/// that fails is a failed invocation; the next one does the rest.
///
/// # Errors
/// When Lambda's loop ends.
pub async fn schedule<F>(services: Services, handle: impl Fn(String) -> F + Send + Sync + 'static) -> Result<(), Error>
where
    F: Future<Output = Outcome> + Send + 'static,
{
    services.warm_up().await;
    let service = service_fn(move |event: LambdaEvent<Scheduled>| {
        let run = handle(event.payload.run);
        async move { run.await.map_err(|error| lambda_runtime::Error::from(chain(&*error))) }
    });
    lambda_runtime::run(service).await.map_err(Error::Lambda)
}

/// An error with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[expect(clippy::disallowed_methods, reason = "Lambda tells its deadline as a time of day")]
fn since_epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn record(message: SqsMessage) -> Record {
    let receive_count = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    Record {
        message_id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receive_count: receive_count.unwrap_or(1),
    }
}
