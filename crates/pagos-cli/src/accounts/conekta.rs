//! Accounts of Conekta, which pay out in Mexico: what may be missing, where the keys of webhooks
//! come from, what was told while nobody listened. What fields mean is the provider's own crate; the
//! commands that look after an account are in `errand.rs`.

mod arguments;
mod errand;
mod key;
mod listing;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use pagos_conekta::{Conekta, ConektaConfig};
use pagos_core::{Error, Hint, Timestamp};

use crate::{
    accounts::{Built, BuiltMissed, Gaps, Missed, Seams, Signed, problem},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
};

pub(super) use crate::accounts::conekta::{arguments::Errand, errand::run};

pub(super) const NAME: &str = "conekta";

pub(super) fn build(settings: &AccountSettings, gaps: Gaps, seams: &Seams) -> Built {
    Ok(open(settings, config(settings, gaps)?, seams)?)
}

pub(super) fn missed(settings: &AccountSettings, seams: &Seams) -> BuiltMissed {
    Ok(open(settings, config(settings, Gaps::Refused)?, seams)?)
}

/// Nothing that is sent is signed, and what comes in is signed by Conekta alone.
pub(super) fn sign(_settings: &AccountSettings, _body: &[u8]) -> Result<Signed, Failure> {
    Err(Failure::new(
        "conekta has nothing to sign: its requests carry the API key and no signature, and only \
         Conekta has the private keys of webhooks; `pagos verify` checks a webhook",
    ))
}

#[async_trait]
impl Missed for Conekta {
    async fn hints(&self, since: Timestamp) -> Result<Vec<Hint>, Error> {
        let events = listing::events(self, since).await?;
        let transfers = events.into_iter().filter_map(|event| event.transfer);
        let transfers: BTreeSet<_> = transfers.collect();
        let hint = |transfer| Hint { key: None, reference: Some(transfer) };
        Ok(transfers.into_iter().map(hint).collect())
    }
}

fn open(
    settings: &AccountSettings,
    config: ConektaConfig,
    seams: &Seams,
) -> Result<Arc<Conekta>, Vec<ConfigProblem>> {
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let opened = Conekta::new(config, transport, clock);
    opened.map(Arc::new).map_err(|error| vec![problem(settings, &error)])
}

fn config(settings: &AccountSettings, gaps: Gaps) -> Result<ConektaConfig, Vec<ConfigProblem>> {
    let keys = key::read(settings, gaps).map_err(|problem| vec![problem])?;
    let lookup = |name: &str| match name {
        "ENVIRONMENT" => Some(settings.environment.to_string()),
        "WEBHOOK_KEYS" => keys.clone(),
        // Webhooks are verified with public keys, so no signature rests on it.
        "API_KEY" if gaps >= Gaps::Unsigned => {
            settings.lookup(name).or_else(|| Some("not-configured".to_owned()))
        }
        _ => settings.lookup(name),
    };
    ConektaConfig::from_lookup(lookup).map_err(|error| vec![problem(settings, &error)])
}

#[cfg(test)]
mod tests;
