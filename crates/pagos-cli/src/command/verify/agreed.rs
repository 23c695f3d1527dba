//! What was agreed about the order that a delivery names: from the store, and from the arguments. A
//! genuine delivery that says something else is a contradiction, not an event to act on.

use pagos_core::{AccountName, Currency, Event, Hint, Money, OrderKey, Secret};
use pagos_engine::{About, recognise};

use crate::{arguments::VerifyArguments, exit::Failure, run::database::Database};

/// What a store knows about the order.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    /// The secret that signs the session's deliveries.
    pub(super) secret: Option<Secret>,
    /// The stored order, if a store was given.
    stored: Option<Stored>,
}

#[derive(Debug)]
enum Stored {
    Order { key: OrderKey, amount: Money },
    Nothing,
}

/// What the delivery must say, according to the arguments.
#[derive(Debug, Default)]
pub(super) struct Expected {
    key: Option<OrderKey>,
    /// In major units.
    amount: Option<String>,
    /// The account's currency. `None` if a provider has several: then the account's country
    /// determines the currency of its deliveries, and not the delivery.
    currency: Option<Currency>,
}

impl Expected {
    pub(super) fn read(
        arguments: &VerifyArguments,
        currencies: &[Currency],
    ) -> Result<Self, Failure> {
        let key = arguments.expect_order.as_deref().map(OrderKey::new).transpose()?;
        let currency = match currencies {
            [only] => Some(*only),
            _ => None,
        };
        let amount = arguments.expect_amount.clone();
        if let Some(text) = &amount {
            check_amount(text, currencies)?;
        }
        Ok(Self { key, amount, currency })
    }
}

/// Refuses an amount that fits no currency of the account: it is a typing error, whatever the
/// delivery says.
fn check_amount(text: &str, currencies: &[Currency]) -> Result<(), Failure> {
    let mut first = None;
    for currency in currencies {
        match Money::parse(text, *currency) {
            Ok(_) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    let because = first.map_or(String::new(), |error| format!(": {}", error.message()));
    Err(Failure::new(format!(
        "--expect-amount {text:?} cannot be read{because}; write 1500 or 1250.50"
    )))
}

/// Looks up the order that a delivery claims to be about, as the receiver of webhooks does.
pub(super) async fn look_up(
    db: &Database,
    account: &AccountName,
    hint: &Hint,
) -> Result<Agreed, Failure> {
    let store = db.open_to_read().await?;
    let known = recognise(store.as_ref(), account, hint).await?;
    let order = match &known.about {
        About::Payment(key) => {
            store.payment(key).await?.map(|payment| (payment.order.key, payment.order.amount))
        }
        About::Payout(key) => {
            store.payout(key).await?.map(|payout| (payout.order.key, payout.order.amount))
        }
        About::Archived(..) | About::Nothing => None,
    };
    let stored = order.map_or(Stored::Nothing, |(key, amount)| Stored::Order { key, amount });
    Ok(Agreed { secret: known.secret, stored: Some(stored) })
}

/// How a genuine event differs from what was agreed, if it does.
pub(super) fn contradiction(event: &Event, agreed: &Agreed, expected: &Expected) -> Option<String> {
    let by_store = match &agreed.stored {
        None => None,
        Some(Stored::Nothing) => Some("the store has no such order".to_owned()),
        Some(Stored::Order { key, amount }) => {
            event.observation.as_ref().and_then(|seen| seen.echo.contradiction(key, *amount))
        }
    };
    by_store.or_else(|| wrong_key(event, expected)).or_else(|| wrong_amount(event, expected))
}

fn wrong_key(event: &Event, expected: &Expected) -> Option<String> {
    let expected = expected.key.as_ref()?;
    let echoed = event.observation.as_ref().and_then(|seen| seen.echo.key.as_deref());
    match echoed.or(event.key.as_ref().map(OrderKey::as_str)) {
        Some(told) if told == expected.as_str() => None,
        Some(told) => Some(format!("the provider speaks of key {told:?}, expected is {expected}")),
        None => Some(format!("the provider names no key, expected is {expected}")),
    }
}

fn wrong_amount(event: &Event, expected: &Expected) -> Option<String> {
    let currency = expected.currency;
    let expected = expected.amount.as_deref()?;
    let Some(told) = event.observation.as_ref().and_then(|seen| seen.echo.amount) else {
        return Some(format!("the provider names no amount, expected is {expected}"));
    };
    match Money::parse(expected, currency.unwrap_or(told.currency)) {
        Ok(expected) if expected == told => None,
        Ok(expected) => Some(format!("the provider speaks of {told}, expected is {expected}")),
        Err(error) => Some(format!(
            "the provider speaks of {told}, and the expected amount cannot be read: {}",
            error.message()
        )),
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::{Echo, Observation, Source, Status, Subject, Timestamp};

    use super::*;

    #[test]
    fn world_24_an_amount_that_cannot_be_read_is_a_wrong_argument() {
        let chile = [Currency::Clp];
        assert!(check_amount("1500", &chile).is_ok());
        assert!(check_amount("1250.50", &[Currency::Clp, Currency::Mxn]).is_ok());
        for text in ["1.500,00", "1250.50", "", "a lot"] {
            let told = check_amount(text, &chile).unwrap_err().to_string();
            assert!(told.contains("--expect-amount") && told.contains("write 1500"), "{told}");
        }
    }

    /// A genuine delivery in pesos of another country passed for what was agreed.
    #[test]
    fn world_16_the_expected_amount_is_in_the_accounts_currency() {
        let told = |currency| {
            let amount = Money::parse("1500", currency).unwrap();
            let at = Timestamp::from_millis(0);
            let observation = Observation {
                echo: Echo { amount: Some(amount), key: None },
                ..Observation::new(Status::Succeeded, Source::VerifiedEvent, at)
            };
            Event {
                subject: Subject::Payment,
                key: None,
                reference: None,
                observation: Some(observation),
            }
        };
        let expected = |currency| Expected { key: None, amount: Some("1500".to_owned()), currency };
        let ours = expected(Some(Currency::Clp));
        assert_eq!(wrong_amount(&told(Currency::Clp), &ours), None);
        let wrong = wrong_amount(&told(Currency::Mxn), &ours).unwrap();
        assert!(wrong.contains("MXN") && wrong.contains("expected is 1500 CLP"), "{wrong}");
        assert_eq!(wrong_amount(&told(Currency::Cop), &expected(None)), None);
    }
}
