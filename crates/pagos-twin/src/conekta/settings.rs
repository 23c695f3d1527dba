//! What can be switched in the Conekta twin, and the choices made where nothing is documented.
//! Not the faults; those change while the twin runs.

use pagos_core::Secret;
use serde::{Deserialize, Serialize};

use crate::timing::Timing;

/// The twin's private key. Invented; it opens nothing.
pub const SANDBOX_API_KEY: &str = "key_SimuladaDePagos5a17e57b";

/// A payee whose mail address is `<key>@key.invalid` has its transfers booked under that key.
///
/// Conekta has no field for a merchant's own number; this is how a test says it to the judge, and
/// to nobody else. `.invalid` is nobody's domain for ever (RFC 2606). `[sim]`
pub const KEY_DOMAIN: &str = "key.invalid";

/// How the Conekta twin behaves. Every value is legal unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct ConektaSettings {
    /// The only private key it knows.
    pub api_key: Secret,
    /// What was collected and can be paid out at the start, in centavos. `[sim]`
    pub balance_minor: i64,
    /// What the control surface can change while the twin runs.
    pub switches: Switches,
    /// How long things take. `[sim]`
    pub timing: Timing,
    /// How many times shorter the wait for a business day is, for people who live slower than the
    /// twin: a weekend is still longer than a night. `[sim]`
    pub pace: u32,
}

impl Default for ConektaSettings {
    fn default() -> Self {
        Self {
            api_key: Secret::new(SANDBOX_API_KEY),
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
    /// Refuses a CLABE whose check digit is wrong, and with it a sample of the manual.
    pub strict_clabe: bool,
    /// Whether the last two digits of an amount decide how a transfer ends. `[sim]`
    pub amount_triggers: bool,
    /// What a transfer costs beside its amount, in centavos; below zero counts as zero. Conekta's
    /// price is unknown.
    pub fee_minor: i64,
    /// Days on which banks rest beside Saturday and Sunday, as `2024-12-25`.
    pub holidays: Vec<String>,
    /// From creation to `in_transit`, for those who cannot wait for a business day. `[sim]`
    pub execution_delay_seconds: Option<u32>,
    /// From `in_transit` to the first final status. `[sim]`
    pub transit_seconds: u32,
    /// Whose shape the account of a transfer has in queries.
    pub shape: AnswerShape,
    /// A subscription that is made without a call, as if by hand.
    pub webhook_url: Option<String>,
    /// The header of a signature, a legal name of one. Source: `docs: autenticación-webhooks` for
    /// `DIGEST`; a note on one of these pages doubts it.
    pub digest_header: String,
    /// Takes addresses of this machine for webhooks. Conekta does not.
    pub local_webhooks: bool,
    /// How long after a sending that was not heard the next one comes. Source: a survey that cites
    /// `docs: reintentos-de-notificación`, 13 in about 24 hours; the doubling is inferred.
    pub retry_delays_seconds: Vec<u32>,
    /// A public key is told when it is made and never again. Source: `mock: GET /webhook_keys`.
    pub public_keys_once: bool,
    /// Webhooks about transfers have no envelope. Source: manual, one of its two forms.
    pub bare_webhooks: bool,
    /// `payout.paid_out` tells a transfer that is `in_transit`. Source: manual, a sample.
    pub stale_paid_out: bool,
    /// Times of events lose digits at their end. Source: manual, `16019106` and `152825`.
    pub truncated_times: bool,
    /// A transfer is live within an event that is not. Source: manual, a sample.
    pub mixed_livemode: bool,
    /// An event about a transfer has its number. Source: manual, a sample.
    pub event_id_of_transfer: bool,
    /// Lists continue on another host. Source: `mock: GET /transfers`.
    pub foreign_next_page: bool,
}

impl Switches {
    pub(super) fn fee(&self) -> i64 {
        self.fee_minor.max(0)
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            strict_clabe: false,
            amount_triggers: true,
            fee_minor: 0,
            holidays: Vec::new(),
            execution_delay_seconds: None,
            transit_seconds: 15 * 60,
            shape: AnswerShape::Manual,
            webhook_url: None,
            digest_header: "DIGEST".to_owned(),
            local_webhooks: true,
            retry_delays_seconds: (0..13).map(|nth| 10 << nth).collect(),
            public_keys_once: true,
            bare_webhooks: false,
            stale_paid_out: false,
            truncated_times: false,
            mixed_livemode: false,
            event_id_of_transfer: false,
            foreign_next_page: false,
        }
    }
}

/// Whose shape the account of a transfer has in queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerShape {
    /// Four digits of the account by id, all of them under `method` and `_type` in lists. Source:
    /// manual; `mock: GET /transfers`.
    Manual,
    /// The whole account in both. Source: `openapi: schemas/transfers`.
    Openapi,
}
