//! Reads a transfer in any of its shapes: answers, lists, events.
//!
//! The manual's samples contradict each other in most fields, so only the fields that decide
//! something are read: the id, the status, the amount, the payee. If present, these must be
//! readable; all others may be anything.

use serde_json::value::RawValue;

use pagos_core::{Currency, Echo, Money, Observation, ProviderRef, Source, Status, Timestamp};
use pagos_wire::{WireDecimal, WireInteger};

use crate::{
    contract::UNIX_SECONDS_MIN,
    status::{self, is_word, parse, shown_word, text},
    wire::{AccountAnswer, TransferAnswer},
};

/// One transfer.
pub(crate) struct Transfer {
    pub(crate) id: ProviderRef,
    /// `None` if the word is not understood. A transfer without a word is pending: it exists, and
    /// nothing says that it has ended.
    pub(crate) status: Option<Status>,
    /// Conekta's own word.
    pub(crate) word: Option<String>,
    pub(crate) amount: Option<Money>,
    pub(crate) payee: Option<String>,
    /// In full, or missing.
    account_number: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    /// The number of this transfer in the merchant's statement.
    statement_reference: Option<String>,
}

impl Transfer {
    /// # Errors
    /// Why it is unusable, for an operator.
    pub(crate) fn read(json: &RawValue) -> Result<Self, &'static str> {
        Self::of(&parse(json).ok_or("it has another shape")?)
    }

    /// # Errors
    /// The same as [`Transfer::read`].
    pub(crate) fn of(answer: &TransferAnswer<'_>) -> Result<Self, &'static str> {
        if answer.object.is_some() && !is_transfer(answer.object) {
            return Err("it is no transfer");
        }
        let id = text(answer.id).ok_or("it has no id")?;
        let id = ProviderRef::new(id).map_err(|_| "its id is not one")?;
        let accounts = [account(answer.destination)?, account(answer.method)?];
        let payees = accounts.iter().flatten().filter_map(|account| text(account.payee_id));
        let numbers = accounts.iter().flatten().filter_map(|account| text(account.account_number));
        let word = text(answer.status);
        Ok(Self {
            id,
            status: word.as_deref().map_or(Some(Status::Pending), status::status),
            word,
            amount: amount(answer)?,
            payee: only(payees).ok_or("it names two payees")?,
            account_number: only(numbers.filter(|number| number.len() == CLABE_LENGTH))
                .ok_or("it names two accounts")?,
            created_at: moment(answer.created_at),
            statement_reference: text(answer.statement_reference),
        })
    }

    /// Whether it certainly pays another account. If the number is not given in full, that is
    /// unknown: the last digits in the manual's samples are not those of their accounts.
    pub(crate) fn pays_another(&self, account: &str) -> bool {
        self.account_number.as_deref().is_some_and(|number| number != account)
    }

    /// The observation in it. Its time is that of its creation and not of its status, so it is left
    /// out.
    pub(crate) fn observe(
        &self,
        source: Source,
        asked_at: Timestamp,
        seen_at: Timestamp,
    ) -> Observation {
        Observation { asked_at: Some(asked_at), ..self.observe_event(source, seen_at) }
    }

    /// Like [`Transfer::observe`], without a query.
    pub(crate) fn observe_event(&self, source: Source, seen_at: Timestamp) -> Observation {
        let word = self.word.as_deref().map(shown_word);
        let told = match self.status {
            Some(status) => {
                Observation { provider_code: word, ..Observation::new(status, source, seen_at) }
            }
            None => Observation::not_understood(word.unwrap_or_default(), source, seen_at),
        };
        let reference = self.statement_reference.as_deref().filter(|text| is_reference(text));
        Observation {
            reference: Some(self.id.clone()),
            message: reference.map(|text| format!("statement reference {text}")),
            echo: Echo { key: None, amount: self.amount },
            ..told
        }
    }
}

/// Whether the object is a transfer. An older API calls it a payout. Source: manual; conekta-php
/// 4.3.0.
pub(crate) fn is_transfer(object: Option<&RawValue>) -> bool {
    is_word(object, "transfer") || is_word(object, "payout")
}

/// Seconds since 1970, as a number or as text. Truncated values, which the manual shows, are
/// ignored.
pub(crate) fn moment(json: Option<&RawValue>) -> Option<Timestamp> {
    let seconds = serde_json::from_str::<WireInteger>(json?.get()).ok()?.value();
    let is_whole = (UNIX_SECONDS_MIN..UNIX_SECONDS_MIN * 10).contains(&seconds);
    is_whole.then(|| Timestamp::from_millis(seconds * 1_000))
}

/// An amount in minor units.
///
/// # Errors
/// If it is present and is not an integer.
pub(crate) fn minor(json: &RawValue) -> Result<i64, &'static str> {
    let sum: WireDecimal = serde_json::from_str(json.get()).map_err(|_| "its amount is none")?;
    sum.value().to_minor(0).ok_or("its amount is no integer")
}

/// The amount in centavos. An amount in another currency contradicts the order by itself. Without a
/// currency it is MXN, the only one. Source: manual.
fn amount(answer: &TransferAnswer<'_>) -> Result<Option<Money>, &'static str> {
    let Some(json) = answer.amount else { return Ok(None) };
    let currency = match answer.currency {
        Some(json) => text(Some(json)).ok_or("its currency is none")?,
        None => "MXN".to_owned(),
    };
    let currency: Currency = currency.parse().map_err(|_| "its currency is not known")?;
    Ok(Some(Money::new(minor(json)?, currency)))
}

fn account(json: Option<&RawValue>) -> Result<Option<AccountAnswer<'_>>, &'static str> {
    let Some(json) = json else { return Ok(None) };
    // Newer versions may put a bare id here.
    if !json.get().starts_with('{') {
        return Ok(None);
    }
    parse(json).map(Some).ok_or("its account has another shape")
}

/// The only value, if any; nothing if two differ.
fn only(mut values: impl Iterator<Item = String>) -> Option<Option<String>> {
    let Some(first) = values.next() else { return Some(None) };
    values.all(|other| other == first).then_some(Some(first))
}

/// Up to seven digits, with leading zeros. Source: mock: GET /transfers.
fn is_reference(text: &str) -> bool {
    (1..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

const CLABE_LENGTH: usize = 18;

#[cfg(test)]
mod tests;
