//! The settings: environment variables on Lambda, chosen values on a laptop. The names are those of `template.yaml`.

use std::collections::HashMap;

use crate::Error;

/// Which variables each of [`crate::Services`]'s parts needs. A test compares this with what `template.yaml` gives to the
/// functions whose `main` asks for the part.
pub const NEEDS: &[(&str, &[&str])] = &[
    ("store", &["TABLE_NAME"]),
    ("volatile", &["VOLATILE_TABLE_NAME"]),
    ("payments_queue", &["PAYMENTS_QUEUE_URL"]),
    ("access_queue", &["ACCESS_QUEUE_URL"]),
    ("deliveries_queue", &["DELIVERIES_QUEUE_URL"]),
    ("packages_queue", &["PACKAGES_QUEUE_URL"]),
    ("blobs", &["BLOBS_BUCKET", "BLOBS_PUBLIC_URL"]),
    ("mail", &["MAIL_CONFIGURATION_SET", "MAIL_FROM"]),
    ("github", &["GITHUB_API_URL", "GITHUB_CREDENTIALS_NAME"]),
    ("stripe", &["STRIPE_API_URL", "STRIPE_SECRET_KEY_NAME"]),
    ("stripe_webhook_secrets", &["STRIPE_WEBHOOK_SECRET_NAME"]),
    ("github_webhook_secrets", &["GITHUB_WEBHOOK_SECRET_NAME"]),
    ("gitlab_webhook_secrets", &["GITLAB_WEBHOOK_SECRET_NAME"]),
    ("gitlab_signing_secrets", &["GITLAB_SIGNING_SECRET_NAME"]),
    ("bitbucket_webhook_secrets", &["BITBUCKET_WEBHOOK_SECRET_NAME"]),
    ("authenticator", &["PUBLIC_URL", "SESSION_KEYS_NAME", "TABLE_NAME"]),
    ("purchase_links", &["PUBLIC_URL", "SESSION_KEYS_NAME"]),
    (
        "forges",
        &[
            "BITBUCKET_API_URL",
            "BITBUCKET_TOKEN_NAME",
            "BITBUCKET_WEB_URL",
            "FORGE_DOWNLOAD_ORIGINS",
            "GITHUB_API_URL",
            "GITHUB_CREDENTIALS_NAME",
            "GITLAB_API_URL",
            "GITLAB_TOKEN_NAME",
            "GITLAB_WEB_URL",
        ],
    ),
    ("forge_hosts", &["BITBUCKET_WEB_URL", "GITHUB_WEB_URL", "GITLAB_WEB_URL"]),
    ("github_oauth", &["GITHUB_API_URL", "GITHUB_OAUTH_NAME", "GITHUB_WEB_URL"]),
    ("first_owner", &["FIRST_OWNER"]),
    ("alert_email", &["ALERT_EMAIL"]),
    ("public_url", &["PUBLIC_URL"]),
    ("refuse_personal_repositories", &["REFUSE_PERSONAL_REPOSITORIES"]),
];

/// Settings by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_env() -> Self {
        Self(std::env::vars().collect())
    }

    /// These settings.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A setting, unless it is missing or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A switch, off unless it is set.
    pub(crate) fn switch(&self, name: &'static str) -> Result<bool, Error> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::BadSetting { name, expected: "true or false" }),
        }
    }

    pub(crate) fn require(&self, name: &'static str) -> Result<&str, Error> {
        self.get(name).ok_or(Error::MissingSetting(name))
    }
}
