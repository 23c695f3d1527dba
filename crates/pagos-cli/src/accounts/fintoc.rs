//! Accounts of Fintoc, which pay out in Mexico and Chile: where the key that signs comes from, and how a
//! transfer is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{Clock, NonceSource};
use pagos_fintoc::{Fintoc, FintocConfig, SETTINGS, SigningKey, Stamp};
use pagos_system::System;
use pagos_wire::NOT_CONFIGURED;

use crate::{
    accounts::{Built, Fields, Known, MissingFields, Signed, TriedKey, certificate::Pem},
    config::ConfigProblem,
    console,
    exit::Failure,
    seams::Seams,
    words::{Text, file, pay},
};

pub(super) const KNOWN: Known = Known {
    name: "fintoc",
    title: "Fintoc, Mexico and (in private preview) Chile. Pays out from an account at Fintoc.",
    settings: SETTINGS,
    signs: "a transfer as it is sent, with a nonce and a time of its own",
    build,
    sign,
    missed: None,
    webhook_key: Some("webhook_secret"),
    caution,
    try_key: Some(try_key),
};

const JWS_PRIVATE_KEY: &str = "jws_private_key";

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let config = read(fields, Warnings::Shown)?;
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let nonces = Arc::clone(&seams.nonces);
    Ok(Arc::new(fields.read(|_| Fintoc::new(config, transport, clock, nonces))?))
}

/// What about warnings that the account was built with already?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Warnings {
    Shown,
    Silent,
}

fn read(fields: &Fields<'_>, warnings: Warnings) -> Result<FintocConfig, Vec<ConfigProblem>> {
    let key = read_key(fields, warnings).map_err(|problem| vec![problem])?;
    fields.read(|lookup| {
        FintocConfig::from_lookup(|name| match name {
            "JWS_PRIVATE_KEY" => key.clone(),
            _ => lookup(name),
        })
    })
}

/// The text of the PEM file that the field names, or the field itself.
fn read_key(fields: &Fields<'_>, warnings: Warnings) -> Result<Option<String>, ConfigProblem> {
    let settings = fields.settings;
    let value = match (settings.lookup(JWS_PRIVATE_KEY), fields.missing_fields) {
        // Nothing is signed where only the rules are wanted.
        (_, MissingFields::Credentials) => return Ok(Some(NOT_CONFIGURED.to_owned())),
        (None, _) => return Ok(None),
        (Some(value), _) => value,
    };
    let pem = Pem::read(settings, JWS_PRIVATE_KEY, value)?;
    if let Some(warning) = pem.warning(settings).filter(|_| warnings == Warnings::Shown) {
        console::tell(&file::warning(warning.text()));
    }
    // What is not text is no PEM text either, and is refused as such.
    Ok(Some(String::from_utf8_lossy(&pem.text).into_owned()))
}

/// Source: docs: guides/business-accounts/overview.
fn caution(fields: &Fields<'_>) -> Option<Text> {
    let is_in_chile = fields.settings.lookup("country").is_some_and(|country| country == "CHL");
    is_in_chile.then(pay::is_private_preview)
}

/// A query of the balance is not signed.
fn try_key(fields: &Fields<'_>) -> TriedKey {
    signed(fields, b"{}")?;
    Ok(
        "signs; whether Fintoc has its public half shows only with the first payout, which waits as \
        `created` if not",
    )
}

/// Nonce and time are of this moment: Fintoc refuses those of a signature that was shown before.
fn signed(fields: &Fields<'_>, body: &[u8]) -> Result<(Stamp, String), Vec<ConfigProblem>> {
    let config = read(fields, Warnings::Silent)?;
    let stamp = Stamp { nonce: System.draw(), at: System.now() };
    let signature = fields.read(|_| {
        let key = SigningKey::parse(&config.jws_private_key)?;
        pagos_fintoc::signature(body, stamp, &key)
    })?;
    Ok((stamp, signature))
}

fn sign(fields: &Fields<'_>, body: &[u8]) -> Result<Signed, Failure> {
    let (stamp, signature) = signed(fields, body)?;
    let headers = BTreeMap::from([("Fintoc-JWS-Signature", signature.clone())]);
    let string_to_sign = pagos_fintoc::string_to_sign(body, stamp).into_bytes();
    Ok(Signed { string_to_sign, signature, headers, token: None })
}
