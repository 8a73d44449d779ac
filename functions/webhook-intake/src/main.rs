//! The Lambda function `webhook-intake`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = webhook_intake::App {
        payments: services.payments_queue()?,
        access: services.access_queue()?,
        packages: services.packages_queue()?,
        stripe_secrets: services.stripe_webhook_secrets()?,
        github_secrets: services.github_webhook_secrets()?,
        gitlab_secrets: services.gitlab_webhook_secrets()?,
        gitlab_signing_secrets: services.gitlab_signing_secrets()?,
        bitbucket_secrets: services.bitbucket_webhook_secrets()?,
        clock: services.clock(),
    };
    runtime::serve(services, webhook_intake::api().into_router(app)).await
}
