//! The Lambda function `customers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = customers::App {
        store: services.store()?,
        indexes: store::Indexes::new(services.blobs()?),
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        clock: services.clock(),
        random: services.random(),
    };
    runtime::serve(services, customers::api().into_router(app)).await
}
