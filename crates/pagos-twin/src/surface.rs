//! The control surface under `/_twin`: what a judge reads and what a test orders.
//! Not part of any provider; no provider has these paths.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use pagos_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::TwinClock,
    control::{error, read, shown, wrong_method},
    fault::{Fault, Faults, Profile, Trigger},
    ledger::merged,
    twin::{OrderView, Registration, Reply, Request, Twin},
    web::origin,
};

pub(crate) const PREFIX: &str = "/_twin/";
pub(crate) const CLOCK_PATH: &str = "/_twin/clock";

/// Twins side by side, each of another provider.
type Twins = [Box<dyn Twin>];

/// Answers a control call about these twins.
pub(crate) fn answer(twins: &mut Twins, request: &Request, now: Timestamp) -> Reply {
    let path = request.uri().path();
    let name = path.strip_prefix(PREFIX).unwrap_or(path);
    match (request.method(), name) {
        (&Method::GET, "ledger") => {
            move_on(twins, now);
            match query_number(request, "from") {
                Ok(from) => ledger(twins, from),
                Err(because) => error(StatusCode::BAD_REQUEST, &because),
            }
        }
        (&Method::GET, "orders") => {
            move_on(twins, now);
            orders(twins)
        }
        (&Method::GET, "credentials") => shown(&credentials(twins, &origin(request))),
        (&Method::GET, "faults") => faults(twins),
        (&Method::POST, "faults") => match change_faults(twins, request.body()) {
            Ok(()) => faults(twins),
            Err(because) => error(StatusCode::BAD_REQUEST, &because),
        },
        (&Method::POST, "merchant") => match register(twins, request.body()) {
            Ok(()) => shown(&BTreeMap::from([("registered", true)])),
            Err(because) => error(StatusCode::BAD_REQUEST, &because),
        },
        (&Method::POST, "reset") => {
            twins.iter_mut().for_each(|twin| twin.reset());
            shown(&BTreeMap::from([("reset", true)]))
        }
        (_, "ledger" | "orders" | "credentials" | "faults" | "merchant" | "reset") => {
            wrong_method()
        }
        _ => answer_of_twin(twins, name, request, now)
            .unwrap_or_else(|| error(StatusCode::NOT_FOUND, "no control call has this path")),
    }
}

/// Answers a control call that one twin alone understands.
fn answer_of_twin(
    twins: &mut Twins,
    name: &str,
    request: &Request,
    now: Timestamp,
) -> Option<Reply> {
    let (provider, name) = name.split_once('/')?;
    twins.iter_mut().find(|it| it.provider() == provider)?.control(name, request, now)
}

/// Answers `GET /_twin/clock`, and `POST /_twin/clock` with `{"advance_ms":n}` or `{"speed":n}`.
///
/// It stands apart because a world holds no clock.
pub fn answer_clock(clock: &dyn TwinClock, request: &http::Request<Bytes>) -> Reply {
    match *request.method() {
        Method::POST => {}
        Method::GET => return clock_shown(clock),
        _ => return wrong_method(),
    }
    let turned = match serde_json::from_slice(request.body()) {
        Ok(ClockChange { advance_ms: Some(by_ms), speed: None }) => {
            clock.advance(Duration::from_millis(by_ms.into()));
            Ok(())
        }
        Ok(ClockChange { advance_ms: None, speed: Some(speed) }) => {
            clock.change_speed(speed).map_err(|cause| cause.to_string())
        }
        Ok(_) => Err("one of advance_ms and speed is wanted".to_owned()),
        Err(cause) => Err(cause.to_string()),
    };
    match turned {
        Ok(()) => clock_shown(clock),
        Err(because) => error(StatusCode::BAD_REQUEST, &because),
    }
}

/// `{"now": "...", "speed": n}`; a clock that goes on only when it is told to has no speed.
fn clock_shown(clock: &dyn TwinClock) -> Reply {
    #[derive(Serialize)]
    struct Shown {
        now: String,
        speed: Option<u32>,
    }
    shown(&Shown { now: clock.now().to_string(), speed: clock.speed() })
}

/// Whether the call changes nothing, so that a journal can leave it out.
#[cfg(feature = "server")]
pub(crate) fn is_reading(request: &Request) -> bool {
    request.method() == Method::GET && request.uri().path().starts_with(PREFIX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    #[serde(default)]
    advance_ms: Option<u32>,
    #[serde(default)]
    speed: Option<u32>,
}

/// Every part is optional. A profile replaces all rates, then single rates replace single ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsChange {
    /// The twin that it is for; all twins if absent.
    provider: Option<String>,
    profile: Option<Profile>,
    seed: Option<u64>,
    #[serde(default)]
    rates: BTreeMap<Fault, u16>,
    #[serde(default)]
    triggers: Vec<Trigger>,
}

/// All of it or nothing.
fn change_faults(twins: &mut Twins, body: &[u8]) -> Result<(), String> {
    let change: FaultsChange = read(body)?;
    if let Some(provider) = change.provider.as_deref().filter(|it| !has(twins, it)) {
        return Err(format!("there is no twin of {provider:?}"));
    }
    let is_meant = |provider: &str| change.provider.as_deref().is_none_or(|it| it == provider);
    let mut changed = Vec::new();
    for twin in twins.iter().filter(|twin| is_meant(twin.provider())) {
        changed.push(changed_faults(twin.faults(), &change)?);
    }
    let meant = twins.iter_mut().filter(|twin| is_meant(twin.provider()));
    for (twin, faults) in meant.zip(changed) {
        *twin.faults_mut() = faults;
    }
    Ok(())
}

fn changed_faults(present: &Faults, change: &FaultsChange) -> Result<Faults, String> {
    let mut faults = present.clone();
    let mut rates = change.profile.map_or_else(|| faults.rates().clone(), Profile::rates);
    rates.extend(change.rates.iter().map(|(fault, rate)| (*fault, *rate)));
    rates.retain(|_, rate| *rate > 0);
    faults.replace_rates(rates).map_err(|cause| cause.to_string())?;
    if let Some(seed) = change.seed {
        faults.reseed(seed);
    }
    for trigger in &change.triggers {
        faults.trigger(trigger.clone());
    }
    Ok(faults)
}

/// What a merchant tells its providers by hand, outside their API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merchant {
    /// Where each provider's webhooks go.
    #[serde(default)]
    webhooks: BTreeMap<String, String>,
    /// How many times slower than the twins the merchant's people live.
    #[serde(default)]
    speed: Option<u32>,
}

/// All of it or nothing.
fn register(twins: &mut Twins, body: &[u8]) -> Result<(), String> {
    let merchant: Merchant = read(body)?;
    if merchant.speed == Some(0) {
        return Err("speed is at least 1".to_owned());
    }
    if let Some(name) = merchant.webhooks.keys().find(|it| !has(twins, it)) {
        return Err(format!("there is no twin of {name:?}"));
    }
    for twin in twins {
        let webhook_url = merchant.webhooks.get(twin.provider()).cloned();
        twin.register(Registration { webhook_url, speed: merchant.speed });
    }
    Ok(())
}

fn faults(twins: &Twins) -> Reply {
    #[derive(Serialize)]
    struct Shown<'a> {
        seed: u64,
        rates: &'a BTreeMap<Fault, u16>,
        met: &'a BTreeMap<Fault, u64>,
    }
    let all: BTreeMap<_, _> = twins
        .iter()
        .map(|twin| {
            let faults = twin.faults();
            (
                twin.provider(),
                Shown { seed: faults.seed(), rates: faults.rates(), met: faults.met() },
            )
        })
        .collect();
    shown(&all)
}

fn ledger(twins: &Twins, from: usize) -> Reply {
    let movements = merged(twins.iter().map(|twin| twin.ledger()));
    shown(&movements.get(from..).unwrap_or_default())
}

/// Written order by order, since a world can hold a million of them.
fn orders(twins: &Twins) -> Reply {
    let mut body = b"[".to_vec();
    let mut write = |order: OrderView<'_>| {
        if body.len() > 1 {
            body.push(b',');
        }
        // Plain strings and numbers always serialise, and a vector takes every write.
        let _ = serde_json::to_writer(&mut body, &order);
    };
    twins.iter().for_each(|twin| twin.visit_orders(&mut write));
    body.push(b']');
    Reply::json(StatusCode::OK, body)
}

/// Invented credentials by provider, each with the addresses of a world at `origin`.
pub(crate) fn credentials(
    twins: &Twins,
    origin: &str,
) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let of_twin = |twin: &dyn Twin| {
        let provider = twin.provider();
        let url = |path: String| format!("{origin}/{provider}{path}");
        let mut credentials = twin.credentials();
        credentials.extend(twin.paths().into_iter().map(|(name, path)| (name, url(path))));
        (provider, credentials)
    };
    twins.iter().map(|twin| of_twin(&**twin)).collect()
}

fn has(twins: &Twins, provider: &str) -> bool {
    twins.iter().any(|twin| twin.provider() == provider)
}

/// Lets happen what is due, so that what is read is not older than the clock. Webhooks stay queued.
fn move_on(twins: &mut Twins, now: Timestamp) {
    twins.iter_mut().for_each(|twin| twin.advance(now));
}

fn query_number(request: &Request, name: &str) -> Result<usize, String> {
    let query = request.uri().query().unwrap_or_default();
    let given = query.split('&').filter_map(|pair| pair.split_once('=')).find(|it| it.0 == name);
    given.map_or(Ok(0), |(_, text)| {
        text.parse().map_err(|_| format!("{name} is not a whole number"))
    })
}
