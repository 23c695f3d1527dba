//! How the table of a bank is read: a mapping that people write in TOML, and those that come with
//! Pagos.

mod fields;
mod parse;
mod source;

use std::collections::BTreeMap;

use pagos_core::{Currency, Money};

use crate::{
    Kind, Problem,
    amount::{self, Notation},
    dates::DateFormat,
    fold::fold,
};

pub(crate) use source::{Column, Rule, Sided, Source};

/// How the rows of one bank's export are read. The README of the crate explains every field.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(crate) description: String,
    pub(crate) country: Option<String>,
    pub(crate) currency: Currency,
    /// Names that only the header row has, folded. None: the columns are numbers.
    pub(crate) header: Vec<String>,
    pub(crate) date: Column,
    pub(crate) date_format: DateFormat,
    pub(crate) value_date: Option<Column>,
    pub(crate) amounts: Amounts,
    pub(crate) notation: Notation,
    pub(crate) references: Vec<Source>,
    pub(crate) bank_reference: Option<Source>,
    pub(crate) tracking: Option<Source>,
    pub(crate) name: Sided,
    pub(crate) account: Sided,
    pub(crate) document: Sided,
    pub(crate) text: Vec<Source>,
    pub(crate) balance: Option<(Column, Order)>,
    /// The column with the holder's own account.
    pub(crate) own_account: Option<Source>,
    pub(crate) currency_column: Option<Column>,
    /// Folded words that mean a kind.
    pub(crate) kinds: Vec<(Kind, String)>,
    pub(crate) skip: Vec<Rule>,
    pub(crate) end: Vec<Rule>,
}

/// Where amounts and their sides stand.
#[derive(Debug, Clone)]
pub(crate) enum Amounts {
    /// A column for each side.
    Columns { debit: Column, credit: Column, are_debits_negative: bool },
    /// One column with a sign.
    Signed { column: Column, is_negative_debit: bool },
    /// One column, and another with a word for the side.
    Marked {
        column: Column,
        mark: Column,
        debit: Vec<String>,
        credit: Vec<String>,
        are_debits_negative: bool,
    },
}

/// How rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

impl Mapping {
    /// Reads the tables `[statement.NAME]` of a TOML text; other tables are left to others.
    ///
    /// ```
    /// use pagos_statement::Mapping;
    ///
    /// let text = r#"
    /// [statement.mine]
    /// source = "the export of my bank, seen in January 2026"
    /// currency = "CLP"
    /// header = ["Fecha", "Cargo", "Abono"]
    /// date = { column = "Fecha", format = "dd/mm/yyyy" }
    /// amount = { debit = "Cargo", credit = "Abono" }
    /// decimal = ","
    /// thousands = "."
    /// "#;
    /// assert!(Mapping::parse(text).unwrap().contains_key("mine"));
    ///
    /// let problems = Mapping::parse(&text.replace("decimal", "decimals")).unwrap_err();
    /// assert!(problems.iter().any(|it| it.because.contains("did you mean \"decimal\"")));
    /// ```
    ///
    /// # Errors
    /// Every field that is missing, unknown or wrong.
    pub fn parse(text: &str) -> Result<BTreeMap<String, Self>, Vec<Problem>> {
        parse::parse(text)
    }

    /// A mapping that comes with Pagos. Each was made from a public description, which
    /// `Mapping::source` names, and was not compared with a bank.
    ///
    /// ```
    /// use pagos_statement::Mapping;
    ///
    /// for name in Mapping::presets() {
    ///     assert!(!Mapping::preset(name).unwrap().source().is_empty());
    /// }
    /// ```
    pub fn preset(name: &str) -> Option<Self> {
        let (name, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        parse::parse(text).ok()?.remove(*name)
    }

    /// The text of a mapping that comes with Pagos, to begin another one with.
    pub fn preset_text(name: &str) -> Option<&'static str> {
        PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The names of the mappings that come with Pagos.
    pub fn presets() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, _)| *name)
    }

    /// What the mapping was made from.
    pub fn source(&self) -> &str {
        &self.description
    }

    /// The code of the country, such as `CL`, if the mapping says it.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The currency of the account.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// A number of a sheet, which has a point before its decimals, in the notation of the mapping.
    /// Text of a sheet is given as it is.
    ///
    /// ```
    /// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/mapping.toml"));
    /// # let mapping = &pagos_statement::Mapping::parse(text).unwrap()["bank"];
    /// assert_eq!(mapping.number("-1234.5"), "-1234,5");
    /// ```
    pub fn number(&self, text: &str) -> String {
        text.replace('.', &self.notation.decimal.to_string())
    }

    /// An amount with whatever sign it has: is it negative?
    pub(crate) fn parse_amount(&self, text: &str) -> Result<(bool, Money), String> {
        let mut text = text.trim();
        let is_in_brackets = text.starts_with('(') && text.ends_with(')');
        if is_in_brackets {
            text = text.trim_matches(['(', ')']).trim();
        }
        let code = self.currency.code();
        let (mut is_negative, mut signs) = (is_in_brackets, usize::from(is_in_brackets));
        loop {
            let before = text;
            for sign in ['-', '\u{2212}', '+'] {
                let stripped = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign));
                if let Some(rest) = stripped {
                    signs += 1;
                    is_negative |= sign != '+';
                    text = rest.trim();
                }
            }
            text = text.strip_prefix('$').unwrap_or(text).trim();
            text =
                text.strip_prefix(code).or_else(|| text.strip_suffix(code)).unwrap_or(text).trim();
            if text == before {
                break;
            }
        }
        if signs > 1 {
            return Err("an amount with two signs".to_owned());
        }
        Ok((is_negative, amount::parse(text, self.notation, self.currency)?))
    }

    /// What the words of a row mean.
    pub(crate) fn kind_of(&self, text: &str) -> Kind {
        if self.kinds.is_empty() {
            return Kind::Transfer;
        }
        let text = format!(" {} ", fold(text));
        let is_word = |(_, words): &&(Kind, String)| {
            text.match_indices(words.as_str()).any(|(at, found)| {
                let before = text.get(..at).and_then(|it| it.chars().next_back());
                let after = text.get(at + found.len()..).and_then(|it| it.chars().next());
                !before.is_some_and(char::is_alphanumeric)
                    && !after.is_some_and(char::is_alphanumeric)
            })
        };
        self.kinds.iter().find(is_word).map_or(Kind::Transfer, |(kind, _)| *kind)
    }
}

/// The folder `mappings`: a file is about a bank and holds one mapping of its name.
macro_rules! presets {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../mappings/", $name, ".toml")))),*]
    };
}

const PRESETS: &[(&str, &str)] = presets![
    "cl-banco-chile",
    "cl-bancoestado",
    "cl-bci",
    "cl-santander",
    "co-bancolombia",
    "co-davivienda",
    "mx-banorte",
    "mx-bbva",
    "mx-bbva-empresas",
    "mx-santander"
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_mapping_that_says_what_it_was_not_compared_with() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let files: BTreeSet<String> =
            names.map(|it| it.into_string().unwrap().replace(".toml", "")).collect();
        let presets: BTreeSet<String> = Mapping::presets().map(str::to_owned).collect();
        assert_eq!(files, presets);
        for (name, text) in PRESETS {
            let mapping = parse::parse(text).unwrap_or_else(|it| panic!("{name}: {it:?}"));
            assert_eq!(mapping.keys().collect::<Vec<_>>(), [name]);
            assert!(Mapping::preset(name).unwrap().source().contains("Not compared"), "{name}");
        }
        assert!(Mapping::preset("nobody").is_none());
    }

    fn check(from: &str, to: &str, said: &str) {
        let text = include_str!("../doc/mapping.toml");
        assert!(text.contains(from), "{from}");
        let problems = parse::parse(&text.replace(from, to)).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|it| it.contains(said)), "{told:?}");
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_told_by_its_field() {
        check("decimal =", "decimals =", "did you mean \"decimal\"");
        check("decimal =", "decimals =", "statement.bank.decimal: it is missing");
        check("thousands = \".\"", "thousands = \",\"", "bank.thousands: it is none of");
        check("\"CLP\"", "\"XXX\"", "bank.currency: it is no currency");
        check("dd/mm/yyyy", "dd/mm", "bank.date.format: it is no form");
        check("debit = \"Cargos\", ", "", "bank.amount.debit: it is missing");
        check("credit = \"Abonos\"", "credit = \"Abonos\", sign = 1", "bank.amount: \"sign\"");
        check("(payroll-[0-9]+)", "payroll-[0-9]+", "reference.regex: it is no pattern with one");
        check("(payroll-[0-9]+)", "(payroll", "reference.regex: it is no pattern");
        check("oldest first", "sorted", "balance.order: it is neither");
        check("is = \"\"", "was = \"\"", "bank.skip: \"was\" has no meaning");
        check("header = [", "header = [] #", "bank.header: columns have names");
        check("source =", "source", "line 2: it is no TOML here");
        check("[statement.bank]", "[[statement]]", "\"statement\" is no table");
    }

    #[test]
    fn an_amount_has_one_sign_on_either_side() {
        let text = include_str!("../doc/mapping.toml");
        let mapping = &parse::parse(text).unwrap()["bank"];
        let minor = |text: &str| {
            let read = mapping.parse_amount(text).ok();
            read.map(|(is_negative, it)| if is_negative { -it.minor } else { it.minor })
        };
        for text in
            ["-1.500", "1.500-", "(1.500)", "$ -1.500", "-$1.500", "CLP -1.500", "\u{2212}1.500"]
        {
            assert_eq!(minor(text), Some(-1_500), "{text}");
        }
        for text in ["1.500", "+1.500", "$1.500", "1.500 CLP", " $ 1500,00 "] {
            assert_eq!(minor(text), Some(1_500), "{text}");
        }
        for text in ["", "-", "--1", "-1-", "(-1)", "USD 1", "1 500", "$"] {
            assert_eq!(minor(text), None, "{text}");
        }
    }

    #[test]
    fn words_of_a_kind_are_whole_words() {
        let text = include_str!("../doc/mapping.toml");
        let mapping = &parse::parse(text).unwrap()["bank"];
        assert_eq!(mapping.kind_of("COMISION mensual"), Kind::Fee);
        assert_eq!(mapping.kind_of("19% IVA"), Kind::Tax);
        assert_eq!(mapping.kind_of("Banco privado, comisiones"), Kind::Transfer);
    }
}
