//! The providers over the seams of a fixture case, and the cases themselves, read once. No rules.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use pagos_conformance::{Case, Nonces, Seams};
use pagos_core::{Clock, Error, PayoutProvider, Timestamp, Transport};
use pagos_kit::{KITS, Kit};

/// A clock that stands still.
#[derive(Debug)]
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The provider under settings of any kind.
pub(crate) fn build(
    kit: Kit,
    settings: impl Fn(&str) -> Option<String>,
    transport: Arc<dyn Transport>,
    now: Timestamp,
) -> Result<Box<dyn PayoutProvider>, Error> {
    let seams =
        Seams { transport, clock: Arc::new(Standing(now)), nonces: Arc::new(Nonces::new([])) };
    kit.build(&settings, seams)
}

/// Every case of a provider's fixtures whose provider can be built.
pub(crate) fn cases(kit: Kit) -> &'static [Case] {
    static READ: OnceLock<Vec<Vec<Case>>> = OnceLock::new();
    let read = |kit: &Kit| {
        let cases = Case::read_all(&fixtures(), kit.name()).unwrap();
        assert!(cases.len() > 20, "{kit:?} has hardly any fixtures");
        cases
    };
    let place = KITS.iter().position(|known| *known == kit).unwrap();
    &READ.get_or_init(|| KITS.iter().map(read).collect())[place]
}

/// Where the fixtures are.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
