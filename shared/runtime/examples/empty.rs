//! A Lambda that does nothing: what `cargo xtask bench` compares the functions' start-up with.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: LambdaEvent<()>| async { Ok::<_, Error>(()) })).await
}
