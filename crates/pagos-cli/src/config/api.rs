//! `[api]`: where the HTTP API of `serve` listens, and its limits: a table of names, numbers, units
//! and bounds.

use std::net::SocketAddr;

use pagos_api::Limits;
use pagos_webhook::Settings;

use crate::config::limit::{Limit, count, ms, size};

/// What is configured of the HTTP API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApiSettings {
    /// Where it listens, if anywhere.
    pub(crate) listen: Option<SocketAddr>,
    /// The limits of its requests.
    pub(crate) limits: Limits,
    /// The limits of its connections.
    pub(crate) connections: Settings,
}

/// None of them may be 0.
const LIMITS: [Limit<ApiSettings>; 15] = [
    Limit {
        name: "json_bytes_max",
        most: 1 << 26,
        set: |to, n| to.limits.json_bytes_max = size(n),
    },
    Limit {
        name: "upload_bytes_max",
        most: 1 << 28,
        set: |to, n| to.limits.upload_bytes_max = size(n),
    },
    Limit { name: "long_bodies_max", most: 256, set: |to, n| to.limits.long_bodies_max = size(n) },
    Limit { name: "orders_max", most: 1_000_000, set: |to, n| to.limits.orders_max = size(n) },
    Limit { name: "page_max", most: 10_000, set: |to, n| to.limits.page_max = size(n) },
    Limit { name: "changes_max", most: 4_096, set: |to, n| to.limits.changes_max = size(n) },
    Limit {
        name: "failures_per_minute_max",
        most: 100_000,
        set: |to, n| to.limits.failures_per_minute_max = count(n),
    },
    Limit { name: "body_timeout_ms", most: 600_000, set: |to, n| to.limits.body_timeout = ms(n) },
    Limit {
        name: "request_timeout_ms",
        most: 600_000,
        set: |to, n| to.limits.request_timeout = ms(n),
    },
    Limit {
        name: "head_bytes_max",
        most: 1 << 18,
        set: |to, n| to.connections.head_bytes_max = size(n),
    },
    Limit {
        name: "read_timeout_ms",
        most: 120_000,
        set: |to, n| to.connections.read_timeout = ms(n),
    },
    Limit {
        name: "write_timeout_ms",
        most: 120_000,
        set: |to, n| to.connections.write_timeout = ms(n),
    },
    Limit { name: "life_max_ms", most: 86_400_000, set: |to, n| to.connections.life_max = ms(n) },
    Limit {
        name: "connections_max",
        most: 65_536,
        set: |to, n| to.connections.connections_max = size(n),
    },
    Limit {
        name: "connections_per_peer_max",
        most: 65_536,
        set: |to, n| to.connections.connections_per_peer_max = size(n),
    },
];

/// Sets one field of `[api]`.
///
/// # Errors
/// Why not, for a sentence that begins with its name, and what to do.
pub(super) fn set(
    settings: &mut ApiSettings,
    name: &str,
    text: &str,
) -> Result<(), (String, &'static str)> {
    if name == "listen" {
        let remedy = "write listen = \"127.0.0.1:8080\"";
        let address = text.parse().map_err(|_| ("is not an address with a port".into(), remedy))?;
        settings.listen = Some(address);
        return Ok(());
    }
    let limit = Limit::find(&LIMITS, name).map_err(|names| {
        let because = format!("is no field of [api], which are listen, {names}");
        (because, "correct its name, or remove the line")
    })?;
    let number = text.parse().ok().filter(|number| (1..=limit.most).contains(number));
    let Some(number) = number else {
        let because = format!("is not a whole number between 1 and {}", limit.most);
        return Err((because, "correct it, or remove the line: each limit has a default"));
    };
    (limit.set)(settings, number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Result<ApiSettings, String> {
        let mut settings = ApiSettings::default();
        set(&mut settings, name, text).map_err(|(because, _)| because)?;
        Ok(settings)
    }

    #[test]
    fn an_address_has_a_port() {
        assert_eq!(with("listen", "127.0.0.1:8080").unwrap().listen.unwrap().port(), 8080);
        for (name, text) in [("listen", "127.0.0.1"), ("listen", "localhost:80"), ("port", "80")] {
            assert!(with(name, text).is_err(), "{name} = {text}");
        }
    }

    #[test]
    fn every_limit_is_set_within_its_bounds() {
        for limit in &LIMITS {
            let (name, most) = (limit.name, limit.most);
            assert_ne!(with(name, &most.to_string()).unwrap(), ApiSettings::default(), "{name}");
            for text in ["0", "-1", "1.5", "", "many", &(most + 1).to_string()] {
                let because = with(name, text).unwrap_err();
                assert!(because.contains(&most.to_string()), "{name} = {text}: {because}");
            }
        }
        assert!(with("pages_max", "1").unwrap_err().contains("page_max"));
    }

    /// The table of the documentation has every limit, with its default and its bound: what is set
    /// to the default that it names changes nothing.
    #[test]
    fn the_documentation_tells_every_limit_and_its_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (_, section) = page.split_once("## The HTTP API\n").unwrap();
        for Limit { name, most, .. } in &LIMITS {
            let begins = format!("| `{name}` | ");
            let row = section.lines().find_map(|line| line.strip_prefix(&begins));
            let row = row.unwrap_or_else(|| panic!("{name} has no row"));
            let mut cells = row.split(" | ").map(|cell| cell.replace(',', ""));
            let default = cells.next().unwrap();
            assert_eq!(cells.next().unwrap(), most.to_string(), "{name}");
            assert_eq!(with(name, &default).unwrap(), ApiSettings::default(), "{name}");
        }
    }
}
