//! The edges that tests and the local stack exchange: time, randomness, and how others are reached.

use std::time::Duration;

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use clients::Http;
use domain::{Clock, Random, Timestamp};

/// The authorities that AWS's endpoints are certified by. Loading the system's roots would cost more instructions than
/// everything else at start-up together; a test warns before these expire.
const AMAZON_ROOTS: &str = include_str!("../roots/amazon.pem");

/// Time, randomness and the ways out.
#[derive(Clone, Debug)]
pub struct Edges {
    /// The present time.
    pub clock: Clock,
    /// Unpredictable bytes.
    pub random: Random,
    /// The one HTTP client of all AWS clients.
    pub aws: SharedHttpClient,
    /// How long one call to AWS may take, its retries included.
    pub aws_timeout: Duration,
    /// The first pause before a call that failed is tried again.
    pub first_backoff: Duration,
    /// The one HTTP client for GitHub and Stripe.
    pub outbound: Http,
}

impl Edges {
    /// The real ones.
    pub fn real() -> Self {
        Self {
            clock: Clock::new(system_time),
            random: Random::new(fill),
            aws: aws_http_client(),
            aws_timeout: Duration::from_secs(6),
            first_backoff: Duration::from_millis(200),
            // Three tries and their pauses fit into the 30 seconds of a request or a record.
            outbound: Http::new(Duration::from_secs(3), Duration::from_secs(7)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

fn fill(bytes: &mut [u8]) {
    // Without entropy no token and no id can be trusted: better to end the process than to go on.
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the operating system gives no random bytes");
        std::process::abort();
    }
}

/// One client for all services, with ring (its start costs nothing; the default crypto library's takes about 40 ms of CPU).
fn aws_http_client() -> SharedHttpClient {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS.as_bytes());
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the pinned roots cannot be used; the system's are"
            );
            builder.build_https()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renew `roots/amazon.pem` from amazontrust.com when this fails: it leaves a year for it.
    #[test]
    fn the_pinned_roots_are_good_for_another_year() {
        let in_a_year = system_time().as_second() + 365 * 24 * 60 * 60;
        let mut roots = 0;
        for pem in x509_parser::pem::Pem::iter_from_buffer(AMAZON_ROOTS.as_bytes()) {
            let pem = pem.unwrap();
            let certificate = pem.parse_x509().unwrap();
            assert!(certificate.validity().not_after.timestamp() > in_a_year, "{} expires", certificate.subject());
            roots += 1;
        }
        assert_eq!(roots, 5);
    }
}
