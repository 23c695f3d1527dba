//! Who calls, whether the call is signed, and how it is refused.
//! Not what the fields of each call must hold.

use http::{StatusCode, header::AUTHORIZATION};
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    settings::KeyPair,
    sign::{Claims, Distrust},
};
use crate::{
    fields::{Flaw, FlawKind},
    twin::Request,
};

/// A refusal: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// `E-...` are of a real group of the sibling API, whose single meanings are not known; `SIM-...`
    /// are invented.
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// The texts are inventions. `[sim]`
impl Refusal {
    fn of(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into() }
    }

    fn unknown_key() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "E-001", "API KEY no válida")
    }

    pub(super) fn signature(text: &str) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "E-016", text)
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "SIM-VALIDATION", text)
    }

    pub(super) fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND, "SIM-NOT-FOUND", "no existe")
    }

    pub(super) fn duplicate() -> Self {
        Self::of(StatusCode::CONFLICT, "SIM-DUPLICATE", "merchant_id ya utilizado")
    }

    pub(super) fn no_funds() -> Self {
        Self::of(StatusCode::BAD_REQUEST, "SIM-NO-FUNDS", "saldo insuficiente")
    }

    /// What comes with HTTP 200 whatever is switched.
    pub(super) fn under_200() -> Self {
        Self::of(StatusCode::OK, "SIM-REFUSED", "payout rechazado")
    }

    pub(super) fn closed() -> Self {
        Self::of(StatusCode::CONFLICT, "SIM-CLOSED", "el pago ya no está pendiente")
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        let field = flaw.field;
        Self::invalid(match flaw.kind {
            FlawKind::Missing => format!("falta {field}"),
            FlawKind::Wrong => format!("{field} no es válido"),
        })
    }
}

impl From<Distrust> for Refusal {
    fn from(distrust: Distrust) -> Self {
        Self::signature(match distrust {
            Distrust::Shape => "Signature no es un JWT",
            Distrust::Algorithm => "Signature con otro algoritmo que HS256",
            Distrust::Mac => "Signature no corresponde",
            Distrust::Time => "Signature fuera de plazo",
        })
    }
}

/// Somebody who knows both keys of an account.
#[derive(Debug)]
pub(super) struct Caller {
    /// Position of the account.
    pub(super) account: usize,
    pub(super) claims: Claims,
}

impl Caller {
    /// Whether the token says this of `tef`, by value: neither order nor escapes count, and numbers
    /// are integers.
    pub(super) fn signs_tef(&self, tef: &Value) -> bool {
        self.claims.value("tef") == Some(tef)
    }
}

/// Checks the headers, in this order: the key is known, there is a signature, it has three parts and
/// HS256, its code is right, it is of this key. Source: `virtualpos.md` 10, checks 1 to 5.
pub(super) fn admit(
    request: &Request,
    accounts: &[KeyPair],
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|it| it.to_str().ok());
    let api_key = header(AUTHORIZATION.as_str()).ok_or_else(Refusal::unknown_key)?;
    let known = accounts.iter().enumerate().find(|(_, pair)| pair.api_key == api_key);
    let (account, pair) = known.ok_or_else(Refusal::unknown_key)?;
    let token = header("Signature").ok_or_else(|| Refusal::signature("falta Signature"))?;
    let claims = Claims::open(token, &pair.secret_key, now)?;
    if claims.value("api_key").and_then(Value::as_str) != Some(api_key) {
        return Err(Refusal::signature("Signature de otra API KEY"));
    }
    Ok(Caller { account, claims })
}
