//! What comes in: the order in which a request is checked, and its fields as exact text.
//! Not what the fields of each call must hold.

use std::collections::BTreeMap;

use http::{Method, header::CONTENT_TYPE};
use serde_json::value::RawValue;

use super::{Cashypro, amount, settings::CashyproSettings, sign};
use crate::{machine::Protocol, twin::Request};

/// A refusal: the `msg` of an answer with code 500. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

impl Refusal {
    pub(super) fn of(msg: &str) -> Self {
        Self(msg.to_owned())
    }

    /// Source: error list, `Params_xxx_Required`.
    pub(super) fn required(field: &str) -> Self {
        Self(format!("Params_{field}_Required"))
    }

    /// Source: error list, `Params_xxx_error`.
    pub(super) fn wrong(field: &str) -> Self {
        Self(format!("Params_{field}_error"))
    }
}

/// Checks everything that all calls have in common and reads the body.
///
/// The tokens are those of the published error list; their order is inferred from the list's.
pub(super) fn open<'a>(
    request: &'a Request,
    settings: &CashyproSettings,
) -> Result<Fields<'a>, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::of("RequestMethod_not_post"));
    }
    let content_type = request.headers().get(CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
    if !content_type.to_ascii_lowercase().starts_with(b"application/json") {
        return Err(Refusal::of("RequestContentType_not_json"));
    }
    check_merchant(request, settings)?;
    let body = request.body();
    if body.is_empty() {
        return Err(Refusal::of("RequestBody_is_null"));
    }
    let signature = request.headers().get("Sign").map_or(&b""[..], |it| it.as_bytes());
    if !sign::is_valid(signature, body, &settings.api_key) {
        return Err(Refusal::of("Sign_verify_error"));
    }
    let fields =
        serde_json::from_slice(body).map_err(|_| Refusal::of("Params_jsonFormat_error"))?;
    Ok(Fields { fields })
}

fn check_merchant(request: &Request, settings: &CashyproSettings) -> Result<(), Refusal> {
    let merchant = request.headers().get("MerchantId").map_or(&b""[..], |it| it.as_bytes());
    if merchant.is_empty() {
        return Err(Refusal::of("MerchantId_is_null"));
    }
    if !merchant.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::of("MerchantId_not_Number"));
    }
    if merchant != settings.merchant_id.as_bytes() {
        return Err(Refusal::of("MerchantId_is_error"));
    }
    Ok(())
}

/// The fields of a body. Numbers keep the text they were sent in and are never floating point.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    fields: BTreeMap<String, &'a RawValue>,
}

impl Fields<'_> {
    /// Every one of these is present, not null and not empty; the first that is not is named.
    pub(super) fn require(&self, names: &[&str]) -> Result<(), Refusal> {
        names
            .iter()
            .copied()
            .find(|name| !self.has(name))
            .map_or(Ok(()), |name| Err(Refusal::required(name)))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|raw| !matches!(raw.get(), "null" | "\"\""))
    }

    /// The text of a string or number of at most `chars_max` characters; empty if absent.
    ///
    /// The documents show numbers as strings and strings as numbers, so both are taken.
    pub(super) fn text(&self, name: &str, chars_max: usize) -> Result<String, Refusal> {
        let Some(raw) = self.fields.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null")
        else {
            return Ok(String::new());
        };
        let text = match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_err(|_| Refusal::wrong(name))?,
            Some(b'-' | b'0'..=b'9') => raw.to_owned(),
            _ => return Err(Refusal::wrong(name)),
        };
        if text.chars().count() > chars_max {
            return Err(Refusal::wrong(name));
        }
        Ok(text)
    }

    /// A small whole number, sent as number or string.
    pub(super) fn whole(&self, name: &str) -> Result<u16, Refusal> {
        let text = self.text(name, 5)?;
        if !text.bytes().all(|it| it.is_ascii_digit()) {
            return Err(Refusal::wrong(name));
        }
        text.parse().map_err(|_| Refusal::wrong(name))
    }

    /// `true` or `false`, as JSON says it or as text.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.fields.get(name).map(|raw| raw.get()) {
            Some("true" | "\"true\"") => Ok(true),
            Some("false" | "\"false\"") => Ok(false),
            _ => Err(Refusal::wrong(name)),
        }
    }
}

/// Pesos of Colombia and nothing else.
pub(super) fn check_currency(fields: &Fields<'_>) -> Result<(), Refusal> {
    if fields.text("currency", 32)? == Cashypro::CURRENCY {
        return Ok(());
    }
    Err(Refusal::wrong("currency"))
}

/// An amount within the limits, in centavos.
pub(super) fn amount(fields: &Fields<'_>, settings: &CashyproSettings) -> Result<i64, Refusal> {
    let allowed = settings.amount_minor_min..=settings.amount_minor_max;
    amount::parse(&fields.text("amount", 21)?)
        .filter(|amount_minor| allowed.contains(amount_minor))
        .ok_or_else(|| Refusal::wrong("amount"))
}

/// An http or https address with a host, of at most 250 characters.
///
/// Source: manual "Request Parameters" for the length; the pages forbid private addresses too,
/// which the twin allows, since it calls loopback only.
pub(super) fn notify_url(fields: &Fields<'_>) -> Result<String, Refusal> {
    let text = fields.text("notifyUrl", 250)?;
    let refusal = || Refusal::wrong("notifyUrl");
    let url: http::Uri = text.parse().map_err(|_| refusal())?;
    let is_web = matches!(url.scheme_str(), Some("http" | "https"));
    match url.host() {
        Some(host) if is_web && !host.is_empty() => Ok(text),
        _ => Err(refusal()),
    }
}
