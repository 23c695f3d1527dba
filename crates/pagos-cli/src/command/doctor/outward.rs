//! What `pagos doctor` says of what `pagos serve` opens and sends to besides providers: the endpoints of
//! events, the HTTP API and the metrics. It sends nothing to an endpoint, and opens no socket.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use pagos_api::token;
use pagos_core::{Clock, Timestamp};
use pagos_engine::Store;
use pagos_events::{EndpointName, EndpointState, Standing, endpoint_names, endpoint_state};
use pagos_http::Destinations;
use pagos_store_sqlite::SqliteStore;
use pagos_system::System;

use super::{Finding, Verdict, broken, finding};
use crate::{
    config::{Configuration, Destination},
    exit::{Failure, with_causes},
    run::database::Database,
};

/// How long a name may take to be resolved.
const RESOLVE_MAX: Duration = Duration::from_secs(5);

/// What is configured, and the endpoints that only the database knows.
pub(super) async fn findings(configuration: &Configuration, db: &Database) -> Vec<Finding> {
    let store = existing(db).await;
    let now = System.now();
    let mut findings = Vec::new();
    let destinations = Destination::read_all(&configuration.events).unwrap_or_else(|problems| {
        findings.extend(broken("events", &Failure::from(problems)));
        Vec::new()
    });
    for destination in &destinations {
        let found = resolve(destination).await;
        let state = match &store {
            Some(store) => endpoint_state(store.as_ref(), destination.endpoint.name()).await.ok(),
            None => None,
        };
        findings.push(endpoint(destination, &found, state.as_ref(), now));
    }
    if let Some(store) = &store {
        findings.extend(retired(configuration, store.as_ref()).await);
    }
    findings.extend(configuration.metrics.map(metrics));
    if let Some(address) = configuration.api.listen {
        findings.push(api(address, valid_tokens(store.as_deref(), now).await));
    }
    findings
}

/// The store, if there is one that can be read. Why it cannot be read is said elsewhere.
async fn existing(db: &Database) -> Option<Arc<dyn Store>> {
    match db {
        Database::File(path) if SqliteStore::is_new(path).unwrap_or(true) => None,
        Database::File(_) | Database::Server(_) | Database::Misread(_) => {
            db.open_to_read().await.ok()
        }
    }
}

/// The addresses of the endpoint's host.
///
/// # Errors
/// Why there are none.
async fn resolve(destination: &Destination) -> Result<Vec<IpAddr>, String> {
    let host = destination.endpoint.host();
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(vec![address]);
    }
    let resolving = tokio::net::lookup_host((host, 0));
    match tokio::time::timeout(RESOLVE_MAX, resolving).await {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => Err(format!("{host} cannot be resolved ({error})")),
        Err(_) => Err(format!("{host} was not resolved in time")),
    }
}

/// The address first, since nothing is delivered without one.
fn endpoint(
    destination: &Destination,
    found: &Result<Vec<IpAddr>, String>,
    state: Option<&EndpointState>,
    now: Timestamp,
) -> Finding {
    let (name, host) = (destination.endpoint.name(), destination.endpoint.host());
    let what = format!("events to {name} ({host})");
    let found = match found {
        Ok(found) => found,
        Err(because) => return finding(what, Verdict::Bad, because),
    };
    let (scheme, admitted) = (destination.endpoint.scheme(), destination.admitted());
    if !found.iter().any(|address| admitted.admit(scheme, *address)) {
        let because = match admitted {
            Destinations::PublicOrPrivate => {
                "it has no address that is admitted: public ones over https, loopback and private ones"
            }
            Destinations::Public | Destinations::Anywhere => {
                "it has no public address; private_addresses = true admits loopback and private ones"
            }
        };
        return finding(what, Verdict::Bad, because);
    }
    let secrets = match destination.endpoint.secrets() {
        1 => "signed with one secret",
        _ => "signed with two secrets",
    };
    let Some(state) = state else {
        let because = format!("{secrets}; nothing was delivered yet");
        return finding(what, Verdict::Good, because);
    };
    let (verdict, stands) = standing(name, state, now);
    finding(what, verdict, format!("{secrets}; {stands}"))
}

fn standing(name: &EndpointName, state: &EndpointState, now: Timestamp) -> (Verdict, String) {
    let waiting = match (state.waiting, state.waiting_since) {
        (0, _) | (_, None) => "no event waits".to_owned(),
        (count, Some(since)) => {
            format!("{count} events wait, the first for {} s", now.since(since).as_secs())
        }
    };
    let since = state.since.map_or_else(String::new, |since| format!(" since {since}"));
    let last = state.last_error.as_deref().unwrap_or("no try yet");
    match state.standing {
        Standing::New => (Verdict::Good, "nothing was delivered yet".to_owned()),
        Standing::Working if state.set_aside > 0 => {
            let because = format!("works, but refuses events ({} set aside)", state.set_aside);
            (Verdict::Note, format!("{because}; {waiting}; see `pagos events list`"))
        }
        Standing::Working => (Verdict::Good, format!("works; {waiting}")),
        Standing::Failing => (Verdict::Note, format!("fails{since} ({last}); {waiting}")),
        Standing::Off => {
            let because = format!("is off{since} ({last}); {waiting}");
            (Verdict::Bad, format!("{because}; correct it, then `pagos events enable {name}`"))
        }
    }
}

/// Endpoints that are not configured any more, and hold notices all the same.
async fn retired(configuration: &Configuration, store: &dyn Store) -> Vec<Finding> {
    let names = match endpoint_names(store).await {
        Ok(names) => names,
        Err(error) => return vec![finding("events", Verdict::Bad, with_causes(&error))],
    };
    let is_configured = |name: &&EndpointName| {
        configuration.events.iter().any(|table| table.name.as_str() == name.as_str())
    };
    let note = |name: &EndpointName| {
        let because = format!(
            "is not in this pagos.toml and holds its notices back from `pagos prune`; if it is not \
             used any more, run `pagos events forget {name}`"
        );
        finding(format!("events to {name}"), Verdict::Note, because)
    };
    names.iter().filter(|name| !is_configured(name)).map(note).collect()
}

fn metrics(address: SocketAddr) -> Finding {
    match address.ip().is_loopback() {
        true => finding(
            "metrics",
            Verdict::Good,
            format!("`pagos serve` answers GET http://{address}/metrics, to this machine only"),
        ),
        false => finding(
            "metrics",
            Verdict::Bad,
            format!(
                "other machines can reach {address}, which `pagos serve` refuses: write \
                 listen = \"127.0.0.1:{}\" in [metrics]",
                address.port()
            ),
        ),
    }
}

/// How many tokens are valid; `None` if that cannot be read.
async fn valid_tokens(store: Option<&dyn Store>, now: Timestamp) -> Option<usize> {
    let Some(store) = store else { return Some(0) };
    let tokens = token::list(store).await.ok()?;
    let is_valid = |token: &&token::Token| {
        token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
    };
    Some(tokens.iter().filter(is_valid).count())
}

fn api(address: SocketAddr, valid_tokens: Option<usize>) -> Finding {
    let listens = format!("`pagos serve` listens on {address}");
    let (verdict, because) = match (valid_tokens, address.ip().is_loopback()) {
        (None, _) => (Verdict::Bad, "its tokens cannot be read".to_owned()),
        (Some(0), true) => {
            let because = "no token is valid, so it refuses everybody: `pagos token create`";
            (Verdict::Note, because.to_owned())
        }
        (Some(0), false) => {
            let because = "other machines can reach it and no token is valid, so `pagos serve` does \
                           not start: `pagos token create`";
            (Verdict::Bad, because.to_owned())
        }
        (Some(count), true) => (Verdict::Good, format!("{count} valid tokens")),
        (Some(count), false) => (
            Verdict::Note,
            format!(
                "{count} valid tokens; other machines can reach it, over plain HTTP: put a proxy with \
                 TLS in front of it"
            ),
        ),
    };
    finding("API", verdict, format!("{listens}; {because}"))
}

#[cfg(test)]
mod tests {
    use pagos_core::AccountName;

    use super::*;
    use crate::config::{AccountSettings, Origin};

    const NOW: Timestamp = Timestamp::from_millis(100_000);

    fn destination(fields: &[(&str, &str)]) -> Destination {
        let mut table = AccountSettings::new(AccountName::new("erp").unwrap(), Origin::Default);
        let secret = ("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        for (name, value) in fields.iter().chain([&secret]) {
            table.set(name, (*value).to_owned(), Origin::Default);
        }
        Destination::read_all(&[table]).unwrap().remove(0)
    }

    fn state(standing: Standing, set_aside: u64) -> EndpointState {
        EndpointState {
            standing,
            since: Some(Timestamp::from_millis(40_000)),
            tries: 3,
            next_try: None,
            last_error: Some("it answered 503".to_owned()),
            position: 4,
            waiting: 2,
            waiting_since: Some(Timestamp::from_millis(70_000)),
            set_aside,
            orders: 0,
        }
    }

    #[test]
    fn an_endpoint_is_judged_by_its_addresses_and_then_by_how_it_stands() {
        let public = destination(&[("url", "https://erp.example.com/canary")]);
        let private =
            destination(&[("url", "http://erp.example.com/canary"), ("private_addresses", "true")]);
        let inside = ["10.0.0.1"];
        let (new, works) = (state(Standing::New, 0), state(Standing::Working, 0));
        let (refuses, fails) = (state(Standing::Working, 1), state(Standing::Failing, 0));
        let off = state(Standing::Off, 0);
        let outside = ["1.1.1.1", "10.0.0.1"];
        for (to, addresses, state, expected, says) in [
            (&public, &outside[..], None, Verdict::Good, "nothing was delivered yet"),
            (&public, &inside, None, Verdict::Bad, "it has no public address"),
            (&public, &[], None, Verdict::Bad, "it has no public address"),
            (&private, &inside, Some(&new), Verdict::Good, "nothing was delivered yet"),
            (&private, &["1.1.1.1"], None, Verdict::Bad, "it has no address that is admitted"),
            (&private, &["169.254.169.254"], None, Verdict::Bad, "no address that is admitted"),
            (&public, &outside, Some(&works), Verdict::Good, "2 events wait, the first for 30 s"),
            (&public, &outside, Some(&refuses), Verdict::Note, "refuses events (1 set aside)"),
            (&public, &outside, Some(&fails), Verdict::Note, "fails since 1970-01-01T00:00:40Z"),
            (&public, &outside, Some(&off), Verdict::Bad, "`pagos events enable erp`"),
        ] {
            let found = addresses.iter().map(|address| address.parse().unwrap()).collect();
            let finding = endpoint(to, &Ok(found), state, NOW);
            assert_eq!(finding.verdict, expected, "{finding:?}");
            assert!(finding.because.contains(says), "{finding:?}");
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
        }
        let unknown = endpoint(&public, &Err("it cannot be resolved".to_owned()), None, NOW);
        assert_eq!(unknown.verdict, Verdict::Bad);
    }

    #[test]
    fn what_serve_would_refuse_is_bad() {
        let (here, open) = ("127.0.0.1:80".parse().unwrap(), "0.0.0.0:80".parse().unwrap());
        assert_eq!([here, open].map(|it| metrics(it).verdict), [Verdict::Good, Verdict::Bad]);
        for (address, tokens, expected) in [
            (here, Some(1), Verdict::Good),
            (here, Some(0), Verdict::Note),
            (open, Some(1), Verdict::Note),
            (open, Some(0), Verdict::Bad),
            (here, None, Verdict::Bad),
        ] {
            assert_eq!(api(address, tokens).verdict, expected, "{address} {tokens:?}");
        }
    }
}
