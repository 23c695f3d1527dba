//! Our assumptions about payouts, which VirtualPOS does not document: paths, state words, error
//! codes, limits. Most of them are defaults of settings.
//!
//! Only the signature of payouts is published. Source: manual. Each fact here has a tag:
//! \[inferred\] is our conclusion, mostly from the payment API of the same provider; `code: K` is a
//! third party's summary of that API's pages. `docs/providers/virtualpos.md` is the list to compare
//! with VirtualPOS's own documents.

use pagos_core::{FailReason, Status};

/// New payouts. \[inferred\] from `POST /v3/payment` and `POST /v3/charge`, code: K.
pub(crate) const PATH_CREATE: &str = "/v3/payout";

/// A payout by VirtualPOS's id. \[inferred\] from `GET /v3/payment/{uuid}`, code: K.
pub(crate) const PATH_BY_ID: &str = "/v3/payout/{id}";

/// A payout by our key. \[inferred\]; there is no sibling, and a segment of its own keeps ids and
/// keys apart.
pub(crate) const PATH_BY_MERCHANT_ID: &str = "/v3/payout/merchant/{merchant_id}";

/// The least payout, in pesos. \[inferred\]
pub(crate) const AMOUNT_MINOR_MIN: i64 = 1;

/// The largest payout, in pesos: the limit of other providers for a transfer in Chile. \[inferred\]
pub(crate) const AMOUNT_MINOR_MAX: i64 = 7_000_000;

/// The message of an order without a description; the manual's structure always has one. Our
/// choice.
pub(crate) const DEFAULT_MESSAGE: &str = "Pago";

/// The longest message, in characters. \[inferred\]; nothing longer than about a hundred was tried.
pub(crate) const MESSAGE_LENGTH_MAX: usize = 255;

/// The longest name, in characters. \[inferred\] from the payment API.
pub(crate) const NAME_LENGTH_MAX: usize = 255;

/// The longest mail address. \[inferred\] from the payment API.
pub(crate) const EMAIL_LENGTH_MAX: usize = 255;

/// The longest account number, digits. \[inferred\]
pub(crate) const ACCOUNT_DIGITS_MAX: usize = 20;

/// The meanings of state words, in lower case and without accents. \[inferred\]: the words of
/// payments and charges (code: K), their feminine forms and their English ones. Any other word
/// stands for no status.
pub(crate) const STATE_WORDS: [(&str, Status); 48] = [
    ("pendiente", Status::Pending),
    ("creado", Status::Pending),
    ("creada", Status::Pending),
    ("ingresado", Status::Pending),
    ("ingresada", Status::Pending),
    ("pending", Status::Pending),
    ("created", Status::Pending),
    ("procesando", Status::Pending),
    ("en_proceso", Status::Pending),
    ("en proceso", Status::Pending),
    ("enviado", Status::Pending),
    ("enviada", Status::Pending),
    ("reintentando", Status::Pending),
    ("processing", Status::Pending),
    ("sent", Status::Pending),
    ("pagado", Status::Succeeded),
    ("pagada", Status::Succeeded),
    ("completado", Status::Succeeded),
    ("completada", Status::Succeeded),
    ("exitoso", Status::Succeeded),
    ("exitosa", Status::Succeeded),
    ("aprobado", Status::Succeeded),
    ("aprobada", Status::Succeeded),
    ("paid", Status::Succeeded),
    ("completed", Status::Succeeded),
    ("success", Status::Succeeded),
    ("rechazado", Status::Failed(FailReason::Declined)),
    ("rechazada", Status::Failed(FailReason::Declined)),
    ("fallido", Status::Failed(FailReason::Declined)),
    ("fallida", Status::Failed(FailReason::Declined)),
    ("rejected", Status::Failed(FailReason::Declined)),
    ("failed", Status::Failed(FailReason::Declined)),
    ("expirado", Status::Failed(FailReason::Expired)),
    ("expirada", Status::Failed(FailReason::Expired)),
    ("cancelado", Status::Failed(FailReason::Cancelled)),
    ("cancelada", Status::Failed(FailReason::Cancelled)),
    ("anulado", Status::Failed(FailReason::Cancelled)),
    ("anulada", Status::Failed(FailReason::Cancelled)),
    ("cancelled", Status::Failed(FailReason::Cancelled)),
    ("canceled", Status::Failed(FailReason::Cancelled)),
    ("devuelto", Status::Failed(FailReason::Returned)),
    ("devuelta", Status::Failed(FailReason::Returned)),
    ("reversado", Status::Failed(FailReason::Returned)),
    ("reversada", Status::Failed(FailReason::Returned)),
    ("reversed", Status::Failed(FailReason::Returned)),
    ("returned", Status::Failed(FailReason::Returned)),
    ("refunded", Status::Failed(FailReason::Returned)),
    ("reembolsado", Status::Failed(FailReason::Returned)),
];

/// Codes of refused credentials and signatures. Source: code: K, for payments; that payouts use
/// them is \[inferred\].
pub(crate) const AUTH_CODES: [&str; 5] = ["E-001", "E-002", "E-014", "E-015", "E-016"];

/// Error codes for "there is no such thing". The same source as [`AUTH_CODES`].
pub(crate) const ABSENT_CODES: [&str; 3] = ["E-041", "E-066", "E-082"];

/// The word of `status` at the root of a successful answer. It is not a payout's state. Source:
/// public code around v3 payments; for payouts \[inferred\].
pub(crate) const OK: &str = "OK";

/// The word of an unsuccessful answer, even under HTTP 200. The same source as [`OK`].
pub(crate) const NOK: &str = "NOK";

/// Opens a payment. Source: code: K.
pub(crate) const PATH_PAYMENT: &str = "/v3/payment/";

/// One payment. Source: code: K.
pub(crate) const PATH_PAYMENT_BY_ID: &str = "/v3/payment/{id}";

/// Creates the page of a payment. Source: code: K.
pub(crate) const PATH_WEBCHECKOUT: &str = "/v3/payment/{id}/webcheckout";

/// `payment_method`: the payer chooses. Source: code: K.
pub(crate) const ALL_METHODS: &str = "all";

/// For how many days a payment can be paid. Source: code: K ("30 days by default").
pub(crate) const OPEN_DAYS: u64 = 30;
