//! The Lambda function `storefront`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = storefront::App {
        store: services.store()?,
        limiter: auth::Limiter::new(services.volatile()?, services.clock()),
        github: services.github()?,
        stripe: services.stripe()?,
        links: services.purchase_links()?,
        access: services.access_queue()?,
        deliveries: services.deliveries_queue()?,
        clock: services.clock(),
        random: services.random(),
        public_url: services.public_url()?,
    };
    runtime::serve(services, storefront::api().into_router(app)).await
}
