//! What a function's environment is made of: the template's variables, overridden by settings of the same names.

use std::collections::HashMap;

use anyhow::{Context, Result};
use domain::{Random, text};
use jobs::Queue;
use runtime::{Edges, Services, Settings};
use testkit::{
    embedded,
    github::{OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET},
    sam::{Function, Template},
};

use crate::sandboxes::Sandboxes;

/// The secrets that the sandboxes are called with, unless others are configured.
const SANDBOX_STRIPE_KEY: &str = "sk_test_sandbox_only";
const SANDBOX_GITHUB_TOKEN: &str = "sandbox-only-token";
const SANDBOX_FORGE_TOKEN: &str = "sandbox-only-token";

/// What a function's environment is made of.
pub(crate) struct Environment<'a> {
    pub(crate) template: &'a Template,
    pub(crate) embedded: Option<&'a embedded::Services>,
    pub(crate) settings: &'a Settings,
    pub(crate) sandboxes: &'a Sandboxes,
    pub(crate) url: &'a str,
}

impl Environment<'_> {
    /// The template's variables of a function, each overridden by a setting of the same name.
    pub(crate) fn of(&self, function: &Function) -> Result<Settings> {
        let mut pairs = self.aws();
        for (name, value) in &function.environment {
            let queue_url = |queue: &str| self.embedded.map(|embedded| embedded.queue_url(queue)).unwrap_or_default();
            let text = match (self.settings.get(name), self.sandboxed(name)) {
                (Some(text), _) => Some(text.to_owned()),
                (None, Some(text)) => Some(text),
                (None, None) => self.template.environment_text(value, queue_url)?,
            };
            pairs.extend(text.map(|text| (name.clone(), text)));
        }
        Ok(Settings::from_pairs(pairs))
    }

    fn sandboxed(&self, name: &str) -> Option<String> {
        match name {
            "GITHUB_API_URL" => self.sandboxes.github.as_ref().map(|_| format!("{}/sandbox/github", self.url)),
            "GITHUB_WEB_URL" => self.sandboxes.github.as_ref().map(|_| format!("{}/sandbox/github", self.url)),
            "GITLAB_API_URL" => self.forge("GITLAB_API_URL", "gitlab/api/v4"),
            "GITLAB_WEB_URL" => self.forge("GITLAB_API_URL", "gitlab"),
            "BITBUCKET_API_URL" => self.forge("BITBUCKET_API_URL", "bitbucket/2.0"),
            "BITBUCKET_WEB_URL" => self.forge("BITBUCKET_API_URL", "bitbucket"),
            "FORGE_DOWNLOAD_ORIGINS" => self.sandboxes.github.as_ref().map(|_| other_host(self.url)),
            "STRIPE_API_URL" => self.sandboxes.stripe.as_ref().map(|_| format!("{}/sandbox/stripe", self.url)),
            // One of the template's own makes no sense to another SES, and the sandbox needs none.
            "MAIL_CONFIGURATION_SET" => Some(String::new()),
            "BLOBS_PUBLIC_URL" => self.embedded.map(|_| self.blobs_url()),
            "PUBLIC_URL" => Some(self.url.to_owned()),
            _ => None,
        }
    }

    /// An address in the sandbox of forges, unless the real forge is configured.
    fn forge(&self, real: &str, path: &str) -> Option<String> {
        let sandbox = self.sandboxes.forges.as_ref().filter(|_| self.settings.get(real).is_none());
        sandbox.map(|_| format!("{}/sandbox/forges/{path}", self.url))
    }

    /// Where links to blobs lead. They are followed from the API's answers, and clients that stay at the same host send their
    /// credentials along, which S3 refuses: so it is this machine under another name than the API's, where it has one.
    fn blobs_url(&self) -> String {
        let public = self.settings.get("PUBLIC_URL").and_then(another_name);
        public.or_else(|| another_name(self.url)).unwrap_or_else(|| self.url.to_owned())
    }

    /// An address in the sandbox of forges, unless the real forge is configured.
    fn forge(&self, real: &str, path: &str) -> Option<String> {
        let sandbox = self.sandboxes.forges.as_ref().filter(|_| self.settings.get(real).is_none());
        sandbox.map(|_| format!("{}/sandbox/forges/{path}", self.url))
    }

    /// How AWS is reached. The embedded S3 verifies signatures and takes any key whose secret is
    /// the same; the others check no credentials, but the SDK wants some.
    fn aws(&self) -> Vec<(String, String)> {
        let of_process =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"];
        let endpoints = [
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_SQS",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL_SESV2",
        ];
        let Some(embedded) = self.embedded else {
            let names = of_process.iter().chain(&endpoints);
            return names.filter_map(|name| Some(((*name).to_owned(), self.settings.get(name)?.to_owned()))).collect();
        };
        let sandbox = self.sandboxes.mail.as_ref().map(|_| format!("{}/sandbox/mail", self.url));
        let mail = sandbox.or_else(|| self.settings.get("AWS_ENDPOINT_URL_SESV2").map(str::to_owned));
        [
            ("AWS_ACCESS_KEY_ID", "embedded"),
            ("AWS_SECRET_ACCESS_KEY", "embedded"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", embedded.dynamodb_endpoint()),
            ("AWS_ENDPOINT_URL_SQS", embedded.sqs_endpoint()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", embedded.secrets_endpoint()),
            ("AWS_ENDPOINT_URL_S3", embedded.s3_endpoint()),
            ("AWS_ENDPOINT_URL_SESV2", mail.as_deref().unwrap_or_default()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Services with what the first function has that has all that `part` needs.
    pub(crate) fn services(&self, part: &str, edges: &Edges) -> Result<Services> {
        let needs = runtime::NEEDS.iter().find(|(name, _)| *name == part).map(|(_, needs)| *needs).unwrap_or_default();
        let able = |function: &&Function| needs.iter().all(|need| function.environment.contains_key(*need));
        let function = self
            .template
            .functions
            .iter()
            .find(able)
            .with_context(|| format!("no function of template.yaml has {needs:?}"))?;
        Ok(Services::new(self.of(function)?, edges.clone()))
    }

    /// The queues of the template that have an address: all of them when they are embedded, else those that are configured.
    pub(crate) fn queues(&self, edges: &Edges) -> HashMap<String, Queue> {
        let services = Services::new(Settings::from_pairs(self.aws()), edges.clone());
        let urls = self
            .template
            .queues
            .iter()
            .filter_map(|queue| Some((queue.logical_id.clone(), self.queue_url(&queue.logical_id, &queue.name)?)));
        urls.map(|(id, url)| (id, services.queue_at(&url))).collect()
    }

    fn queue_url(&self, logical_id: &str, name: &str) -> Option<String> {
        if let Some(embedded) = self.embedded {
            return Some(embedded.queue_url(name));
        }
        let variables = self.template.functions.iter().flat_map(|function| &function.environment);
        let mut naming = variables.filter(|(_, value)| value["Ref"] == logical_id).map(|(variable, _)| variable);
        naming.find_map(|variable| self.settings.get(variable)).map(str::to_owned)
    }

    /// Puts the configured secrets into the embedded Secrets Manager, under the names that the template gives them.
    pub(crate) fn seed_secrets(
        &self,
        embedded: &embedded::Services,
        webhooks: &WebhookSecrets,
        random: &Random,
    ) -> Result<()> {
        let sandbox_key = self.sandboxes.stripe.as_ref().map(|_| SANDBOX_STRIPE_KEY.to_owned());
        let sandbox_token = self.sandboxes.github.as_ref().map(|_| SANDBOX_GITHUB_TOKEN.to_owned());
        let forge_token = |real: &str| self.forge(real, "").map(|_| SANDBOX_FORGE_TOKEN.to_owned());
        let configured = |name: &str| self.settings.get(name).map(str::to_owned);
        let secrets = [
            ("STRIPE_SECRET_KEY_NAME", configured("STRIPE_SECRET_KEY").or(sandbox_key)),
            ("STRIPE_WEBHOOK_SECRET_NAME", webhooks.stripe.clone()),
            ("GITHUB_WEBHOOK_SECRET_NAME", webhooks.github.clone()),
            ("GITLAB_WEBHOOK_SECRET_NAME", webhooks.gitlab.clone()),
            ("GITLAB_SIGNING_SECRET_NAME", configured("GITLAB_SIGNING_SECRET")),
            ("BITBUCKET_WEBHOOK_SECRET_NAME", webhooks.bitbucket.clone()),
            ("GITHUB_CREDENTIALS_NAME", self.github_credentials().or(sandbox_token)),
            ("GITHUB_OAUTH_NAME", self.github_oauth()),
            ("GITLAB_TOKEN_NAME", configured("GITLAB_TOKEN").or_else(|| forge_token("GITLAB_API_URL"))),
            ("BITBUCKET_TOKEN_NAME", configured("BITBUCKET_TOKEN").or_else(|| forge_token("BITBUCKET_API_URL"))),
            // Nobody else knows them, so sessions end with this process unless keys are configured.
            ("SESSION_KEYS_NAME", configured("SESSION_KEYS").or_else(|| Some(text::hex(&random.bytes::<32>())))),
        ];
        for (variable, value) in secrets {
            let Some(value) = value else { continue };
            let named = self.template.functions.iter().find_map(|function| function.environment.get(variable));
            // What no function is given, none reads.
            let Some(named) = named else { continue };
            let name = self
                .template
                .environment_text(named, |_| String::new())?
                .with_context(|| format!("{variable} is empty"))?;
            embedded.put_secret(&name, &value)?;
        }
        Ok(())
    }

    /// An OAuth App's id and secret in the form that the secret has; the sandbox knows one App.
    fn github_oauth(&self) -> Option<String> {
        let app = |id: &str, secret: &str| serde_json::json!({"client_id": id, "client_secret": secret}).to_string();
        let configured =
            self.settings.get("GITHUB_OAUTH_CLIENT_ID").zip(self.settings.get("GITHUB_OAUTH_CLIENT_SECRET"));
        let sandboxed = || self.sandboxes.github.as_ref().map(|_| app(OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET));
        configured.map(|(id, secret)| app(id, secret)).or_else(sandboxed)
    }

    /// A token, or an App's id and key in the form that the secret has.
    fn github_credentials(&self) -> Option<String> {
        let app = self.settings.get("GITHUB_APP_ID").zip(self.settings.get("GITHUB_APP_PRIVATE_KEY"));
        let app = app.map(|(id, key)| serde_json::json!({"app_id": id, "private_key": key}).to_string());
        self.settings.get("GITHUB_TOKEN").map(str::to_owned).or(app)
    }
}

/// The same address under another name for this machine, as GitHub has its archives on a host of their own. An address that
/// is not the loopback's has no other name.
pub(crate) fn other_host(url: &str) -> String {
    url.replace("//127.0.0.1:", "//localhost:").replace("//[::1]:", "//localhost:")
}

/// The same address of this machine under another name.
fn another_name(url: &str) -> Option<String> {
    let names = [("//127.0.0.1:", "//localhost:"), ("//[::1]:", "//localhost:"), ("//localhost:", "//127.0.0.1:")];
    let (name, other) = names.iter().find(|(name, _)| url.contains(name))?;
    Some(url.trim_end_matches('/').replacen(name, other, 1))
}

/// The same address under another name for this machine, as GitHub has its archives on a host of their own. An address that
/// is not the loopback's has no other name.
pub(crate) fn other_host(url: &str) -> String {
    url.replace("//127.0.0.1:", "//localhost:").replace("//[::1]:", "//localhost:")
}

/// What webhooks are signed with, comma-separated while secrets are being rotated.
pub(crate) struct WebhookSecrets {
    /// By Stripe.
    pub(crate) stripe: Option<String>,
    /// By GitHub.
    pub(crate) github: Option<String>,
    /// By GitLab: no signature, but the token that it sends in clear.
    pub(crate) gitlab: Option<String>,
    /// By Bitbucket.
    pub(crate) bitbucket: Option<String>,
}

impl WebhookSecrets {
    /// What is configured; else a sandbox, if there is one, gets a secret that nobody knows.
    pub(crate) fn of(settings: &Settings, random: &Random) -> Self {
        let secret = |configured: &str, api: &str, prefix: &str| {
            let sandboxed = settings.get(api).is_none();
            let made = || sandboxed.then(|| format!("{prefix}{}", text::hex(&random.bytes::<16>())));
            settings.get(configured).map(str::to_owned).or_else(made)
        };
        Self {
            stripe: secret("STRIPE_WEBHOOK_SECRET", "STRIPE_API_URL", "whsec_sandbox"),
            github: secret("GITHUB_WEBHOOK_SECRET", "GITHUB_API_URL", "sandbox"),
            gitlab: secret("GITLAB_WEBHOOK_SECRET", "GITLAB_API_URL", "sandbox"),
            bitbucket: secret("BITBUCKET_WEBHOOK_SECRET", "BITBUCKET_API_URL", "sandbox"),
        }
    }
}
