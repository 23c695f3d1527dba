//! The file that is paid: invented people, determined by the seed. Asks for no scenario of the
//! twin; what goes wrong is chance.

use std::io;
use std::io::Write;

use crate::random::Random;

/// The limits of a Colombian payout through Cashypro, in pesos.
const PESOS_MIN: u64 = 10_000;
const PESOS_MAX: u64 = 5_000_000;

/// Bancolombia, Davivienda, Banco de Bogota, BBVA Colombia, as Cashypro numbers them.
const BANKS: [&str; 4] = ["20", "9", "10", "5"];

const FIRST_NAMES: [&str; 6] = ["Ana", "Camilo", "Diana", "Julian", "Luisa", "Mateo"];
const LAST_NAMES: [&str; 6] = ["Arango", "Bernal", "Castillo", "Duarte", "Mejia", "Rincon"];

/// What must hold of one row, whoever pays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) account: String,
    pub(crate) amount_minor: i64,
    name: String,
    document: String,
    bank: &'static str,
    account_type: &'static str,
}

/// `count` rows, one after the other; the same for the same seed.
pub(crate) fn rows(count: u64, seed: u64) -> impl Iterator<Item = Row> {
    let mut random = Random::new(seed, 1);
    (1..=count).map(move |number| build_row(number, seed, &mut random))
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
    for row in rows {
        let (whole, cents) = (row.amount_minor / 100, row.amount_minor % 100);
        writeln!(
            out,
            "{},cashypro,{whole}.{cents:02},COP,{},cc,{},{},{},{},,,trial run",
            row.key, row.name, row.document, row.bank, row.account_type, row.account
        )?;
    }
    out.flush()
}

fn build_row(number: u64, seed: u64, random: &mut Random) -> Row {
    let pesos = random.draw(PESOS_MIN, PESOS_MAX);
    let account_type = if random.draw(0, 1) == 0 { "savings" } else { "checking" };
    Row {
        key: format!("C{seed}N{number:06}"),
        // The first four digits stay below 9990, which the twin keeps for its own failures; the
        // rest makes the number unique.
        account: format!("{:04}{number:06}", random.draw(0, 9_980)),
        // At most 500,000,000, which fits.
        amount_minor: i64::try_from(pesos * 100).unwrap_or(i64::MAX),
        name: format!("{} {}", choose(&FIRST_NAMES, random), choose(&LAST_NAMES, random)),
        document: format!("{}", random.draw(10_000_000, 1_999_999_999)),
        bank: choose(&BANKS, random),
        account_type,
    }
}

fn choose(words: &[&'static str], random: &mut Random) -> &'static str {
    let last = words.len().saturating_sub(1);
    let at = usize::try_from(random.draw(0, last.try_into().unwrap_or(0))).unwrap_or(0);
    words.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn build(count: u64, seed: u64) -> Vec<Row> {
        rows(count, seed).collect()
    }

    #[test]
    fn the_seed_determines_the_file() {
        assert_eq!(build(50, 7), build(50, 7));
        assert_ne!(build(50, 7), build(50, 8));
        let mut file = Vec::new();
        write_csv(&mut file, rows(50, 7)).unwrap();
        assert_eq!(String::from_utf8(file).unwrap().lines().count(), 51);
    }

    #[test]
    fn keys_and_accounts_are_unique_and_amounts_are_legal() {
        let rows = build(2_000, u64::MAX);
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let accounts: BTreeSet<&str> = rows.iter().map(|row| row.account.as_str()).collect();
        assert_eq!((keys.len(), accounts.len()), (2_000, 2_000));
        assert!(keys.iter().all(|key| key.len() <= 32));
        assert!(accounts.iter().all(|account| !account.starts_with("999")));
        for row in rows {
            assert!((1_000_000..=500_000_000).contains(&row.amount_minor), "{row:?}");
            assert_eq!(row.amount_minor % 100, 0);
        }
    }
}
