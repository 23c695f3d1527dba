//! Lines on standard error: text or JSON, one for each event. They go through the console's queue,
//! so a reader that stands still costs lines and holds up no money.

use std::io::{self, Write};

use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt::MakeWriter,
};

use super::is_ours;
use crate::{arguments::LogFormat, console, exit::Failure};

/// What is written if `RUST_LOG` is not set: calls and deliveries.
const USUAL: &str = "info";

/// The layer that writes.
///
/// # Errors
/// If `filter` is no filter.
pub(super) fn layer(
    format: LogFormat,
    filter: Option<&str>,
) -> Result<Box<dyn Layer<Registry> + Send + Sync>, Failure> {
    let wanted = filter.filter(|text| !text.trim().is_empty()).unwrap_or(USUAL);
    let wanted = EnvFilter::try_new(wanted).map_err(|error| {
        Failure::new(format!(
            "RUST_LOG is no filter ({error}); write a level such as info or debug, or one for each \
             crate: pagos_engine=debug,pagos_http=debug"
        ))
    })?;
    let filter = wanted.and(filter_fn(is_ours));
    let lines = tracing_subscriber::fmt::layer().with_writer(Lines);
    Ok(match format {
        LogFormat::Text => Box::new(lines.with_filter(filter)),
        LogFormat::Json => Box::new(lines.json().with_span_list(false).with_filter(filter)),
    })
}

/// Writes each event to the console, in one piece.
#[derive(Debug, Clone, Copy)]
struct Lines;

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        console::log(String::from_utf8_lossy(line).trim_end());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
