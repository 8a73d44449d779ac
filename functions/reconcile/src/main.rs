//! The Lambda function `reconcile`, called by the clock.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
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
    runtime::schedule(services, move |run| {
        let app = app.clone();
        async move { reconcile::handle(app, &run).await }
    })
    .await
}
