//! The Lambda function `composer`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    let services = runtime::Services::from_env();
    let blobs = services.blobs()?;
    let app = composer::App {
        store: services.store()?,
        indexes: store::Indexes::new(blobs.clone()),
        documents: composer::Documents::default(),
        blobs,
        clock: services.clock(),
        public_url: services.public_url()?,
    };
    runtime::serve(services, composer::api().into_router(app)).await
}
