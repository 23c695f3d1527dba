//! What a transfer says, in whichever of its places it comes: answers, lists, events. No requests.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::RawValue;

use pagos_core::{
    Currency, Echo, Environment, FailReason, Money, Observation, OrderKey, PayoutOrder,
    ProviderRef, Source, Status, Timestamp,
};
use pagos_wire::{WireText, redact};

use crate::{
    config::Settings,
    contract::METADATA_KEY,
    status::{self, parse, shown_word},
    wire::TransferAnswer,
};

/// One transfer.
pub(crate) struct Transfer {
    pub(crate) id: ProviderRef,
    pub(crate) direction: Direction,
    /// `None` where the word is not understood.
    pub(crate) status: Option<Status>,
    word: String,
    pub(crate) amount: Money,
    pub(crate) metadata: Metadata,
    /// The account number that was paid.
    pub(crate) payee: Option<String>,
    /// The account that paid.
    origin: Option<String>,
    mode: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    /// What is told beside the status: why it came back, or by what the rail knows it.
    message: Option<String>,
}

/// Which way the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Outbound,
    /// Money in, which is none of ours.
    Inbound,
}

/// The key/value pairs of a transfer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// With our key, as Fintoc wrote it.
    Key(String),
    /// With pairs of somebody else.
    Others,
    /// Without any.
    Nothing,
}

impl Transfer {
    /// # Errors
    /// Why nothing can be built on it, for an operator.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, &'static str> {
        Self::of(parse(json).ok_or("it has another shape")?)
    }

    fn of(answer: TransferAnswer<'_>) -> Result<Self, &'static str> {
        if answer.object.is_none_or(|object| object.as_str() != "transfer") {
            return Err("it is no transfer");
        }
        let id = answer.id.ok_or("it has no id")?;
        let id = ProviderRef::new(id.as_str()).map_err(|_| "its id is not one")?;
        let direction = match answer.direction.as_ref().map(WireText::as_str) {
            Some("outbound") => Direction::Outbound,
            Some("inbound") => Direction::Inbound,
            _ => return Err("it does not say which way the money goes"),
        };
        let word = answer.status.ok_or("it has no status")?.into_string();
        let amount_minor = answer.amount.ok_or("it has no amount")?.value();
        let currency = answer.currency.ok_or("it has no currency")?.into_string();
        // Lower case stands in samples. Source: docs: docs/transfers-test-your-integration.
        let currency: Currency =
            currency.to_ascii_uppercase().parse().map_err(|_| "its currency is not known")?;
        let payee = answer.counterparty.and_then(|payee| payee.account_number);
        let tracking = answer.tracking_key.as_ref().map(WireText::as_str);
        let tracking = tracking.filter(|key| is_tracking_key(key));
        let tracking = tracking.map(|key| format!("tracking key {key}"));
        let returned = answer.return_reason.map(|reason| redact(reason.as_str()));
        let created_at = answer.transaction_date.and_then(|time| time.as_str().parse().ok());
        Ok(Self {
            id,
            direction,
            status: status::status(&word),
            word,
            amount: Money::new(amount_minor, currency),
            metadata: answer.metadata.map_or(Metadata::Nothing, read_metadata),
            payee: payee.map(WireText::into_string),
            origin: answer
                .account_number
                .and_then(|number| number.account_id)
                .map(WireText::into_string),
            mode: answer.mode.map(WireText::into_string),
            created_at,
            message: returned.or(tracking),
        })
    }

    /// Does it pay from the configured account, in the configured world? What it does not say
    /// contradicts nothing.
    pub(crate) fn is_of_account(&self, settings: &Settings) -> bool {
        let mode = match settings.environment {
            Environment::Sandbox => "test",
            Environment::Live => "live",
        };
        self.direction == Direction::Outbound
            && self.origin.as_deref().is_none_or(|origin| origin == settings.account_id)
            && self.mode.as_deref().is_none_or(|told| told == mode)
    }

    /// Why it cannot be the transfer of this order. Key and amount are for the caller of the provider to
    /// compare.
    pub(crate) fn is_of_another(
        &self,
        settings: &Settings,
        order: &PayoutOrder,
    ) -> Option<&'static str> {
        if !self.is_of_account(settings) {
            return Some("it belongs to another account, or comes in");
        }
        self.pays_another(order).then_some("it pays another account number than the order's")
    }

    /// Does it pay another account number? Zeros at the front are not counted: Chilean banks write them
    /// or not. \[inferred\]
    fn pays_another(&self, order: &PayoutOrder) -> bool {
        let ours = order.beneficiary.account_number.as_str().trim_start_matches('0');
        self.payee.as_deref().is_some_and(|told| told.trim_start_matches('0') != ours)
    }

    /// Could it be the order's, by amount and account number?
    pub(crate) fn looks_like(&self, order: &PayoutOrder) -> bool {
        self.amount == order.amount && !self.pays_another(order)
    }

    /// Our key, where Fintoc tells a legal one.
    pub(crate) fn key(&self) -> Option<OrderKey> {
        match &self.metadata {
            Metadata::Key(key) => OrderKey::new(key.as_str()).ok(),
            Metadata::Others | Metadata::Nothing => None,
        }
    }

    /// What it tells. Its time is that of its creation and not of its status, so it is left out.
    pub(crate) fn observe(
        &self,
        source: Source,
        asked_at: Option<Timestamp>,
        seen_at: Timestamp,
    ) -> Observation {
        let word = shown_word(&self.word);
        let told = match self.status {
            Some(status) => Observation {
                provider_code: Some(word),
                ..Observation::new(status, source, seen_at)
            },
            None => Observation::not_understood(word, source, seen_at),
        };
        let is_returned = self.status == Some(Status::Failed(FailReason::Returned));
        Observation {
            asked_at,
            reference: Some(self.id.clone()),
            message: self.message.clone(),
            returned: is_returned.then_some(self.amount),
            echo: Echo { key: self.echoed_key(), amount: Some(self.amount) },
            ..told
        }
    }

    /// Our key as Fintoc wrote it, if it can be one of ours at all.
    fn echoed_key(&self) -> Option<String> {
        match &self.metadata {
            Metadata::Key(key) => Some(self.key().map_or_else(|| redact(key), String::from)),
            Metadata::Others | Metadata::Nothing => None,
        }
    }
}

/// Pairs that cannot be read may be anything, ours too.
fn read_metadata(json: &RawValue) -> Metadata {
    let pairs: Option<BTreeMap<Cow<'_, str>, &RawValue>> = parse(json.get().as_bytes());
    let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else { return Metadata::Nothing };
    let Some(key) = pairs.get(METADATA_KEY) else { return Metadata::Others };
    match serde_json::from_str::<WireText>(key.get()) {
        Ok(key) => Metadata::Key(key.into_string()),
        Err(_) => Metadata::Nothing,
    }
}

/// SPEI's "clave de rastreo": 30 digits, which no account number has. Source: recorded: transfers/create.
fn is_tracking_key(text: &str) -> bool {
    text.len() == 30 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
