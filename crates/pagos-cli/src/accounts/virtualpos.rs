//! Accounts of VirtualPOS, which pay out and may collect; and how a payout is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{Error, Secret};
use pagos_virtualpos::{Claims, SETTINGS, VirtualPos, VirtualPosConfig};
use serde_json::value::RawValue;

use crate::{
    accounts::{Built, Fields, Known, Signed, problem},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
    seams::Seams,
};

pub(super) const KNOWN: Known = Known {
    name: "virtualpos",
    title: "VirtualPOS, Chile. Pays out; payments_url brings payments.",
    settings: SETTINGS,
    signs: "the `tef` object of a payout; the signature is a token, and the headers and the string \
            to sign have the API key",
    build,
    sign,
    missed: None,
    webhook_key: None,
    caution: |_| None,
    try_key: None,
};

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let provider = fields
        .read(|lookup| VirtualPos::new(VirtualPosConfig::from_lookup(lookup)?, transport, clock))?;
    Ok(Arc::new(provider))
}

/// Signs a payout or a query about one: both sign its instruction, the `tef` object.
fn sign(fields: &Fields<'_>, tef: &[u8]) -> Result<Signed, Failure> {
    let settings = fields.settings;
    let (api_key, secret_key) = (needed(settings, "api_key"), needed(settings, "secret_key"));
    let (api_key, secret_key) = match (api_key, secret_key) {
        (Ok(api_key), Ok(secret_key)) => (api_key, Secret::new(secret_key)),
        (api_key, secret_key) => {
            let missing = [api_key, secret_key].into_iter().filter_map(Result::err);
            return Err(missing.collect::<Vec<ConfigProblem>>().into());
        }
    };
    check_tef(tef)?;
    let (claims, signer) = (Claims::Tef(tef), Secret::new(api_key.clone()));
    let string_to_sign = pagos_virtualpos::string_to_sign(claims, &signer)?;
    let token = pagos_virtualpos::signature(claims, &signer, &secret_key)?;
    let headers = BTreeMap::from([("Authorization", api_key), ("Signature", token.clone())]);
    Ok(Signed {
        string_to_sign: string_to_sign.into_bytes(),
        signature: token.clone(),
        headers,
        token: Some(token),
    })
}

fn needed(settings: &AccountSettings, field: &'static str) -> Result<String, ConfigProblem> {
    let missing = || {
        let because = format!("{} is not set", field.to_ascii_uppercase());
        problem(settings, &Error::invalid(field).because(because))
    };
    settings.lookup(field).ok_or_else(missing)
}

/// Refuses an instruction with the fields that are signed around it, since the token would contain
/// them twice.
fn check_tef(tef: &[u8]) -> Result<(), Failure> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(tef).map_err(|_| {
        Failure::new(
            "the body file holds no JSON object in UTF-8; write what `tef` stands for, such as \
             {\"merchant_id\":\"k1\", ...}",
        )
    })?;
    match ["tef", "api_key"].into_iter().find(|name| fields.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!(
            "the body file holds {name:?}, which is put around the instruction when it is signed; \
             write only the object that `tef` stands for"
        ))),
    }
}

#[cfg(test)]
mod tests;
