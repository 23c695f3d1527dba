//! An outgoing proxy that an account names. It serves only https, by CONNECT, so it carries bytes
//! that it cannot read. A proxy is never taken from the environment.

use std::{fmt, net::Ipv6Addr, sync::Arc};

use pagos_core::Error;

/// An HTTP proxy that opens a connection to a provider (CONNECT). TLS runs through it end to end:
/// the certificate is the provider's, and a client certificate is shown only to the provider.
///
/// `Debug` shows its address and hides its credentials. They stay in memory as long as a transport
/// that was built with it.
#[derive(Clone)]
pub struct Proxy {
    place: String,
    inner: Arc<reqwest::Proxy>,
}

impl Proxy {
    /// Parses `http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`. Characters such as `@ : / ? #
    /// %` in a user or a password are written as `%40` and so on.
    ///
    /// ```
    /// use pagos_http::Proxy;
    ///
    /// let proxy = Proxy::parse("http://pagos:secret@proxy.internal:3128")?;
    /// assert_eq!(proxy.place(), "proxy.internal:3128");
    /// assert!(!format!("{proxy:?}").contains("secret"));
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `proxy`. The message contains nothing of the text, since a typing error can
    /// make any part of it the password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let refused = |because| Error::invalid("proxy").because(because);
        let rest = url.strip_prefix("http://").ok_or_else(|| {
            refused(
                "does not begin with http://; the proxy itself is spoken to in plain text, and what \
                 goes through it is TLS to the provider",
            )
        })?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (credentials, place),
            None => ("", authority),
        };
        if !is_place(place) {
            return Err(refused("is not http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"));
        }
        if credentials.contains(['@', '/', '?', '#', ' ']) || !credentials.is_ascii() {
            return Err(refused(
                "has characters in its user or password that are written as %40 and so on",
            ));
        }
        let inner = reqwest::Proxy::https(url).map_err(|_| refused("cannot be read"))?;
        Ok(Self { place: place.to_owned(), inner: Arc::new(inner) })
    }

    /// Its address as `HOST:PORT`, without credentials.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn of_reqwest(&self) -> reqwest::Proxy {
        self.inner.as_ref().clone()
    }
}

/// Two proxies are equal if they have the same address.
impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Proxy {}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.place)
    }
}

/// Matches `HOST:PORT`, where the host is a name, an address, or an IPv6 address in brackets.
fn is_place(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = port.parse().is_ok_and(|port: u16| port > 0);
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_part =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            !host.is_empty() && host.bytes().all(is_part)
        }
    };
    is_port && is_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_20_an_address_is_read_and_no_refusal_shows_it() {
        let good = [
            ("http://proxy.internal:3128", "proxy.internal:3128"),
            ("http://proxy.internal:3128/", "proxy.internal:3128"),
            ("http://u:p%40@10.0.0.7:8080", "10.0.0.7:8080"),
            ("http://[::1]:3128", "[::1]:3128"),
        ];
        for (url, place) in good {
            assert_eq!(Proxy::parse(url).unwrap().place(), place, "{url}");
        }
        let bad = [
            "proxy.internal:3128",
            "https://u:canary@proxy.internal:3128",
            "socks5://u:canary@proxy.internal:1080",
            "http://u:canary@proxy.internal",
            "http://u:canary@:3128",
            "http://u:canary@proxy.internal:0",
            "http://u:canary@proxy.internal:3128/path",
            "http://u:can/ary@proxy.internal:3128",
            "http://u:can@ary@proxy.internal:3128",
            "http://u:canary@proxy.internal:3128?x=canary",
            "",
        ];
        for url in bad {
            let error = Proxy::parse(url).unwrap_err();
            assert_eq!(error.field(), Some("proxy"));
            let told = format!("{error} {error:?}");
            assert!(!told.contains("ary") && !told.contains("internal"), "{told}");
        }
    }
}
