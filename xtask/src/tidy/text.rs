//! Rules about the text of Rust files: heads, length, forbidden words, floats, exposed secrets, imports.

use crate::{
    tidy::{
        Check,
        source::{Place, Source},
    },
    workspace::is_provider,
};

/// Lines before the tests of a file. The aim is 400; this is where a file certainly has two subjects.
const LINES_MAX: usize = 600;

/// Unfinished work. Put together so that this file does not find itself.
const WORDS: [&str; 3] =
    [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("FIX", "ME")];

/// Crates in which money is counted: nothing there is a float.
const EXACT: [&str; 3] = ["pagos-core", "pagos-wire", "pagos-engine"];

/// The rooms in which a secret may be exposed.
const SECRET_ROOMS: [&str; 3] = ["sign", "session", "config"];

/// One rule: its name, and what it has against a file.
struct Rule {
    name: &'static str,
    judge: fn(&Source) -> Vec<String>,
}

const RULES: [Rule; 6] = [
    Rule { name: "heads", judge: judge_head },
    Rule { name: "length", judge: judge_length },
    Rule { name: "words", judge: judge_words },
    Rule { name: "floats", judge: judge_floats },
    Rule { name: "secrets", judge: judge_secrets },
    Rule { name: "imports", judge: judge_imports },
];

/// Applies every rule to every file.
pub(super) fn check(sources: &[Source]) -> Vec<Check> {
    let apply = |rule: &Rule| Check {
        name: rule.name,
        examined: sources.len(),
        findings: sources.iter().flat_map(rule.judge).collect(),
    };
    RULES.iter().map(apply).collect()
}

fn judge_head(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    if first.starts_with("//! ") && first.len() > "//! ".len() {
        return Vec::new();
    }
    vec![format!(
        "{}:1: the first line is not `//!` and says not what the file is for",
        source.path
    )]
}

fn judge_length(source: &Source) -> Vec<String> {
    let length = source.length();
    if source.place == Place::Around || length <= LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {length} lines before its tests, more than {LINES_MAX}", source.path)]
}

fn judge_words(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let word = WORDS.iter().find(|word| line.contains(**word));
        findings.extend(word.map(|word| format!("{}:{number}: {word}", source.path)));
    }
    findings
}

fn judge_floats(source: &Source) -> Vec<String> {
    let is_exact = EXACT.contains(&source.package.as_str()) || is_provider(&source.package);
    if !is_exact || source.place == Place::Around {
        return Vec::new();
    }
    let floats = source.code().filter(|(_, line)| has_word(line, "f32") || has_word(line, "f64"));
    floats.map(|(number, _)| format!("{}:{number}: a float where money is", source.path)).collect()
}

fn judge_secrets(source: &Source) -> Vec<String> {
    let is_secret_itself = source.path.ends_with("pagos-core/src/secret.rs");
    let is_room = source.inner_path().split('/').any(|part| {
        let room = part.strip_suffix(".rs").unwrap_or(part);
        SECRET_ROOMS.contains(&room)
    });
    if source.place == Place::Around || is_secret_itself || is_room || source.package == "xtask" {
        return Vec::new();
    }
    let exposed = source.code().filter(|(_, line)| is_exposing(line));
    exposed
        .map(|(number, _)| {
            format!("{}:{number}: a secret is exposed outside of {SECRET_ROOMS:?}", source.path)
        })
        .collect()
}

/// Imports of one crate stand in one statement. A statement under an attribute stands alone.
fn judge_imports(source: &Source) -> Vec<String> {
    // The line numbers of what must not compile are in its expected output.
    if source.path.contains("/misuse/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let (mut is_inside, mut is_under_attribute) = (false, false);
    for (number, line) in (1..).zip(source.text.lines()) {
        let import = import_of(line);
        match import {
            _ if is_inside => is_inside = !line.trim_end().ends_with(';'),
            Some(import) => {
                if seen.contains(&import) && !is_under_attribute {
                    findings.push(format!(
                        "{}:{number}: `{import}` is imported twice; write one statement with braces",
                        source.path
                    ));
                }
                if !is_under_attribute {
                    seen.push(import);
                }
                is_inside = !line.trim_end().ends_with(';');
            }
            None => seen.clear(),
        }
        is_under_attribute = line.trim_start().starts_with("#[");
    }
    findings
}

/// The beginning of an import up to the end of the crate's name: `pub use pagos_core`.
fn import_of(line: &str) -> Option<&str> {
    let at = match line.trim_start() {
        trimmed if trimmed.starts_with("use ") => 0,
        trimmed if trimmed.starts_with("pub") => line.find(" use ")?,
        _ => return None,
    };
    let name = line.get(at..)?.trim_start().strip_prefix("use ")?;
    let end = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
    let length = line.len() - name.len() + end;
    line.get(..length)
}

/// Does the line hold the type, alone or as the suffix of a number (`2f64`, `1.5_f64`)?
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let piece = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let after = line.get(at + word.len()..).unwrap_or_default();
        (piece.is_empty() || piece.starts_with(|c: char| c.is_ascii_digit()))
            && !after.starts_with(is_name)
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// As a call, or as the path of one.
fn is_exposing(line: &str) -> bool {
    line.contains(".expose(") || line.contains("::expose")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::tests::source;

    fn findings(name: &str, path: &str, text: &str) -> usize {
        let checks = check(&[source(path, text)]);
        checks.iter().find(|check| check.name == name).map_or(usize::MAX, |it| it.findings.len())
    }

    #[test]
    fn a_file_says_first_what_it_is_for() {
        let path = "crates/pagos-core/src/a.rs";
        assert_eq!(findings("heads", path, "//! Money.\n"), 0);
        for bad in ["", "use std::fmt;\n", "\n//! Late.\n", "//!\n", "// Money.\n"] {
            assert_eq!(findings("heads", path, bad), 1, "{bad:?}");
        }
    }

    #[test]
    fn long_files_are_found_but_tests_do_not_count() {
        let path = "crates/pagos-core/src/a.rs";
        let body = "let a = 1;\n".repeat(LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{body}}}\n");
        assert_eq!(findings("length", path, &format!("{body}{tests}")), 0);
        assert_eq!(findings("length", path, &format!("{body}let b = 1;\n")), 1);
        assert_eq!(findings("length", "crates/pagos-core/tests/a.rs", &body.repeat(2)), 0);
    }

    #[test]
    fn unfinished_words_are_found_in_code_and_comments() {
        let path = "crates/pagos-core/src/a.rs";
        for word in WORDS {
            assert_eq!(findings("words", path, &format!("//! A.\n// {word}\n")), 1, "{word}");
        }
        assert_eq!(findings("words", path, "//! A list of things to do.\n"), 0);
    }

    #[test]
    fn floats_are_found_where_money_is() {
        for bad in ["let a: f64 = x;", "Vec<f32>", "let a = 1.5_f64;", "let a = 2f64;"] {
            assert_eq!(findings("floats", "crates/pagos-wire/src/a.rs", bad), 1, "{bad}");
            assert_eq!(findings("floats", "crates/pagos-cashypro/src/a.rs", bad), 1, "{bad}");
            assert_eq!(findings("floats", "crates/pagos-twin/src/a.rs", bad), 0, "{bad}");
        }
        for good in ["// never an f64", "fn visit_f64()", "let f64x = 1;"] {
            assert_eq!(findings("floats", "crates/pagos-core/src/a.rs", good), 0, "{good}");
        }
    }

    #[test]
    fn secrets_are_exposed_in_three_rooms_only() {
        assert!(is_exposing("key.as_ref().map(Secret::expose)"));
        let code = "let key = secret.expose();\n";
        for room in ["sign.rs", "session.rs", "config.rs", "config/environment.rs"] {
            let path = format!("crates/pagos-cashypro/src/{room}");
            assert_eq!(findings("secrets", &path, code), 0, "{room}");
        }
        assert_eq!(findings("secrets", "crates/pagos-core/src/secret.rs", code), 0);
        assert_eq!(findings("secrets", "crates/pagos-cashypro/src/payout.rs", code), 1);
        assert_eq!(findings("secrets", "crates/pagos-http/src/secret.rs", code), 1);
        let in_tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
        assert_eq!(findings("secrets", "crates/pagos-core/src/a.rs", &in_tests), 0);
    }

    #[test]
    fn a_crate_is_imported_once_in_a_block() {
        let path = "crates/pagos-core/src/a.rs";
        for (code, expected) in [
            ("use std::fmt;\nuse std::io;\n", 1),
            ("    use super::a;\n    use super::b;\n", 1),
            ("pub use crate::a;\npub use crate::b;\n", 1),
            ("use std::{\n    fmt,\n    io,\n};\nuse std::env;\n", 1),
            ("use std::{fmt, io};\n\nuse http::Method;\nuse http_body::Body;\n", 0),
            ("use crate::a;\npub(crate) use crate::b;\n", 0),
            ("use std::fmt;\n#[cfg(unix)]\nuse std::os::unix;\n", 0),
        ] {
            assert_eq!(findings("imports", path, code), expected, "{code}");
        }
    }
}
