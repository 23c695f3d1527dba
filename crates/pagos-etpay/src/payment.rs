//! Payments: builds requests from orders and reads sessions from answers. `lib.rs` sends the
//! requests. `payment/check.rs` checks orders, and `payment/answer.rs` reads the tries of payers.

pub(crate) mod answer;
pub(crate) mod check;

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Error, ErrorKind, Observation, PaymentOrder, PaymentRef, PaymentSession, ProviderRef, Secret,
    Source, Status, Timestamp, Violation,
};
use pagos_wire::path_segment;

use crate::{
    config::{PaymentSettings, Settings, credential::Credential},
    payment::{
        answer::read_refusal,
        check::{
            read_amount, read_bank, read_email, read_key, read_metadata, read_page, read_payer,
        },
    },
    wire::{SessionAnswer, SessionRequest, StatusRequest},
};

/// The request that opens a session, or all problems of the order.
///
/// Name and telephone number of the payer and the description are not sent: ETpay has no field for
/// them in Chile (`customer_phone` belongs to Mexico). Source: docs: D12, D14.
pub(crate) fn request<'a>(
    settings: &'a Settings,
    payments: &'a PaymentSettings,
    order: &'a PaymentOrder,
) -> Result<SessionRequest<'a>, Vec<Violation>> {
    let environment = settings.environment;
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let key = read_key(&order.key).map_err(&mut keep);
    let amount = read_amount(payments, order.amount).map_err(&mut keep);
    let email = read_email(order.email.as_deref()).map_err(&mut keep);
    let metadata = read_metadata(&order.metadata).map_err(&mut keep);
    let bank = read_bank(environment, order.bank.as_ref()).map_err(&mut keep);
    let payer = read_payer(order).map_err(&mut keep);
    let return_url = order.return_url.as_deref();
    let return_url = read_page("return_url", environment, return_url, payments.return_url.as_ref())
        .map_err(&mut keep);
    let cancel_url = order.cancel_url.as_deref();
    let cancel_url = read_page("cancel_url", environment, cancel_url, payments.cancel_url.as_ref())
        .map_err(&mut keep);

    let (Ok(key), Ok(amount), Ok(email), Ok(metadata)) = (key, amount, email, metadata) else {
        return Err(violations);
    };
    let (Ok(bank), Ok(payer), Ok(return_url), Ok(cancel_url)) =
        (bank, payer, return_url, cancel_url)
    else {
        return Err(violations);
    };
    Ok(SessionRequest {
        merchant_code: &settings.merchant_code,
        merchant_api_token: Credential(&settings.merchant_api_token),
        merchant_order_id: key,
        order_amount: amount,
        customer_email: email,
        metadata,
        payment_completed_url: return_url,
        payment_cancellation_url: cancel_url,
        payment_webhook_url: payments.notify_url.as_str(),
        concat: payments.concat.or_else(|| separator([return_url, cancel_url])),
        user_bank_code: bank,
        user_rut: payer.rut,
        is_rut_block: payer.is_locked.then_some("true"),
    })
}

/// The query about one session, or about all sessions of a key if the session is not known. Order
/// ids can repeat at ETpay, so the session's token comes first. Source: sdk.
pub(crate) fn query<'a>(settings: &'a Settings, payment: &PaymentRef<'a>) -> StatusRequest<'a> {
    let session_token = payment.reference.map(ProviderRef::as_str);
    let key = payment.order.key.as_str();
    StatusRequest {
        merchant_code: &settings.merchant_code,
        merchant_api_token: Credential(&settings.merchant_api_token),
        session_token,
        merchant_order_id: session_token.is_none().then_some(key),
    }
}

/// Reads the answer to a new session: the session, or the caller's next step.
///
/// A session whose answer is lost or unreadable is `Unknown`, and another call is safe: nobody has
/// its token, so nobody can pay in it. `Repeat::OpensAnother` says so.
pub(crate) fn read_session(
    settings: &Settings,
    payments: &PaymentSettings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<PaymentSession, Error> {
    if !response.status().is_success() {
        return Err(read_refusal(settings, response));
    }
    let answer: SessionAnswer = serde_json::from_slice(response.body())
        .map_err(|_| unusable("the answer has another form, or was cut"))?;
    let is_there = |text: &String| !text.is_empty();
    let token = answer.token.filter(is_there).ok_or_else(|| unusable("it names no session"))?;
    let secret = answer.signature_token.filter(is_there);
    // Without it no outcome can be verified. Source: manual.
    let secret = secret.ok_or_else(|| unusable("it has no signature_token"))?;
    // The payer sees the token. If it were the key too, the payer could sign a success.
    if secret == token {
        return Err(unusable("its signature_token is the session's public token"));
    }
    let reference =
        ProviderRef::new(token.as_str()).map_err(|_| unusable("its token is no reference"))?;
    let segment = path_segment(&token).ok_or_else(|| unusable("its token fits into no URL"))?;
    // Source: code: C1, C2, C3, C4; sdk.
    let page = payments.pages.join(&format!("/session/{segment}"));
    let page = page.map_err(|_| unusable("its token fits into no URL"))?;
    let observation = Observation {
        asked_at: Some(asked_at),
        reference: Some(reference),
        ..Observation::new(Status::Pending, Source::Reply, seen_at)
    };
    let url = Some(page.to_string());
    Ok(PaymentSession { observation, url, code: None, secret: Some(Secret::new(secret)) })
}

/// The separator between a return URL with a query and ETpay's addition to it. Source: docs: D13.
fn separator(pages: [Option<&str>; 2]) -> Option<char> {
    pages.into_iter().flatten().any(|page| page.contains('?')).then_some('&')
}

fn unusable(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("a session was opened that nobody can use: {because}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_query_wants_a_separator() {
        let plain = Some("https://shop.test/ok");
        assert_eq!(separator([plain, None]), None);
        assert_eq!(separator([plain, Some("https://shop.test/ko?a=1")]), Some('&'));
    }
}
