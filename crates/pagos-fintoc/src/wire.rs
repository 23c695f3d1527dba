//! The provider's JSON, in its own spelling. No logic.

use pagos_wire::WireText;
use serde::{Deserialize, Serialize};

/// A new payout, as it is sent. Guess: only the key, and under a name of ours.
#[derive(Debug, Serialize)]
pub(crate) struct NewPayout<'a> {
    pub(crate) key: &'a str,
}

/// A payout, as the provider tells of it. Guess: no document was read yet.
#[derive(Debug, Deserialize)]
pub(crate) struct PayoutAnswer {
    pub(crate) id: Option<WireText>,
    pub(crate) status: Option<WireText>,
}
