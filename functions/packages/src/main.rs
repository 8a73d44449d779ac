//! The Lambda function `packages`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = packages::App {
        store: services.store()?,
        indexes: store::Indexes::new(services.blobs()?),
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        queue: services.packages_queue()?,
        hosts: services.forge_hosts()?,
        clock: services.clock(),
        random: services.random(),
    };
    runtime::serve(services, packages::api().into_router(app)).await
}
