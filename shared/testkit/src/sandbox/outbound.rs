//! How the sandboxes send webhooks.

use std::{sync::Arc, time::Duration};

/// A client for plain HTTP. It is given a TLS set-up that trusts nobody, because without one it would look for a
/// crypto library that nobody has installed.
pub(crate) fn http_client(user_agent: &str, patience: Duration) -> anyhow::Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(patience)
        .user_agent(user_agent)
        .build()?)
}
