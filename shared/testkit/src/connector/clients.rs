//! SDK clients for the embedded services.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{rt::sleep::SharedAsyncSleep, rt::sleep::TokioSleep, time::SharedTimeSource};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, http::SharedHttpClient, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};

use super::Connector;
use crate::{embedded::Services, sam::REGION};

/// How patient a client is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How often it tries at most, the first time included.
    pub attempts: u32,
    /// What it waits about before the second try; it doubles with each.
    pub backoff: Duration,
    /// How long it waits for one answer. Longer than a long poll, where one is made.
    pub attempt: Duration,
}

impl Default for Limits {
    /// Three tries, a millisecond between, five seconds each.
    fn default() -> Self {
        Self { attempts: 3, backoff: Duration::from_millis(1), attempt: Duration::from_secs(5) }
    }
}

/// Made up. The embedded S3 verifies signatures and takes any key, if its secret is the same text; no other checks them.
const ACCESS_KEY: &str = "AKIATESTSYNTHETIC000";

/// What SDK clients are made of, to talk to `endpoint` through `connector`.
pub fn sdk_config(endpoint: &str, connector: &Connector, limits: Limits) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "testkit");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(SharedHttpClient::new(connector.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(limits.attempts).with_initial_backoff(limits.backoff))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(limits.attempt).operation_attempt_timeout(limits.attempt).build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::default())
        .build()
}

/// One client for each service, each talking to the service's own address.
#[derive(Debug, Clone)]
pub struct Clients {
    /// `DynamoDB`.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
}

impl Clients {
    /// Clients of the embedded services.
    pub fn of(services: &Services, connector: &Connector, limits: Limits) -> Self {
        let config = |endpoint| sdk_config(endpoint, connector, limits);
        let s3 = aws_sdk_s3::config::Builder::from(&config(services.s3_endpoint())).force_path_style(true).build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::new(&config(services.dynamodb_endpoint())),
            sqs: aws_sdk_sqs::Client::new(&config(services.sqs_endpoint())),
            secrets: aws_sdk_secretsmanager::Client::new(&config(services.secrets_endpoint())),
        }
    }
}
