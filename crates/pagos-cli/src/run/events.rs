//! The endpoints of `[events.NAME]`, and their deliveries while `serve` runs.

use std::{sync::Arc, time::Duration};

use pagos_core::{Error, NonceSource, Secret};
use pagos_events::{
    Deliverer, Endpoint, EndpointName, Equipment, Reach, SigningSecret, TRY_TIMEOUT,
};
use pagos_http::{Destinations, HttpOptions, HttpTransport, LargeBody};
use pagos_system::System;

use crate::{
    config::{AccountSettings, ConfigProblem},
    console,
    exit::Failure,
    run::{
        database::Database,
        instance::Instance,
        signal::{self, Stop},
    },
};

/// An endpoint, and which addresses it may have.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) endpoint: Endpoint,
    reach: Reach,
}

impl Destination {
    /// The addresses that connections are made to.
    pub(crate) fn admitted(&self) -> Destinations {
        match self.reach {
            Reach::Public => Destinations::Public,
            Reach::Private => Destinations::PublicOrPrivate,
        }
    }
}

/// Reads the endpoints.
///
/// # Errors
/// All of their problems.
pub(crate) fn read(tables: &[AccountSettings]) -> Result<Vec<Destination>, Failure> {
    let (mut destinations, mut problems) = (Vec::new(), Vec::new());
    for table in tables {
        match read_one(table) {
            Ok(destination) => destinations.push(destination),
            Err(error) => {
                let field = error.field().unwrap_or("the endpoint");
                let origin = table.origin_of(field).clone();
                problems.push(ConfigProblem::new(origin, field, error.message(), REMEDY));
            }
        }
        problems.extend(table.unused(&[]));
    }
    match problems.is_empty() {
        true => Ok(destinations),
        false => Err(problems.into()),
    }
}

fn read_one(table: &AccountSettings) -> Result<Destination, Error> {
    let wanted = |field: &'static str| {
        table.lookup(field).ok_or_else(|| Error::invalid(field).because("is missing"))
    };
    let reach = match table.lookup("private_addresses").as_deref() {
        None | Some("false") => Reach::Public,
        Some("true") => Reach::Private,
        Some(_) => return Err(Error::invalid("private_addresses").because("is true or false")),
    };
    let secret = |text: String| SigningSecret::parse(Secret::new(text));
    let name = EndpointName::new(table.name.as_str())?;
    let mut endpoint = Endpoint::new(name, &wanted("url")?, reach, secret(wanted("secret")?)?)?;
    if let Some(second) = table.lookup("second_secret") {
        let second = secret(second).map_err(|error| error.about("second_secret"))?;
        endpoint = endpoint.with_second_secret(second);
    }
    if let Some(text) = table.lookup("max_in_flight") {
        // What is no number is out of range as well.
        endpoint = endpoint.with_in_flight_max(text.parse().unwrap_or_default())?;
    }
    Ok(Destination { endpoint, reach })
}

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

const REMEDY: &str = "[events.NAME] has url, secret (or secret_file, secret_env), and may have second_secret, \
                      private_addresses and max_in_flight (docs/OPERATIONS.md)";

#[cfg(test)]
mod tests {
    use pagos_core::AccountName;

    use super::*;
    use crate::config::Origin;

    fn table(fields: &[(&str, &str)]) -> AccountSettings {
        let mut table = AccountSettings::new(AccountName::new("erp").unwrap(), Origin::Default);
        for (name, value) in fields {
            table.set(name, (*value).to_owned(), Origin::Default);
        }
        table
    }

    #[test]
    fn an_endpoint_is_read_or_refused_without_its_secret() {
        let (url, secret) = (("url", "https://a.example.com/x"), ("secret", SECRET));
        let cases: [(&[(&str, &str)], bool); 9] = [
            (&[url, secret], true),
            (&[url, secret, ("second_secret", SECRET), ("max_in_flight", "4")], true),
            (&[("url", "http://10.0.0.1/"), secret, ("private_addresses", "true")], true),
            (&[("url", "http://10.0.0.1/"), secret], false),
            (&[url], false),
            (&[secret], false),
            (&[url, ("secret", "canary")], false),
            (&[url, secret, ("max_in_flight", "many")], false),
            (&[url, secret, ("secrets", "canary")], false),
        ];
        for (fields, is_good) in cases {
            let read = read(&[table(fields)]);
            assert_eq!(read.is_ok(), is_good, "{fields:?}");
            assert!(!format!("{read:?}").contains("canary"), "{read:?}");
        }
    }

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
}
