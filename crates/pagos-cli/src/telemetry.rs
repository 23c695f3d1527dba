//! Logs and metrics of the process: what the libraries emit through `tracing` becomes lines on
//! standard error (`--log`) and counters (`--metrics`). Gauges are read from the store.
//!
//! `docs/TELEMETRY.md` is the contract. Nothing is subscribed to but our own crates, whatever
//! `RUST_LOG` says: crates of others write whole addresses.

mod counting;
mod gauges;
mod log;
mod names;
mod scrape;

use metrics_exporter_prometheus::PrometheusHandle;
use tracing::Metadata;
use tracing_subscriber::{Layer, Registry, filter::filter_fn, layer::SubscriberExt};

use crate::{arguments::LogFormat, exit::Failure};

pub(crate) use gauges::Gauges;
pub(crate) use scrape::Scraping;

/// Whether the process counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    On,
    Off,
}

/// Subscribes for the rest of the process, if anything is wanted. Returns the counters if they are.
///
/// # Errors
/// If `RUST_LOG` cannot be read as a filter.
pub(crate) fn start(
    log: Option<LogFormat>,
    counting: Counting,
) -> Result<Option<PrometheusHandle>, Failure> {
    if log.is_none() && counting == Counting::Off {
        return Ok(None);
    }
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
    if let Some(format) = log {
        layers.push(log::layer(format, std::env::var("RUST_LOG").ok().as_deref())?);
    }
    let counters = match counting {
        Counting::Off => None,
        Counting::On => {
            layers.push(Box::new(counting::Counter.with_filter(filter_fn(counting::is_counted))));
            Some(counting::install()?)
        }
    };
    let subscriber = tracing_subscriber::registry().with(layers);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|_| Failure::new("the process already has a subscriber"))?;
    Ok(counters)
}

/// Whether a span or an event comes from our own crates.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "pagos" || metadata.target().starts_with("pagos_")
}
