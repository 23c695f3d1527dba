//! Which addresses a transport may connect to. A URL that somebody else names must not lead into our own
//! network, so the address is judged when the connection is made, after the name was resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What an IP address is reachable for.
///
/// Source: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), and the
/// addresses at which clouds serve credentials to the machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// An address on the internet.
    Public,
    /// This machine: 127.0.0.0/8, ::1.
    Loopback,
    /// A private network: RFC 1918, unique-local fc00::/7, shared 100.64.0.0/10 of carriers.
    Private,
    /// The link itself: 169.254.0.0/16, fe80::/10.
    LinkLocal,
    /// A cloud's service for the machine, which can hand out credentials.
    Metadata,
    /// Everything else: unspecified, multicast, broadcast, documentation, benchmarks, reserved.
    Special,
}

/// To which addresses a transport connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Destinations {
    /// To every address: the operator named the host.
    #[default]
    Anywhere,
    /// To addresses on the internet, over https only.
    Public,
    /// To addresses on the internet, loopback and private networks over https, and to the latter two
    /// over http.
    PublicOrPrivate,
}

impl AddressClass {
    /// The class of an address. An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4)
    /// has the class of that one.
    ///
    /// ```
    /// use pagos_http::AddressClass;
    ///
    /// let class = |text: &str| AddressClass::of(text.parse().unwrap());
    /// assert_eq!(class("8.8.8.8"), AddressClass::Public);
    /// assert_eq!(class("::ffff:10.0.0.1"), AddressClass::Private);
    /// assert_eq!(class("169.254.169.254"), AddressClass::Metadata);
    /// ```
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => class_of_v4(address),
            IpAddr::V6(address) => class_of_v6(address),
        }
    }
}

impl Destinations {
    /// Whether a connection to `address` may be made for a URL with this scheme.
    ///
    /// ```
    /// use pagos_http::Destinations;
    ///
    /// let inside = "10.0.0.1".parse()?;
    /// assert!(!Destinations::Public.admit("https", inside));
    /// assert!(Destinations::PublicOrPrivate.admit("http", inside));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn admit(self, scheme: &str, address: IpAddr) -> bool {
        let class = AddressClass::of(address);
        let is_inside = matches!(class, AddressClass::Loopback | AddressClass::Private);
        let is_public = class == AddressClass::Public;
        match self {
            Self::Anywhere => true,
            Self::Public => scheme == "https" && is_public,
            Self::PublicOrPrivate => is_inside || (scheme == "https" && is_public),
        }
    }

    /// Whether a request to `url` may be sent as far as the URL itself shows: its scheme, and its host
    /// if that is an address. The resolver judges names.
    pub(crate) fn admit_url(self, url: &reqwest::Url) -> bool {
        // The parser has normalised other spellings (`127.1`, `0x7f000001`) to the usual one.
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        match (self, literal) {
            (Self::Anywhere, _) => true,
            (_, Ok(address)) => self.admit(url.scheme(), address),
            (Self::Public, Err(_)) => url.scheme() == "https",
            (Self::PublicOrPrivate, Err(_)) => matches!(url.scheme(), "http" | "https"),
        }
    }
}

fn class_of_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        [169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
            AddressClass::Metadata
        }
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => {
            AddressClass::Private
        }
        [169, 254, ..] => AddressClass::LinkLocal,
        [0, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => {
            AddressClass::Special
        }
        [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => AddressClass::Special,
        _ => AddressClass::Public,
    }
}

fn class_of_v6(address: Ipv6Addr) -> AddressClass {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => AddressClass::Metadata,
        // Mapped, well-known NAT64 and 6to4 carry an IPv4 address.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            class_of_v4(carried(high, low))
        }
        [0x2002, high, low, ..] => class_of_v4(carried(high, low)),
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        // Teredo and the other protocol assignments, documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => {
            AddressClass::Special
        }
        // Only this block is assigned to the internet so far.
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Special,
    }
}

fn carried(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Resolves a name and leaves out every address that is not admitted. The connection is made to what is
/// left, so that a name cannot show one address to a check and another one to the connector.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) destinations: Destinations,
    pub(crate) scheme: &'static str,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (destinations, scheme) = (self.destinations, self.scheme);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted = admitted(destinations, scheme, found)?;
            Ok::<Addrs, _>(Box::new(admitted.into_iter()))
        })
    }
}

/// The admitted addresses.
///
/// # Errors
/// [`Refused`] if there is none.
fn admitted(
    destinations: Destinations,
    scheme: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Refused> {
    let admitted: Vec<_> =
        found.filter(|address| destinations.admit(scheme, address.ip())).collect();
    if admitted.is_empty() { Err(Refused) } else { Ok(admitted) }
}

/// The host has no address to which this transport connects.
#[derive(Debug, thiserror::Error)]
#[error(
    "the host has no address that is admitted: only public addresses over https are, and loopback and \
     private ones if the configuration says so"
)]
pub(crate) struct Refused;

#[cfg(test)]
mod tests {
    use super::{
        AddressClass::{LinkLocal, Loopback, Metadata, Private, Public, Special},
        *,
    };

    #[test]
    fn every_address_has_its_class() {
        let cases = [
            (
                Public,
                "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1",
            ),
            (Public, "192.0.1.1 192.167.1.1 198.17.0.1 198.20.0.1 223.255.255.255"),
            (
                Public,
                "2606:4700::1111 2001:4860:4860::8888 64:ff9b::8.8.8.8 ::ffff:8.8.8.8 2002:808:808::1",
            ),
            (Loopback, "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1"),
            (Private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255"),
            (Private, "fc00::1 fdff::1 ::ffff:192.168.1.1 64:ff9b::10.0.0.1 2002:a00:1::1"),
            (LinkLocal, "169.254.0.1 fe80::1 febf::1 ::ffff:169.254.1.1"),
            (Metadata, "169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254"),
            (Metadata, "::ffff:169.254.169.254 64:ff9b::169.254.169.254 2002:a9fe:a9fe::"),
            (Special, "0.0.0.0 0.1.2.3 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 192.88.99.1"),
            (Special, "224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.0.1"),
            (
                Special,
                ":: ff02::1 fec0::1 100::1 2001:db8::1 2001::1 3fff::1 ::10.0.0.1 64:ff9b:1::1",
            ),
        ];
        for (expected, addresses) in cases {
            for text in addresses.split(' ') {
                assert_eq!(AddressClass::of(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn http_stays_inside_and_the_link_is_never_admitted() {
        let cases = [
            (Destinations::Anywhere, "http", "169.254.169.254", true),
            (Destinations::Public, "https", "1.1.1.1", true),
            (Destinations::Public, "http", "1.1.1.1", false),
            (Destinations::Public, "https", "127.0.0.1", false),
            (Destinations::Public, "https", "10.1.1.1", false),
            (Destinations::PublicOrPrivate, "https", "1.1.1.1", true),
            (Destinations::PublicOrPrivate, "http", "1.1.1.1", false),
            (Destinations::PublicOrPrivate, "http", "10.1.1.1", true),
            (Destinations::PublicOrPrivate, "https", "169.254.169.254", false),
            (Destinations::PublicOrPrivate, "http", "fe80::1", false),
        ];
        for (destinations, scheme, address, expected) in cases {
            let is_admitted = destinations.admit(scheme, address.parse().unwrap());
            assert_eq!(is_admitted, expected, "{destinations:?} {scheme} {address}");
        }
    }

    #[test]
    fn other_spellings_of_an_address_are_seen_through() {
        let refused = [
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://017700000001/",
            "http://example.com/",
            "file:///a",
        ];
        for url in refused {
            assert!(!Destinations::Public.admit_url(&url.parse().unwrap()), "{url}");
        }
        for url in ["https://example.com/", "https://1.1.1.1/"] {
            assert!(Destinations::Public.admit_url(&url.parse().unwrap()), "{url}");
        }
        assert!(!Destinations::PublicOrPrivate.admit_url(&"http://1.1.1.1/".parse().unwrap()));
    }

    #[test]
    fn a_name_that_turns_to_a_private_address_has_no_address() {
        let found = |texts: &[&str]| {
            let parsed: Vec<SocketAddr> =
                texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect();
            admitted(Destinations::Public, "https", parsed.into_iter())
        };
        assert_eq!(found(&["1.1.1.1", "10.0.0.1"]).unwrap().len(), 1);
        assert!(found(&["10.0.0.1", "::1"]).is_err());
        assert!(found(&[]).is_err());
    }
}
