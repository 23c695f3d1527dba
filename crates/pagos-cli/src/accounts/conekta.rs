//! Accounts of Conekta, which pay out in Mexico: the keys of webhooks, and the events from the time
//! when nobody listened. The commands for maintaining an account are in `command/conekta.rs`.

mod key;
pub(crate) mod listing;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use pagos_conekta::{Conekta, ConektaConfig, SETTINGS};
use pagos_core::{Error, Hint, Timestamp};

use crate::{
    accounts::{Fields, Known, MissedEvents, MissingFields, Signed},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
    seams::Seams,
};

pub(crate) const NAME: &str = "conekta";

pub(super) const KNOWN: Known = Known {
    name: NAME,
    title: "Conekta, Mexico. Pays out what was collected through Conekta.",
    settings: SETTINGS,
    signs: "nothing: no request and no notification is signed with a key of the account",
    build: |fields, seams| Ok(build(fields, seams)?),
    sign,
    missed: Some(|fields, seams| Ok(build(fields, seams)?)),
    webhook_key: Some("webhook_keys"),
    caution: |_| None,
    try_key: None,
};

/// The configuration of an account that is used.
///
/// # Errors
/// What is wrong with its fields.
pub(crate) fn config(settings: &AccountSettings) -> Result<ConektaConfig, Vec<ConfigProblem>> {
    read(&Fields::new(settings, SETTINGS, MissingFields::Refused))
}

/// Opens the account for use.
///
/// # Errors
/// What is wrong with its fields.
pub(crate) fn open(
    settings: &AccountSettings,
    seams: &Seams,
) -> Result<Arc<Conekta>, Vec<ConfigProblem>> {
    build(&Fields::new(settings, SETTINGS, MissingFields::Refused), seams)
}

fn build(fields: &Fields<'_>, seams: &Seams) -> Result<Arc<Conekta>, Vec<ConfigProblem>> {
    let config = read(fields)?;
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    Ok(Arc::new(fields.read(|_| Conekta::new(config, transport, clock))?))
}

fn read(fields: &Fields<'_>) -> Result<ConektaConfig, Vec<ConfigProblem>> {
    let keys = key::read(fields).map_err(|problem| vec![problem])?;
    fields.read(|lookup| {
        ConektaConfig::from_lookup(|name| match name {
            "WEBHOOK_KEYS" => keys.clone(),
            _ => lookup(name),
        })
    })
}

/// Requests are not signed, and only Conekta signs webhooks.
fn sign(_fields: &Fields<'_>, _body: &[u8]) -> Result<Signed, Failure> {
    Err(Failure::new(
        "conekta has nothing to sign: its requests carry the API key and no signature, and only \
         Conekta has the private keys of webhooks; `pagos verify` checks a webhook",
    ))
}

#[async_trait]
impl MissedEvents for Conekta {
    async fn hints(&self, since: Timestamp) -> Result<Vec<Hint>, Error> {
        let events = listing::events(self, since).await?;
        let transfers = events.into_iter().filter_map(|event| event.transfer);
        let transfers: BTreeSet<_> = transfers.collect();
        let hint = |transfer| Hint { key: None, reference: Some(transfer) };
        Ok(transfers.into_iter().map(hint).collect())
    }
}

#[cfg(test)]
mod tests;
