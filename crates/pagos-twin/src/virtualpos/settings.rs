//! What can be switched in the VirtualPOS twin, and the choices made where nothing is published.
//! Not the faults; those change while the twin runs.

use std::{fmt, time::Duration};

use http::StatusCode;
use pagos_core::Secret;
use serde::{Deserialize, Serialize};

use crate::{random::Span, timing::Timing};

/// The twin's API key for payouts. Invented; the shape is that of the sibling API's keys.
pub const SANDBOX_API_KEY: &str = "5a17e5-7b0c5a-17e57b-0c5a17-e57b0c";
/// The twin's secret key for payouts. Invented; it opens nothing. Used as text.
pub const SANDBOX_SECRET_KEY: &str = "5a17e57b0c5a17e57b0c5a17e57b0c5a";
/// The twin's API key for payments. Invented.
pub const SANDBOX_PAYMENTS_API_KEY: &str = "7e570a-3e47d1-9c0b7e-570a3e-47d19c";
/// The twin's secret key for payments. Invented.
pub const SANDBOX_PAYMENTS_SECRET_KEY: &str = "7e570a3e47d19c0b7e570a3e47d19c0b";

/// The keys of one account. Source: manual, a pair for each account and environment.
#[derive(Clone)]
pub struct KeyPair {
    /// What the header `Authorization` carries, bare.
    pub api_key: String,
    /// What signs.
    pub secret_key: Secret,
}

impl KeyPair {
    /// A pair.
    #[must_use]
    pub fn new(api_key: &str, secret_key: &str) -> Self {
        Self { api_key: api_key.to_owned(), secret_key: Secret::new(secret_key) }
    }
}

/// Nothing of either key: here both are secret.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

/// How the VirtualPOS twin behaves. Every value is legal unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct VirtualPosSettings {
    /// The accounts that pay out. The first one's keys are told to whoever asks for credentials.
    pub accounts: Vec<KeyPair>,
    /// The accounts that are paid. That these are other pairs is inferred.
    pub payment_accounts: Vec<KeyPair>,
    /// What all accounts together have left for payouts at the start, in pesos. `[sim]`
    pub balance_minor: i64,
    /// What the control surface can change while the twin runs.
    pub switches: Switches,
    /// How long things take. `[sim]`
    pub timing: VirtualPosTiming,
    /// How many times longer a payer has, for people who live slower than the twin. `[sim]`
    pub pace: u32,
}

impl VirtualPosSettings {
    pub(super) fn payment_ttl(&self) -> Duration {
        let days = u64::from(self.switches.payment_days).saturating_mul(self.pace.into());
        Duration::from_secs(days.saturating_mul(24 * 60 * 60))
    }
}

impl Default for VirtualPosSettings {
    fn default() -> Self {
        Self {
            accounts: vec![KeyPair::new(SANDBOX_API_KEY, SANDBOX_SECRET_KEY)],
            payment_accounts: vec![KeyPair::new(
                SANDBOX_PAYMENTS_API_KEY,
                SANDBOX_PAYMENTS_SECRET_KEY,
            )],
            balance_minor: 10_000_000_000_000,
            switches: Switches::default(),
            timing: VirtualPosTiming::default(),
            pace: 1,
        }
    }
}

/// Choices that a test may want to turn. In JSON the names are those of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Largest payment and payout, in pesos. `[sim]`: a figure of other providers of Chile.
    pub amount_max: i64,
    /// A query has to be signed with the whole instruction. Source: manual. Otherwise `tef` may
    /// be left out, as in the queries of the sibling API.
    pub strict_query_signature: bool,
    /// Refuses a RUT whose check digit is wrong, and with it the manual's own sample.
    pub strict_rut: bool,
    /// Refusals come with HTTP 200, as those of the sibling API may.
    pub errors_as_200: bool,
    /// HTTP status of a payout that was accepted: 200 or 201.
    pub create_http_status: u16,
    /// What a second payout of a `merchant_id` meets.
    pub duplicate: Duplicates,
    /// Where changes of payouts are told; nothing is told without it. `[sim]`
    pub callback_url: Option<String>,
    /// How long after a sending that was not heard the next one comes. `[sim]`: three tries in all.
    pub retry_delays_seconds: Vec<u32>,
    /// How long a payment is open. Source: `virtualpos.md` 3, `expirado` after 30 days.
    pub payment_days: u16,
    /// Whether a new payment is answered with its link at once. `[sim]`
    pub link_on_create: bool,
}

impl Switches {
    pub(super) fn created(&self) -> StatusCode {
        if self.create_http_status == 201 { StatusCode::CREATED } else { StatusCode::OK }
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            amount_max: 7_000_000,
            strict_query_signature: true,
            strict_rut: false,
            errors_as_200: false,
            create_http_status: 200,
            duplicate: Duplicates::PayTwice,
            callback_url: None,
            retry_delays_seconds: vec![5, 30],
            payment_days: 30,
            link_on_create: false,
        }
    }
}

/// What a second payout of a `merchant_id` meets. Nothing is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It is refused with 409.
    Reject,
    /// It is answered with the payout that exists.
    ReturnExisting,
    /// It is paid again: the worst that can be, and therefore the usual one.
    PayTwice,
}

/// How long things take, in virtual time. `[sim]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualPosTiming {
    /// From `pendiente` to `procesando`.
    pub processing: Span,
    /// From `procesando` to the first final state.
    pub settle: Span,
    /// What goes wrong.
    pub faults: Timing,
}

impl VirtualPosTiming {
    /// No time between states; reversals and delays of faults stay as they are.
    #[must_use]
    pub fn immediate() -> Self {
        let none = Span::exactly(Duration::ZERO);
        Self { processing: none, settle: none, ..Self::default() }
    }
}

impl Default for VirtualPosTiming {
    fn default() -> Self {
        Self {
            processing: Span::from_millis(500, 1_000),
            settle: Span::from_millis(500, 3_000),
            faults: Timing::default(),
        }
    }
}
