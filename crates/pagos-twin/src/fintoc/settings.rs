//! What can be switched in the Fintoc twin, and the choices made where nothing is documented.
//! Not the faults; those change while the twin runs.

use std::time::Duration;

use pagos_core::Secret;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::timing::Timing;

/// The twin's API key. Invented; it opens nothing.
pub const SANDBOX_API_KEY: &str = "sk_test_SimulatedFintoc5a17e57b0c";

/// The account that pays. Invented, in the shape of `[rec]`.
pub const SANDBOX_ACCOUNT_ID: &str = "acc_5a17e57b0c5a17e57b0c5a17e57";

/// What the twin signs its webhooks with. Invented; it opens nothing.
pub const SANDBOX_WEBHOOK_SECRET: &str = "whsec_simulated_fintoc_5a17e57b0c";

/// The root account number of the paying account, for `POST /v2/simulate/receive_transfer`. Invented.
pub const SANDBOX_ACCOUNT_NUMBER_ID: &str = "acno_5a17e57b0c5a17e57b0c5a17e5";

/// How the Fintoc twin behaves. Every value is legal unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct FintocSettings {
    /// The only API key it knows.
    pub api_key: Secret,
    /// The only account it has.
    pub account_id: String,
    /// What the signatures of requests are verified with: PEM of an RSA key of 2048 bits.
    pub jws_public_key: String,
    /// What webhooks are signed with.
    pub webhook_secret: Secret,
    /// What the account has at the start, in centavos. `[sim]`
    pub balance_minor: i64,
    /// What the control surface can change while the twin runs.
    pub switches: Switches,
    /// How long things take. `[sim]`
    pub timing: Timing,
    /// How many times slower than the twin the merchant's clock goes. The times in his requests fall
    /// behind the twin's own, so they are compared with each other. `[sim]`
    pub pace: u32,
}

impl FintocSettings {
    pub(super) fn transit(&self) -> Duration {
        Duration::from_secs(self.switches.transit_seconds.into())
    }

    pub(super) fn keys_kept_for(&self) -> Duration {
        Duration::from_secs(self.switches.keys_kept_seconds.into())
    }
}

impl Default for FintocSettings {
    fn default() -> Self {
        Self {
            api_key: Secret::new(SANDBOX_API_KEY),
            account_id: SANDBOX_ACCOUNT_ID.to_owned(),
            jws_public_key: keys::SANDBOX_JWS_PUBLIC_KEY.to_owned(),
            webhook_secret: Secret::new(SANDBOX_WEBHOOK_SECRET),
            balance_minor: 10_000_000_000_000,
            switches: Switches::default(),
            timing: Timing::default(),
            pace: 1,
        }
    }
}

/// Choices that a test may want to turn. In JSON the names are those of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Where webhooks go; nowhere without it.
    pub webhook_url: Option<String>,
    /// From creation to the first final status. `[sim]`
    pub transit_seconds: u32,
    /// How many rows a page has if the request does not say. `[sim]`
    pub page_rows: u16,
    /// For how long a key is remembered. Source: docs: /api/fintoc-api/idempotent-requests, at least a
    /// day; here not a moment longer.
    pub keys_kept_seconds: u32,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            webhook_url: None,
            transit_seconds: 60,
            page_rows: 30,
            keys_kept_seconds: 24 * 60 * 60,
        }
    }
}
