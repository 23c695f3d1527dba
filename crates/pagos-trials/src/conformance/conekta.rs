//! Conekta as a fixture case describes it. Only the public API: the seams are the suite's.

use pagos_conekta::{Conekta, ConektaConfig};
use pagos_conformance::{Case, Seams, Subject};
use pagos_core::Error;

/// The provider over the seams of the case. Conekta wants no nonce, and nothing of ours is signed.
pub(super) fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = ConektaConfig::from_lookup(|name| case.setting(name))?;
    let provider = Conekta::new(config, seams.transport, seams.clock)?;
    Ok(Subject { provider: Box::new(provider), signer: None })
}
