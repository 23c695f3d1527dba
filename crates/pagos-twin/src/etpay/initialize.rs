//! Opening a session: what the request must hold, and what goes wrong on the way.
//! Not what the payer does with it; see `checkout`.

use http::StatusCode;
use pagos_core::{Secret, Timestamp};
use serde_json::Value;

use super::{
    EtpayTwin, bank, identifier,
    life::Task,
    request::Refusal,
    session::{Metadatum, Session, SessionDraft},
    settings::EtpaySettings,
    sign, wire,
};
use crate::{call::Course, fields::Fields, twin::Reply};

/// `POST /session/initialize`: opens the session, or lets go wrong what has to go wrong. It costs
/// nothing, so that there is no balance to be exhausted. Source: manual "Crear sesión".
pub(super) fn initialize(twin: &mut EtpayTwin, body: &[u8]) -> Reply {
    let draft = match read(&twin.settings, body) {
        Ok(draft) => draft,
        Err(refusal) => return wire::payment_refusal(&refusal),
    };
    let key = &draft.order_id;
    let nth = twin.own.sessions.book.count_create(key);
    let course = Course::of(&mut twin.faults, key, nth, None, twin.settings.timing.delays(nth));
    let apply = |twin: &mut EtpayTwin, draft: &SessionDraft, at, _| apply(twin, draft, at);
    twin.create(draft, course, wire::PAYMENT_ERRORS, apply, Task::CreateSession)
}

/// Opens the session and answers as if nothing went wrong. An order may have several: no rule
/// against it is documented.
pub(super) fn apply(twin: &mut EtpayTwin, draft: &SessionDraft, at: Timestamp) -> Reply {
    let is_used = !twin.own.sessions.book.by_key(&draft.order_id).is_empty();
    if is_used && twin.settings.switches.unique_orders {
        return wire::payment_refusal(&Refusal::bad("merchant_order_id is already used"));
    }
    let nth = twin.own.sessions.book.count();
    let token = |name: &str| identifier::token(twin.faults.chance(name, &draft.order_id, nth));
    let session = Session {
        token: token("session_token").into(),
        signature_token: Secret::new(token("signature_token")),
        draft: draft.clone(),
        expires_at: at.plus(twin.settings.session_ttl()),
        attempts: Vec::new(),
        is_expired: false,
        notices: 0,
    };
    let reply = wire::answer(
        StatusCode::OK,
        &wire::Initialized {
            token: &session.token,
            signature_token: sign::shown(&session.signature_token),
            terms_url: TERMS_URL,
        },
    );
    let expires_at = session.expires_at;
    let Some(index) = twin.own.sessions.book.add(session) else {
        return wire::payment_error();
    };
    twin.tasks.add(expires_at, Task::Expire(index));
    reply
}

fn read(settings: &EtpaySettings, body: &[u8]) -> Result<SessionDraft, Refusal> {
    let fields = Fields::open(body)?;
    let code = fields.required("merchant_code", 254)?;
    let api_token = fields.required("merchant_api_token", 254)?;
    if code != settings.merchant_code || !settings.is_api_token(Some(api_token)) {
        return Err(Refusal::wrong_credentials());
    }
    let order_id = fields.required("merchant_order_id", 64)?;
    // The manual says alphanumeric; its publisher's own samples have hyphens and underscores.
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
    if !order_id.bytes().all(is_plain) {
        return Err(Refusal::invalid("merchant_order_id"));
    }
    let switches = &settings.switches;
    let amount_minor = fields.amount("order_amount", switches.amount_max)?;
    fields.text("customer_email", 254)?;
    let payer_bank = fields.text("user_bank_code", 32)?;
    if payer_bank.is_some_and(|it| !bank::is_payer(it)) {
        return Err(Refusal::invalid("user_bank_code"));
    }
    let url = |name: &str, usual: &Option<String>| {
        let given = fields.url(name)?.map(str::to_owned);
        Ok::<_, Refusal>(given.or_else(|| usual.clone()))
    };
    Ok(SessionDraft {
        order_id: order_id.into(),
        amount_minor,
        completed_url: url("payment_completed_url", &switches.payment_completed_url)?,
        cancellation_url: url("payment_cancellation_url", &switches.payment_cancellation_url)?,
        webhook_url: url("payment_webhook_url", &switches.payment_webhook_url)?,
        concat: read_concat(&fields)?,
        user_rut: fields.text("user_rut", 12)?.map(str::to_owned),
        // It works by being there. Source: `sdk`.
        is_rut_locked: fields.value("is_rut_block").is_some(),
        metadata: read_metadata(&fields)?,
    })
}

/// One visible character; `?` if there is none. Source: `docs: D13`; the default is inferred.
fn read_concat(fields: &Fields) -> Result<char, Refusal> {
    match fields.text("concat", 1)?.and_then(|it| it.chars().next()) {
        Some(concat) if concat.is_ascii_graphic() => Ok(concat),
        Some(_) => Err(Refusal::invalid("concat")),
        None => Ok('?'),
    }
}

/// A list of `{"name", "value", "show"}`, the first two texts. Source: `docs: D12`.
fn read_metadata(fields: &Fields) -> Result<Vec<Metadatum>, Refusal> {
    let refusal = || Refusal::invalid("metadata");
    let Some(list) = fields.value("metadata") else {
        return Ok(Vec::new());
    };
    let read = |entry: &Value| {
        let text = |name: &str| entry.get(name)?.as_str().map(str::to_owned);
        Some(Metadatum {
            name: text("name")?,
            value: text("value")?,
            is_shown: entry.get("show") == Some(&Value::Bool(true)),
        })
    };
    let list = list.as_array().ok_or_else(refusal)?;
    list.iter().map(|entry| read(entry).ok_or_else(refusal)).collect()
}

const TERMS_URL: &str = "http://127.0.0.1/terms";
