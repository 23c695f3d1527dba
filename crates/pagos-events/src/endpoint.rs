//! An endpoint: a URL of the merchant that gets events, and how it is treated.

use std::fmt;

use http::{Uri, uri::Scheme};
use pagos_core::Error;

use crate::sign::SigningSecret;

/// The name of an endpoint: 1 to 32 of `a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName {
    text: String,
}

/// A URL that gets events, with its secrets and limits. `Debug` shows the host only, since a path can be
/// as secret as a password.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) name: EndpointName,
    pub(crate) url: Uri,
    pub(crate) secrets: Vec<SigningSecret>,
    pub(crate) in_flight_max: usize,
}

/// Which addresses an endpoint may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Public addresses, over https.
    Public,
    /// Loopback and private networks too, also over http.
    Private,
}

impl EndpointName {
    /// Checks a name.
    ///
    /// ```
    /// use pagos_events::EndpointName;
    ///
    /// assert_eq!(EndpointName::new("erp")?.as_str(), "erp");
    /// assert!(EndpointName::new("The ERP").is_err());
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for another form.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let is_allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        };
        match (1..=32).contains(&text.len()) && text.bytes().all(is_allowed) {
            true => Ok(Self { text }),
            false => {
                let because = "the name of an endpoint is 1 to 32 of a-z 0-9 _ -";
                Err(Error::invalid("endpoint").because(because))
            }
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of its reader of the outbox.
    ///
    /// ```
    /// # use pagos_events::EndpointName;
    /// assert_eq!(EndpointName::new("erp")?.reader(), "events:erp");
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn reader(&self) -> String {
        format!("events:{}", self.text)
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Endpoint {
    /// The number of deliveries at the same time, unless another one is set.
    pub const IN_FLIGHT: usize = 8;

    /// An endpoint with one secret.
    ///
    /// The URL is judged here as far as it shows; the transport judges the addresses (`Destinations` of
    /// `pagos-http`).
    ///
    /// ```
    /// use pagos_core::Secret;
    /// use pagos_events::{Endpoint, EndpointName, Reach, SigningSecret};
    ///
    /// let secret = SigningSecret::parse(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))?;
    /// let (name, url) = (EndpointName::new("erp")?, "https://erp.example.com/events");
    /// let endpoint = Endpoint::new(name, url, Reach::Public, secret)?.with_in_flight_max(4)?;
    /// # drop(endpoint);
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `url`, without its path.
    pub fn new(
        name: EndpointName,
        url: &str,
        reach: Reach,
        secret: SigningSecret,
    ) -> Result<Self, Error> {
        let refused = |because: &str| Err(Error::invalid("url").because(because));
        if url.len() > URL_SIZE_MAX {
            return refused("the URL is longer than 2,000 characters");
        }
        let Ok(parsed) = url.parse::<Uri>() else { return refused("it is not a URL") };
        let Some(authority) = parsed.authority() else { return refused("the URL names no host") };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return refused("the URL has a user or no host; a signature proves who sends");
        }
        match (parsed.scheme(), reach) {
            (Some(scheme), _) if *scheme == Scheme::HTTPS => {}
            (Some(scheme), Reach::Private) if *scheme == Scheme::HTTP => {}
            (_, Reach::Public) => {
                return refused("an endpoint is https; plain http needs private_addresses = true");
            }
            (_, Reach::Private) => return refused("an endpoint is https or http"),
        }
        let in_flight_max = Self::IN_FLIGHT;
        Ok(Self { name, url: parsed, secrets: vec![secret], in_flight_max })
    }

    /// Signs with another secret as well, so that a receiver can go over from one to the other.
    #[must_use]
    pub fn with_second_secret(mut self, secret: SigningSecret) -> Self {
        self.secrets.truncate(1);
        self.secrets.push(secret);
        self
    }

    /// The number of deliveries at the same time, 1 to 64.
    ///
    /// # Errors
    /// `Invalid` for another number.
    pub fn with_in_flight_max(mut self, in_flight_max: usize) -> Result<Self, Error> {
        if !(1..=IN_FLIGHT_LIMIT).contains(&in_flight_max) {
            let because = format!("{in_flight_max} is not in the range of 1 to {IN_FLIGHT_LIMIT}");
            return Err(Error::invalid("max_in_flight").because(because));
        }
        self.in_flight_max = in_flight_max;
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &EndpointName {
        &self.name
    }

    /// The host of its URL, which is no secret.
    pub fn host(&self) -> &str {
        self.url.host().unwrap_or_default()
    }

    /// The scheme of its URL, `https` or `http`.
    pub fn scheme(&self) -> &str {
        self.url.scheme_str().unwrap_or_default()
    }

    /// How many secrets it has, each of which signs: one or two.
    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.name.text)
            .field("host", &self.host())
            .field("secrets", &self.secrets.len())
            .field("in_flight_max", &self.in_flight_max)
            .finish_non_exhaustive()
    }
}

const URL_SIZE_MAX: usize = 2_000;

const IN_FLIGHT_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use pagos_core::Secret;

    use super::*;

    fn endpoint(url: &str, reach: Reach) -> Result<Endpoint, Error> {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let name = EndpointName::new("erp").unwrap();
        Endpoint::new(name, url, reach, SigningSecret::parse(secret).unwrap())
    }

    #[test]
    fn only_a_plain_https_url_is_taken() {
        let cases = [
            ("https://erp.example.com/a?b=c", true, true),
            ("https://erp.example.com:8443", true, true),
            ("http://erp.example.com/", false, true),
            ("https://user:password@erp.example.com/", false, false),
            ("ftp://erp.example.com/", false, false),
            ("/events", false, false),
            ("erp.example.com", false, false),
            ("", false, false),
        ];
        for (url, public, private) in cases {
            assert_eq!(endpoint(url, Reach::Public).is_ok(), public, "{url}");
            assert_eq!(endpoint(url, Reach::Private).is_ok(), private, "{url}");
        }
        let long = format!("https://a.example.com/{}", "a".repeat(2_000));
        assert!(endpoint(&long, Reach::Public).is_err());
    }

    #[test]
    fn neither_path_nor_secret_is_shown() {
        let endpoint =
            endpoint("https://erp.example.com/canary?key=canary", Reach::Public).unwrap();
        let shown = format!("{endpoint:?}");
        assert!(shown.contains("erp.example.com") && !shown.contains("canary"), "{shown}");
        assert!(!shown.contains("whsec"), "{shown}");
    }
}
