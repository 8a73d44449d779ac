//! One JSON line per event on stdout, which is where Lambda looks for logs.

use tracing_subscriber::{EnvFilter, fmt};

/// Begins logging, as much as `RUST_LOG` asks for (`info` without it). Does nothing the second time.
pub fn log_to_stdout() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt().json().flatten_event(true).with_current_span(true).with_span_list(false).with_env_filter(filter);
    if lines.try_init().is_err() {
        tracing::debug!("logging had begun already");
    }
}
