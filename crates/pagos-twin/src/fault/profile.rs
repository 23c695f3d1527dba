//! Named sets of rates. The only place that says how often a profile lets things go wrong.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Fault;

/// A named set of rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Nothing goes wrong.
    #[default]
    None,
    /// A bad day: about one call in thirty meets a fault.
    Mild,
    /// A quarter of all creates, a tenth of all queries and a fifth of all webhooks meet a fault,
    /// and one order in fifty is reversed. Every order still reaches an end.
    Hostile,
}

impl Profile {
    /// Rates of this profile, in per mille.
    #[must_use]
    pub fn rates(self) -> BTreeMap<Fault, u16> {
        let table: &[(Fault, u16)] = match self {
            Self::None => &[],
            Self::Mild => &MILD,
            Self::Hostile => &HOSTILE,
        };
        table.iter().copied().collect()
    }
}

/// Reads `none`, `mild` or `hostile`.
impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        match text {
            "none" => Ok(Self::None),
            "mild" => Ok(Self::Mild),
            "hostile" => Ok(Self::Hostile),
            _ => Err(ProfileError { text: text.to_owned() }),
        }
    }
}

/// A profile that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no fault profile; there are none, mild and hostile")]
pub struct ProfileError {
    text: String,
}

pub(super) const MILD: [(Fault, u16); 16] = [
    (Fault::LoseRequest, 5),
    (Fault::LoseReply, 5),
    (Fault::ErrorAfter, 3),
    (Fault::LateApply, 2),
    (Fault::Torn, 2),
    (Fault::HtmlBefore, 5),
    (Fault::HtmlAfter, 3),
    (Fault::Throttle, 5),
    (Fault::QueryLost, 10),
    (Fault::QueryHtml, 10),
    (Fault::WebhookLost, 5),
    (Fault::WebhookDuplicated, 10),
    (Fault::WebhookDelayed, 10),
    (Fault::Decline, 10),
    (Fault::SuccessThenFail, 2),
    (Fault::ListingLags, 20),
];

pub(super) const HOSTILE: [(Fault, u16); 28] = [
    (Fault::LoseRequest, 30),
    (Fault::LoseReply, 40),
    (Fault::ErrorAfter, 25),
    (Fault::ErrorBefore, 20),
    (Fault::Busy, 15),
    (Fault::LateApply, 30),
    (Fault::Torn, 20),
    (Fault::HtmlBefore, 20),
    (Fault::HtmlAfter, 20),
    (Fault::Throttle, 15),
    (Fault::Refuse, 5),
    (Fault::SlowReply, 5),
    (Fault::BalanceExhausted, 5),
    (Fault::QueryLost, 25),
    (Fault::QueryError, 15),
    (Fault::QueryTorn, 15),
    (Fault::QueryHtml, 20),
    (Fault::QueryThrottle, 15),
    (Fault::OddWord, 10),
    (Fault::WebhookLost, 60),
    (Fault::WebhookDuplicated, 60),
    (Fault::WebhookDelayed, 50),
    (Fault::WebhookBadSign, 30),
    (Fault::Decline, 30),
    (Fault::Cancel, 5),
    (Fault::SuccessThenFail, 10),
    (Fault::FailThenSuccess, 10),
    (Fault::ListingLags, 100),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::Occasion, *};

    fn sum(profile: Profile, occasion: Occasion) -> u16 {
        profile.rates().iter().filter(|(it, _)| it.occasion() == occasion).map(|it| it.1).sum()
    }

    #[test]
    fn hostile_is_as_hostile_as_documented() {
        assert_eq!(sum(Profile::Hostile, Occasion::Create), 250);
        assert_eq!(sum(Profile::Hostile, Occasion::Query), 100);
        assert_eq!(sum(Profile::Hostile, Occasion::Webhook), 200);
        assert_eq!(sum(Profile::Mild, Occasion::Create), 30);
        assert!(Profile::None.rates().is_empty());
    }

    #[test]
    fn names_are_read_back() {
        for (name, profile) in
            [("none", Profile::None), ("mild", Profile::Mild), ("hostile", Profile::Hostile)]
        {
            assert_eq!(name.parse::<Profile>().unwrap(), profile);
        }
        assert!("Hostile".parse::<Profile>().is_err());
    }
}
