//! The file that is paid: invented people of every provider, determined by the seed. None asks for a
//! scenario of the twins; what goes wrong is chance. How the people of one provider look is in its
//! folder.

pub(crate) mod chile;
pub(crate) mod mexico;

use std::io::{self, Write};

use crate::{kit::Kit, random::Random};

/// One row: what must hold of it, whoever pays it, and its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who pays it.
    pub provider: Kit,
    /// Its key.
    pub key: String,
    payee: Payee,
}

impl Row {
    /// Where the money goes. No two rows of a file have the same.
    pub fn account(&self) -> &str {
        &self.payee.account
    }

    /// The same key and person with another amount: another body.
    #[must_use]
    pub fn with_another_amount(&self) -> Self {
        // A hundred minor units, in the direction in which there is room.
        let change = if self.payee.amount_minor > 2_000_000 { -100 } else { 100 };
        let payee = Payee { amount_minor: self.payee.amount_minor + change, ..self.payee.clone() };
        Self { payee, ..self.clone() }
    }

    /// The same, to somebody to whom the twin keeps payouts pending for days, where it knows such
    /// people.
    #[must_use]
    pub fn kept_pending(&self) -> Self {
        let mut row = self.clone();
        self.provider.keep_pending(&mut row.payee);
        row
    }

    /// How much.
    pub fn amount_minor(&self) -> i64 {
        self.payee.amount_minor
    }
}

/// Somebody, and what somebody gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    pub(crate) amount_minor: i64,
    pub(crate) name: String,
    pub(crate) document_type: &'static str,
    pub(crate) document: String,
    pub(crate) bank: &'static str,
    pub(crate) account_type: &'static str,
    pub(crate) account: String,
    /// Empty where the provider asks for none.
    pub(crate) email: String,
    /// Empty where the provider asks for none.
    pub(crate) phone: String,
    pub(crate) description: &'static str,
}

/// `count` rows, one after the other; the same for the same seed and providers.
pub fn rows(count: u64, seed: u64, providers: Vec<Kit>) -> impl Iterator<Item = Row> {
    let (mut people, mut mixing) = (Random::new(seed, 1), Random::new(seed, 3));
    (1..=count).filter_map(move |number| {
        let provider = *mixing.choose(&providers)?;
        let key = format!("C{seed}N{number:06}");
        let payee = provider.payee(number, &key, &mut people);
        Some(Row { provider, key, payee })
    })
}

/// Writes the file, with every column that the command knows.
pub fn write_csv(mut out: impl Write, rows: impl IntoIterator<Item = Row>) -> io::Result<()> {
    writeln!(
        out,
        "key,provider,amount,currency,name,document_type,document,bank,account_type,account,email,\
         phone,description"
    )?;
    for Row { provider, key, payee } in rows {
        let (currency, exponent) = (provider.currency(), provider.currency().exponent());
        let amount = write_amount(payee.amount_minor, exponent);
        writeln!(
            out,
            "{key},{},{amount},{},{},{},{},{},{},{},{},{},{}",
            provider.name(),
            currency.code(),
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

/// Minor units as the file has them: pesos of Chile have no cents.
fn write_amount(amount_minor: i64, exponent: u8) -> String {
    match exponent {
        0 => amount_minor.to_string(),
        _ => {
            let unit = 10_i64.pow(u32::from(exponent));
            let width = usize::from(exponent);
            format!("{}.{:0width$}", amount_minor / unit, amount_minor % unit)
        }
    }
}

/// A name of two lists.
pub(crate) fn build_name(first: &[&str], last: &[&str], random: &mut Random) -> String {
    let first = random.choose(first).copied().unwrap_or_default();
    let last = random.choose(last).copied().unwrap_or_default();
    format!("{first} {last}")
}

/// Four digits by chance, then the number of the row, which makes it unique. They stay below 9990,
/// which some twins keep for failures of their own.
pub(crate) fn build_account(number: u64, random: &mut Random) -> String {
    format!("{:04}{number:06}", random.draw(0, 9_980))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::KITS;

    fn build(count: u64, seed: u64) -> Vec<Row> {
        rows(count, seed, KITS.to_vec()).collect()
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
    fn providers_are_mixed_and_each_can_be_alone() {
        let share = 2_000 / KITS.len();
        for kit in KITS {
            let count = build(2_000, 5).iter().filter(|row| row.provider == *kit).count();
            assert!((share * 4 / 5..=share * 6 / 5).contains(&count), "{kit:?}: {count}");
            let alone: Vec<Row> = rows(50, 5, vec![*kit]).collect();
            assert_eq!(alone.len(), 50);
            assert!(alone.iter().all(|row| row.provider == *kit));
        }
    }

    #[test]
    fn amounts_are_written_in_major_units() {
        assert_eq!(write_amount(1_500_005, 2), "15000.05");
        assert_eq!(write_amount(1_500_005, 0), "1500005");
    }
}
