//! The HTTP client under our AWS SDK clients in tests and in the local stack: it can make calls fail, and it can count
//! them.

mod clients;
mod grants;
mod s3;
mod units;
mod usage;

use std::fmt;

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use self::units::{Outcome, Units};
pub use self::{
    clients::{Clients, Limits, sdk_config},
    grants::Grants,
    usage::{Call, Meter, Usage},
};
use crate::{
    embedded::Database,
    faults::{Fault, Faults},
};

/// Plain HTTP for SDK clients, with a fault plan and, inside a [`Meter::scope`], a meter.
#[derive(Clone)]
pub struct Connector {
    http: SharedHttpClient,
    faults: Faults,
    units: Option<Units>,
    grants: Option<Grants>,
}

impl Connector {
    /// A connector that asks `faults` before each call, under names like `dynamodb PutItem`.
    pub fn new(faults: Faults) -> Self {
        Self { http: aws_smithy_http_client::Builder::new().build_http(), faults, units: None, grants: None }
    }

    /// The same, which also works out read and write units of metered calls, by looking into the database that serves
    /// them.
    #[must_use]
    pub fn with_units(self, database: &Database) -> Self {
        Self { units: Some(Units::new(database.clone())), ..self }
    }

    /// As the SDK takes it.
    pub fn shared(self) -> SharedHttpClient {
        SharedHttpClient::new(self)
    }

    /// The same, which refuses what a role does not grant.
    #[must_use]
    pub fn with_grants(self, grants: Grants) -> Self {
        Self { grants: Some(grants), ..self }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Calls {
            http: self.http.http_connector(settings, components),
            faults: self.faults.clone(),
            units: self.units.clone(),
            grants: self.grants.clone(),
        })
    }
}

#[derive(Debug, Clone)]
struct Calls {
    http: SharedHttpConnector,
    faults: Faults,
    units: Option<Units>,
    grants: Option<Grants>,
}

impl HttpConnector for Calls {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (service, operation) = name(&request);
        if let Some(missing) = self.grants.as_ref().and_then(|it| it.missing(&service, &operation, &body(&request))) {
            tracing::error!(missing, "template.yaml does not grant this");
            return HttpConnectorFuture::ready(Ok(denied(&service, &missing)));
        }
        let fault = self.faults.next(&format!("{service} {operation}"));
        let Some(meter) = Meter::current() else {
            let call = self.http.call(request);
            return HttpConnectorFuture::new(async move { faulty(fault, &service, call).await });
        };
        let (calls, start) = (self.clone(), meter.tick());
        HttpConnectorFuture::new(async move {
            // Calls that are made together all start before any of them can end, however busy the machine is.
            tokio::task::yield_now().await;
            let (mut read_units, mut write_units) = (0.0, 0.0);
            let call = async {
                let (units, answer) = calls.metered(&service, &operation, request).await?;
                (read_units, write_units) = units;
                Ok(answer)
            };
            let answer = faulty(fault, &service, call).await;
            let end = meter.tick();
            meter.record(Call { service, operation, start, end, read_units, write_units });
            answer
        })
    }
}

/// Service and operation, as the AWS JSON protocols name them in `X-Amz-Target`. SES and S3 speak REST; SES has one call
/// here.
fn name(request: &HttpRequest) -> (String, String) {
    if request.uri().ends_with(crate::mail::SEND) {
        return ("ses".to_owned(), "SendEmail".to_owned());
    }
    if let Some(operation) = s3::operation(request) {
        return ("s3".to_owned(), operation.to_owned());
    }
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or(("", target));
    let service = match service {
        "DynamoDB_20120810" => "dynamodb",
        "AmazonSQS" => "sqs",
        other => other,
    };
    (service.to_owned(), operation.to_owned())
}

fn body(request: &HttpRequest) -> Value {
    if s3::operation(request).is_some() {
        return s3::body(request);
    }
    request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

type Answer = Result<HttpResponse, ConnectorError>;

/// The call as the fault plan wants it.
async fn faulty(fault: Option<Fault>, service: &str, call: impl Future<Output = Answer>) -> Answer {
    match fault {
        None => call.await,
        Some(Fault::Before) => Ok(server_error(service)),
        Some(Fault::Throttle) => Ok(throttled(service)),
        Some(Fault::After) => {
            call.await?;
            Ok(server_error(service))
        }
        Some(Fault::Timeout) => {
            call.await?;
            Err(ConnectorError::timeout("no answer, by the fault plan".into()))
        }
    }
}

impl Calls {
    /// The call, with the read and write units it took where there is a database to look into.
    async fn metered(
        &self,
        service: &str,
        operation: &str,
        request: HttpRequest,
    ) -> Result<((f64, f64), HttpResponse), ConnectorError> {
        let Some(units) = self.units.as_ref().filter(|_| service == "dynamodb") else {
            return Ok(((0.0, 0.0), self.http.call(request).await?));
        };
        let pending = units.prepare(operation, body(&request));
        let (outcome, answer) = outcome(self.http.call(request).await?).await?;
        Ok((units.of(&pending, outcome), answer))
    }
}

/// How a call ended, and the answer again: an error's body has to be read to tell.
async fn outcome(mut answer: HttpResponse) -> Result<(Outcome, HttpResponse), ConnectorError> {
    if answer.status().is_success() {
        return Ok((Outcome::Done, answer));
    }
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let bytes = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    let error: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let kind = error["__type"].as_str().and_then(|kind| kind.rsplit('#').next()).unwrap_or_default();
    let outcome = match kind {
        "ConditionalCheckFailedException" | "TransactionCanceledException" => Outcome::ConditionFailed,
        _ => Outcome::Refused,
    };
    *answer.body_mut() = SdkBody::from(bytes);
    Ok((outcome, answer))
}

fn server_error(service: &str) -> HttpResponse {
    let kind = match service {
        "dynamodb" => "com.amazonaws.dynamodb.v20120810#InternalServerError",
        "sqs" => "com.amazonaws.sqs#InternalFailure",
        "s3" => "InternalError",
        _ => "InternalServiceError",
    };
    refusal(service, 500, kind, "An internal error, by the fault plan.")
}

fn throttled(service: &str) -> HttpResponse {
    let (status, kind) = match service {
        "dynamodb" => (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        "sqs" => (400, "com.amazonaws.sqs#RequestThrottled"),
        "ses" => (400, "TooManyRequestsException"),
        "s3" => (503, "SlowDown"),
        _ => (400, "ThrottlingException"),
    };
    refusal(service, status, kind, "One call too many, by the fault plan.")
}

fn denied(service: &str, missing: &str) -> HttpResponse {
    match service {
        "s3" => refusal(service, 403, "AccessDenied", missing),
        _ => refusal(service, 400, "AccessDeniedException", missing),
    }
}

/// An answer in the error shape of the AWS JSON protocols, or of S3.
fn refusal(service: &str, status: u16, kind: &str, message: &str) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap_or_else(|_| unreachable!("a status of three digits"));
    if service == "s3" {
        return s3::refusal(status, kind, message);
    }
    let body = json!({"__type": kind, "message": message}).to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

#[cfg(test)]
mod tests;
