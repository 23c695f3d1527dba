//! What can be switched in the ETpay twin, and the choices made where nothing is documented.
//! Not the faults; those change while the twin runs.

use std::time::Duration;

use pagos_core::Secret;
use serde::{Deserialize, Serialize};

use super::sign;
use crate::timing::Timing;

/// The twin's merchant. Invented.
pub const SANDBOX_MERCHANT_CODE: &str = "cl_sim_merchant";
/// The twin's API token. Invented; it opens nothing. 64 hexadecimal digits, as in `docs: D12`.
pub const SANDBOX_API_TOKEN: &str =
    "5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17e57b0c5a17";
/// The twin's payouts user. Invented.
pub const SANDBOX_USERNAME: &str = "payouts@merchant.example";
/// The twin's payouts password. Invented.
pub const SANDBOX_PASSWORD: &str = "sandbox-password";

/// How the ETpay twin behaves. Every value is legal unless its line says otherwise.
#[derive(Debug, Clone)]
pub struct EtpaySettings {
    /// The only merchant it knows.
    pub merchant_code: String,
    /// The merchant's secret, for payments and for the login of payouts.
    pub merchant_api_token: Secret,
    /// Who logs in for payouts.
    pub username: String,
    /// With which password.
    pub password: Secret,
    /// The prefunded balance of payouts at the start, in pesos. `[sim]`
    pub balance_minor: i64,
    /// What the control surface can change while the twin runs.
    pub switches: Switches,
    /// How long things take. `[sim]`
    pub timing: Timing,
    /// How many times longer a payer has, for people who live slower than the twin. `[sim]`
    pub pace: u32,
}

impl EtpaySettings {
    pub(super) fn is_api_token(&self, presented: Option<&str>) -> bool {
        presented == Some(sign::shown(&self.merchant_api_token))
    }

    pub(super) fn is_password(&self, presented: Option<&str>) -> bool {
        presented == Some(sign::shown(&self.password))
    }

    pub(super) fn session_ttl(&self) -> Duration {
        let seconds = u64::from(self.switches.session_ttl_seconds);
        Duration::from_secs(seconds.saturating_mul(self.pace.into()))
    }
}

impl Default for EtpaySettings {
    fn default() -> Self {
        Self {
            merchant_code: SANDBOX_MERCHANT_CODE.to_owned(),
            merchant_api_token: Secret::new(SANDBOX_API_TOKEN),
            username: SANDBOX_USERNAME.to_owned(),
            password: Secret::new(SANDBOX_PASSWORD),
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
    /// Largest payment and payout, in pesos. Source: `docs: D26`, a reseller's figure.
    pub amount_max: i64,
    /// Refuses a second session of an order with 400. The manual knows no such rule.
    pub unique_orders: bool,
    /// Status answers are one object instead of a list. The official README shows the one, the
    /// official test reads the other.
    pub single_object: bool,
    /// How the token of a payment travels in its notification. `[sim]`
    pub notification_form: NotificationForm,
    /// How long after a sending that was not heard the next one comes. `[sim]`
    pub retry_delays_seconds: Vec<u32>,
    /// How long a session is open. Source: `docs: D25`, a reseller's 30 minutes.
    pub session_ttl_seconds: u32,
    /// Whether a session that expires untouched is told as a failure. Source: `docs: D25`.
    pub notify_on_expiry: bool,
    /// How long an authorization token lives. `[sim]`
    pub token_life_seconds: u32,
    /// Takes `Bearer <token>` for `<token>`. The documents show the bare token.
    pub tolerate_bearer: bool,
    /// What a second payout of an order number meets.
    pub duplicates: Duplicates,
    /// The first page of a list. Not documented.
    pub page_base: u32,
    /// Whether rejections carry a code. Source: `docs: D3`, a feature switched on per merchant.
    pub error_codes: bool,
    /// Payouts wait until the payout webhook has been heard once. Source: a reading of `docs: D3`.
    pub approval_gate: bool,
    /// Of payouts created within one second only the first is told. Source: `docs: D6`.
    pub batch_notifications: bool,
    /// From creation to the first final status; what exceeds 300 counts as 300. Source: `docs: D6`,
    /// up to five minutes.
    pub finality_delay_seconds: u16,
    /// Where payouts are told. `[sim]`: registered with ETpay, not sent with the payout. Without it
    /// no payout is told at all.
    pub payout_webhook_url: Option<String>,
    /// Where payments are told whose session names no address. Source: `docs: D13`.
    pub payment_webhook_url: Option<String>,
    /// Where the payer goes after a success if the session names no address. Source: `docs: D13`.
    pub payment_completed_url: Option<String>,
    /// Where the payer goes otherwise if the session names no address. Source: `docs: D13`.
    pub payment_cancellation_url: Option<String>,
}

impl Switches {
    pub(super) fn finality_delay(&self) -> Duration {
        Duration::from_secs(u64::from(self.finality_delay_seconds.min(FINALITY_SECONDS_MAX)))
    }

    pub(super) fn token_life(&self) -> Duration {
        Duration::from_secs(self.token_life_seconds.into())
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            amount_max: 7_000_000,
            unique_orders: false,
            single_object: false,
            notification_form: NotificationForm::Json,
            retry_delays_seconds: vec![1, 5, 30],
            session_ttl_seconds: 30 * 60,
            notify_on_expiry: true,
            token_life_seconds: 60 * 60,
            tolerate_bearer: false,
            duplicates: Duplicates::Execute,
            page_base: 1,
            error_codes: true,
            approval_gate: false,
            batch_notifications: false,
            finality_delay_seconds: 1,
            payout_webhook_url: None,
            payment_webhook_url: None,
            payment_completed_url: None,
            payment_cancellation_url: None,
        }
    }
}

/// How a token travels in a notification. None is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationForm {
    /// `{"jwt":"<token>"}`.
    Json,
    /// `jwt=<token>`, as a form.
    Form,
    /// `<token>`, as plain text.
    Raw,
    /// `"<token>"`, a JSON string.
    JsonString,
}

/// What a second payout of an order number meets. Nothing is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It is paid again: the worst that can be.
    Execute,
    /// It is refused with 409 and the payout that exists.
    Refuse,
}

const FINALITY_SECONDS_MAX: u16 = 300;
