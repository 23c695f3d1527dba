//! The control surface under `/_twin`: what a judge reads and what a test orders.
//! Not part of any provider; no provider has these paths.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use pagos_core::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    clock::TwinClock,
    fault::{Fault, Faults, Profile, Trigger},
    purse::Purse,
    twin::{Registration, Reply},
    web::origin,
    world::World,
};

pub(crate) const PREFIX: &str = "/_twin/";
pub(crate) const CLOCK_PATH: &str = "/_twin/clock";

/// Answers a control call about the world.
pub(crate) fn answer(world: &mut World, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
    let path = request.uri().path();
    let name = path.strip_prefix(PREFIX).unwrap_or(path);
    match (request.method(), name) {
        (&Method::GET, "ledger") => {
            move_on(world, now);
            match query_number(request, "from") {
                Ok(from) => ledger(world, from),
                Err(because) => error(StatusCode::BAD_REQUEST, &because),
            }
        }
        (&Method::GET, "orders") => {
            move_on(world, now);
            orders(world)
        }
        (&Method::GET, "credentials") => json(&world.credentials(&origin(request))),
        (&Method::GET, "faults") => faults(world),
        (&Method::POST, "faults") => match change_faults(world, request.body()) {
            Ok(()) => faults(world),
            Err(because) => error(StatusCode::BAD_REQUEST, &because),
        },
        (&Method::POST, "merchant") => match register(world, request.body()) {
            Ok(()) => json(&BTreeMap::from([("registered", true)])),
            Err(because) => error(StatusCode::BAD_REQUEST, &because),
        },
        (&Method::POST, "reset") => {
            world.twins_mut().for_each(|twin| twin.reset());
            json(&BTreeMap::from([("reset", true)]))
        }
        (_, "ledger" | "orders" | "credentials" | "faults" | "merchant" | "reset") => {
            error(StatusCode::METHOD_NOT_ALLOWED, "this control call has another method")
        }
        _ => answer_of_twin(world, name, request, now)
            .unwrap_or_else(|| error(StatusCode::NOT_FOUND, "no control call has this path")),
    }
}

/// Answers a control call that one twin alone understands.
fn answer_of_twin(
    world: &mut World,
    name: &str,
    request: &http::Request<Bytes>,
    now: Timestamp,
) -> Option<Reply> {
    let (provider, name) = name.split_once('/')?;
    world.twin_mut(provider)?.control(name, request, now)
}

/// Answers `GET /_twin/clock`, and `POST /_twin/clock` with `{"advance_ms":n}` or `{"speed":n}`.
///
/// It stands apart because a world holds no clock.
pub fn answer_clock(clock: &dyn TwinClock, request: &http::Request<Bytes>) -> Reply {
    match *request.method() {
        Method::POST => {}
        Method::GET => return shown(clock),
        _ => return error(StatusCode::METHOD_NOT_ALLOWED, "this control call has another method"),
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
        Ok(()) => shown(clock),
        Err(because) => error(StatusCode::BAD_REQUEST, &because),
    }
}

/// `{"now": "...", "speed": n}`; a clock that goes on only when it is told to has no speed.
fn shown(clock: &dyn TwinClock) -> Reply {
    #[derive(Serialize)]
    struct Shown {
        now: String,
        speed: Option<u32>,
    }
    json(&Shown { now: clock.now().to_string(), speed: clock.speed() })
}

/// `{"error":"..."}`.
pub(crate) fn error(status: StatusCode, because: &str) -> Reply {
    let body = BTreeMap::from([("error", because)]);
    Reply::json(status, serde_json::to_vec(&body).unwrap_or_default())
}

/// The body of a control call.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|cause| cause.to_string())
}

/// What becomes of `present` if the fields that `body` names are replaced; all of them or none.
pub(crate) fn changed<T: Serialize + DeserializeOwned>(
    present: &T,
    body: &[u8],
) -> Result<T, String> {
    let change: serde_json::Map<String, Value> = read(body)?;
    let mut fields = serde_json::to_value(present).map_err(|cause| cause.to_string())?;
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(change);
    }
    serde_json::from_value(fields).map_err(|cause| cause.to_string())
}

/// Answers `GET` and `POST` of a twin's `balance`: `{"balance": pesos}`.
pub(crate) fn balance(purse: &mut Purse, request: &http::Request<Bytes>) -> Result<Value, String> {
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Balance {
        balance: i64,
    }
    if request.method() == Method::POST {
        let Balance { balance } = read(request.body())?;
        purse.left_minor = balance;
    }
    serde_json::to_value(Balance { balance: purse.left_minor }).map_err(|cause| cause.to_string())
}

/// The answer of a control call that may make no sense.
pub(crate) fn answered(answer: Result<Value, String>) -> Reply {
    match answer {
        Ok(value) => json(&value),
        Err(because) => error(StatusCode::BAD_REQUEST, &because),
    }
}

/// Whether the call changes nothing, so that a journal can leave it out.
#[cfg(feature = "server")]
pub(crate) fn is_reading(request: &http::Request<Bytes>) -> bool {
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
fn change_faults(world: &mut World, body: &[u8]) -> Result<(), String> {
    let change: FaultsChange = read(body)?;
    if let Some(provider) = change.provider.as_deref().filter(|it| world.twin(it).is_none()) {
        return Err(format!("there is no twin of {provider:?}"));
    }
    let is_meant = |provider: &str| change.provider.as_deref().is_none_or(|it| it == provider);
    let mut changed = Vec::new();
    for twin in world.twins().filter(|twin| is_meant(twin.provider())) {
        changed.push(changed_faults(twin.faults(), &change)?);
    }
    let meant = world.twins_mut().filter(|twin| is_meant(twin.provider()));
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
fn register(world: &mut World, body: &[u8]) -> Result<(), String> {
    let merchant: Merchant = read(body)?;
    if merchant.speed == Some(0) {
        return Err("speed is at least 1".to_owned());
    }
    if let Some(name) = merchant.webhooks.keys().find(|name| world.twin(name).is_none()) {
        return Err(format!("there is no twin of {name:?}"));
    }
    for twin in world.twins_mut() {
        let webhook_url = merchant.webhooks.get(twin.provider()).cloned();
        twin.register(Registration { webhook_url, speed: merchant.speed });
    }
    Ok(())
}

fn faults(world: &World) -> Reply {
    #[derive(Serialize)]
    struct Shown<'a> {
        seed: u64,
        rates: &'a BTreeMap<Fault, u16>,
        met: &'a BTreeMap<Fault, u64>,
    }
    let shown: BTreeMap<_, _> = world
        .twins()
        .map(|twin| {
            let faults = twin.faults();
            (
                twin.provider(),
                Shown { seed: faults.seed(), rates: faults.rates(), met: faults.met() },
            )
        })
        .collect();
    json(&shown)
}

fn ledger(world: &World, from: usize) -> Reply {
    let movements = world.movements();
    json(&movements.get(from..).unwrap_or_default())
}

/// Written order by order, since a world can hold a million of them.
fn orders(world: &World) -> Reply {
    let mut body = b"[".to_vec();
    world.visit_orders(&mut |order| {
        if body.len() > 1 {
            body.push(b',');
        }
        // Plain strings and numbers always serialise, and a vector takes every write.
        let _ = serde_json::to_writer(&mut body, &order);
    });
    body.push(b']');
    Reply::json(StatusCode::OK, body)
}

/// Lets happen what is due, so that what is read is not older than the clock. Webhooks stay queued.
fn move_on(world: &mut World, now: Timestamp) {
    world.twins_mut().for_each(|twin| twin.advance(now));
}

pub(crate) fn json<T: Serialize>(value: &T) -> Reply {
    serde_json::to_vec(value).map_or_else(
        |_| error(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written as JSON"),
        |body| Reply::json(StatusCode::OK, body),
    )
}

fn query_number(request: &http::Request<Bytes>, name: &str) -> Result<usize, String> {
    let query = request.uri().query().unwrap_or_default();
    let given = query.split('&').filter_map(|pair| pair.split_once('=')).find(|it| it.0 == name);
    given.map_or(Ok(0), |(_, text)| {
        text.parse().map_err(|_| format!("{name} is not a whole number"))
    })
}
