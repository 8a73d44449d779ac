//! The sandboxes that stand in for GitHub, other forges, Stripe and SES while no address of them is configured.

use anyhow::Result;
use axum::Router;
use runtime::Settings;
use testkit::{embedded::Data, forges, github, mail, stripe};

use crate::{World, environment::WebhookSecrets};

/// What names the forges that the sandbox of forges stands in for.
pub(crate) const FORGES: [&str; 2] = ["GITLAB_API_URL", "BITBUCKET_API_URL"];

/// What stands in for whom. `None` where the real one is configured.
#[derive(Debug, Clone)]
pub(crate) struct Sandboxes {
    pub(crate) github: Option<github::Sandbox>,
    pub(crate) forges: Option<forges::Sandbox>,
    pub(crate) stripe: Option<stripe::Sandbox>,
    pub(crate) mail: Option<mail::Sandbox>,
}

impl Sandboxes {
    pub(crate) fn open(data: &Data, settings: &Settings, world: &World, secrets: &WebhookSecrets) -> Result<Self> {
        let (clock, random, faults) = (world.clock.clone(), world.random.clone(), &world.faults);
        // While secrets are being rotated any of them will do.
        let first = |secrets: &Option<String>| {
            secrets.as_deref().and_then(|it| it.split(',').next()).unwrap_or_default().trim().to_owned()
        };
        let secret = first(&secrets.stripe);
        let github = match data {
            _ if settings.get("GITHUB_API_URL").is_some() => None,
            Data::Memory => Some(github::Sandbox::new(clock.clone())),
            Data::Dir(dir) => Some(github::Sandbox::open(dir.join("github.json"), clock.clone())?),
        };
        // One plays both GitLab and Bitbucket, and whichever is not configured is called there.
        let forges = match data {
            _ if FORGES.iter().all(|name| settings.get(name).is_some()) => None,
            Data::Memory => Some(forges::Sandbox::new(clock.clone())),
            Data::Dir(dir) => Some(forges::Sandbox::open(dir.join("forges.json"), clock.clone())?),
        };
        // A table of one's own is a whole AWS of one's own, with its SES.
        let mail = match data {
            _ if ["AWS_ENDPOINT_URL_SESV2", "TABLE_NAME"].iter().any(|name| settings.get(name).is_some()) => None,
            Data::Memory => Some(mail::Sandbox::new(clock.clone())),
            Data::Dir(dir) => Some(mail::Sandbox::open(dir.join("mail.json"), clock.clone())?),
        };
        let stripe = match data {
            _ if settings.get("STRIPE_API_URL").is_some() => None,
            Data::Memory => Some(stripe::Sandbox::new(clock, random, secret)),
            Data::Dir(dir) => Some(stripe::Sandbox::open(dir.join("stripe.json"), clock, random, secret)?),
        };
        Ok(Self {
            github: github.map(|it| it.with_faults(faults.clone()).with_webhook_secret(&first(&secrets.github))),
            forges: forges.map(|it| {
                let it = it.with_faults(faults.clone());
                let it = it.with_webhook_secrets(&first(&secrets.gitlab), &first(&secrets.bitbucket));
                // GitLab's are refused without a signature where one is asked for.
                it.with_gitlab_signing_token(&first(&settings.get("GITLAB_SIGNING_SECRET").map(str::to_owned)))
            }),
            stripe: stripe.map(|it| it.with_faults(faults.clone())),
            mail,
        })
    }

    /// Their pages and their APIs, under `/sandbox`; that of SES at the root as well, for whoever takes this process for AWS.
    pub(crate) fn mount(&self, mut router: Router) -> Router {
        if let Some(github) = &self.github {
            router = router.nest_service("/sandbox/github", github.router());
        }
        if let Some(forges) = &self.forges {
            router = router.nest_service("/sandbox/forges", forges.router());
        }
        if let Some(stripe) = &self.stripe {
            router = router.nest_service("/sandbox/stripe", stripe.router());
        }
        if let Some(mail) = &self.mail {
            router = router.nest_service("/sandbox/mail", mail.router()).merge(mail.api());
        }
        router
    }
}
