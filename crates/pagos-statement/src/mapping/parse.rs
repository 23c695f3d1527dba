//! A mapping from TOML. Everything that is wrong with it is told at once.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};
use toml::{Table, Value};

use crate::{
    Kind, Problem,
    amount::{DECIMALS_MAX, Notation},
    dates::DateFormat,
    fold::fold,
};

use super::{
    Amounts, Column, Mapping, Order, Rule, Sided, Source,
    fields::{Fields, SEE},
    source::Test,
};

pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Mapping>, Vec<Problem>> {
    let refused = |place, because: &str| {
        vec![Problem::new(place, because.to_owned(), "correct the file of mappings")]
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(refused(0, "the text is longer than 256 KiB"));
    }
    let root: Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
        refused(line, "it is no TOML here")
    })?;
    let statements = match root.get("statement") {
        None => return Ok(BTreeMap::new()),
        Some(Value::Table(statements)) => statements,
        Some(_) => return Err(refused(0, "\"statement\" is no table")),
    };
    let mut mappings = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, value) in statements {
        let path = format!("statement.{}", name.escape_debug());
        let Some(table) = value.as_table() else {
            problems.push(Problem::new(0, "it is no table", SEE).of(path));
            continue;
        };
        let mut fields = Fields::new(path, table);
        let mapping = read(&mut fields);
        let mut found = fields.finish();
        match mapping {
            Some(mapping) if found.is_empty() => {
                mappings.insert(name.clone(), mapping);
            }
            _ => problems.append(&mut found),
        }
    }
    if problems.is_empty() { Ok(mappings) } else { Err(problems) }
}

/// The mapping; `None` only if a problem says why.
fn read(fields: &mut Fields<'_>) -> Option<Mapping> {
    let description = fields.require_text("source").map(str::to_owned);
    let country = fields.text("country").map(str::to_owned);
    if let Some(country) = &country
        && !(country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase()))
    {
        fields.refuse("country", "it is no code of a country such as \"CL\"", SEE);
    }
    let currency = fields.require_text("currency").and_then(|code| {
        let currency = code.parse().ok();
        if currency.is_none() {
            fields.refuse("currency", "it is no currency that Pagos knows, such as \"CLP\"", SEE);
        }
        currency
    });
    fields.require("header");
    let header: Vec<String> = fields.texts("header").into_iter().map(fold).collect();
    let date = required_table(fields, "date").map(|table| fields.inner("date", table, read_date));
    let value_date = column(fields, "value_date");
    let amounts =
        required_table(fields, "amount").map(|table| fields.inner("amount", table, read_amounts));
    let notation = read_notation(fields);
    let balance = optional_table(fields, "balance");
    let balance = balance.and_then(|table| fields.inner("balance", table, read_balance));
    let kinds = optional_table(fields, "kinds");
    let kinds = kinds.map(|table| fields.inner("kinds", table, read_kinds)).unwrap_or_default();
    let mapping = Mapping {
        references: sources(fields, "reference"),
        bank_reference: one_source(fields, "bank_reference"),
        tracking: one_source(fields, "tracking"),
        name: sided(fields, "name"),
        account: sided(fields, "account"),
        document: sided(fields, "document"),
        text: sources(fields, "text"),
        own_account: one_source(fields, "own_account"),
        currency_column: column(fields, "currency_column"),
        skip: rules(fields, "skip"),
        end: rules(fields, "end"),
        value_date,
        balance,
        kinds,
        notation: notation?,
        description: description?,
        country,
        currency: currency?,
        amounts: amounts??,
        date: date.as_ref()?.as_ref()?.0.clone(),
        date_format: date??.1,
        header,
    };
    check_columns(fields, &mapping);
    Some(mapping)
}

/// Names need a header row to be found in, and numbers need none.
fn check_columns(fields: &mut Fields<'_>, mapping: &Mapping) {
    let has_names = mapping.columns().any(|it| matches!(it, Column::Name { .. }));
    if has_names && mapping.header.is_empty() {
        fields.refuse("header", "columns have names, and no header row is named", SEE);
    }
    if mapping.header.len() > COLUMNS_MAX || mapping.columns().count() > COLUMNS_MAX {
        fields.refuse("header", "it has more than 100 columns", SEE);
    }
}

fn read_date(fields: &mut Fields<'_>) -> Option<(Column, DateFormat)> {
    let column = required_column(fields, "column");
    let format = DateFormat::parse(fields.require_text("format")?);
    if format.is_none() {
        fields.refuse("format", "it is no form of a day such as \"dd/mm/yyyy\"", SEE);
    }
    Some((column?, format?))
}

fn read_amounts(fields: &mut Fields<'_>) -> Option<Amounts> {
    if !fields.has("column") {
        let (debit, credit) = (required_column(fields, "debit"), required_column(fields, "credit"));
        let are_debits_negative = fields.flag("negative_debits");
        return Some(Amounts::Columns { debit: debit?, credit: credit?, are_debits_negative });
    }
    let column = required_column(fields, "column");
    if fields.has("side") {
        let table = optional_table(fields, "side")?;
        return fields.inner("side", table, |fields| {
            let mark = required_column(fields, "column");
            fields.require("debit");
            fields.require("credit");
            let words = |texts: Vec<&str>| texts.into_iter().map(fold).collect::<Vec<_>>();
            let (debit, credit) = (words(fields.texts("debit")), words(fields.texts("credit")));
            if debit.iter().any(|word| credit.contains(word)) {
                fields.refuse("credit", "a word means both sides", SEE);
            }
            let are_debits_negative = fields.flag("negative_debits");
            let (column, mark) = (column?, mark?);
            Some(Amounts::Marked { column, mark, debit, credit, are_debits_negative })
        });
    }
    let is_negative_debit = match fields.require_text("negative") {
        Some("debit") => true,
        Some("credit") => false,
        Some(_) => {
            fields.refuse("negative", "it is neither \"debit\" nor \"credit\"", SEE);
            return None;
        }
        None => return None,
    };
    Some(Amounts::Signed { column: column?, is_negative_debit })
}

fn read_notation(fields: &mut Fields<'_>) -> Option<Notation> {
    let decimal = fields.require_text("decimal");
    let thousands = fields.text("thousands");
    let decimal = match decimal? {
        "." => '.',
        "," => ',',
        _ => {
            fields.refuse("decimal", "it is neither \".\" nor \",\"", SEE);
            return None;
        }
    };
    let thousands = match thousands {
        None => None,
        Some(text) => {
            let sign = text.chars().next().filter(|sign| {
                text.chars().count() == 1 && ".,' ".contains(*sign) && *sign != decimal
            });
            if sign.is_none() {
                let because =
                    "it is none of \".\", \",\", \"'\" and \" \", or it is the decimal too";
                fields.refuse("thousands", because, SEE);
                return None;
            }
            sign
        }
    };
    Some(Notation { decimal, thousands, decimals_max: DECIMALS_MAX })
}

fn read_balance(fields: &mut Fields<'_>) -> Option<(Column, Order)> {
    let column = required_column(fields, "column");
    let order = match fields.require_text("order")? {
        "oldest first" => Order::OldestFirst,
        "newest first" => Order::NewestFirst,
        _ => {
            fields.refuse("order", "it is neither \"oldest first\" nor \"newest first\"", SEE);
            return None;
        }
    };
    Some((column?, order))
}

fn read_kinds(fields: &mut Fields<'_>) -> Vec<(Kind, String)> {
    let names = [
        ("return", Kind::Return),
        ("tax", Kind::Tax),
        ("fee", Kind::Fee),
        ("interest", Kind::Interest),
    ];
    let mut kinds = Vec::new();
    for (name, kind) in names {
        for words in fields.texts(name) {
            let folded = fold(words);
            if folded.is_empty() {
                fields.refuse(name, "an empty text means nothing", SEE);
            }
            kinds.push((kind, folded));
        }
    }
    kinds
}

/// A name, or a number from 1.
fn column_of(value: &Value) -> Option<Column> {
    match value {
        Value::String(name) if !fold(name).is_empty() => Some(Column::named(name)),
        Value::Integer(number) => {
            let number = usize::try_from(*number).ok()?;
            (1..=COLUMNS_MAX).contains(&number).then_some(Column::Number(number))
        }
        _ => None,
    }
}

fn column(fields: &mut Fields<'_>, name: &'static str) -> Option<Column> {
    let column = column_of(fields.take(name)?);
    if column.is_none() {
        fields.refuse(name, "it is neither the name nor the number of a column", SEE);
    }
    column
}

fn required_column(fields: &mut Fields<'_>, name: &'static str) -> Option<Column> {
    fields.require(name)?;
    column(fields, name)
}

fn optional_table<'a>(fields: &mut Fields<'a>, name: &'static str) -> Option<&'a Table> {
    let table = fields.take(name)?.as_table();
    if table.is_none() {
        fields.refuse(name, "it is no table", SEE);
    }
    table
}

fn required_table<'a>(fields: &mut Fields<'a>, name: &'static str) -> Option<&'a Table> {
    fields.require(name)?;
    optional_table(fields, name)
}

/// A column, a column with a pattern, or a list of these.
fn sources(fields: &mut Fields<'_>, name: &'static str) -> Vec<Source> {
    match fields.take(name) {
        None => Vec::new(),
        Some(Value::Array(list)) => {
            list.iter().filter_map(|value| source(fields, name, value)).collect()
        }
        Some(value) => source(fields, name, value).into_iter().collect(),
    }
}

fn one_source(fields: &mut Fields<'_>, name: &'static str) -> Option<Source> {
    let value = fields.take(name)?;
    source(fields, name, value)
}

/// A source, or one for each side.
fn sided(fields: &mut Fields<'_>, name: &'static str) -> Sided {
    let Some(value) = fields.take(name) else { return Sided::default() };
    match value.as_table().filter(|it| it.contains_key("debit") || it.contains_key("credit")) {
        Some(table) => fields.inner(name, table, |fields| Sided {
            debit: one_source(fields, "debit"),
            credit: one_source(fields, "credit"),
        }),
        None => {
            let both = source(fields, name, value);
            Sided { debit: both.clone(), credit: both }
        }
    }
}

fn source<'a>(fields: &mut Fields<'a>, name: &'static str, value: &'a Value) -> Option<Source> {
    let Value::Table(table) = value else {
        let column = column_of(value);
        if column.is_none() {
            let because = "it is neither a column nor { column = ..., regex = ... }";
            fields.refuse(name, because, SEE);
        }
        return Some(Source { column: column?, regex: None });
    };
    fields.inner(name, table, |fields| {
        let column = required_column(fields, "column");
        let regex = pattern(fields.require_text("regex")?);
        if regex.is_none() {
            let because = "it is no pattern with one group, of at most 500 letters";
            fields.refuse("regex", because, SEE);
        }
        Some(Source { column: column?, regex: Some(regex?) })
    })
}

fn pattern(text: &str) -> Option<Regex> {
    if text.len() > PATTERN_BYTES_MAX {
        return None;
    }
    let regex =
        RegexBuilder::new(text).size_limit(PROGRAM_BYTES_MAX).nest_limit(20).build().ok()?;
    (regex.captures_len() > 1).then_some(regex)
}

fn rules(fields: &mut Fields<'_>, name: &'static str) -> Vec<Rule> {
    let Some(value) = fields.take(name) else { return Vec::new() };
    let list = value.as_array().filter(|list| list.iter().all(Value::is_table));
    let Some(list) = list else {
        fields.refuse(name, "it is no list of { column = ..., is = ... }", SEE);
        return Vec::new();
    };
    let tables = list.iter().filter_map(Value::as_table);
    tables.filter_map(|table| fields.inner(name, table, read_rule)).collect()
}

fn read_rule(fields: &mut Fields<'_>) -> Option<Rule> {
    let column = required_column(fields, "column");
    let test = match (fields.text("is"), fields.text("starts")) {
        (Some(words), None) => Test::Is(fold(words)),
        (None, Some(words)) if !fold(words).is_empty() => Test::Starts(fold(words)),
        _ => {
            fields.refuse("is", "a rule has either \"is\" or a \"starts\" that is not empty", SEE);
            return None;
        }
    };
    Some(Rule { column: column?, test })
}

impl Mapping {
    /// Every column that is named.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        let amounts = match &self.amounts {
            Amounts::Columns { debit, credit, .. } => vec![debit, credit],
            Amounts::Signed { column, .. } => vec![column],
            Amounts::Marked { column, mark, .. } => vec![column, mark],
        };
        let parties = [&self.name, &self.account, &self.document];
        let parties = parties.into_iter().flat_map(|it| [&it.debit, &it.credit]);
        let sources = [&self.bank_reference, &self.tracking, &self.own_account];
        let sources = sources.into_iter().chain(parties).flatten();
        let sources = sources.chain(&self.references).chain(&self.text).map(|it| &it.column);
        let rules = self.skip.iter().chain(&self.end).map(|rule| &rule.column);
        let balance = self.balance.as_ref().map(|(column, _)| column);
        let others = self.value_date.iter().chain(&self.currency_column).chain(balance);
        [&self.date].into_iter().chain(amounts).chain(sources).chain(rules).chain(others)
    }
}

const TEXT_BYTES_MAX: usize = 256 * 1_024;
const PATTERN_BYTES_MAX: usize = 500;
const PROGRAM_BYTES_MAX: usize = 256 * 1_024;
const COLUMNS_MAX: usize = 100;
