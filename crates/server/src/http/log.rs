//! The log: one JSON object a line on the error stream.

use tracing_subscriber::filter::LevelFilter;

/// Begins to log, and lets a panic be a line of the log too: where it was, without its words, which may
/// hold what a client sent. Call it once.
pub fn start() {
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
}
