//! The fields of MT940 with money in them: balances (60 and 62) and entries (61). Pure.

use pagos_core::{Currency, Day, Money};

use crate::{
    Balance, Kind, Side,
    amount::{self, WITH_COMMA},
    problem::quote,
};

/// What an entry says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) day: Day,
    pub(super) value_day: Day,
    pub(super) side: Side,
    pub(super) amount: Money,
    pub(super) kind: Kind,
    pub(super) reference: &'a str,
    pub(super) bank_reference: &'a str,
}

/// `C260131COP1000000,00`: a balance.
///
/// # Errors
/// What is wrong with it, and whether the currency is to blame.
pub(super) fn parse_balance(text: &str) -> Result<Balance, String> {
    let (side, rest) = match text.split_at_checked(1) {
        Some(("C", rest)) => (Side::Credit, rest),
        Some(("D", rest)) => (Side::Debit, rest),
        _ => return Err("a balance that begins neither with C nor with D".to_owned()),
    };
    let parts = rest.split_at_checked(6);
    let parts = parts.and_then(|(day, rest)| Some((day, rest.split_at_checked(3)?)));
    let Some((day, (code, digits))) = parts else {
        return Err(
            "a balance that is too short: it has a day, a currency and an amount".to_owned()
        );
    };
    let day = parse_day(day)?;
    let currency = code.parse::<Currency>().map_err(|_| {
        let is_code = code.bytes().all(|it| it.is_ascii_uppercase());
        let code = if is_code { code } else { "of a balance" };
        format!("the currency {code} is none that Pagos knows")
    })?;
    let amount = amount::parse(digits.trim_end(), WITH_COMMA, currency)?;
    let minor = if side == Side::Debit { -amount.minor } else { amount.minor };
    Ok(Balance { day: Some(day), amount: Money::new(minor, currency) })
}

/// `2601310131D150000,00NTRFpayroll-7//B-1`: an entry, without the line of supplementary details.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse_entry(text: &str, currency: Currency) -> Result<Entry<'_>, String> {
    let (value, rest) = text.split_at_checked(6).ok_or("an entry that is too short")?;
    let value_day = parse_day(value)?;
    let is_day = |it: &&str| it.bytes().all(|byte| byte.is_ascii_digit());
    let (day, rest) = match rest.split_at_checked(4).filter(|(entry, _)| is_day(entry)) {
        Some((entry, rest)) => (near(entry, value_day)?, rest),
        // Some banks write spaces where there is none.
        None => (value_day, rest.strip_prefix("    ").unwrap_or(rest)),
    };
    let (side, is_reversed, rest) = mark(rest)?;
    // A funds code: the third letter of the currency.
    let rest = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest);
    let is_amount = |letter: char| letter.is_ascii_digit() || matches!(letter, ',' | '.');
    let end = rest.find(|letter| !is_amount(letter)).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let amount = amount::parse(digits, WITH_COMMA, currency)?;
    let (code, rest) = rest.split_at_checked(4).ok_or("an entry without a transaction type")?;
    let is_code = code.starts_with(['N', 'F', 'S'])
        && code.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    if !is_code {
        return Err("an entry whose transaction type is none such as NTRF".to_owned());
    }
    let (reference, bank_reference) = rest.split_once("//").unwrap_or((rest, ""));
    let kind = if is_reversed { Kind::Return } else { kind_of(code) };
    Ok(Entry { day, value_day, side, amount, kind, reference, bank_reference })
}

/// The mark of debit or credit. What is reversed was the opposite.
fn mark(text: &str) -> Result<(Side, bool, &str), String> {
    let marks = [
        ("RC", Side::Debit, true),
        ("RD", Side::Credit, true),
        ("C", Side::Credit, false),
        ("D", Side::Debit, false),
    ];
    for (mark, side, is_reversed) in marks {
        if let Some(rest) = text.strip_prefix(mark) {
            return Ok((side, is_reversed, rest));
        }
    }
    Err("an entry whose mark is none of C, D, RC and RD".to_owned())
}

/// The codes of field 61 that say more than a transfer. Source: SWIFT's list of transaction types.
fn kind_of(code: &str) -> Kind {
    match code.get(1..) {
        Some("CHG" | "COM") => Kind::Fee,
        Some("INT") => Kind::Interest,
        Some("RTI") => Kind::Return,
        _ => Kind::Transfer,
    }
}

/// `260131`.
fn parse_day(text: &str) -> Result<Day, String> {
    let refused = || format!("{} is no day such as 260131", quote(text));
    let is_digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = text.parse().ok().filter(|_| is_digits).ok_or_else(refused)?;
    let part = |divisor: u32| i8::try_from(number / divisor % 100).ok();
    let (Some(year), Some(month), Some(day)) = (part(10_000), part(100), part(1)) else {
        return Err(refused());
    };
    Day::new(2_000 + i16::from(year), month, day).map_err(|_| refused())
}

/// `0102`: the day of the entry, in the year that brings it nearest to the day of the value.
fn near(text: &str, value_day: Day) -> Result<Day, String> {
    let part = |from: usize| text.get(from..from + 2).and_then(|it| it.parse::<i8>().ok());
    let years = [value_day.year() - 1, value_day.year(), value_day.year() + 1];
    let days = years.into_iter().filter_map(|year| Day::new(year, part(0)?, part(2)?).ok());
    days.min_by_key(|day| day.since(value_day).abs())
        .ok_or_else(|| format!("{} is no day such as 0131", quote(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn every_optional_part_of_an_entry_can_be_there_or_not() {
        let cases = [
            ("2601310131D150000,00NTRFpayroll-7//B-1", "2026-01-31", Side::Debit, 15_000_000),
            ("260131    D150000,NTRFpayroll-7//B-1", "2026-01-31", Side::Debit, 15_000_000),
            ("260131D150000,NTRFpayroll-7//B-1", "2026-01-31", Side::Debit, 15_000_000),
            ("2512310102CP1,5NTRFpayroll-7//B-1", "2026-01-02", Side::Credit, 150),
            ("2601021231RC,05FMSCpayroll-7//B-1", "2025-12-31", Side::Debit, 5),
            ("2402290229RDP7,00S103payroll-7//B-1", "2024-02-29", Side::Credit, 700),
        ];
        for (text, booked, side, minor) in cases {
            let entry = parse_entry(text, Currency::Cop).unwrap();
            assert_eq!((entry.day, entry.side, entry.amount.minor), (day(booked), side, minor));
            assert_eq!((entry.reference, entry.bank_reference), ("payroll-7", "B-1"), "{text}");
        }
        for text in [
            "",
            "260131",
            "2602300131D1,00NTRF",
            "2601311331D1,00NTRF",
            "260131X1,00NTRF",
            "260131D1.00NTRF",
            "260131DNTRF",
            "260131D1,00TRF",
            "260131D1,00ntrf",
            "2601３1D1,00NTRF",
        ] {
            assert!(parse_entry(text, Currency::Cop).is_err(), "{text}");
        }
    }

    #[test]
    fn a_balance_can_be_overdrawn() {
        let balance = parse_balance("D260131CLP1500,").unwrap();
        assert_eq!(balance.amount, Money::new(-1_500, Currency::Clp));
        for text in ["", "X260131CLP1,", "C260131", "C260131EUR1,00", "C260131CLP1,50", "C2601"] {
            assert!(parse_balance(text).is_err(), "{text}");
        }
    }
}
