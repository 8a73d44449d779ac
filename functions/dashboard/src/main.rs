//! The Lambda function `dashboard`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = dashboard::App {
        store: services.store()?,
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        clock: services.clock(),
    };
    runtime::serve(services, dashboard::api().into_router(app)).await
}
