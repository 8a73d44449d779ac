//! The Lambda function `purchases`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let limiter = auth::Limiter::new(services.volatile()?, services.clock());
    let app = purchases::App { store: services.store()?, authenticator: services.authenticator()?, limiter };
    runtime::serve(services, purchases::api().into_router(app)).await
}
