//! The providers over the seams of a fixture case, and the cases themselves, read once. No rules.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use pagos_cashypro::{Cashypro, CashyproConfig};
use pagos_conekta::{Conekta, ConektaConfig};
use pagos_conformance::{Case, Nonces};
use pagos_core::{Clock, Error, PayoutProvider, Timestamp, Transport};
use pagos_etpay::{Etpay, EtpayConfig};
use pagos_virtualpos::{VirtualPos, VirtualPosConfig};

/// The providers, by the names of their fixtures.
pub(crate) const NAMES: [&str; 4] = ["cashypro", "conekta", "etpay", "virtualpos"];

/// A clock that stands still.
#[derive(Debug)]
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The provider of that name under settings of any kind.
pub(crate) fn build(
    name: &str,
    setting: impl Fn(&str) -> Option<String>,
    transport: Arc<dyn Transport>,
    now: Timestamp,
) -> Result<Box<dyn PayoutProvider>, Error> {
    let clock = Arc::new(Standing(now));
    Ok(match name {
        "cashypro" => {
            let config = CashyproConfig::from_lookup(setting)?;
            let nonces = Arc::new(Nonces::new([]));
            Box::new(Cashypro::new(config, transport, clock, nonces)?)
        }
        "conekta" => {
            Box::new(Conekta::new(ConektaConfig::from_lookup(setting)?, transport, clock)?)
        }
        "etpay" => Box::new(Etpay::new(EtpayConfig::from_lookup(setting)?, transport, clock)?),
        _ => {
            let config = VirtualPosConfig::from_lookup(setting)?;
            Box::new(VirtualPos::new(config, transport, clock)?)
        }
    })
}

/// Every case of a provider's fixtures whose provider can be built.
pub(crate) fn cases(name: &'static str) -> &'static [Case] {
    static READ: [OnceLock<Vec<Case>>; 4] = [const { OnceLock::new() }; 4];
    let place = NAMES.iter().position(|known| *known == name).unwrap();
    READ[place].get_or_init(|| {
        let cases = Case::read_all(&fixtures(), name).unwrap();
        assert!(cases.len() > 20, "{name} has hardly any fixtures");
        cases
    })
}

/// Where the fixtures are.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
