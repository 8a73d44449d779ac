//! What follows from a purchase's change, asked for again and again until it is done: it does no harm twice.

use domain::{letters, purchase::Purchase};
use jobs::Job;

use crate::{App, Error};

/// Asks for the letters that are due.
pub(crate) async fn letters(app: &App, purchase: &Purchase) -> Result<(), Error> {
    if letters::due(purchase, app.clock.now()).is_empty() {
        return Ok(());
    }
    let job = Job::deliver(purchase);
    Ok(app.deliveries.send(&job).await?)
}
