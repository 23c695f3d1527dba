//! Mexico's CEP (comprobante electrónico de pago): Banco de México's proof that a transfer over SPEI
//! was credited.
//!
//! Its page <https://www.banxico.org.mx/cep/> gives out a CEP to whoever knows the day, the tracking
//! key or the reference, both banks, the account and the amount. [`write_requests`] writes those,
//! [`read`] reads the XML that came back, and [`Cep::compare`] compares it with a payout.
//!
//! **The seal is not verified.** Banco de México publishes neither how it is made nor the
//! certificates, as far as we found; its page verifies a CEP. What is checked is that the attributes
//! of the XML are those of the chain that is sealed (`cadenaCDA`), so that a CEP in which only the
//! visible amount or account was changed is refused. Source of the fields: the answers that a public
//! client recorded (GitHub: cuenca-mx/cep-python, `tests/cassettes/test_validar_transferencia_tipo_1
//! .yaml`, of 2025-02-14) and the client itself, read 2026-11-30.

mod compare;
mod read;
mod request;
#[cfg(test)]
mod tests;

use std::fmt;

use pagos_core::{Day, Money};

pub use compare::{Comparison, Expected, Found};
pub use read::read;
pub use request::{Request, write_requests};

/// A CEP. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cep {
    /// The day of operation. In the evening and on days without banks it is the next banking day.
    pub date: Day,
    /// The time of day in Mexico, as it is written.
    pub time: String,
    /// The tracking key (clave de rastreo). Older CEPs have none.
    pub tracking_key: Option<String>,
    /// The five-digit code of the institution that credited it.
    pub institution: String,
    /// Who paid.
    pub payer: Party,
    /// Who was paid.
    pub beneficiary: Party,
    /// What for.
    pub concept: Option<String>,
    /// The amount that was credited.
    pub amount: Money,
    /// The number of the certificate that the seal was made with.
    pub certificate: Option<String>,
    /// The chain that is sealed.
    pub chain: String,
    /// The seal, which nothing here verifies.
    pub seal: Option<String>,
}

/// One side of a transfer. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The name of the bank.
    pub bank: Option<String>,
    /// The name on the account.
    pub name: Option<String>,
    /// The kind of the account, as a code: 40 is a CLABE.
    pub account_type: Option<String>,
    /// The number of the account.
    pub account: Option<String>,
    /// The RFC or CURP.
    pub tax_id: Option<String>,
}

impl fmt::Debug for Cep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cep(..)")
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Party(..)")
    }
}
