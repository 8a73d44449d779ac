//! The Lambda function `sign-in`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = sign_in::App {
        store: services.store()?,
        volatile: services.volatile()?,
        authenticator: services.authenticator()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        github: services.github()?,
        github_oauth: services.github_oauth()?,
        deliveries: services.deliveries_queue()?,
        clock: services.clock(),
        random: services.random(),
        public_url: services.public_url()?,
        first_owner: services.first_owner(),
    };
    runtime::serve(services, sign_in::api().into_router(app)).await
}
