//! What Banco de México's page asks for, as CSV.

use std::fmt;

use pagos_core::{Day, Money};

/// The columns, in the words of the page. `clave` is the key of the order.
const HEADER: &str =
    "clave,fecha,clave_rastreo,referencia,emisor,receptor,cuenta_beneficiario,monto";

/// The data of one payout. What is not known is an empty cell. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The key of the order.
    pub key: String,
    /// The day of the payment in Mexico.
    pub date: Option<Day>,
    /// The tracking key (clave de rastreo).
    pub tracking_key: Option<String>,
    /// The reference number, of up to seven digits.
    pub reference: Option<String>,
    /// The code of the bank that sent it.
    pub sender: Option<String>,
    /// The code of the bank that received it: the first three digits of a CLABE. The page's own
    /// codes have two digits before them (`90723`, `37166`, as recorded by cuenca-mx/cep-python).
    pub receiver: Option<String>,
    /// The CLABE of the beneficiary.
    pub account: String,
    /// The amount.
    pub amount: Money,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Request {
    /// The columns whose cell is empty.
    pub fn unknown(&self) -> Vec<&'static str> {
        let cells = [
            ("fecha", self.date.is_none()),
            ("clave_rastreo", self.tracking_key.is_none()),
            ("referencia", self.reference.is_none()),
            ("emisor", self.sender.is_none()),
            ("receptor", self.receiver.is_none()),
        ];
        cells.iter().filter(|(_, is_empty)| *is_empty).map(|(name, _)| *name).collect()
    }

    /// Whether the page can find it: it wants the tracking key or the reference, and all the rest.
    pub fn is_complete(&self) -> bool {
        let is_named = self.tracking_key.is_some() || self.reference.is_some();
        is_named && self.date.is_some() && self.sender.is_some() && self.receiver.is_some()
    }
}

/// Writes the requests as CSV, the day as `31-01-2026`, as the page takes it.
///
/// ```
/// use pagos_bankfile::cep::{Request, write_requests};
/// use pagos_core::{Currency, Money};
///
/// let request = Request {
///     key: "july-001".to_owned(),
///     date: Some("2026-07-02".parse()?),
///     tracking_key: None,
///     reference: None,
///     sender: None,
///     receiver: Some("723".to_owned()),
///     account: "723969000011000077".to_owned(),
///     amount: Money::parse("3414.95", Currency::Mxn)?,
/// };
/// let text = String::from_utf8(write_requests(&[request]))?;
/// assert!(text.ends_with("\r\njuly-001,02-07-2026,,,,723,723969000011000077,3414.95\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_requests(requests: &[Request]) -> Vec<u8> {
    let mut text = format!("{HEADER}\r\n");
    for request in requests {
        let date =
            request.date.map(|it| format!("{:02}-{:02}-{:04}", it.day(), it.month(), it.year()));
        let exponent = request.amount.currency.exponent();
        let cells = [
            request.key.as_str(),
            date.as_deref().unwrap_or_default(),
            request.tracking_key.as_deref().unwrap_or_default(),
            request.reference.as_deref().unwrap_or_default(),
            request.sender.as_deref().unwrap_or_default(),
            request.receiver.as_deref().unwrap_or_default(),
            request.account.as_str(),
            &request.amount.to_major(exponent).unwrap_or_default(),
        ];
        let cells: Vec<String> = cells.into_iter().map(cell).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Quotes what a reader of CSV would split.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
