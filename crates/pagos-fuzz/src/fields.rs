//! What each provider calls things, and which words it documents, written down a second time from its
//! documents: the oracle of `reply.rs`. Nothing here comes from the tables of the provider crates.

use pagos_core::ErrorKind;

use crate::json::Json;

/// One provider's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// The fields that hold an amount that we ordered.
    pub(crate) amounts: &'static [&'static str],
    /// How many hundred-thousandths one unit of `amounts` is, and one minor unit of the currency.
    pub(crate) units: [i128; 2],
    /// The fields that hold our key.
    pub(crate) keys: &'static [&'static str],
    /// Words that may mean that the money arrived.
    pub(crate) paid: &'static [&'static str],
    /// Words that may mean that it does not.
    pub(crate) failed: &'static [&'static str],
    /// Words that may mean that there is no such payout. Empty where only an empty list says so.
    pub(crate) absent: &'static [&'static str],
    /// The names of fields that a list of payouts has.
    pub(crate) list: &'static [&'static str],
}

/// The words of a provider.
pub(crate) fn words(provider: &str) -> Words {
    match provider {
        "cashypro" => Words {
            amounts: &["amount"],
            units: [100_000, 1_000],
            keys: &["mchOrderNo"],
            paid: &["SUCCESS"],
            failed: &["FAIL", "CANCEL"],
            absent: &["Order_not_exist", "null"],
            list: &[],
        },
        "conekta" => Words {
            amounts: &["amount"],
            units: [1_000, 1_000],
            keys: &[],
            paid: &["paid_out"],
            failed: &["failed"],
            absent: &[],
            list: &["data"],
        },
        "etpay" => Words {
            amounts: &["amount", "merchant_amount"],
            units: [100_000, 100_000],
            keys: &["merchant_order_id"],
            paid: &["completed", "true"],
            failed: &["rejected", "error", "failed", "reversed", "returned", "false"],
            absent: &[],
            list: &["payouts"],
        },
        _ => Words {
            amounts: &["amount"],
            units: [100_000, 100_000],
            keys: &["merchant_id", "merchantId"],
            paid: &[
                "pagado",
                "pagada",
                "completado",
                "completada",
                "exitoso",
                "exitosa",
                "aprobado",
                "aprobada",
                "paid",
                "completed",
                "success",
            ],
            failed: &[
                "rechazado",
                "rechazada",
                "fallido",
                "fallida",
                "rejected",
                "failed",
                "expirado",
                "expirada",
                "cancelado",
                "cancelada",
                "anulado",
                "anulada",
                "cancelled",
                "canceled",
                "devuelto",
                "devuelta",
                "reversado",
                "reversada",
                "reversed",
                "returned",
                "refunded",
                "reembolsado",
            ],
            absent: &["E-041", "E-066", "E-082"],
            list: &[],
        },
    }
}

/// May this answer to a new payout be taken for an error of this kind? `Unknown` always may.
pub(crate) fn may_mean(provider: &str, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
    // A page of something on the way says nothing about the payout.
    let Some(json) = json else {
        return match kind {
            ErrorKind::Unknown => true,
            ErrorKind::Throttled => http == 429 && provider == "etpay",
            _ => false,
        };
    };
    match kind {
        ErrorKind::Unknown => true,
        // It has been answered: so it was delivered, and our input could be said.
        ErrorKind::Undelivered | ErrorKind::Invalid => false,
        ErrorKind::Rejected => may_be_rejected(provider, http, json),
        ErrorKind::Throttled => match provider {
            "conekta" => http == 429 || (http == 402 && json.says(&["processing_error"])),
            "etpay" => matches!(http, 400 | 401 | 402 | 429),
            _ => false,
        },
        ErrorKind::Unauthorized => match provider {
            "cashypro" => json.scalars.iter().any(|(name, value)| {
                let value = value.to_ascii_lowercase();
                let starts = ["merchantid_", "sign_verify_error", "request_ip_notwhitelist"];
                name == "msg" && starts.iter().any(|start| value.starts_with(start))
            }),
            "virtualpos" => {
                let codes = ["E-001", "E-002", "E-014", "E-015", "E-016"];
                matches!(http, 401 | 403) || json.says(&codes)
            }
            _ => matches!(http, 401 | 403),
        },
    }
}

fn may_be_rejected(provider: &str, http: u16, json: &Json) -> bool {
    match provider {
        "cashypro" => json.values("msg").any(|word| {
            let word = word.to_ascii_lowercase();
            let is_field = word.starts_with("params_")
                && (word.ends_with("_error") || word.ends_with("_required"));
            let is_form = word.starts_with("request") && !word.contains("notwhitelist");
            (is_field && word != "params_mchorderno_error") || is_form
        }),
        "conekta" => {
            (http == 422 && json.says(&["parameter_validation_error"]))
                || (http == 400 && json.says(&["malformed_request_error"]))
        }
        "etpay" => {
            let is_field = |word: &str| {
                let word = word.trim().to_ascii_lowercase();
                word.ends_with(" is invalid") || word.ends_with(" is required")
            };
            matches!(http, 400 | 422) && json.scalars.iter().any(|(_, value)| is_field(value))
        }
        _ => false,
    }
}
