//! The Fintoc twin. Not filled in yet: it answers every call with 501, and moves no money.
//! Not a client; it shares no code with one.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use http::StatusCode;
use pagos_core::Timestamp;

use crate::{
    control,
    machine::{ControlCall, Machine, Protocol},
    notification::Notice,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request},
};

/// The twin's API key. Invented; it opens nothing.
pub const SANDBOX_API_KEY: &str = "sandbox-key-0123456789abcdef";

/// A Fintoc that keeps its orders in memory.
pub type FintocTwin = Machine<Fintoc>;

/// How the twin behaves.
#[derive(Debug, Clone, Default)]
pub struct FintocSettings {
    /// What the merchant has left at the start, in minor units. `[sim]`
    pub balance_minor: i64,
}

/// What Fintoc has beside what every twin has.
#[derive(Debug, Default)]
pub struct Fintoc;

impl Protocol for Fintoc {
    const PROVIDER: &'static str = "fintoc";
    /// None, until it has one.
    const CURRENCY: &'static str = "XXX";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[];

    type Settings = FintocSettings;
    type Task = Infallible;
    type Subject = Infallible;

    fn opening_minor(settings: &FintocSettings) -> i64 {
        settings.balance_minor
    }

    fn answer(_: &mut FintocTwin, _: &str, _: &Request) -> Reply {
        let because = "the twin is not filled in: crates/pagos-twin/src/fintoc.rs";
        control::error(StatusCode::NOT_IMPLEMENTED, because)
    }

    fn begin(_: &mut FintocTwin) {}

    fn run(_: &mut FintocTwin, task: Infallible, _: Timestamp) {
        match task {}
    }

    fn message(_: &FintocTwin, _: u64, _: &Notice<Infallible>) -> Option<Outgoing> {
        None
    }

    fn acknowledge(_: &mut FintocTwin, _: &Notice<Infallible>, _: Ack) -> Option<Duration> {
        None
    }

    fn visit_orders(&self, _: &mut dyn FnMut(OrderView<'_>)) {}

    fn credentials(_: &FintocTwin) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("api_key", SANDBOX_API_KEY.to_owned())])
    }

    fn paths(_: &FintocSettings) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", String::new())])
    }

    fn register(_: &mut FintocSettings, _: Registration) {}
}
