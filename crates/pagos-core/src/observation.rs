//! One thing learned about a payout or payment. Observations are added and never changed.

use serde::{Deserialize, Serialize};

use crate::{Money, OrderKey, ProviderRef, Status, Timestamp};

/// How something was learned, which decides how much it may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The answer to `create`.
    Reply,
    /// The answer to a query about this very payout.
    Query,
    /// A webhook whose signature was verified.
    VerifiedEvent,
    /// A webhook that anybody could have sent. It never changes a status.
    UnverifiedEvent,
    /// A row of a list or a statement, which may lag.
    Listing,
    /// A decision of a person.
    Operator,
}

impl Source {
    /// The word for reports and stores.
    pub fn word(self) -> &'static str {
        match self {
            Source::Reply => "reply",
            Source::Query => "query",
            Source::VerifiedEvent => "verified_event",
            Source::UnverifiedEvent => "unverified_event",
            Source::Listing => "listing",
            Source::Operator => "operator",
        }
    }
}

/// The parts of our order that the provider repeated, to be compared with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Echo {
    /// Our key, as the provider wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

impl Echo {
    /// How the echo differs from an order with this key and amount, in words for an operator.
    pub fn contradiction(&self, key: &OrderKey, amount: Money) -> Option<String> {
        if let Some(told) = self.key.as_deref().filter(|told| *told != key.as_str()) {
            return Some(format!("the provider speaks of key {told:?}, the order is {key}"));
        }
        let told = self.amount.filter(|told| *told != amount)?;
        Some(format!("the provider speaks of {told}, the order is {amount}"))
    }
}

/// One thing learned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Observation {
    /// The reported status; [`Status::Unknown`] if the provider's status word was not understood.
    pub status: Status,
    /// Whether the provider used an undocumented status word. Such a word stands for no status and
    /// changes none; `provider_code` keeps it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_understood: bool,
    /// How it was learned.
    pub source: Source,
    /// When we learned it, by our clock.
    pub seen_at: Timestamp,
    /// For answers: when the query was sent, by our clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// When it happened, by the provider's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_at: Option<Timestamp>,
    /// The provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ProviderRef>,
    /// For payments: the provider's id of the payer's try, since a session can have several. Tries
    /// are independent: one that failed says nothing about another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<ProviderRef>,
    /// The provider's own status word or error code, raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// The provider's own explanation, raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the provider charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
    /// What was returned to us; less than the amount for a partial return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Money>,
    /// The parts of the order that the provider repeated.
    #[serde(default)]
    pub echo: Echo,
}

impl Observation {
    /// An observation with only the required fields.
    pub fn new(status: Status, source: Source, seen_at: Timestamp) -> Self {
        Self {
            status,
            not_understood: false,
            source,
            seen_at,
            asked_at: None,
            provider_at: None,
            reference: None,
            transfer: None,
            provider_code: None,
            message: None,
            fee: None,
            returned: None,
            echo: Echo::default(),
        }
    }

    /// An observation of an undocumented status word. Reading the word as any status would be a
    /// guess: after a success, the guess "still pending" would hide for ever that the money came
    /// back.
    ///
    /// `word` is stored and shown, so the caller masks secrets and personal data in it first.
    ///
    /// ```
    /// use pagos_core::{Observation, Source, Status, Timestamp};
    ///
    /// let now = Timestamp::from_millis(1_000);
    /// let seen = Observation::not_understood("EN_REVISION", Source::Query, now);
    /// assert_eq!((seen.status, seen.not_understood), (Status::Unknown, true));
    /// assert_eq!(seen.provider_code.as_deref(), Some("EN_REVISION"));
    /// ```
    pub fn not_understood(word: impl Into<String>, source: Source, seen_at: Timestamp) -> Self {
        Self {
            not_understood: true,
            provider_code: Some(word.into()),
            ..Self::new(Status::Unknown, source, seen_at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn an_echo_contradicts_by_key_amount_and_currency() {
        let (key, amount) = (OrderKey::new("k-1").unwrap(), Money::new(1_500, Currency::Clp));
        let table = [
            (None, None, false),
            (Some("k-1"), Some(amount), false),
            (Some("k-2"), Some(amount), true),
            (Some("K-1"), None, true),
            (Some(""), None, true),
            (None, Some(Money::new(1_501, Currency::Clp)), true),
            (None, Some(Money::new(0, Currency::Clp)), true),
            (None, Some(Money::new(1_500, Currency::Cop)), true),
        ];
        for (told, sum, expected) in table {
            let echo = Echo { key: told.map(str::to_owned), amount: sum };
            let found = echo.contradiction(&key, amount);
            assert_eq!(found.is_some(), expected, "{told:?} {sum:?}: {found:?}");
        }
    }
}
