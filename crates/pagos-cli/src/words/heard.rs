//! Texts of the crates below, in Spanish. Such a crate has one text, in English: programs read it, and
//! histories keep it. Some of these texts reach the command without their error, such as why an account
//! is out of service, so each is recognised by its words. A test finds all of them in the sources.

mod account;
mod config;
mod database;
mod payout;

/// An English text and its Spanish. Both name the same values as `{}`, in the same order.
type Pair = [&'static str; 2];

const TABLES: [&[Pair]; 4] = [account::PAIRS, config::PAIRS, database::PAIRS, payout::PAIRS];

/// The Spanish of a text: that of the whole, or else that of its parts between `: ` and `; `. A part
/// that is not known is a detail of the system or of a provider, and is quoted, unless it begins the
/// text and so is a place. `None` if no part is known.
pub(super) fn spanish(text: &str) -> Option<String> {
    if let Some(known) = whole(text) {
        return Some(known);
    }
    let ends = || text.match_indices([':', ';']).map(|(end, _)| end);
    if let Some((known, rest)) = ends().find_map(|end| {
        let (first, rest) = text.split_at_checked(end)?;
        Some((whole(first)?, rest.split_at_checked(SEPARATOR)?))
    }) {
        let (separator, rest) = rest;
        return Some(known + separator + &spanish(rest).unwrap_or_else(|| quoted(rest)));
    }
    let (place, rest) = text.split_once(": ")?;
    Some(format!("{place}: {}", spanish(rest)?))
}

/// The bytes of a colon or a semicolon and the space behind it.
const SEPARATOR: usize = 2;

/// A text that exists in one language only, within a sentence of another one. A single word is a name.
pub(super) fn quoted(text: &str) -> String {
    match text.contains(' ') {
        true => format!("«{text}»"),
        false => text.to_owned(),
    }
}

/// By the longest text that fits: `is {}` fits many.
fn whole(text: &str) -> Option<String> {
    let fitting = TABLES.into_iter().flatten().filter_map(|[english, es]| {
        let values = values(english, text)?;
        Some((english.len(), es, values))
    });
    let (_, es, values) = fitting.max_by_key(|(length, ..)| *length)?;
    let (mut values, mut parts) = (values.into_iter(), es.split("{}"));
    let begin = parts.next().unwrap_or_default().to_owned();
    Some(parts.fold(begin, |told, part| {
        let value = values.next().unwrap_or_default();
        told + spanish(value).as_deref().unwrap_or(value) + part
    }))
}

/// What stands in a text where the pattern has `{}`; `None` if it is another text.
fn values<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let Some((first, rest)) = pattern.split_once("{}") else {
        return (pattern == text).then(Vec::new);
    };
    let mut text = text.strip_prefix(first)?;
    let mut parts: Vec<&str> = rest.split("{}").collect();
    let last = parts.pop()?;
    let mut found = Vec::new();
    for part in parts {
        let (value, behind) = text.split_once(part)?;
        found.push(value);
        text = behind;
    }
    found.push(text.strip_suffix(last)?);
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn a_text_is_recognised_as_a_whole_or_in_its_parts() {
        let cases = [
            ("does not exist", Some("no existe")),
            ("/a b/p.db: does not exist", Some("/a b/p.db: no existe")),
            (
                "p.db: cannot be opened: Permission denied (os error 13)",
                Some("p.db: no se puede abrir: permiso denegado (error 13 del sistema)"),
            ),
            ("p.db: cannot be opened: a new fault", Some("p.db: no se puede abrir: «a new fault»")),
            ("API_KEY is not set", Some("falta API_KEY")),
            // No test can fill a disk, or keep its owner from a file.
            (
                "p.db: the disk is full; nothing was written: database or disk is full",
                Some("p.db: el disco está lleno; no se escribió nada: «database or disk is full»"),
            ),
            (
                "p.db: the database is open for reading only",
                Some("p.db: la base de datos está abierta solo para leer"),
            ),
            (
                "p.db: cannot be opened: Read-only file system (os error 30)",
                Some("p.db: no se puede abrir: el disco es de solo lectura (error 30 del sistema)"),
            ),
            (
                "the store failed: p.db: another program keeps the database locked (a backup, a \
                 database browser?); end it, and try again",
                Some(
                    "falló la base de datos: p.db: otro programa tiene bloqueada la base de datos (¿un \
                     respaldo, un visor de bases de datos?); termínelo e intente otra vez",
                ),
            ),
            ("Saldo insuficiente: no pay", None),
            ("", None),
        ];
        for (english, es) in cases {
            assert_eq!(spanish(english).as_deref(), es, "{english}");
        }
    }

    #[test]
    fn both_texts_name_as_many_values_and_differ() {
        for [english, es] in TABLES.into_iter().flatten() {
            assert_eq!(english.matches("{}").count(), es.matches("{}").count(), "{english}");
            assert_ne!(english, es);
            let values: Vec<_> = (1..).map(|number| format!("v{number}")).take(9).collect();
            let mut numbered = values.iter().map(String::as_str);
            let made =
                english.split("{}").fold(String::new(), |made, part| match made.is_empty() {
                    true if !english.starts_with("{}") => part.to_owned(),
                    _ => made + numbered.next().unwrap() + part,
                });
            assert!(whole(&made).is_some(), "{made}");
        }
    }

    /// Whoever changes a text of a crate below hears of its Spanish here.
    #[test]
    fn every_text_is_still_said_somewhere() {
        let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut sources = String::new();
        read_all(Path::new(crates), &mut sources);
        // What the system says is in none of our sources.
        let ours = TABLES.into_iter().flatten().filter(|[en, _]| !en.ends_with("(os error {})"));
        let is_said = |english: &str| {
            english.split("{}").flat_map(|part| part.split('"')).all(|part| sources.contains(part))
        };
        let unsaid: Vec<_> = ours.filter(|[english, _]| !is_said(english)).collect();
        assert!(unsaid.is_empty(), "nobody says these any more: {unsaid:#?}");
    }

    /// The sources of all crates but for this table, with strings in one line.
    fn read_all(folder: &Path, sources: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("heard") || path.ends_with("heard.rs") {
                continue;
            }
            if path.is_dir() {
                read_all(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let mut lines = text.lines();
                while let Some(mut line) = lines.next() {
                    while let Some(begun) = line.strip_suffix('\\') {
                        sources.push_str(begun);
                        line = lines.next().unwrap_or_default().trim_start();
                    }
                    sources.push_str(line);
                    sources.push('\n');
                }
            }
        }
    }
}
