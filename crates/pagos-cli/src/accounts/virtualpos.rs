//! Accounts of VirtualPOS, which pay out and may collect: what may be missing, and how a payout is
//! signed. What fields mean is the provider's own crate.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{Error, Secret};
use pagos_virtualpos::{Claims, VirtualPos, VirtualPosConfig};
use serde_json::value::RawValue;

use crate::{
    accounts::{Built, Gaps, NOWHERE, Seams, Signed, certificate, problem, side::Side},
    config::{AccountSettings, ConfigProblem},
    exit::Failure,
};

pub(super) const NAME: &str = "virtualpos";

const PAYMENTS: Side = Side {
    what: "payments",
    switch: "payments_url",
    fields: &["payments_api_key", "payments_secret_key", "return_url", "notify_url"],
};

pub(super) fn build(settings: &AccountSettings, gaps: Gaps, seams: &Seams) -> Built {
    let transport = match gaps {
        Gaps::Refused => {
            let misplaced = PAYMENTS.misplaced(settings);
            if !misplaced.is_empty() {
                return Err(misplaced);
            }
            certificate::transport(settings, seams)?
        }
        // Nothing is sent, so nobody asks who we are.
        Gaps::Unsigned | Gaps::Credentials => Arc::clone(&seams.transport),
    };
    let lookup = |name: &str| {
        let told = settings.lookup(name);
        match name {
            "ENVIRONMENT" => Some(settings.environment.to_string()),
            _ if gaps == Gaps::Refused => told,
            // Known by being asked for, and one without the other is no matter here.
            "CLIENT_CERTIFICATE" | "CLIENT_KEY" => None,
            _ => told.or_else(|| invented(settings, name).map(str::to_owned)),
        }
    };
    let built = VirtualPosConfig::from_lookup(lookup)
        .and_then(|config| VirtualPos::new(config, transport, Arc::clone(&seams.clock)))
        .map_err(|error| vec![problem(settings, &error)])?;
    Ok(Arc::new(built))
}

/// A payout or a question about one: all of them sign its instruction, the `tef` object.
pub(super) fn sign(settings: &AccountSettings, tef: &[u8]) -> Result<Signed, Failure> {
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

/// What is signed around the instruction must not come with it: the token would say it twice.
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

/// Nothing that comes in is signed, so nothing rests on any field of the account. Payments are
/// there if the configuration speaks of them.
fn invented(settings: &AccountSettings, name: &str) -> Option<&'static str> {
    match name {
        "BASE_URL" => Some(NOWHERE),
        "API_KEY" | "SECRET_KEY" | "PAYMENTS_API_KEY" | "PAYMENTS_SECRET_KEY" => {
            Some("not-configured")
        }
        "PAYMENTS_URL" if PAYMENTS.is_named(settings) => Some(NOWHERE),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
