//! The account that pays: its balance, and money for it by order of a test.
//! Not the transfers that leave it.

use http::StatusCode;

use super::{
    FintocTwin, answers, identifier,
    listing::linked,
    refusal::{ERRORS, Refusal},
    settings::SANDBOX_ACCOUNT_NUMBER_ID,
    wire,
};
use crate::{
    fields::Fields,
    twin::{Reply, Request},
};

/// `GET /v2/accounts`. Source: rec: accounts list.
pub(super) fn list(twin: &mut FintocTwin) -> Reply {
    twin.ask_of_route("accounts", ERRORS, |twin| {
        let account = wire::account(&twin.settings, twin.balance.left_minor);
        linked(wire::answer(StatusCode::OK, &[account]), "")
    })
}

/// `GET /v2/accounts/{id}`. Source: rec: accounts get.
pub(super) fn show(twin: &mut FintocTwin, id: &str) -> Reply {
    let is_ours = id == twin.settings.account_id;
    twin.ask_of_route("account", ERRORS, |twin| match is_ours {
        true => {
            let account = wire::account(&twin.settings, twin.balance.left_minor);
            wire::answer(StatusCode::OK, &account)
        }
        false => Refusal::not_found().reply(),
    })
}

/// `POST /v2/simulate/receive_transfer`, which is answered without a signature. Source: rec: simulate.
/// The money is there at once. `[sim]`
pub(super) fn receive(twin: &mut FintocTwin, request: &Request) -> Result<Reply, Refusal> {
    let key = answers::key_of(request)?;
    let kept_for = twin.settings.keys_kept_for();
    if let Some(key) = key
        && let Some(answer) = twin.own.answers.find(key, request, kept_for, twin.now)?
    {
        return Ok(answer);
    }
    let reply = credit(twin, request).unwrap_or_else(|refusal| refusal.reply());
    if let Some(key) = key {
        twin.own.answers.keep(key, request, &reply, kept_for, twin.now);
    }
    Ok(reply)
}

fn credit(twin: &mut FintocTwin, request: &Request) -> Result<Reply, Refusal> {
    let fields = Fields::open(request.body()).map_err(|_| Refusal::no_json())?;
    let text = |name: &str| {
        let value = fields.value(name).ok_or_else(|| Refusal::missing(name))?;
        Ok(value.as_str().unwrap_or_default())
    };
    if text("account_number_id")? != SANDBOX_ACCOUNT_NUMBER_ID {
        return Err(Refusal::not_found());
    }
    if text("currency")? != "MXN" {
        return Err(Refusal::bad("invalid_currency", "The currency is not MXN.", "currency"));
    }
    let wrong = |_| Refusal::bad("invalid_amount", "The amount is wrong.", "amount");
    let amount_minor = fields.amount("amount", i64::MAX).map_err(wrong)?;
    twin.balance.left_minor = twin.balance.left_minor.saturating_add(amount_minor);
    let tracking_key = twin.own.next_tracking_key(twin.now);
    let id = identifier::prefixed("tr_", twin.faults.chance("inbound", &tracking_key, 0));
    let shown = wire::inbound(&twin.settings, &id, amount_minor, &tracking_key, twin.now);
    Ok(wire::answer(StatusCode::CREATED, &shown))
}
