//! Accounts of Cashypro, and how a request is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_cashypro::{Cashypro, CashyproConfig, SETTINGS};

use crate::{
    accounts::{Built, Fields, Known, Signed},
    exit::Failure,
    seams::Seams,
};

pub(super) const KNOWN: Known = Known {
    name: "cashypro",
    title: "Cashypro. Pays out and collects in several countries.",
    settings: SETTINGS,
    signs: "a request as it is sent; the string to sign has the secret key",
    build,
    sign,
    missed: None,
    webhook_key: None,
    caution: |_| None,
    try_key: None,
};

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let provider = fields.read(|lookup| {
        let config = CashyproConfig::from_lookup(lookup)?;
        Cashypro::new(config, transport, clock, Arc::clone(&seams.nonces))
    })?;
    Ok(Arc::new(provider))
}

fn sign(fields: &Fields<'_>, body: &[u8]) -> Result<Signed, Failure> {
    let config = fields.read(|lookup| CashyproConfig::from_lookup(lookup))?;
    let signature = pagos_cashypro::signature(body, &config.api_key, config.sign_case);
    let headers = BTreeMap::from([
        ("Content-Type", "application/json".to_owned()),
        ("MerchantId", config.merchant_id.clone()),
        ("Sign", signature.clone()),
    ]);
    let string_to_sign = pagos_cashypro::string_to_sign(body, &config.api_key);
    Ok(Signed { string_to_sign, signature, headers, token: None })
}
