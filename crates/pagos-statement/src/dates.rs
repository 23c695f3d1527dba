//! Days in the forms that banks write into tables.

use pagos_core::Day;

use crate::fold::fold;

/// A form such as `dd/mm/yyyy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateFormat {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// One or two digits.
    Day,
    Month,
    /// Exactly that many digits.
    Digits(Field, usize),
    /// The name of a month in Spanish or English, or its first three letters.
    MonthName,
    Sign(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Day,
    Month,
    Year,
}

impl DateFormat {
    /// `d` and `m` are one or two digits, `dd` and `mm` two, `yyyy` four, `yy` two of this century,
    /// `mmm` the name of a month. Day, month and year each occur once.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = rest.chars().take_while(|it| *it == letter).count();
            let part = match (letter, length) {
                ('d', 1) => Part::Day,
                ('d', 2) => Part::Digits(Field::Day, 2),
                ('m', 1) => Part::Month,
                ('m', 2) => Part::Digits(Field::Month, 2),
                ('m', 3) => Part::MonthName,
                ('y', 2 | 4) => Part::Digits(Field::Year, length),
                ('/' | '-' | '.' | ' ' | ',', 1) => Part::Sign(letter),
                _ => return None,
            };
            parts.push(part);
            rest = rest.get(length..)?;
        }
        let count = |wanted: &[Part]| parts.iter().filter(|it| wanted.contains(it)).count();
        let days = count(&[Part::Day, Part::Digits(Field::Day, 2)]);
        let months = count(&[Part::Month, Part::Digits(Field::Month, 2), Part::MonthName]);
        let years = count(&[Part::Digits(Field::Year, 2), Part::Digits(Field::Year, 4)]);
        (days == 1 && months == 1 && years == 1).then_some(Self { parts })
    }

    /// A day of this form, or as `2026-01-31`, which can mean nothing else; a time behind it does
    /// not count.
    pub(crate) fn read(&self, text: &str) -> Option<Day> {
        let text = text.trim();
        let iso = text.split_at_checked(10).filter(|(_, rest)| is_time(rest));
        if let Some(day) = iso.and_then(|(day, _)| day.parse().ok()) {
            return Some(day);
        }
        let (mut day, mut month, mut year) = (0, 0, 0);
        let mut rest = text;
        for part in &self.parts {
            match part {
                Part::Day => (day, rest) = number(rest, 1, 2)?,
                Part::Month => (month, rest) = number(rest, 1, 2)?,
                Part::MonthName => (month, rest) = month_name(rest)?,
                Part::Digits(field, length) => {
                    let value;
                    (value, rest) = number(rest, *length, *length)?;
                    match (field, length) {
                        (Field::Day, _) => day = value,
                        (Field::Month, _) => month = value,
                        (Field::Year, 2) => year = 2_000 + value,
                        (Field::Year, _) => year = value,
                    }
                }
                Part::Sign(sign) => rest = rest.strip_prefix(*sign)?,
            }
        }
        let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
        Day::new(year, month, day).ok().filter(|_| is_time(rest))
    }
}

fn number(text: &str, least: usize, most: usize) -> Option<(i16, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((number.parse().ok()?, rest))
}

fn month_name(text: &str) -> Option<(i16, &str)> {
    let letters = text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(letters)?;
    let name = fold(name);
    let is_name = |known: &&str| *known == name || (name.len() == 3 && known.starts_with(&name));
    let position = MONTHS.iter().position(|names| names.iter().any(is_name))?;
    // "sep." and "set" are written too.
    let rest = rest.strip_prefix('.').filter(|_| name.len() == 3).unwrap_or(rest);
    Some((i16::try_from(position).ok()? + 1, rest))
}

/// Nothing, or a time.
fn is_time(text: &str) -> bool {
    let Some(time) = text.strip_prefix([' ', 'T']) else { return text.is_empty() };
    let is_sign = |letter: char| letter.is_ascii_digit() || ":.apmAPMZ ".contains(letter);
    time.chars().all(is_sign)
}

const MONTHS: [&[&str]; 12] = [
    &["enero", "january"],
    &["febrero", "february"],
    &["marzo", "march"],
    &["abril", "april"],
    &["mayo", "may"],
    &["junio", "june"],
    &["julio", "july"],
    &["agosto", "august"],
    &["septiembre", "setiembre", "september"],
    &["octubre", "october"],
    &["noviembre", "november"],
    &["diciembre", "december"],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, text: &str, day: Option<&str>) {
        let format = DateFormat::parse(format).unwrap();
        let read = format.read(text).map(|day| day.to_string());
        assert_eq!(read.as_deref(), day, "{text:?}");
    }

    #[test]
    fn each_form_reads_its_own_days() {
        check("dd/mm/yyyy", "31/01/2026", Some("2026-01-31"));
        check("dd/mm/yyyy", " 31/01/2026 23:59:00", Some("2026-01-31"));
        check("dd/mm/yyyy", "2026-01-31T00:00:00", Some("2026-01-31"));
        check("dd/mm/yyyy", "1/1/2026", None);
        check("d/m/yyyy", "1/1/2026", Some("2026-01-01"));
        check("dd/mm/yyyy", "31/02/2026", None);
        check("dd/mm/yyyy", "31/01/2026x", None);
        check("dd/mm/yyyy", "01-31-2026", None);
        check("yyyymmdd", "20260131", Some("2026-01-31"));
        check("dd-mmm-yy", "31-Ene-26", Some("2026-01-31"));
        check("dd mmm yyyy", "09 sept. 2026", None);
        check("dd mmm yyyy", "09 set. 2026", Some("2026-09-09"));
        check("dd mmm yyyy", "09 septiembre 2026", Some("2026-09-09"));
        check("dd mmm yyyy", "09 xyz 2026", None);
        check("dd/mm/yyyy", "", None);
        check("dd/mm/yyyy", "３１/01/2026", None);
    }

    #[test]
    fn a_form_without_a_day_a_month_or_a_year_is_none() {
        for text in ["", "dd/mm", "dd/mm/yyy", "dd/dd/yyyy", "mm/yyyy", "dd/mm/yyyy%", "ddmmmm"] {
            assert_eq!(DateFormat::parse(text), None, "{text}");
        }
    }
}
