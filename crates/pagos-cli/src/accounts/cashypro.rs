//! Accounts of Cashypro: what may be missing, and how a body is signed. What fields mean is the
//! provider's own crate.

use std::{collections::BTreeMap, sync::Arc};

use pagos_cashypro::{Cashypro, CashyproConfig};

use crate::{
    accounts::{Built, Gaps, NOWHERE, Seams, Signed, problem},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
};

pub(super) const NAME: &str = "cashypro";

pub(super) fn build(settings: &AccountSettings, gaps: Gaps, seams: &Seams) -> Built {
    let config = config(settings, gaps)?;
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    match Cashypro::new(config, transport, clock, Arc::clone(&seams.nonces)) {
        Ok(provider) => Ok(Arc::new(provider)),
        Err(error) => Err(vec![problem(settings, &error)]),
    }
}

/// A request, as it is sent.
pub(super) fn sign(settings: &AccountSettings, body: &[u8]) -> Result<Signed, Failure> {
    let config = config(settings, Gaps::Unsigned)?;
    let signature = pagos_cashypro::signature(body, &config.api_key, config.sign_case);
    let headers = BTreeMap::from([
        ("Content-Type", "application/json".to_owned()),
        ("MerchantId", config.merchant_id.clone()),
        ("Sign", signature.clone()),
    ]);
    let string_to_sign = pagos_cashypro::string_to_sign(body, &config.api_key);
    Ok(Signed { string_to_sign, signature, headers, token: None })
}

fn config(settings: &AccountSettings, gaps: Gaps) -> Result<CashyproConfig, Vec<ConfigProblem>> {
    // `environment` has a default of its own.
    let lookup = |name: &str| {
        settings.lookup(name).or_else(|| match name {
            "ENVIRONMENT" => Some(settings.environment.to_string()),
            "BASE_URL" | "NOTIFY_URL" if gaps >= Gaps::Unsigned => Some(NOWHERE.to_owned()),
            "MERCHANT_ID" if gaps >= Gaps::Credentials => Some("0".to_owned()),
            "API_KEY" if gaps >= Gaps::Credentials => Some("not-configured".to_owned()),
            _ => None,
        })
    };
    CashyproConfig::from_lookup(lookup).map_err(|error| vec![problem(settings, &error)])
}
