//! How a request is refused, in Conekta's words and both of its languages.
//! Not which request is refused.

use http::{StatusCode, header::ACCEPT_LANGUAGE};
use serde::Serialize;

use crate::{
    call::{ErrorReplies, Statuses},
    fields::{Flaw, FlawKind},
    twin::{Reply, Request},
};

/// The language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Spanish,
    English,
}

impl Language {
    /// Spanish unless English comes first.
    ///
    /// Source: `openapi: parameters/commons/headers/accept_language`.
    pub(super) fn of(request: &Request) -> Self {
        let asked = request.headers().get(ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
        match asked.is_some_and(|it| it.trim_start().starts_with("en")) {
            true => Self::English,
            false => Self::Spanish,
        }
    }
}

/// A refusal: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: String,
    /// For developers, always in English.
    debug: String,
    /// For people; the English one is that for developers.
    spanish: &'static str,
    param: Option<String>,
}

/// Source: manual for types and debug messages, `openapi: schemas/errors` and `resources/errors`
/// for codes. The codes of transfers and payees are blank in the manual: those are made by the
/// pattern of the others, and most Spanish texts are ours too. `[sim]`
impl Refusal {
    /// Source: `openapi: resources/errors/401`.
    pub(super) fn missing_key() -> Self {
        let english = "Please include your access key in your request.";
        let code = "conekta.errors.authentication.missing_key";
        Self::of(StatusCode::UNAUTHORIZED, "authentication_error", code, english, UNAUTHORIZED)
    }

    pub(super) fn wrong_key() -> Self {
        let code = "conekta.errors.authentication.unrecognized_access_key";
        let debug = "Unrecognized access key";
        Self::of(StatusCode::UNAUTHORIZED, "authentication_error", code, debug, UNAUTHORIZED)
    }

    /// Source: `docs: errores`, for a version that does not exist.
    pub(super) fn wrong_version() -> Self {
        let code = "conekta.errors.conflict.api_version";
        let debug = "The API version that was asked for does not exist.";
        let spanish = "La versión de la API solicitada no existe.";
        Self::of(StatusCode::CONFLICT, "conflict_error", code, debug, spanish)
    }

    pub(super) fn no_json() -> Self {
        let code = "conekta.errors.malformed_request.body";
        let debug = "The request body is no JSON object.";
        let spanish = "El cuerpo de la petición no es un objeto JSON.";
        Self::of(StatusCode::BAD_REQUEST, "malformed_request_error", code, debug, spanish)
    }

    /// Source: `openapi: resources/errors/404`.
    pub(super) fn not_found() -> Self {
        let code = "conekta.errors.resource_not_found.entity";
        let debug = "The resource could not be found.";
        let spanish = "El recurso no ha sido encontrado.";
        Self::of(StatusCode::NOT_FOUND, "resource_not_found_error", code, debug, spanish)
    }

    /// Source: manual; that it is 402, `openapi: resources/errors/402`.
    pub(super) fn insufficient_funds() -> Self {
        let code = "conekta.errors.processing.transfer.insufficient_funds";
        let spanish = "No tiene saldo suficiente para realizar la dispersión.";
        let debug = "Insufficient funds";
        Self::of(StatusCode::PAYMENT_REQUIRED, "processing_error", code, debug, spanish)
    }

    /// What a wrong `type` of a destination meets, and every breakdown. Source: manual.
    pub(super) fn runtime_error() -> Self {
        let code = "conekta.errors.api.system.general_failure";
        let debug = "There was a runtime error and Conekta engineers have been notified.";
        let spanish = "Hubo un error, nuestros ingenieros han sido notificados.";
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "api_error", code, debug, spanish)
    }

    /// Refused unread. That a busy Conekta says so in this way is `[sim]`.
    pub(super) fn busy() -> Self {
        let code = "conekta.errors.rate_limit.requests";
        let debug = "Too many requests.";
        let spanish = "Demasiadas peticiones.";
        Self::of(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", code, debug, spanish)
    }

    /// Source: manual, with its back-tick.
    pub(super) fn wrong_account() -> Self {
        let debug = "The payee`s account number was invalid, please ensure that it is an 18 digit \
                     CLABE.";
        let spanish = "La cuenta del beneficiario es inválida, debe ser una CLABE de 18 dígitos.";
        Self::invalid("account_number", "invalid", debug, spanish)
    }

    /// Source: manual; that it is not 404, `conekta.md: 6.3`.
    pub(super) fn no_such_payee() -> Self {
        let spanish = "El beneficiario no fue encontrado.";
        Self::invalid("payee_id", "not_found", "The payee could not be found", spanish)
    }

    /// Source: manual.
    pub(super) fn wrong_currency() -> Self {
        let spanish = "La moneda es inválida.";
        Self::invalid("currency", "invalid", "The provided currency is invalid", spanish)
    }

    /// Source: manual.
    pub(super) fn no_amount() -> Self {
        let spanish = "El monto de la dispersión debe ser mayor a cero.";
        Self::invalid("amount", "required", "The transfer amount is required", spanish)
    }

    /// Source: `openapi: resources/errors/422_whitelist`.
    pub(super) fn unlisted(param: &str) -> Self {
        let refusal = Self::invalid(param, "whitelist", "", "El parámetro no está permitido.");
        let debug = format!("The \"{param}\" parameter is not allowed.");
        let code = "conekta.errors.parameter_validation.whitelist".to_owned();
        Self { debug, code, ..refusal }
    }

    /// One parameter that is not as it should be.
    pub(super) fn invalid(param: &str, reason: &str, debug: &str, spanish: &'static str) -> Self {
        let code = format!("conekta.errors.parameter_validation.{param}.{reason}");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let refusal = Self::of(status, "parameter_validation_error", &code, debug, spanish);
        Self { param: Some(param.to_owned()), ..refusal }
    }

    fn of(
        status: StatusCode,
        kind: &'static str,
        code: &str,
        debug: &str,
        spanish: &'static str,
    ) -> Self {
        let (code, debug) = (code.to_owned(), debug.to_owned());
        Self { status, kind, code, debug, spanish, param: None }
    }

    /// As it is answered.
    pub(super) fn reply(&self, language: Language) -> Reply {
        let message = match language {
            Language::English => &self.debug,
            Language::Spanish => self.spanish,
        };
        let error = Error {
            details: [Detail {
                debug_message: &self.debug,
                message,
                param: self.param.as_deref(),
                code: &self.code,
            }],
            object: "error",
            kind: self.kind,
            log_id: LOG_ID,
        };
        Reply::json(self.status, serde_json::to_vec(&error).unwrap_or_default())
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        let field = &flaw.field;
        match flaw.kind {
            FlawKind::Missing => {
                let debug = format!("The \"{field}\" parameter is required.");
                Self::invalid(field, "required", &debug, "Falta un parámetro.")
            }
            FlawKind::Wrong => {
                let debug = format!("The \"{field}\" parameter is invalid.");
                Self::invalid(field, "invalid", &debug, "Un parámetro es inválido.")
            }
        }
    }
}

/// The answer or the refusal, in this language.
pub(super) fn reply_of(outcome: Result<Reply, Refusal>, language: Language) -> Reply {
    outcome.unwrap_or_else(|refusal| refusal.reply(language))
}

/// What Conekta says in this language when it takes nothing on.
const STATUSES: Statuses = Statuses {
    field: "status",
    words: &["pending", "in_transit", "retrying", "paid_out", "failed"],
};

pub(super) const fn error_replies(language: Language) -> ErrorReplies {
    match language {
        Language::English => ErrorReplies {
            internal_error: || Refusal::runtime_error().reply(Language::English),
            busy: || Refusal::busy().reply(Language::English),
            refusal: || Refusal::wrong_account().reply(Language::English),
            statuses: STATUSES,
        },
        Language::Spanish => ErrorReplies {
            internal_error: || Refusal::runtime_error().reply(Language::Spanish),
            busy: || Refusal::busy().reply(Language::Spanish),
            refusal: || Refusal::wrong_account().reply(Language::Spanish),
            statuses: STATUSES,
        },
    }
}

/// Source: manual for the fields and `param`, which its table calls `params`.
#[derive(Serialize)]
struct Error<'a> {
    details: [Detail<'a>; 1],
    object: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    log_id: &'static str,
}

#[derive(Serialize)]
struct Detail<'a> {
    debug_message: &'a str,
    message: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

const UNAUTHORIZED: &str = "Acceso no autorizado.";

/// The twin keeps no log. `[sim]`
const LOG_ID: &str = "5a17e57b0c5a17e57b0c5a17";
