//! What is durable about an endpoint: a record of the store, beside the position of its reader.

use pagos_core::Timestamp;
use pagos_engine::{Record, RecordKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::endpoint::EndpointName;

/// The record of an endpoint. Only the deliverer that holds the lease writes it, but for the orders of
/// people, which anybody appends and the deliverer takes out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Who delivers, and until when nobody else may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    /// How far deliveries have come, if that is not the position of the reader: while events are set
    /// aside, and during a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<u64>,
    #[serde(default)]
    pub(crate) health: Health,
    /// The events that are set aside, by lane.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) asides: Vec<Aside>,
    /// What people ordered and the deliverer has not done yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) orders: Vec<PersonsOrder>,
}

/// The exclusive right to deliver to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) holder: String,
    pub(crate) until: Timestamp,
}

/// How the endpoint as a whole stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    /// Since when no delivery succeeded; absent if the endpoint works.
    pub(crate) failing_since: Option<Timestamp>,
    /// Since when the horizon of retries runs: as above, or since a person enabled the endpoint.
    pub(crate) trying_since: Option<Timestamp>,
    /// The failures in a row.
    pub(crate) tries: u32,
    /// When the next try is due.
    pub(crate) next_try: Option<Timestamp>,
    /// Since when it is put off.
    pub(crate) off_since: Option<Timestamp>,
    /// The endpoint was enabled, and the next thing that it gets is `endpoint.recovered`.
    pub(crate) must_greet: bool,
    /// Why the last try failed.
    pub(crate) last_error: Option<String>,
}

/// An event that the endpoint refuses although it accepts others, and the later events of its lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Aside {
    pub(crate) lane: String,
    /// The numbers, in order. The first one is being tried; the others wait behind it.
    pub(crate) numbers: Vec<u64>,
    /// Since when the first one is refused.
    pub(crate) since: Timestamp,
    pub(crate) tries: u32,
    pub(crate) next_try: Timestamp,
    pub(crate) last_error: String,
}

/// What a person ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PersonsOrder {
    /// Deliver again.
    Enable,
    /// Deliver nothing.
    Disable,
    /// Deliver again from this event on.
    Replay {
        /// The number of the first one.
        from: u64,
    },
}

/// A state as it is stored, with the version of its record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) state: State,
    pub(crate) version: Option<u64>,
}

/// Reads the state of an endpoint; a new one has the default.
pub(crate) async fn load(store: &dyn Store, name: &EndpointName) -> Result<Stored, StoreError> {
    parse(store.record(RecordKind::Endpoint, name.as_str()).await?, name)
}

/// Parses the record of an endpoint; without one it has the default state.
pub(crate) fn parse(record: Option<Record>, name: &EndpointName) -> Result<Stored, StoreError> {
    let Some(record) = record else { return Ok(Stored::default()) };
    let state = serde_json::from_str(&record.body).map_err(|cause| {
        let message = format!("the record of the endpoint {name} cannot be read by this version");
        StoreError::unreadable(message).with_source(cause)
    })?;
    Ok(Stored { state, version: Some(record.version) })
}

/// The text of a record.
///
/// # Errors
/// None in practice: every field is text, a number or a list.
pub(crate) fn to_json(state: &State) -> Result<String, StoreError> {
    serde_json::to_string(state).map_err(|cause| {
        StoreError::new("the state of an endpoint cannot be written as JSON").with_source(cause)
    })
}
