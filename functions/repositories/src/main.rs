//! The Lambda function `repositories`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = repositories::App {
        store: services.store()?,
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        github: services.github()?,
        stripe: services.stripe()?,
        refuse_personal: services.refuse_personal_repositories()?,
        clock: services.clock(),
        random: services.random(),
    };
    runtime::serve(services, repositories::api().into_router(app)).await
}
