//! The one HTTP client that all outbound calls share.

use std::{
    error::Error,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::address::is_public;
use reqwest::{
    Request, Response, StatusCode, Url,
    dns::{Name, Resolve, Resolving},
    header::{HeaderMap, LOCATION},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde::de::DeserializeOwned;

/// The largest answer that is read. The services' largest pages stay well below it.
pub(crate) const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
/// A renamed repository takes one redirect; more than a few are a loop.
const MAX_REDIRECTS: usize = 3;
/// A download may take so many times as long as another call.
const DOWNLOAD_PATIENCE: u32 = 3;

/// A pool of connections. Clones share it; make one per process. It is set up when it is first used, so that a start pays
/// nothing for calls that may never be made.
///
/// TLS is rustls with ring and Mozilla's roots compiled in: loading the system's costs more than all other start-up
/// work of a function together. Plain `http://` works too, for doubles on the loopback. Proxies are not used.
#[derive(Debug, Clone)]
pub struct Http {
    connect_timeout: Duration,
    total_timeout: Duration,
    client: Arc<OnceLock<Result<reqwest::Client, SetupFailed>>>,
    /// The same, for addresses that others name.
    public: Arc<OnceLock<Result<reqwest::Client, SetupFailed>>>,
}

/// Why there is no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing was sent.
    #[error(transparent)]
    Setup(#[from] SetupFailed),
    /// Not connected, timed out, or cut off.
    #[error("the call failed")]
    Failed(#[from] reqwest::Error),
    /// The answer exceeds what is read of one (2 MiB, unless a call says otherwise).
    #[error("the answer is too large")]
    TooLarge,
    /// The name that it was redirected to stands for no address of the public internet.
    #[error("the address is not of the public internet")]
    NotPublic,
    /// A success whose body is not what is documented.
    #[error("the answer cannot be understood")]
    Unreadable(#[from] serde_json::Error),
    /// The service says it cannot serve at present.
    #[error("the service answered {0}")]
    Status(u16),
    /// A list that goes on for longer than is followed, or elsewhere than where it began.
    #[error("the list's next page cannot be followed")]
    EndlessList,
}

/// The client could not be set up; nothing that happens at run time causes this.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct SetupFailed(#[source] Arc<dyn std::error::Error + Send + Sync>);

/// What a service answered, whatever the status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// A client with the given limits. The total is from a call's start to the last byte of the answer; each redirect is
    /// a call of its own.
    pub fn new(connect_timeout: Duration, total_timeout: Duration) -> Self {
        Self { connect_timeout, total_timeout, client: Arc::default(), public: Arc::default() }
    }

    fn client(&self) -> Result<&reqwest::Client, NoAnswer> {
        let client = self.client.get_or_init(|| self.build(reqwest::Client::builder()));
        client.as_ref().map_err(|error| error.clone().into())
    }

    /// A client that connects to no name of another network than the public internet. Addresses that are written as
    /// numbers it does not look at.
    fn public(&self) -> Result<&reqwest::Client, NoAnswer> {
        let builder = || reqwest::Client::builder().dns_resolver(Arc::new(PublicOnly));
        let client = self.public.get_or_init(|| self.build(builder()));
        client.as_ref().map_err(|error| error.clone().into())
    }

    fn build(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::Client, SetupFailed> {
        builder
            .tls_backend_preconfigured(tls().map_err(|error| SetupFailed(Arc::new(error)))?)
            .connect_timeout(self.connect_timeout)
            .timeout(self.total_timeout)
            // GitHub refuses requests without one.
            .user_agent("Tollgate")
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| SetupFailed(Arc::new(error)))
    }

    pub(crate) fn request(&self, method: reqwest::Method, url: &str) -> Result<reqwest::RequestBuilder, NoAnswer> {
        Ok(self.client()?.request(method, url))
    }

    /// Begins a download from `url`, which somebody else may have named: then only addresses of the public internet are
    /// connected to. No redirect is followed.
    ///
    /// # Errors
    /// `NotPublic` when that is not where it leads.
    pub(crate) async fn open(&self, url: Url, headers: HeaderMap, named_by_others: bool) -> Result<Response, NoAnswer> {
        // A name is looked at when it is resolved.
        let number = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if named_by_others && number.is_some_and(|number| !is_public(number)) {
            return Err(NoAnswer::NotPublic);
        }
        let client = if named_by_others { self.public()? } else { self.client()? };
        let patience = self.total_timeout.saturating_mul(DOWNLOAD_PATIENCE);
        client.get(url).headers(headers).timeout(patience).send().await.map_err(failed)
    }

    /// Sends a request and reads the answer.
    ///
    /// Redirects are followed only within the origin they come from, because the request carries a credential, and
    /// verbatim, as GitHub asks for renamed repositories. One that leads elsewhere is returned as the answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, NoAnswer> {
        self.send_for(request, MAX_BODY_BYTES).await
    }

    /// The same for answers of up to `limit` bytes.
    pub(crate) async fn send_for(&self, mut request: Request, limit: usize) -> Result<Answer, NoAnswer> {
        for _ in 0..MAX_REDIRECTS {
            let again = request.try_clone();
            let response = self.client()?.execute(request).await.map_err(failed)?;
            match (again, target(&response)) {
                (Some(mut next), Some(url)) => {
                    *next.url_mut() = url;
                    request = next;
                }
                _ => return read(response, limit).await,
            }
        }
        read(self.client()?.execute(request).await.map_err(failed)?, limit).await
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, NoAnswer> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The header's value, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Where a redirect leads, if it stays within its origin.
fn target(response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = response.url().join(location).ok()?;
    (url.origin() == response.url().origin()).then_some(url)
}

/// Reads an answer of up to `limit` bytes. What says beforehand that it is larger is not read at all.
pub(crate) async fn read(mut response: Response, limit: usize) -> Result<Answer, NoAnswer> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(NoAnswer::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > limit {
            return Err(NoAnswer::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

/// The URL goes: it names buyers, and errors are logged.
fn failed(error: reqwest::Error) -> NoAnswer {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return NoAnswer::NotPublic;
        }
        cause = error.source();
    }
    NoAnswer::Failed(error.without_url())
}

/// Finds the addresses of a name, and lets through those of the public internet. What is connected to is what was looked
/// at: a name that answers otherwise the next time gains nothing.
#[derive(Debug)]
struct PublicOnly;

#[derive(Debug, thiserror::Error)]
#[error("the name stands for no address of the public internet")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.into_iter().filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;
    use crate::loopback::{Loopback, Reply, http, impatient_http};

    async fn get(url: &str) -> Result<Answer, NoAnswer> {
        get_with(&http(), url).await
    }

    async fn get_with(http: &Http, url: &str) -> Result<Answer, NoAnswer> {
        http.send(http.request(Method::GET, url)?.build()?).await
    }

    #[tokio::test]
    async fn requests_name_tollgate_as_their_sender() {
        let server = Loopback::start(|_| Reply::empty(204)).await;
        get(&server.url("/")).await.expect("an answer");
        assert_eq!(server.seen()[0].header("user-agent"), "Tollgate");
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_is_a_failure() {
        let server = Loopback::start(|_| Reply::never()).await;
        let error = get_with(&impatient_http(), &server.url("/secret-path")).await.expect_err("a timeout");
        assert!(matches!(&error, NoAnswer::Failed(cause) if cause.is_timeout()), "{error:?}");
        assert!(!format!("{error:?}").contains("secret-path"));
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_a_failure() {
        let error = get("http://127.0.0.1:1/").await.expect_err("nothing listens there");
        assert!(matches!(&error, NoAnswer::Failed(cause) if cause.is_connect()), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_beyond_the_limit_is_not_read() {
        let server = Loopback::start(|seen| {
            let size = if seen.path == "/fits" { MAX_BODY_BYTES } else { MAX_BODY_BYTES + 1 };
            Reply::text(200, &"x".repeat(size))
        })
        .await;
        assert_eq!(get(&server.url("/fits")).await.expect("fits").body.len(), MAX_BODY_BYTES);
        assert!(matches!(get(&server.url("/exceeds")).await, Err(NoAnswer::TooLarge)));
    }

    #[tokio::test]
    async fn a_redirect_loop_ends() {
        let server = Loopback::start(|_| Reply::empty(307).with("location", "/again")).await;
        let answer = get(&server.url("/")).await.expect("the last redirect");
        assert_eq!((answer.status.as_u16(), server.seen().len()), (307, 1 + MAX_REDIRECTS));
    }
}
