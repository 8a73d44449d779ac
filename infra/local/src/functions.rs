//! The functions, made from what `template.yaml` gives each of them: what it forgets is missing here, too.

use std::collections::HashMap;

use anyhow::{Context, Result};
use auth::Limiter;
use axum::Router;
use runtime::{Edges, Services, Settings};
use store::Indexes;
use testkit::sam::{Function, Template};

/// The functions of the template.
#[derive(Debug)]
pub struct Functions {
    /// Those that answer requests, by logical id.
    pub routers: HashMap<String, Router>,
    /// Those that take jobs, by logical id.
    pub workers: HashMap<String, worker::App>,
    /// The one that the clock calls, by logical id.
    pub scheduled: HashMap<String, reconcile::App>,
}

impl Functions {
    /// Makes all of them. `edges` and `settings` give a function its ways out and its environment.
    pub fn build(
        template: &Template,
        edges: impl Fn(&Function) -> Result<Edges>,
        settings: impl Fn(&Function) -> Result<Settings>,
    ) -> Result<Self> {
        let mut functions = Self { routers: HashMap::new(), workers: HashMap::new(), scheduled: HashMap::new() };
        for function in &template.functions {
            let services = Services::new(settings(function)?, edges(function)?);
            functions.add(function, &services).with_context(|| format!("{} in template.yaml", function.logical_id))?;
        }
        Ok(functions)
    }

    /// A new function has its line here, beside its place in the template.
    fn add(&mut self, function: &Function, services: &Services) -> Result<()> {
        let router = match binary(function) {
            "sign-in" => sign_in::api().into_router(sign_in::App {
                store: services.store()?,
                volatile: services.volatile()?,
                authenticator: services.authenticator()?,
                limiter: limiter(services)?,
                github: services.github()?,
                github_oauth: services.github_oauth()?,
                deliveries: services.deliveries_queue()?,
                clock: services.clock(),
                random: services.random(),
                public_url: services.public_url()?,
                first_owner: services.first_owner(),
            }),
            "repositories" => {
                let app = repositories::App {
                    store: services.store()?,
                    authenticator: services.authenticator()?,
                    limiter: limiter(services)?,
                    github: services.github()?,
                    stripe: services.stripe()?,
                    refuse_personal: services.refuse_personal_repositories()?,
                    clock: services.clock(),
                    random: services.random(),
                };
                repositories::api().into_router(app)
            }
            "customers" => customers::api().into_router(customers::App {
                store: services.store()?,
                indexes: Indexes::new(services.blobs()?),
                authenticator: services.authenticator()?,
                limiter: limiter(services)?,
                clock: services.clock(),
                random: services.random(),
            }),
            "dashboard" => dashboard::api().into_router(dashboard::App {
                store: services.store()?,
                authenticator: services.authenticator()?,
                limiter: limiter(services)?,
                clock: services.clock(),
            }),
            "packages" => packages::api().into_router(packages::App {
                store: services.store()?,
                indexes: Indexes::new(services.blobs()?),
                authenticator: services.authenticator()?,
                limiter: limiter(services)?,
                queue: services.packages_queue()?,
                hosts: services.forge_hosts()?,
                clock: services.clock(),
                random: services.random(),
            }),
            "purchases" => purchases::api().into_router(purchases::App {
                store: services.store()?,
                authenticator: services.authenticator()?,
                limiter: limiter(services)?,
                access: services.access_queue()?,
                deliveries: services.deliveries_queue()?,
                clock: services.clock(),
                random: services.random(),
            }),
            "storefront" => storefront::api().into_router(storefront::App {
                store: services.store()?,
                limiter: limiter(services)?,
                github: services.github()?,
                stripe: services.stripe()?,
                links: services.purchase_links()?,
                access: services.access_queue()?,
                deliveries: services.deliveries_queue()?,
                clock: services.clock(),
                random: services.random(),
                public_url: services.public_url()?,
            }),
            "composer" => {
                let blobs = services.blobs()?;
                composer::api().into_router(composer::App {
                    store: services.store()?,
                    indexes: Indexes::new(blobs.clone()),
                    documents: composer::Documents::default(),
                    blobs,
                    clock: services.clock(),
                    public_url: services.public_url()?,
                })
            }
            "webhook-intake" => webhook_intake::api().into_router(webhook_intake::App {
                payments: services.payments_queue()?,
                access: services.access_queue()?,
                packages: services.packages_queue()?,
                stripe_secrets: services.stripe_webhook_secrets()?,
                github_secrets: services.github_webhook_secrets()?,
                gitlab_secrets: services.gitlab_webhook_secrets()?,
                gitlab_signing_secrets: services.gitlab_signing_secrets()?,
                bitbucket_secrets: services.bitbucket_webhook_secrets()?,
                clock: services.clock(),
            }),
            "worker" => {
                let app = worker::App {
                    store: services.store()?,
                    volatile: services.volatile()?,
                    access: services.access_queue()?,
                    deliveries: services.deliveries_queue()?,
                    packages: services.packages_queue()?,
                    blobs: services.blobs()?,
                    indexes: store::Indexes::new(services.blobs()?),
                    forges: services.forges()?,
                    forge_hosts: services.forge_hosts()?,
                    github: services.github()?,
                    stripe: services.stripe()?,
                    mail: services.mail()?,
                    clock: services.clock(),
                    random: services.random(),
                    public_url: services.public_url()?,
                    links: services.purchase_links()?,
                    alert_email: services.alert_email(),
                    first_owner: services.first_owner(),
                };
                self.workers.insert(function.logical_id.clone(), app);
                return Ok(());
            }
            "reconcile" => {
                let app = reconcile::App {
                    store: services.store()?,
                    payments: services.payments_queue()?,
                    access: services.access_queue()?,
                    deliveries: services.deliveries_queue()?,
                    packages: services.packages_queue()?,
                    github: services.github()?,
                    stripe: services.stripe()?,
                    clock: services.clock(),
                    random: services.random(),
                };
                self.scheduled.insert(function.logical_id.clone(), app);
                return Ok(());
            }
            other => anyhow::bail!("there is no function called `{other}`"),
        };
        self.routers.insert(function.logical_id.clone(), router);
        Ok(())
    }
}

/// Each function has its own, as on Lambda.
fn limiter(services: &Services) -> Result<Limiter> {
    Ok(Limiter::new(services.volatile()?, services.clock()))
}

/// The name of a function's binary: the folder that `CodeUri` points at.
fn binary(function: &Function) -> &str {
    function.code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}
