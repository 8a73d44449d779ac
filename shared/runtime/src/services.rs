//! Makes what the functions stand on from the settings. A function that does not ask for a part does not link its client.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use auth::{Authenticator, PurchaseLinks, Sessions};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use clients::{Forges, Github, GithubOAuth, Mail, Stripe, forge::Place};
use domain::{Clock, CompanyId, Random, SecretSource, forge::ForgeHosts, member::FirstOwner, text::Email};
use jobs::Queue;
use store::{Blobs, Store, Volatile};

use crate::{Edges, Error, Settings, secrets};

/// How long the start may wait for first connections. Later they are opened when they are needed.
const WARM_UP: Duration = Duration::from_millis(300);

/// What functions stand on.
pub struct Services {
    settings: Settings,
    edges: Edges,
    sdk: SdkConfig,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    secrets: Arc<OnceLock<aws_sdk_secretsmanager::Client>>,
    first_call: Mutex<Option<FirstCall>>,
}

type FirstCall = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Services {
    /// From the environment of this process, with the real edges. Logging begins.
    pub fn from_env() -> Self {
        let settings = Settings::from_env();
        crate::logging::log_to_stdout(settings.get("RUST_LOG"));
        Self::new(settings, Edges::real())
    }

    /// From these settings and edges.
    pub fn new(settings: Settings, edges: Edges) -> Self {
        let sdk = sdk_config(&settings, &edges);
        Self { settings, edges, sdk, dynamodb: OnceLock::new(), secrets: Arc::default(), first_call: Mutex::default() }
    }

    /// Makes one harmless call to the service that the first request will need first, for a moment only: Lambda gives the
    /// start of a process more power than a request, so that is where the connection is opened.
    pub(crate) async fn warm_up(&self) {
        let call = self.first_call.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(call) = call else { return };
        if tokio::time::timeout(WARM_UP, call).await.is_err() {
            tracing::debug!("the first call took too long");
        }
    }

    /// A later one takes the place of an earlier one.
    fn first_call(&self, call: impl Future<Output = ()> + Send + 'static) {
        *self.first_call.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(call));
    }

    /// The data.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn store(&self) -> Result<Store, Error> {
        let store = Store::new(self.dynamodb(), self.settings.require("TABLE_NAME")?);
        let first = store.clone();
        self.first_call(async move { drop(first.company(CompanyId(0)).await) });
        Ok(store)
    }

    /// What may be lost.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn volatile(&self) -> Result<Volatile, Error> {
        Ok(Volatile::new(self.dynamodb(), self.settings.require("VOLATILE_TABLE_NAME")?))
    }

    /// The queue of payments' events.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn payments_queue(&self) -> Result<Queue, Error> {
        self.queue("PAYMENTS_QUEUE_URL")
    }

    /// The queue of entitlements that GitHub has to be made to match.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn access_queue(&self) -> Result<Queue, Error> {
        self.queue("ACCESS_QUEUE_URL")
    }

    /// The queue of purchases whose letters may be due.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn deliveries_queue(&self) -> Result<Queue, Error> {
        self.queue("DELIVERIES_QUEUE_URL")
    }

    /// The queue of packages whose versions may have changed.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn packages_queue(&self) -> Result<Queue, Error> {
        self.queue("PACKAGES_QUEUE_URL")
    }

    /// What is too big for the table. Its client is made when a blob is first asked for.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn blobs(&self) -> Result<Blobs, Error> {
        let sdk = self.sdk_at("AWS_ENDPOINT_URL_S3");
        // Links are followed by others, who may reach it elsewhere.
        let public = self.settings.get("BLOBS_PUBLIC_URL").map(|url| sdk.to_builder().endpoint_url(url).build());
        let blobs = Blobs::new(move || s3_client(&sdk), self.settings.require("BLOBS_BUCKET")?);
        Ok(match public {
            None => blobs,
            Some(public) => blobs.with_signer(move || s3_client(&public)),
        })
    }

    /// Mail. Its client makes no second try by itself, since a second try may be a second letter; the queue makes it.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn mail(&self) -> Result<Mail, Error> {
        let from = self.settings.require("MAIL_FROM")?;
        let mut sdk = self.sdk_at("AWS_ENDPOINT_URL_SESV2").to_builder();
        sdk.set_retry_config(Some(RetryConfig::disabled()));
        let sdk = sdk.build();
        let client = move || aws_sdk_sesv2::Client::new(&sdk);
        Ok(Mail::new(client, from, self.settings.get("MAIL_CONFIGURATION_SET")))
    }

    /// GitHub.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn github(&self) -> Result<Github, Error> {
        let url = self.url("GITHUB_API_URL")?;
        Ok(Github::new(self.edges.outbound.clone(), url, self.secret("GITHUB_CREDENTIALS_NAME")?, self.clock()))
    }

    /// The forges that packages come from.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn forges(&self) -> Result<Forges, Error> {
        let place = |api, web, token| {
            Ok::<_, Error>(Place { api_url: self.url(api)?, web_url: self.url(web)?, token: self.secret(token)? })
        };
        let gitlab = place("GITLAB_API_URL", "GITLAB_WEB_URL", "GITLAB_TOKEN_NAME")?;
        let bitbucket = place("BITBUCKET_API_URL", "BITBUCKET_WEB_URL", "BITBUCKET_TOKEN_NAME")?;
        let origins = self.settings.get("FORGE_DOWNLOAD_ORIGINS").unwrap_or_default().split(',').map(str::trim);
        Ok(Forges::new(&self.edges.outbound, self.github()?, gitlab, bitbucket, origins, &self.clock()))
    }

    /// Where the forges' pages are: which repositories an address may name.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn forge_hosts(&self) -> Result<ForgeHosts, Error> {
        let [github, gitlab, bitbucket] =
            [self.url("GITHUB_WEB_URL")?, self.url("GITLAB_WEB_URL")?, self.url("BITBUCKET_WEB_URL")?];
        Ok(ForgeHosts::new(&github, &gitlab, &bitbucket))
    }

    /// Stripe.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn stripe(&self) -> Result<Stripe, Error> {
        let url = self.url("STRIPE_API_URL")?;
        Ok(Stripe::new(
            self.edges.outbound.clone(),
            url,
            self.secret("STRIPE_SECRET_KEY_NAME")?,
            self.edges.first_backoff,
        ))
    }

    /// The secrets that Stripe signs webhooks with.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn stripe_webhook_secrets(&self) -> Result<SecretSource, Error> {
        let secrets = self.secret("STRIPE_WEBHOOK_SECRET_NAME")?;
        let first = secrets.clone();
        self.first_call(async move { drop(first.read().await) });
        Ok(secrets)
    }

    /// The secrets that GitHub signs webhooks with.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn github_webhook_secrets(&self) -> Result<SecretSource, Error> {
        self.secret("GITHUB_WEBHOOK_SECRET_NAME")
    }

    /// The tokens that GitLab sends with webhooks, in clear. There need not be any.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn gitlab_webhook_secrets(&self) -> Result<SecretSource, Error> {
        self.optional_secret("GITLAB_WEBHOOK_SECRET_NAME")
    }

    /// The keys that GitLab signs webhooks with. There need not be any.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn gitlab_signing_secrets(&self) -> Result<SecretSource, Error> {
        self.optional_secret("GITLAB_SIGNING_SECRET_NAME")
    }

    /// The secrets that Bitbucket signs webhooks with. There need not be any.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn bitbucket_webhook_secrets(&self) -> Result<SecretSource, Error> {
        self.optional_secret("BITBUCKET_WEBHOOK_SECRET_NAME")
    }

    /// What a caller is confirmed with: operators' tokens and members' sessions.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn authenticator(&self) -> Result<Authenticator, Error> {
        let keys = self.secret("SESSION_KEYS_NAME")?;
        Ok(Authenticator::new(self.store()?, Sessions::new(keys, &self.public_url()?, self.clock())))
    }

    /// Links to purchases. Their tokens follow from the keys that sign sessions.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn purchase_links(&self) -> Result<PurchaseLinks, Error> {
        Ok(PurchaseLinks::new(self.secret("SESSION_KEYS_NAME")?, &self.public_url()?))
    }

    /// Signing in with GitHub.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn github_oauth(&self) -> Result<GithubOAuth, Error> {
        let (web, api) = (self.url("GITHUB_WEB_URL")?, self.url("GITHUB_API_URL")?);
        let credentials = self.secret("GITHUB_OAUTH_NAME")?;
        Ok(GithubOAuth::new(self.edges.outbound.clone(), web, api, credentials, self.clock()))
    }

    /// Who becomes the owner of company 1 at the first sign-in, if anybody is to.
    pub fn first_owner(&self) -> Option<FirstOwner> {
        let owner = FirstOwner::parse(self.settings.get("FIRST_OWNER")?);
        if owner.is_none() {
            tracing::warn!("FIRST_OWNER is neither a GitHub name nor an e-mail address");
        }
        owner
    }

    /// Who is told for company 1 of what needs its vendor, unless the company itself says.
    pub fn alert_email(&self) -> Option<Email> {
        let text = self.settings.get("ALERT_EMAIL")?;
        let email = Email::parse(text).ok();
        if email.is_none() {
            tracing::warn!("ALERT_EMAIL is no e-mail address");
        }
        email
    }

    /// Where the public reaches us, without a slash at the end.
    ///
    /// # Errors
    /// When the setting is missing.
    pub fn public_url(&self) -> Result<String, Error> {
        self.url("PUBLIC_URL")
    }

    /// Whether repositories that a person owns are refused: their buyers could push.
    ///
    /// # Errors
    /// When the setting is neither true nor false.
    pub fn refuse_personal_repositories(&self) -> Result<bool, Error> {
        self.settings.switch("REFUSE_PERSONAL_REPOSITORIES")
    }

    /// The present time.
    pub fn clock(&self) -> Clock {
        self.edges.clock.clone()
    }

    /// Unpredictable bytes.
    pub fn random(&self) -> Random {
        self.edges.random.clone()
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let client = || aws_sdk_dynamodb::Client::new(&self.sdk_at("AWS_ENDPOINT_URL_DYNAMODB"));
        self.dynamodb.get_or_init(client).clone()
    }

    /// The queue at this address.
    pub fn queue_at(&self, url: &str) -> Queue {
        let sdk = self.sdk_at("AWS_ENDPOINT_URL_SQS");
        Queue::new(move || aws_sdk_sqs::Client::new(&sdk), url)
    }

    fn queue(&self, setting: &'static str) -> Result<Queue, Error> {
        Ok(self.queue_at(self.settings.require(setting)?))
    }

    /// The client is made when a secret is first read: one that is never read costs nothing.
    fn secret(&self, setting: &'static str) -> Result<SecretSource, Error> {
        let (client, sdk) = (self.secrets.clone(), self.sdk_at("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
        let client = move || client.get_or_init(|| aws_sdk_secretsmanager::Client::new(&sdk)).clone();
        Ok(secrets::source(client, self.settings.require(setting)?, self.clock()))
    }

    /// A secret of what not everybody uses.
    fn optional_secret(&self, setting: &'static str) -> Result<SecretSource, Error> {
        Ok(secrets::optional(self.secret(setting)?, self.clock()))
    }

    fn url(&self, setting: &'static str) -> Result<String, Error> {
        Ok(self.settings.require(setting)?.trim_end_matches('/').to_owned())
    }

    /// The SDK's own variables for another endpoint, with its precedence: the service's, then the one for all.
    fn sdk_at(&self, setting: &str) -> SdkConfig {
        let endpoint = self.settings.get(setting).or_else(|| self.settings.get("AWS_ENDPOINT_URL"));
        let mut sdk = self.sdk.to_builder();
        sdk.set_endpoint_url(endpoint.map(str::to_owned));
        sdk.build()
    }
}

/// Buckets are part of the host on AWS, and of the path at other endpoints, whose hosts have no names for them. The request's
/// signature holds a hash of the body already, so no other checksum is sent along.
fn s3_client(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(sdk)
        .force_path_style(sdk.endpoint_url().is_some())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    aws_sdk_s3::Client::from_conf(config.build())
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("edges", &self.edges).finish_non_exhaustive()
    }
}

/// Made by hand: on Lambda the credentials and the region are in the environment, and looking for them elsewhere costs time
/// at every start.
fn sdk_config(settings: &Settings, edges: &Edges) -> SdkConfig {
    let get = |name| settings.get(name).unwrap_or_default().to_owned();
    let token = settings.get("AWS_SESSION_TOKEN").map(str::to_owned);
    let credentials =
        Credentials::new(get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"), token, None, "environment");
    let region = settings
        .get("AWS_REGION")
        .or_else(|| settings.get("AWS_DEFAULT_REGION"))
        .map(|name| Region::new(name.to_owned()));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(edges.aws_timeout / 3)
        .operation_attempt_timeout(edges.aws_timeout / 3)
        .operation_timeout(edges.aws_timeout)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(edges.aws.clone())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(edges.first_backoff.min(Duration::from_millis(100))),
        )
        .timeout_config(timeouts)
        .sleep_impl(TokioSleep::new())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .build()
}
