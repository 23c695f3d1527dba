//! The endpoints of `[events.NAME]`, which get the notices as events.

use pagos_core::{Error, Secret};
use pagos_events::{Endpoint, EndpointName, Reach, SigningSecret};
use pagos_http::Destinations;

use crate::config::{AccountSettings, ConfigProblem};

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

    /// Reads the endpoints.
    ///
    /// # Errors
    /// All of their problems.
    pub(crate) fn read_all(tables: &[AccountSettings]) -> Result<Vec<Self>, Vec<ConfigProblem>> {
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
            false => Err(problems),
        }
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
            let read = Destination::read_all(&[table(fields)]);
            assert_eq!(read.is_ok(), is_good, "{fields:?}");
            assert!(!format!("{read:?}").contains("canary"), "{read:?}");
        }
    }

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
}
