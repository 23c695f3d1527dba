//! Accounts of ETpay, which collect, pay out, or both; and how a notification is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::Secret;
use pagos_etpay::{Etpay, EtpayConfig, SETTINGS};

use crate::{
    accounts::{Built, Fields, Known, SESSION_SECRET, Signed},
    exit::Failure,
    seams::Seams,
};

pub(super) const KNOWN: Known = Known {
    name: "etpay",
    title: "ETpay, Chile. Remove what you do not use: pmt_url brings payments, username brings payouts.",
    settings: SETTINGS,
    signs: "no request; with the secret of a session in PAGOS_<ACCOUNT>_SIGNATURE_TOKEN, the claims \
            of a notification",
    build,
    sign,
    missed: None,
    webhook_key: None,
    caution: |_| None,
    try_key: None,
};

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let provider =
        fields.read(|lookup| Etpay::new(EtpayConfig::from_lookup(lookup)?, transport, clock))?;
    Ok(Arc::new(provider))
}

/// Signs a notification, as ETpay does. Requests are not signed.
fn sign(fields: &Fields<'_>, body: &[u8]) -> Result<Signed, Failure> {
    let Some(secret) = fields.settings.lookup(SESSION_SECRET) else {
        return Err(Failure::new(format!(
            "etpay has nothing to sign: its requests carry no signature, and notifications are \
             signed with the secret of one session; to sign claims as ETpay does, set {}",
            fields.settings.variable(SESSION_SECRET)
        )));
    };
    let token = pagos_etpay::sign(body, &Secret::new(secret))?;
    let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
    Ok(Signed {
        string_to_sign: signed.as_bytes().to_vec(),
        signature: signature.to_owned(),
        headers: BTreeMap::new(),
        token: Some(token),
    })
}

#[cfg(test)]
mod tests;
