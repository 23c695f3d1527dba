//! Limits that nobody can lift by approving: most per payout, per beneficiary and day, per account
//! and day, and beneficiaries' accounts that are never paid.

use std::collections::BTreeSet;

use pagos_core::{AccountNumber, Beneficiary, Currency, Money, PayoutOrder, Violation};
use sha2::{Digest as _, Sha256};

/// The limits of one account. Each amount limits payouts in its own currency; a currency without
/// one is not limited.
///
/// ```
/// use pagos_core::{Currency, Money};
/// use pagos_engine::Limits;
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
///
/// let limits = Limits {
///     payout_max: vec![Money::new(10_000, Currency::Clp)],
///     ..Limits::default()
/// };
/// let told = limits.violations(&scene::order("salary-7"));
/// assert_eq!(told[0].because, "15000 CLP is more than the account's limit of 10000 CLP per payout");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most that one payout may be.
    pub payout_max: Vec<Money>,
    /// The most that may be released to one beneficiary's account on a day.
    pub beneficiary_day_max: Vec<Money>,
    /// The most that may be released on a day.
    pub account_day_max: Vec<Money>,
    /// The beneficiaries' accounts that are never paid.
    pub refused: BTreeSet<Payee>,
}

/// A beneficiary's account, as far as limits tell accounts apart: by the letters and digits of its
/// number, without leading zeros, whatever the bank is called. Only a digest of it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payee {
    digest: [u8; 16],
}

impl Payee {
    /// The account of this number.
    pub fn of(number: &AccountNumber) -> Self {
        let letters = number.as_str().bytes().filter(u8::is_ascii_alphanumeric);
        let form: Vec<u8> = letters.map(|byte| byte.to_ascii_lowercase()).collect();
        let start = form.iter().position(|byte| *byte != b'0').unwrap_or(form.len());
        let mut hash = Sha256::new();
        hash.update(b"pagos payee\0");
        hash.update(form.get(start..).unwrap_or_default());
        let whole: [u8; 32] = hash.finalize().into();
        let mut digest = [0; 16];
        digest.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Self { digest }
    }

    /// The digest in hexadecimal, for the name of its counter.
    pub(crate) fn hex(self) -> String {
        self.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl From<&Beneficiary> for Payee {
    fn from(beneficiary: &Beneficiary) -> Self {
        Self::of(&beneficiary.account_number)
    }
}

impl std::fmt::Debug for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payee(..)")
    }
}

impl Limits {
    /// What speaks against this order, whatever else is released on that day.
    pub fn violations(&self, order: &PayoutOrder) -> Vec<Violation> {
        let mut found = Vec::new();
        let amount = order.amount;
        let day = self.account_day_max.iter().chain(&self.beneficiary_day_max);
        let most = limit_of(&self.payout_max, amount.currency).map(|most| (most, "payout"));
        let most_of_day = day.filter(|most| most.currency == amount.currency);
        let most_of_day = most_of_day.min_by_key(|most| most.minor).map(|most| (*most, "day"));
        let exceeded = most.into_iter().chain(most_of_day);
        if let Some((most, per)) = exceeded.into_iter().find(|(most, _)| amount.minor > most.minor)
        {
            let because = format!("{amount} is more than the account's limit of {most} per {per}");
            let es = if per == "day" { "día" } else { "pago" };
            let es = format!("{amount} supera el límite de la cuenta de {most} por {es}");
            found.push(
                Violation::new("amount", because, "pay less, or have the limit changed")
                    .in_spanish(es, "pague menos, o haga cambiar el límite"),
            );
        }
        if self.refused.contains(&Payee::from(&order.beneficiary)) {
            let because = "it is on the list of accounts that are not paid";
            found.push(
                Violation::new("account_number", because, "remove the row")
                    .in_spanish("está en la lista de cuentas que no se pagan", "quite la fila"),
            );
        }
        found
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a limit looks at the sum of a day.
    pub fn counts_days(&self) -> bool {
        !self.account_day_max.is_empty() || !self.beneficiary_day_max.is_empty()
    }

    /// The most that may be released in this currency on a day.
    pub fn account_day(&self, currency: Currency) -> Option<Money> {
        limit_of(&self.account_day_max, currency)
    }

    /// The most that may be released in this currency to one beneficiary on a day.
    pub fn beneficiary_day(&self, currency: Currency) -> Option<Money> {
        limit_of(&self.beneficiary_day_max, currency)
    }
}

/// The smallest of the amounts in this currency.
fn limit_of(amounts: &[Money], currency: Currency) -> Option<Money> {
    let of_currency = amounts.iter().filter(|amount| amount.currency == currency);
    of_currency.min_by_key(|amount| amount.minor).copied()
}

#[cfg(test)]
mod tests {
    use pagos_core::AccountType;

    use super::*;

    fn number(text: &str) -> AccountNumber {
        AccountNumber::new(text).unwrap()
    }

    fn order(minor: i64, account: &str) -> PayoutOrder {
        let ana = Beneficiary::new("Ana", AccountType::Savings, number(account));
        let amount = Money::new(minor, Currency::Clp);
        PayoutOrder::new("k".parse().unwrap(), "acme".parse().unwrap(), amount, ana)
    }

    #[test]
    fn a_payee_is_its_letters_and_digits() {
        for other in ["12345", "0012345", "12-345", "1.2345"] {
            assert_eq!(Payee::of(&number("0012-345")), Payee::of(&number(other)), "{other}");
        }
        assert_eq!(Payee::of(&number("cc-1A")), Payee::of(&number("CC1a")));
        assert_ne!(Payee::of(&number("12345")), Payee::of(&number("123450")));
        assert_ne!(Payee::of(&number("0")), Payee::of(&number("1")));
    }

    #[test]
    fn the_limits_of_one_order_are_violations() {
        let limits = Limits {
            payout_max: vec![Money::new(100, Currency::Clp), Money::new(1, Currency::Cop)],
            account_day_max: vec![Money::new(500, Currency::Clp)],
            beneficiary_day_max: vec![Money::new(80, Currency::Clp)],
            refused: BTreeSet::from([Payee::of(&number("666"))]),
        };
        let fields = |minor, account: &str| -> Vec<&str> {
            limits.violations(&order(minor, account)).iter().map(|it| it.field).collect()
        };
        assert_eq!(fields(80, "1"), Vec::<&str>::new());
        assert_eq!(fields(81, "1"), ["amount"]); // more than one beneficiary may get on a day
        assert_eq!(fields(101, "00-666"), ["amount", "account_number"]);
        assert!(!format!("{:?}", limits.violations(&order(1, "666"))).contains("666"));
    }
}
