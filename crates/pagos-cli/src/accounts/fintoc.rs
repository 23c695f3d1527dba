//! Accounts of Fintoc, which pay out in Mexico and Chile: where the key that signs comes from, and how a
//! transfer is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{Clock, NonceSource};
use pagos_fintoc::{Fintoc, FintocConfig, SETTINGS, SigningKey, Stamp};
use pagos_system::System;
use pagos_wire::NOT_CONFIGURED;

use crate::{
    accounts::{Built, Fields, Known, MissingFields, Signed, certificate::Pem},
    config::ConfigProblem,
    console,
    exit::Failure,
    seams::Seams,
};

pub(super) const KNOWN: Known = Known {
    name: "fintoc",
    title: "Fintoc, Mexico and (in private preview) Chile. Pays out from an account at Fintoc.",
    settings: SETTINGS,
    signs: "a transfer as it is sent, with a nonce and a time of its own",
    build,
    sign,
    missed: None,
};

const JWS_PRIVATE_KEY: &str = "jws_private_key";

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let config = read(fields)?;
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let nonces = Arc::clone(&seams.nonces);
    Ok(Arc::new(fields.read(|_| Fintoc::new(config, transport, clock, nonces))?))
}

fn read(fields: &Fields<'_>) -> Result<FintocConfig, Vec<ConfigProblem>> {
    let key = read_key(fields).map_err(|problem| vec![problem])?;
    fields.read(|lookup| {
        FintocConfig::from_lookup(|name| match name {
            "JWS_PRIVATE_KEY" => key.clone(),
            _ => lookup(name),
        })
    })
}

/// The text of the PEM file that the field names, or the field itself.
fn read_key(fields: &Fields<'_>) -> Result<Option<String>, ConfigProblem> {
    let settings = fields.settings;
    let value = match (settings.lookup(JWS_PRIVATE_KEY), fields.missing_fields) {
        // Nothing is signed where only the rules are wanted.
        (_, MissingFields::Credentials) => return Ok(Some(NOT_CONFIGURED.to_owned())),
        (None, _) => return Ok(None),
        (Some(value), _) => value,
    };
    let pem = Pem::read(settings, JWS_PRIVATE_KEY, value)?;
    if let Some(warning) = pem.warning(settings) {
        console::tell(&format!("warning: {warning}"));
    }
    // What is not text is no PEM text either, and is refused as such.
    Ok(Some(String::from_utf8_lossy(&pem.text).into_owned()))
}

/// Nonce and time are of this moment: Fintoc refuses those of a signature that was shown before.
fn sign(fields: &Fields<'_>, body: &[u8]) -> Result<Signed, Failure> {
    let config = read(fields)?;
    let key = fields.read(|_| SigningKey::parse(&config.jws_private_key))?;
    let stamp = Stamp { nonce: System.draw(), at: System.now() };
    let signature = pagos_fintoc::signature(body, stamp, &key)?;
    let headers = BTreeMap::from([("Fintoc-JWS-Signature", signature.clone())]);
    let string_to_sign = pagos_fintoc::string_to_sign(body, stamp).into_bytes();
    Ok(Signed { string_to_sign, signature, headers, token: None })
}
