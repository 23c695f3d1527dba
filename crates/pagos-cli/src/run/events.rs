//! The deliveries to the endpoints of `[events.NAME]` while `serve` runs.

use std::{sync::Arc, time::Duration};

use pagos_core::NonceSource;
use pagos_events::{Deliverer, Equipment, TRY_TIMEOUT};
use pagos_http::{HttpOptions, HttpTransport, LargeBody};
use pagos_system::System;

use crate::{
    config::Destination,
    console,
    exit::Failure,
    run::{
        database::Database,
        instance::Instance,
        signal::{self, Stop},
    },
};

/// What delivers to the endpoints.
///
/// # Errors
/// If there can be no transport.
pub(crate) fn deliverers(
    instance: &Instance,
    db: &Database,
    destinations: &[Destination],
) -> Result<Vec<Deliverer>, Failure> {
    let holder = match db {
        // One process at a time works on a file, so a restart takes over at once.
        Database::File(_) => "the process".to_owned(),
        Database::Server(_) | Database::Misread(_) => {
            System.draw().iter().map(|byte| format!("{byte:02x}")).collect()
        }
    };
    let build = |destination: &Destination| {
        let options = HttpOptions {
            total_timeout: TRY_TIMEOUT + Duration::from_secs(1),
            connect_timeout: TRY_TIMEOUT,
            body_size_bytes_max: ANSWER_SIZE_BYTES_MAX,
            large_body: LargeBody::CutOff,
            destinations: destination.admitted(),
            ..HttpOptions::default()
        };
        let equipment = Equipment {
            store: Arc::clone(&instance.store),
            writer: instance.instrumented_store(),
            transport: Arc::new(HttpTransport::new(&options, Arc::new(System))?),
            timer: Arc::new(System),
            nonces: Arc::new(System),
            holder: holder.clone(),
        };
        Ok(Deliverer::new(equipment, destination.endpoint.clone()))
    };
    destinations.iter().map(build).collect()
}

/// Runs them side by side until a stop is requested, and what is under way then to its end, but not
/// after the time for work under way.
pub(crate) async fn deliver(deliverers: &[Deliverer], stop: &Stop) {
    let tell = |message: &str| console::tell(message);
    let all = deliverers.iter().map(|deliverer| deliverer.run(stop.requested(), &tell));
    tokio::select! {
        _ = futures_util::future::join_all(all) => {}
        // What was not recorded is delivered again by whoever is next.
        () = stop.asked_for(signal::WORK_MAX) => {}
    }
}

/// Nobody reads the answer; so much of it may stay in a connection that is used again.
const ANSWER_SIZE_BYTES_MAX: usize = 16 * 1024;
