//! Payments (pay-ins): builds requests from orders and reads sessions from answers. `lib.rs` sends
//! the requests; `payout.rs` has what payouts share.

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Environment, Error, Observation, PaymentOrder, PaymentSession, Source, Status, Timestamp,
    Violation,
};
use pagos_wire::WebhookUrl;

use crate::{
    bank,
    config::{PaymentProduct, Settings},
    country::{CountrySettings, Fraction, NameRule, PhoneRule, Presence},
    payout::{
        check::{PHONE_LENGTH_MAX, read_amount, read_document, read_name, read_remark},
        observe_as, read_created,
    },
    status::unknown_outcome,
    wire::PayInRequest,
};

/// The decimals of a payment's amount: the sample says `30000`. Source: docs: en/col/payin.
const DECIMALS_OF_WHOLE_AMOUNTS: u8 = 0;

/// The path that opens a payment of this product.
pub(crate) fn path(product: &PaymentProduct) -> &'static str {
    match product {
        PaymentProduct::PayIn { .. } => "/api/payIn",
        PaymentProduct::PayDesk { .. } => "/api/payDesk",
    }
}

/// The request of a payment, or the first problem of the order.
///
/// Telephone and email address are required; so are the document, and bank and user type, except
/// where the pay type says otherwise. Source: docs: en/col/payin; en/col/paydesk. The document types
/// are those of payouts. \[inferred\]
pub(crate) fn request<'a>(
    settings: &'a Settings,
    order: &'a PaymentOrder,
    nonce: &'a str,
) -> Result<PayInRequest<'a>, Violation> {
    let country = &settings.payment_rules;
    let (pay_type, return_url) = match &settings.payment.product {
        PaymentProduct::PayIn { pay_type } => (Some(*pay_type), None),
        PaymentProduct::PayDesk { return_url } => (None, return_url.as_deref()),
    };
    let is_among = |types: &[u32]| pay_type.is_some_and(|pay_type| types.contains(&pay_type));
    let presence = match is_among(country.pay_types_without_document) {
        true => Presence::Optional,
        false => country.document,
    };
    let document = read_document(country, presence, order.document.as_ref())?;
    let is_bank_needed = is_among(country.pay_types_with_bank);
    let bank = match order.bank.as_ref() {
        Some(bank) => Some(bank::read_id(country, bank.as_str())?),
        None if is_bank_needed => {
            return Err(Violation::new("bank", "this pay type wants a bank", "write its id")
                .only_in_english());
        }
        None => None,
    };
    let user_type = settings.payment.user_type.as_deref();
    if is_bank_needed && user_type.is_none() {
        return Err(Violation::new("user_type", "this pay type wants it", "configure user_type")
            .only_in_english());
    }
    let payer = read_payer(settings, order)?;
    Ok(PayInRequest {
        amount: read_amount(country, order.amount, amount_decimals(settings))?,
        id_type: document.kind,
        mch_order_no: order.key.as_str(),
        id_card: document.number,
        remark: read_remark(settings, order.description.as_deref())?,
        nonce_str: nonce,
        real_name: payer.name,
        reusable_status: false,
        pay_type,
        expire_time: settings.payment.expire_seconds,
        phone: payer.phone,
        notify_url: settings.notify_url.as_str(),
        currency: country.currency.code(),
        user_type,
        email: payer.email,
        bank_id: bank,
        return_url,
    })
}

/// Reads the answer to a new payment: the session, or the caller's next step.
pub(crate) fn read_session(
    settings: &Settings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<PaymentSession, Error> {
    let answer = read_created(response)?;
    // An answer to payIn has no orderStatus: the payment waits for its payer. Source: code: hyperf.
    let told = Observation::new(Status::Pending, Source::Reply, seen_at);
    let mut observation = observe_as(told, settings, &answer).map_err(unknown_outcome)?;
    observation.asked_at = Some(asked_at);
    // Any of the three may be null. It is not documented which one a pay type fills, so the page
    // for the payer comes first. [inferred]
    let url = [answer.pay_url, answer.pay_desk_url].into_iter().flatten();
    let url = url.map(|url| url.into_string()).find(|url| is_address(url));
    let code = answer.pay_code.map(|code| code.into_string());
    Ok(PaymentSession { observation, url, code, secret: None })
}

/// Whether a payer's browser can be sent there. A script, a path without a host and an empty text
/// are refused. Plain http is accepted, because the manual's own sample has it.
fn is_address(url: &str) -> bool {
    WebhookUrl::parse(url, Environment::Sandbox, URL_LENGTH_MAX).is_ok()
}

/// Browsers may not accept a longer one.
const URL_LENGTH_MAX: usize = 2_048;

/// Whole amounts as in the sample; two decimals if the country has fractions.
fn amount_decimals(settings: &Settings) -> u8 {
    match settings.country.fraction {
        Fraction::Refused => DECIMALS_OF_WHOLE_AMOUNTS,
        Fraction::Allowed => settings.country.payout_decimals,
    }
}

struct Payer<'a> {
    name: &'a str,
    phone: Option<&'a str>,
    email: Option<&'a str>,
}

fn read_payer<'a>(settings: &Settings, order: &'a PaymentOrder) -> Result<Payer<'a>, Violation> {
    let country = &settings.payment_rules;
    let name = read_name(country, order.payer_name.as_deref().unwrap_or_default())?;
    let phone = read_contact(country, "phone", order.phone.as_deref(), PHONE_LENGTH_MAX)?;
    let email = read_contact(country, "email", order.email.as_deref(), country.email_length_max)?;
    if let Some(desk) = settings.payment.desk(country) {
        check_name(desk.name_rule, name)?;
        phone.map_or(Ok(()), |phone| check_phone(desk.phone_rule, phone))?;
    }
    Ok(Payer { name, phone, email })
}

fn check_name(rule: NameRule, name: &str) -> Result<(), Violation> {
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == ' ';
    match rule {
        NameRule::Plain if !name.chars().all(is_plain) => Err(Violation::new(
            "name",
            "it has special characters, which `payDesk` refuses",
            "write letters and blanks only",
        )
        .only_in_english()),
        NameRule::Plain | NameRule::Unchecked => Ok(()),
    }
}

/// Source: docs: en/per/paydesk, with `949000031`, `51949000031` and `+51949000031`.
fn check_phone(rule: PhoneRule, phone: &str) -> Result<(), Violation> {
    let has_digits =
        |digits: &str| digits.len() == 9 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let national = phone.strip_prefix("+51").or_else(|| phone.strip_prefix("51"));
    let is_mobile = match national {
        Some(digits) => has_digits(digits),
        None => phone.starts_with('9') && has_digits(phone),
    };
    match rule {
        PhoneRule::Peruvian if !is_mobile => Err(Violation::new(
            "phone",
            "it is no mobile number of Peru",
            "write nine digits of which the first is 9; 51 or +51 may stand before them",
        )
        .only_in_english()),
        PhoneRule::Peruvian | PhoneRule::Unchecked => Ok(()),
    }
}

/// A text that is too long counts as missing.
fn read_contact<'a>(
    country: &CountrySettings,
    field: &'static str,
    text: Option<&'a str>,
    length_max: usize,
) -> Result<Option<&'a str>, Violation> {
    let text = text.filter(|text| !text.is_empty() && text.chars().count() <= length_max);
    if text.is_none() && country.payer_contact == Presence::Required {
        let because = format!("it is missing, or longer than {length_max} characters");
        return Err(
            Violation::new(field, because, "write the payer's; it is required").only_in_english()
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_of_peru_have_three_forms() {
        let is_taken = |rule, phone| check_phone(rule, phone).is_ok();
        // The page's own examples.
        for good in ["949000031", "51949000031", "+51949000031"] {
            assert!(is_taken(PhoneRule::Peruvian, good), "{good}");
        }
        for bad in ["87761734941", "849000031", "94900003", "5194900003", "+5194900003a", "+51", ""]
        {
            assert!(!is_taken(PhoneRule::Peruvian, bad), "{bad}");
            assert!(is_taken(PhoneRule::Unchecked, bad), "{bad}");
        }
    }

    #[test]
    fn plain_names_are_letters_and_blanks() {
        for good in ["Ana Perez", "José Muñoz", "HAMZAN WADI  "] {
            assert!(check_name(NameRule::Plain, good).is_ok(), "{good}");
        }
        for bad in ["O'Brien", "Perez-Gil", "Perez, Ana", "Ana\u{2019}s"] {
            assert!(check_name(NameRule::Plain, bad).is_err(), "{bad}");
            assert!(check_name(NameRule::Unchecked, bad).is_ok(), "{bad}");
        }
    }
}
