//! The Lambda function `purchases`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = purchases::App {
        store: services.store()?,
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        access: services.access_queue()?,
        deliveries: services.deliveries_queue()?,
        clock: services.clock(),
        random: services.random(),
    };
    runtime::serve(services, purchases::api().into_router(app)).await
}
