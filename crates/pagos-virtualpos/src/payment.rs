//! Payments: builds requests from orders and reads sessions from answers. `lib.rs` sends the
//! requests, and `payment/check.rs` checks orders.
//!
//! VirtualPOS's own pages about payments could not be read. This file follows a third party's
//! summary of them and public integrations, cited as `code: K` and `public code`.

pub(crate) mod check;

use bytes::Bytes;
use http::Response;
use serde_json::value::RawValue;

use pagos_core::{
    Currency, Echo, Error, ErrorKind, Lookup, Money, Observation, OrderKey, PaymentOrder,
    ProviderRef, Source, Timestamp, Violation,
};
use pagos_wire::WebhookUrl;

use crate::{
    config::{PaymentSettings, Settings},
    contract,
    payment::check::{
        encode_url, read_amount, read_description, read_email, read_name, read_phone,
        read_return_url, read_rut, refuse_rest,
    },
    status::{self, Answer, Noun, Shown, is_forbidden},
    wire::{LinkAnswer, PaymentAnswer, PaymentFields, PaymentRequest, WebcheckoutRequest},
};

/// The request of a payment, or all problems of the order. Source: code: K; which fields are
/// required is \[inferred\].
pub(crate) fn request<'a>(
    settings: &'a Settings,
    payments: &'a PaymentSettings,
    order: &'a PaymentOrder,
) -> Result<PaymentRequest<'a>, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let amount = read_amount(order.amount).map_err(&mut keep);
    let email = read_email(order.email.as_deref()).map_err(&mut keep);
    let rut = read_rut(order.document.as_ref()).map_err(&mut keep);
    let name = read_name(order.payer_name.as_deref()).map_err(&mut keep);
    let phone = read_phone(order.phone.as_deref()).map_err(&mut keep);
    let description = read_description(settings, order.description.as_deref()).map_err(&mut keep);
    let return_url = read_return_url(payments, order.return_url.as_deref()).map_err(&mut keep);
    refuse_rest(order).into_iter().for_each(&mut keep);

    let (Ok(amount), Ok(email), Ok(rut), Ok(name)) = (amount, email, rut, name) else {
        return Err(violations);
    };
    let (Ok(phone), Ok(description), Ok(return_url)) = (phone, description, return_url) else {
        return Err(violations);
    };
    if !violations.is_empty() {
        return Err(violations);
    }
    Ok(PaymentRequest {
        amount,
        email,
        social_id: rut,
        first_name: name.first,
        last_name: name.last,
        phone,
        description,
        merchant_internal_code: order.key.as_str(),
        return_url: return_url.map(encode_url),
        callback_url: callback_url(payments),
    })
}

/// The request for the payer's page.
pub(crate) fn webcheckout(
    payments: &PaymentSettings,
    order: &PaymentOrder,
) -> Result<WebcheckoutRequest, Vec<Violation>> {
    let return_url = read_return_url(payments, order.return_url.as_deref())
        .map_err(|violation| vec![violation])?;
    Ok(WebcheckoutRequest {
        return_url: return_url.map(encode_url),
        callback_url: callback_url(payments),
        payment_method: contract::ALL_METHODS,
    })
}

fn callback_url(payments: &PaymentSettings) -> Option<String> {
    payments.notify_url.as_ref().map(|url| encode_url(url.as_str()))
}

/// An open payment, and the payer's page if the answer has it.
pub(crate) struct Opened {
    pub(crate) observation: Observation,
    pub(crate) url: Option<String>,
}

/// Reads the answer to a new payment: the opened payment, or the caller's next step.
pub(crate) fn read_opened(
    settings: &Settings,
    payments: &PaymentSettings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Opened, Error> {
    let json = read_success(settings, payments, response)?;
    let fields = fields(json).ok_or_else(|| unknown("the answer has another shape"))?;
    let shown = Shown { credentials: &payments.credentials, tef: None };
    let seen = observe(settings, &shown, &fields, Source::Reply, seen_at);
    if seen.reference.is_none() {
        return Err(unknown("a success without a uuid"));
    }
    let url = read_url(payments, response, json)?;
    Ok(Opened { observation: Observation { asked_at: Some(asked_at), ..seen }, url })
}

/// Reads the payer's page.
pub(crate) fn read_link(
    settings: &Settings,
    payments: &PaymentSettings,
    response: &Response<Bytes>,
) -> Result<String, Error> {
    let json = read_success(settings, payments, response)?;
    read_url(payments, response, json)?.ok_or_else(|| unknown("the answer has no page"))
}

/// Reads the answer to a query about a payment. One payment has one try here.
pub(crate) fn read_lookup(
    settings: &Settings,
    payments: &PaymentSettings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Lookup<Vec<Observation>>, Error> {
    let shown = Shown { credentials: &payments.credentials, tef: None };
    let cannot_tell = |because: &str| Ok(Lookup::CannotTell(because.to_owned()));
    let object = match status::read(response, Noun::Payment) {
        Answer::Object(object) if !object.is_root => object,
        Answer::Refused(refusal) if refusal.is_unauthorized(&settings.words) => {
            let meaning = "credentials or signature were refused";
            return Err(refusal.into_error(ErrorKind::Unauthorized, meaning, &shown));
        }
        Answer::Refused(refusal) if refusal.is_absent(&settings.words) => {
            return Ok(Lookup::Absent);
        }
        Answer::Refused(_) => return cannot_tell("the query was refused"),
        Answer::Throttled(wait) => {
            return Err(Error::new(ErrorKind::Throttled, "too many queries").with_retry_after(wait));
        }
        Answer::Foreign(http) if is_forbidden(http) => return Err(forbidden()),
        Answer::Object(_) | Answer::Several(_) => return cannot_tell("no payment in the answer"),
        Answer::Foreign(_) => return cannot_tell("no JSON"),
        Answer::Unreadable(because) => return cannot_tell(&because),
    };
    let Some(fields) = fields(object.json) else {
        return cannot_tell("the answer has another shape");
    };
    let seen = observe(settings, &shown, &fields, Source::Query, seen_at);
    match seen.reference.is_some() {
        true => Ok(Lookup::Found(vec![Observation { asked_at: Some(asked_at), ..seen }])),
        false => cannot_tell("the answer names no payment"),
    }
}

/// The object of a successful answer. Opening moves no money, and nobody can pay on a page whose
/// address nobody has: another call is safe after each of these errors.
fn read_success<'a>(
    settings: &Settings,
    payments: &PaymentSettings,
    response: &'a Response<Bytes>,
) -> Result<&'a RawValue, Error> {
    let shown = Shown { credentials: &payments.credentials, tef: None };
    match status::read(response, Noun::Payment) {
        Answer::Object(object) => Ok(object.json),
        Answer::Refused(refusal) if refusal.is_unauthorized(&settings.words) => {
            let meaning = "credentials or signature were refused";
            Err(refusal.into_error(ErrorKind::Unauthorized, meaning, &shown))
        }
        // The codes of refusals are known only by groups. Source: code: K.
        Answer::Refused(refusal) => {
            let meaning = "a refusal that is not documented";
            Err(refusal.into_error(ErrorKind::Unknown, meaning, &shown))
        }
        Answer::Throttled(wait) => {
            Err(Error::new(ErrorKind::Throttled, "too many calls").with_retry_after(wait))
        }
        Answer::Several(_) => Err(unknown("a list of payments")),
        Answer::Foreign(http) => Err(unknown(&format!("no JSON in HTTP {}", http.as_u16()))),
        Answer::Unreadable(because) => Err(unknown(&because)),
    }
}

/// `payment.order`, or `payment` itself.
fn fields(json: &RawValue) -> Option<PaymentFields> {
    let answer: PaymentAnswer<'_> = serde_json::from_str(json.get()).ok()?;
    let json = answer.order.map_or(json, |order| order);
    serde_json::from_str(json.get()).ok()
}

/// The observation in a payment. Its words are those of payouts. Source: code: K.
fn observe(
    settings: &Settings,
    shown: &Shown<'_>,
    fields: &PaymentFields,
    source: Source,
    seen_at: Timestamp,
) -> Observation {
    // At the root, `status` is the result of the call.
    let word = fields.status.as_ref().map(|word| word.as_str());
    let word = word.filter(|word| !word.trim().eq_ignore_ascii_case(contract::OK));
    let told = status::told(&settings.words, word, shown, source, seen_at);
    let id = fields.uuid.as_ref().or(fields.id.as_ref());
    let reference = id.and_then(|id| ProviderRef::new(id.as_str()).ok());
    let key = fields.merchant_internal_code.as_ref().map(|key| match OrderKey::new(key.as_str()) {
        Ok(key) => key.into(),
        Err(_) => shown.text(key.as_str()),
    });
    Observation {
        reference: reference.filter(|id| !matches!(id.as_str(), "." | "..")),
        echo: Echo {
            key,
            amount: fields.amount.map(|amount| Money::new(amount.value(), Currency::Clp)),
        },
        ..told
    }
}

/// `url_redirect` at the root or in the object. A payer is sent there, so in `Live` it must be
/// public and https.
fn read_url(
    payments: &PaymentSettings,
    response: &Response<Bytes>,
    object: &RawValue,
) -> Result<Option<String>, Error> {
    let inside: Option<LinkAnswer> = serde_json::from_str(object.get()).ok();
    let outside: Option<LinkAnswer> = serde_json::from_slice(response.body()).ok();
    let links = [inside, outside].into_iter().flatten();
    let mut urls = links.filter_map(|link| link.url_redirect);
    let Some(url) = urls.next() else { return Ok(None) };
    match WebhookUrl::parse_visited("url_redirect", url.as_str(), payments.environment) {
        Ok(_) => Ok(Some(url.into_string())),
        Err(_) => Err(unknown("its page is no address for a payer")),
    }
}

fn forbidden() -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        "refused by something before the provider; look at its list of IP addresses",
    )
}

fn unknown(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("no session that can be used: {because}"))
}
