//! Field 86, the information for the account's owner: subfields such as `?20`, codes such as `/EREF/`
//! or `EREF+`, or free text. Pure.

use crate::{
    Counterparty, Text,
    text::{Words, references},
};

/// What the field says.
#[derive(Debug, Default)]
pub(super) struct Information {
    pub(super) references: Vec<Text>,
    pub(super) counterparty: Counterparty,
    pub(super) text: Words,
    pub(super) returned_because: Option<Text>,
}

/// Reads the field by the form that it begins with.
pub(super) fn parse(lines: &[String]) -> Information {
    let first = lines.first().map_or("", |line| line.trim_start());
    let digits = first.bytes().take_while(u8::is_ascii_digit).count();
    let is_subfields =
        digits <= 4 && first.get(digits..).is_some_and(|rest| subfield(rest).is_some());
    if is_subfields {
        return of_subfields(&lines.concat());
    }
    let whole = lines.join(if first.starts_with('/') { "" } else { " " });
    if first.starts_with('/')
        && SLASHED.iter().any(|(code, _)| whole.starts_with(&format!("/{code}/")))
    {
        return of_codes(&whole);
    }
    let mut information = Information::default();
    information.text.add(&whole);
    information
}

/// The number of the subfield that a text begins with: `?20`.
fn subfield(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.strip_prefix('?')?.split_at_checked(2)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| is_number)?, rest))
}

/// `166?00TRANSFER?20EREF+payroll-7?32ANA`. The purpose is cut into subfields of 27 letters: one
/// that is full continues in the next, any other ends a word.
fn of_subfields(text: &str) -> Information {
    let (mut booking, mut purpose, mut name) = (Words::default(), String::new(), Words::default());
    let mut information = Information::default();
    for (at, _) in text.match_indices('?') {
        let Some((number, rest)) = text.get(at..).and_then(subfield) else { continue };
        let ends = rest.match_indices('?').map(|(at, _)| at);
        let mut ends = ends.filter(|at| rest.get(*at..).and_then(subfield).is_some());
        let value = rest.get(..ends.next().unwrap_or(rest.len())).unwrap_or_default();
        match number {
            0 => booking.add(value),
            20..=29 | 60..=63 => {
                purpose.push_str(value);
                if value.chars().count() < PURPOSE_LETTERS {
                    purpose.push(' ');
                }
            }
            31 => information.counterparty.account = Text::some(value),
            32 | 33 => name.add(value),
            _ => {}
        }
    }
    information.counterparty.name = Text::some(name.finish().as_str());
    information.text = booking;
    of_purpose(&purpose, &mut information);
    information
}

/// `EREF+payroll-7 KREF+A SVWZ+WORDS`.
fn of_purpose(purpose: &str, information: &mut Information) {
    let codes = PLUSSED.iter().flat_map(|code| {
        purpose.match_indices(code).map(|(at, _)| (at, *code)).collect::<Vec<_>>()
    });
    let mut marks: Vec<(usize, &str)> = codes.collect();
    marks.sort_unstable();
    let first = marks.first().map_or(purpose.len(), |(at, _)| *at);
    information.text.add(purpose.get(..first).unwrap_or_default());
    let mut found = Vec::new();
    for (position, (at, code)) in marks.iter().enumerate() {
        let end = marks.get(position + 1).map_or(purpose.len(), |(end, _)| *end);
        let value = purpose.get(at + code.len()..end).unwrap_or_default().trim();
        match *code {
            "EREF+" | "KREF+" | "MREF+" => found.push(value),
            "IBAN+" => information.counterparty.account = Text::some(value),
            "SVWZ+" => information.text.add(value),
            _ => {}
        }
    }
    information.references = references(found);
}

/// `/EREF/payroll-7/NAME/ANA/REMI/WORDS`.
fn of_codes(text: &str) -> Information {
    let mut information = Information::default();
    let (mut field, mut value) = (Slashed::Other, String::new());
    let mut found = Vec::new();
    for part in text.split('/').skip(1).chain([""]) {
        match SLASHED.iter().find(|(code, _)| *code == part) {
            Some((_, next)) => {
                information.keep(field, &value, &mut found);
                (field, value) = (*next, String::new());
            }
            None => {
                value.push_str(if value.is_empty() { "" } else { "/" });
                value.push_str(part);
            }
        }
    }
    information.keep(field, &value, &mut found);
    information.references = references(found.iter().map(String::as_str));
    information
}

impl Information {
    fn keep(&mut self, field: Slashed, value: &str, found: &mut Vec<String>) {
        let value = value.trim_matches(['/', ' ']);
        match field {
            Slashed::Reference => found.push(value.to_owned()),
            Slashed::Name => self.counterparty.name = Text::some(value),
            Slashed::Account => self.counterparty.account = Text::some(value),
            Slashed::Returned => self.returned_because = Text::some(value),
            Slashed::Text => self.text.add(value),
            Slashed::Other => {}
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Slashed {
    Reference,
    Name,
    Account,
    Returned,
    Text,
    Other,
}

const SLASHED: [(&str, Slashed); 16] = [
    ("EREF", Slashed::Reference),
    ("IREF", Slashed::Reference),
    ("PREF", Slashed::Reference),
    ("MARF", Slashed::Reference),
    ("NAME", Slashed::Name),
    ("IBAN", Slashed::Account),
    ("RTRN", Slashed::Returned),
    ("REMI", Slashed::Text),
    ("TRTP", Slashed::Text),
    ("BENM", Slashed::Other),
    ("ORDP", Slashed::Other),
    ("CSID", Slashed::Other),
    ("BIC", Slashed::Other),
    ("PURP", Slashed::Other),
    ("ULTB", Slashed::Other),
    ("ULTD", Slashed::Other),
];

const PLUSSED: [&str; 9] =
    ["EREF+", "KREF+", "MREF+", "SVWZ+", "CRED+", "DEBT+", "IBAN+", "BIC+", "ABWA+"];

const PURPOSE_LETTERS: usize = 27;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], references: &[&str], name: &str, account: &str, text: &str) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let read = parse(&lines);
        let said: Vec<&str> = read.references.iter().map(Text::as_str).collect();
        assert_eq!(said, references, "{lines:?}");
        let or_empty = |text: &Option<Text>| text.clone().unwrap_or_default();
        assert_eq!(or_empty(&read.counterparty.name).as_str(), name, "{lines:?}");
        assert_eq!(or_empty(&read.counterparty.account).as_str(), account, "{lines:?}");
        assert_eq!(read.text.finish().as_str(), text, "{lines:?}");
    }

    #[test]
    fn each_form_of_the_field_is_read() {
        check(&["PAGO DE", "NOMINA"], &[], "", "", "PAGO DE NOMINA");
        let lines = [
            "166?00TRANSFER?10931?20EREF+order-000000000000-lon",
            "g-7?21 KREF+NONREF?22SVWZ+NOMINA?31123?32ANA?33PEREZ",
        ];
        check(&lines, &["order-000000000000-long-7"], "ANA PEREZ", "123", "TRANSFER NOMINA");
        check(&["/EREF/a-1/BENM//NAME/ANA/IBAN/9", "9/REMI/x/y"], &["a-1"], "ANA", "99", "x/y");
        check(&["?20UNO?21DOS"], &[], "", "", "UNO DOS");
        check(&["¿QUE?"], &[], "", "", "¿QUE?");
        check(&["/nothing/known"], &[], "", "", "/nothing/known");
        check(&[""], &[], "", "", "");
    }
}
