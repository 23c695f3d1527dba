//! Accounts of ETpay, which collect, pay out, or both: what may be missing, and how a notification
//! is signed. What fields mean is the provider's own crate.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{Error, Secret};
use pagos_etpay::{Etpay, EtpayConfig};

use crate::{
    accounts::{Built, Gaps, NOWHERE, SESSION_SECRET, Seams, Signed, problem, side::Side},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
};

pub(super) const NAME: &str = "etpay";

const PAYMENTS: Side = Side {
    what: "payments",
    switch: "pmt_url",
    fields: &[
        "notify_url",
        "return_url",
        "cancel_url",
        "concat",
        "session_minutes",
        "payment_min",
        "payment_max",
    ],
};

const PAYOUTS: Side = Side {
    what: "payouts",
    switch: "username",
    fields: &[
        "password",
        "payouts_url",
        "contract_verified",
        "payout_min",
        "payout_max",
        "confirmed_banks",
        "listing_margin_days",
        "page_first",
    ],
};

pub(super) fn build(settings: &AccountSettings, gaps: Gaps, seams: &Seams) -> Built {
    if gaps == Gaps::Refused {
        let misplaced = [PAYMENTS, PAYOUTS].iter().flat_map(|side| side.misplaced(settings));
        let misplaced: Vec<ConfigProblem> = misplaced.collect();
        if !misplaced.is_empty() {
            return Err(misplaced);
        }
    }
    let lookup = |name: &str| {
        settings.lookup(name).or_else(|| match name {
            "ENVIRONMENT" => Some(settings.environment.to_string()),
            _ if gaps == Gaps::Refused => None,
            _ => invented(settings, name).map(str::to_owned),
        })
    };
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let built = EtpayConfig::from_lookup(lookup)
        .and_then(|config| Etpay::new(config, transport, clock))
        .map_err(|error| vec![explain(settings, &error)])?;
    Ok(Arc::new(built))
}

/// A notification, as ETpay makes it: requests are not signed.
pub(super) fn sign(settings: &AccountSettings, body: &[u8]) -> Result<Signed, Failure> {
    let Some(secret) = settings.lookup(SESSION_SECRET) else {
        return Err(Failure::new(format!(
            "etpay has nothing to sign: its requests carry no signature, and notifications are \
             signed with the secret of one session; to sign claims as ETpay does, set {}",
            settings.variable(SESSION_SECRET)
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

/// No signature rests on any field of the account, so all of them may be missing. Only what the
/// account is not for stays absent.
fn invented(settings: &AccountSettings, name: &str) -> Option<&'static str> {
    let is_for = |side: &Side, other: &Side| side.is_named(settings) || !other.is_named(settings);
    match name {
        "MERCHANT_CODE" => Some("0"),
        "MERCHANT_API_TOKEN" | "PASSWORD" => Some("not-configured"),
        "API_URL" | "NOTIFY_URL" => Some(NOWHERE),
        "PMT_URL" if is_for(&PAYMENTS, &PAYOUTS) => Some(NOWHERE),
        "USERNAME" if is_for(&PAYOUTS, &PAYMENTS) => Some("not-configured"),
        _ => None,
    }
}

fn explain(settings: &AccountSettings, error: &Error) -> ConfigProblem {
    const CONTRACT: &str = "contract_verified";
    if error.field() != Some(CONTRACT) {
        return problem(settings, error);
    }
    let remedy = format!(
        "set it in [accounts.{}] or as {} once you have; without `username` the account collects \
         payments and needs none of this",
        settings.name,
        settings.variable(CONTRACT)
    );
    let origin = settings.origin_of(CONTRACT).clone();
    ConfigProblem::new(origin, format!("{CONTRACT}:"), error.message(), remedy)
}
