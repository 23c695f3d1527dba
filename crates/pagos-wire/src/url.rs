//! The two URLs of a configuration: the provider's base address and our webhook address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use http::Uri;

use pagos_core::{Environment, Error};

/// The address that an API's paths are appended to. It may have a path of its own, which is kept.
///
/// ```
/// use pagos_core::Environment;
/// use pagos_wire::BaseUrl;
///
/// let base = BaseUrl::parse("https://client.example/prod-api/", Environment::Live)?;
/// assert_eq!(base.join("/api/payOut")?, "https://client.example/prod-api/api/payOut");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
}

impl BaseUrl {
    /// Parses an absolute URL. A `/` at the end is removed.
    ///
    /// `Live` requires https. `Sandbox` accepts plain http too, which local simulators and some
    /// published sandboxes use.
    ///
    /// # Errors
    /// `Invalid` for plain http in `Live`, for other schemes, and for a query, a fragment, blanks or
    /// credentials in the URL.
    pub fn parse(text: &str, environment: Environment) -> Result<Self, Error> {
        let refused = |because| Error::invalid("base_url").because(because);
        let parts = Parts::parse(text).map_err(refused)?;
        if parts.has_query {
            return Err(refused("a base URL has no query"));
        }
        if parts.is_plain && environment == Environment::Live {
            return Err(refused("plain http is for the sandbox only; live wants https"));
        }
        Ok(Self { text: text.strip_suffix('/').unwrap_or(text).to_owned() })
    }

    /// The base followed by `path`, which starts with `/`.
    ///
    /// # Errors
    /// `Invalid` if the result is not a URL.
    pub fn join(&self, path: &str) -> Result<Uri, Error> {
        Uri::try_from(format!("{}{path}", self.text)).map_err(|cause| {
            Error::invalid("base_url")
                .because(format!("{path:?} cannot be appended"))
                .with_source(cause)
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The address that a provider sends webhooks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
}

impl WebhookUrl {
    /// Parses an absolute http or https URL of at most `length_max` characters. In `Live` its host
    /// must look public: no loopback, private or link-local address, no `localhost`, no name
    /// without a dot.
    ///
    /// # Errors
    /// `Invalid` with the rule that is broken.
    pub fn parse(text: &str, environment: Environment, length_max: usize) -> Result<Self, Error> {
        let refused = |because: String| Error::invalid("notify_url").because(because);
        let parts = Parts::parse(text).map_err(|because| refused(because.to_owned()))?;
        if text.len() > length_max {
            return Err(refused(format!("longer than {length_max} characters")));
        }
        if environment == Environment::Live && !is_public(&parts.host) {
            return Err(refused(format!("{:?} is not a public host", parts.host)));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The same for a URL that a payer's browser may visit too: at most 2048 characters, and in
    /// `Live` https. The error names `field`.
    ///
    /// # Errors
    /// `Invalid` with the rule that is broken.
    pub fn parse_visited(
        field: &'static str,
        text: &str,
        environment: Environment,
    ) -> Result<Self, Error> {
        let refused = |because: &str| Error::invalid(field).because(because);
        let url = Self::parse(text, environment, VISITED_LENGTH_MAX)
            .map_err(|error| refused(error.message()))?;
        if environment == Environment::Live && is_plain(text) {
            return Err(refused("plain http is for the sandbox only; live wants https"));
        }
        Ok(url)
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The longest address that every browser accepts. Our choice.
const VISITED_LENGTH_MAX: usize = 2048;

struct Parts {
    host: String,
    is_plain: bool,
    has_query: bool,
}

impl Parts {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('#') {
            return Err("the URL has a fragment");
        }
        let uri = Uri::try_from(text).map_err(|_| "not a URL")?;
        let is_plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") => true,
            _ => return Err("the URL starts with neither https:// nor http://"),
        };
        let authority = uri.authority().ok_or("the URL has no host")?;
        if authority.as_str().contains('@') {
            return Err("the URL has credentials in it");
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err("the URL has no host");
        }
        Ok(Self { host, is_plain, has_query: uri.query().is_some() })
    }
}

fn is_plain(url: &str) -> bool {
    Uri::try_from(url).is_ok_and(|url| url.scheme_str() == Some("http"))
}

fn is_public(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_public_v4(address),
        Ok(IpAddr::V6(address)) => is_public_v6(address),
        Err(_) => is_public_name(bare),
    }
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let Some((_, top)) = name.rsplit_once('.') else { return false };
    // A last label of digits is a disguised address, which resolvers understand.
    let is_address = top.bytes().all(|byte| byte.is_ascii_digit());
    !is_address && !matches!(top, "localhost" | "local" | "internal" | "lan" | "home")
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_wants_https() {
        let cases = [
            ("https://api.example", true, true),
            ("https://api.example:8443/prod-api", true, true),
            ("http://testclient.example/stage-api", true, false),
            ("http://127.0.0.1:8080", true, false),
            ("ftp://api.example", false, false),
            ("api.example", false, false),
            ("/prod-api", false, false),
            ("https://", false, false),
            ("https://user:key@api.example", false, false),
            ("https://api.example/?key=1", false, false),
            ("https://api.example/#top", false, false),
            ("https://api.example/a b", false, false),
            ("", false, false),
        ];
        for (text, sandbox, live) in cases {
            assert_eq!(BaseUrl::parse(text, Environment::Sandbox).is_ok(), sandbox, "{text}");
            assert_eq!(BaseUrl::parse(text, Environment::Live).is_ok(), live, "{text}");
        }
    }

    #[test]
    fn one_slash_is_trimmed_and_the_prefix_stays() {
        for base in ["https://api.example/stage-api", "https://api.example/stage-api/"] {
            let base = BaseUrl::parse(base, Environment::Live).unwrap();
            assert_eq!(base.join("/api/payOut").unwrap().path(), "/stage-api/api/payOut");
        }
        let base = BaseUrl::parse("https://api.example", Environment::Live).unwrap();
        assert_eq!(base.join("/api/payOut").unwrap(), "https://api.example/api/payOut");
        assert!(base.join("/a b").is_err());
    }

    #[test]
    fn a_live_webhook_address_is_public() {
        let cases = [
            ("https://merchant.example/webhooks/bank", true),
            ("http://merchant.example:8080/", true),
            ("https://8.8.8.8/cb", true),
            ("https://[2606:4700::1]/cb", true),
            ("http://localhost/cb", false),
            ("http://127.0.0.1/cb", false),
            ("http://127.1/cb", false),
            ("http://10.1.2.3/cb", false),
            ("http://192.168.0.9/cb", false),
            ("http://169.254.169.254/cb", false),
            ("http://100.64.0.1/cb", false),
            ("http://[::1]/cb", false),
            ("http://[fd00::1]/cb", false),
            ("http://[::ffff:10.0.0.1]/cb", false),
            ("http://intranet/cb", false),
            ("http://pay.internal/cb", false),
        ];
        for (text, is_public) in cases {
            let parse = |environment| WebhookUrl::parse(text, environment, 250).is_ok();
            assert_eq!(parse(Environment::Live), is_public, "{text}");
            assert!(parse(Environment::Sandbox), "{text}");
        }
        let long = format!("https://merchant.example/{}", "a".repeat(250));
        assert!(WebhookUrl::parse(&long, Environment::Sandbox, 250).is_err());
    }
}
