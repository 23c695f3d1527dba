//! Accounts of Fintoc, and how a request is signed.

use std::{collections::BTreeMap, sync::Arc};

use pagos_fintoc::{Fintoc, FintocConfig, SETTINGS};

use crate::{
    accounts::{Built, Fields, Known, Signed},
    exit::Failure,
    seams::Seams,
};

pub(super) const KNOWN: Known = Known {
    name: "fintoc",
    title: "Fintoc. Not filled in yet: it pays nobody.",
    settings: SETTINGS,
    signs: "a request as it is sent",
    build,
    sign,
    missed: None,
};

fn build(fields: &Fields<'_>, seams: &Seams) -> Built {
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let provider =
        fields.read(|lookup| Fintoc::new(FintocConfig::from_lookup(lookup)?, transport, clock))?;
    Ok(Arc::new(provider))
}

fn sign(fields: &Fields<'_>, body: &[u8]) -> Result<Signed, Failure> {
    let config = fields.read(|lookup| FintocConfig::from_lookup(lookup))?;
    let string_to_sign = pagos_fintoc::string_to_sign(body, &config.api_key)?;
    let signature = pagos_fintoc::signature(body, &config.api_key)?;
    Ok(Signed { string_to_sign, signature, headers: BTreeMap::new(), token: None })
}
