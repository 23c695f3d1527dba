//! The configured address of the HTTP API of `serve`.

use std::net::SocketAddr;

/// Reads one field of `[api]`.
///
/// # Errors
/// Why not, for a sentence that begins with its name, and what to do.
pub(super) fn read(name: &str, text: &str) -> Result<SocketAddr, (&'static str, &'static str)> {
    let remedy = "write listen = \"127.0.0.1:8080\"";
    match name {
        "listen" => text.parse().map_err(|_| ("is not an address with a port", remedy)),
        _ => Err(("is no field of [api]", "it has listen only")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        assert_eq!(read("listen", "127.0.0.1:8080").unwrap().port(), 8080);
        for (name, text) in [("listen", "127.0.0.1"), ("listen", "localhost:80"), ("port", "80")] {
            assert!(read(name, text).is_err(), "{name} = {text}");
        }
    }
}
