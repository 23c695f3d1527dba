//! The file that is paid: invented people of every provider, determined by the seed. Asks for no
//! scenario of the twins; what goes wrong is chance. How the people of one provider look is in a
//! file of its own.

mod cashypro;
mod chile;
mod conekta;
mod etpay;
mod virtualpos;

use std::io::{self, Write};

use clap::ValueEnum;

use crate::random::Random;

/// A provider that can be tried. A new one adds its variant, its words below and a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Provider {
    Cashypro,
    Conekta,
    Etpay,
    Virtualpos,
}

/// What a provider makes of a key that it knows already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It refuses it, so that a lost request can be sent again.
    Refused,
    /// It pays once more, so that a lost request is sent again by proof alone, where there is any,
    /// and else is for a person to decide about.
    PaidAgain,
}

impl Provider {
    /// All that can be tried.
    pub(crate) const ALL: [Self; 4] =
        [Self::Cashypro, Self::Conekta, Self::Etpay, Self::Virtualpos];

    /// The word of the file's column, which is the name of the account too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cashypro => "cashypro",
            Self::Conekta => "conekta",
            Self::Etpay => "etpay",
            Self::Virtualpos => "virtualpos",
        }
    }

    /// What it pays in.
    pub(crate) fn currency(self) -> &'static str {
        match self {
            Self::Cashypro => "COP",
            Self::Conekta => "MXN",
            Self::Etpay | Self::Virtualpos => "CLP",
        }
    }

    /// What it makes of a key that it knows already.
    pub(crate) fn repeat(self) -> Repeat {
        match self {
            Self::Cashypro => Repeat::Refused,
            Self::Conekta | Self::Etpay | Self::Virtualpos => Repeat::PaidAgain,
        }
    }

    /// Minor units as the file has them: pesos of Chile have no cents.
    fn write_amount(self, amount_minor: i64) -> String {
        match self {
            Self::Cashypro | Self::Conekta => {
                format!("{}.{:02}", amount_minor / 100, amount_minor % 100)
            }
            Self::Etpay | Self::Virtualpos => amount_minor.to_string(),
        }
    }

    fn build_payee(self, number: u64, key: &str, random: &mut Random) -> Payee {
        match self {
            Self::Cashypro => cashypro::build_payee(number, random),
            Self::Conekta => conekta::build_payee(number, key, random),
            Self::Etpay => etpay::build_payee(number, random),
            Self::Virtualpos => virtualpos::build_payee(number, random),
        }
    }
}

/// One row: what must hold of it, whoever pays it, and its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) provider: Provider,
    pub(crate) key: String,
    payee: Payee,
}

impl Row {
    /// Where the money goes. No two rows of a file have the same.
    pub(crate) fn account(&self) -> &str {
        &self.payee.account
    }

    /// The same key and person with another amount: another body.
    pub(crate) fn with_another_amount(&self) -> Self {
        // A hundred minor units, in the direction in which there is room.
        let change = if self.payee.amount_minor > 2_000_000 { -100 } else { 100 };
        let payee = Payee { amount_minor: self.payee.amount_minor + change, ..self.payee.clone() };
        Self { payee, ..self.clone() }
    }

    /// The same, to somebody to whom the twin keeps payouts under way for days. Cashypro's and
    /// Conekta's stay what they are.
    pub(crate) fn stuck(&self) -> Self {
        let mut payee = self.payee.clone();
        match self.provider {
            Provider::Cashypro | Provider::Conekta => {}
            Provider::Etpay => etpay::be_stuck(&mut payee),
            Provider::Virtualpos => virtualpos::be_stuck(&mut payee),
        }
        Self { payee, ..self.clone() }
    }

    /// How much.
    pub(crate) fn amount_minor(&self) -> i64 {
        self.payee.amount_minor
    }
}

/// Somebody, and what somebody gets.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Payee {
    amount_minor: i64,
    name: String,
    document_type: &'static str,
    document: String,
    bank: &'static str,
    account_type: &'static str,
    account: String,
    /// Empty where the provider asks for none.
    email: String,
    /// Empty where the provider asks for none.
    phone: String,
    description: &'static str,
}

/// `count` rows, one after the other; the same for the same seed and providers.
pub(crate) fn rows(count: u64, seed: u64, providers: Vec<Provider>) -> impl Iterator<Item = Row> {
    let (mut people, mut mixing) = (Random::new(seed, 1), Random::new(seed, 3));
    (1..=count).filter_map(move |number| {
        let provider = *mixing.choose(&providers)?;
        let key = format!("C{seed}N{number:06}");
        let payee = provider.build_payee(number, &key, &mut people);
        Some(Row { provider, key, payee })
    })
}

/// Writes the file, with every column that the command knows.
pub(crate) fn write_csv(
    mut out: impl Write,
    rows: impl IntoIterator<Item = Row>,
) -> io::Result<()> {
    writeln!(
        out,
        "key,provider,amount,currency,name,document_type,document,bank,account_type,account,email,\
         phone,description"
    )?;
    for Row { provider, key, payee } in rows {
        let amount = provider.write_amount(payee.amount_minor);
        writeln!(
            out,
            "{key},{},{amount},{},{},{},{},{},{},{},{},{},{}",
            provider.name(),
            provider.currency(),
            payee.name,
            payee.document_type,
            payee.document,
            payee.bank,
            payee.account_type,
            payee.account,
            payee.email,
            payee.phone,
            payee.description
        )?;
    }
    out.flush()
}

/// A name of two lists.
fn build_name(first: &[&str], last: &[&str], random: &mut Random) -> String {
    let first = random.choose(first).copied().unwrap_or_default();
    let last = random.choose(last).copied().unwrap_or_default();
    format!("{first} {last}")
}

/// Four digits by chance, then the number of the row, which makes it unique. They stay below 9990,
/// which some twins keep for failures of their own.
fn build_account(number: u64, random: &mut Random) -> String {
    format!("{:04}{number:06}", random.draw(0, 9_980))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn build(count: u64, seed: u64) -> Vec<Row> {
        rows(count, seed, Provider::ALL.to_vec()).collect()
    }

    #[test]
    fn the_seed_determines_the_file() {
        assert_eq!(build(50, 7), build(50, 7));
        assert_ne!(build(50, 7), build(50, 8));
        let mut file = Vec::new();
        write_csv(&mut file, build(50, 7)).unwrap();
        let file = String::from_utf8(file).unwrap();
        assert_eq!(file.lines().count(), 51);
        assert!(file.lines().all(|line| line.split(',').count() == 13), "{file}");
    }

    #[test]
    fn keys_and_accounts_are_unique_and_every_provider_takes_the_keys() {
        let rows = build(2_000, u64::MAX);
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let accounts: BTreeSet<&str> = rows.iter().map(Row::account).collect();
        assert_eq!((keys.len(), accounts.len()), (2_000, 2_000));
        assert!(keys.iter().all(|key| key.len() <= 32));
        assert!(keys.iter().all(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }

    #[test]
    fn providers_are_mixed_and_each_is_listed_once() {
        for provider in Provider::ALL {
            let count = build(2_000, 5).iter().filter(|row| row.provider == provider).count();
            assert!((400..=600).contains(&count), "{provider:?}: {count}");
        }
        let alone: Vec<Row> = rows(50, 5, vec![Provider::Etpay]).collect();
        assert_eq!(alone.len(), 50);
        assert!(alone.iter().all(|row| row.provider == Provider::Etpay));
        for provider in Provider::ALL {
            assert_eq!(Provider::from_str(provider.name(), false), Ok(provider));
        }
        assert!(Provider::from_str("nobody", false).is_err());
    }

    #[test]
    fn amounts_are_written_in_major_units() {
        assert_eq!(Provider::Cashypro.write_amount(1_500_005), "15000.05");
        assert_eq!(Provider::Conekta.write_amount(1_500_005), "15000.05");
        assert_eq!(Provider::Etpay.write_amount(1_500_005), "1500005");
        assert_eq!(Provider::Virtualpos.write_amount(1_500_005), "1500005");
    }
}
