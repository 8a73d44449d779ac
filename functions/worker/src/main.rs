//! The Lambda function `worker`, deployed once per queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let app = worker::App {
        store: services.store()?,
        volatile: services.volatile()?,
        access: services.access_queue()?,
        deliveries: services.deliveries_queue()?,
        packages: services.packages_queue()?,
        blobs: services.blobs()?,
        indexes: store::Indexes::new(services.blobs()?),
        forges: services.forges()?,
        forge_hosts: services.forge_hosts()?,
        github: services.github()?,
        stripe: services.stripe()?,
        mail: services.mail()?,
        clock: services.clock(),
        random: services.random(),
        public_url: services.public_url()?,
        links: services.purchase_links()?,
        alert_email: services.alert_email(),
        first_owner: services.first_owner(),
    };
    runtime::consume(services, move |job| worker::handle(app.clone(), job)).await
}
