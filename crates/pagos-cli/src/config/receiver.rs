//! The configurable limits of the webhook receiver: a table of names, numbers and units.

use pagos_webhook::Settings;

use crate::config::limit::{Limit, count, ms, size};

/// The bounds keep a typing error from removing a limit; 0 is accepted only where it has a meaning.
const LIMITS: [Limit<Settings>; 11] = [
    Limit { name: "body_bytes_max", most: 1 << 20, set: |to, n| to.body_bytes_max = size(n) },
    Limit { name: "head_bytes_max", most: 1 << 18, set: |to, n| to.head_bytes_max = size(n) },
    Limit { name: "read_timeout_ms", most: 120_000, set: |to, n| to.read_timeout = ms(n) },
    Limit { name: "write_timeout_ms", most: 120_000, set: |to, n| to.write_timeout = ms(n) },
    Limit { name: "life_max_ms", most: 86_400_000, set: |to, n| to.life_max = ms(n) },
    Limit { name: "store_timeout_ms", most: 60_000, set: |to, n| to.store_timeout = ms(n) },
    Limit { name: "drain_timeout_ms", most: 120_000, set: |to, n| to.drain_timeout = ms(n) },
    Limit { name: "connections_max", most: 65_536, set: |to, n| to.connections_max = size(n) },
    Limit {
        name: "connections_per_peer_max",
        most: 65_536,
        set: |to, n| to.connections_per_peer_max = size(n),
    },
    Limit { name: HINTS, most: 100_000, set: |to, n| to.hints_per_second_max = count(n) },
    Limit { name: "hints_burst_max", most: 1_000_000, set: |to, n| to.hints_burst_max = count(n) },
];

/// The only limit that may be 0: then hints are not accepted.
const HINTS: &str = "hints_per_second_max";

/// Sets one limit.
///
/// # Errors
/// Why not, for a sentence that begins with its name.
pub(super) fn set(settings: &mut Settings, name: &str, number: u64) -> Result<(), String> {
    let limit = Limit::find(&LIMITS, name)
        .map_err(|names| format!("is no limit of the receiver, which are {names}"))?;
    let least = u64::from(name != HINTS);
    if !(least..=limit.most).contains(&number) {
        return Err(format!("is not between {least} and {}", limit.most));
    }
    (limit.set)(settings, number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_set_within_its_bounds() {
        for limit in &LIMITS {
            let mut settings = Settings::default();
            set(&mut settings, limit.name, limit.most).unwrap();
            assert_ne!(settings, Settings::default(), "{}", limit.name);
            assert!(set(&mut settings, limit.name, limit.most + 1).is_err(), "{}", limit.name);
            let zero = set(&mut settings, limit.name, 0);
            assert_eq!(zero.is_ok(), limit.name == HINTS, "{}", limit.name);
        }
        let unknown = set(&mut Settings::default(), "conections_max", 1).unwrap_err();
        assert!(unknown.contains("connections_max, connections_per_peer_max"), "{unknown}");
    }
}
