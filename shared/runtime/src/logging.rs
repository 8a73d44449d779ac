//! One JSON line per event on stdout, which is where Lambda looks for logs.

use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Begins logging: `wanted` is what `RUST_LOG` holds, like `info,store=debug`. Does nothing the second time.
///
/// The filter knows targets and levels only. One that knows fields, too, would bring a regular expression engine into
/// every function.
pub(crate) fn log_to_stdout(wanted: Option<&str>) {
    let wanted = wanted.and_then(|text| text.parse().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_err() {
        tracing::debug!("logging had begun already");
    }
}
