//! The text of a fixture file: a head, and sections that a line `=== NAME` begins. What the names
//! mean is not in here; the format is told in the crate's documentation.

use std::{collections::BTreeMap, fmt::Display, fs, path::Path, sync::Arc};

use serde::de::DeserializeOwned;

/// What a section begins with.
const MARKER: &[u8] = b"=== ";

/// Behind the name of a section whose bytes could not all be seen in a text.
const ESCAPED: &str = " escaped";

/// The sections that a file has once.
const WORDS: [&str; 2] = ["order", "expected"];

/// The sections with a number, which is that of the exchange.
const NUMBERED: [&str; 8] = [
    "request",
    "response",
    "failure",
    "delivery",
    "body",
    "string-to-sign",
    "signature",
    "wrong-signature",
];

/// A section: its bytes, and where they stand.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) bytes: Vec<u8>,
    file: Arc<str>,
    line: usize,
}

impl Part {
    /// What is wrong, with the file and the line. The first line of the content has the number 1.
    pub(crate) fn fault(&self, line: usize, because: impl Display) -> String {
        format!("{}:{}: {because}", self.file, self.line + line)
    }

    /// What its TOML says.
    pub(crate) fn toml<T: DeserializeOwned>(&self) -> Result<T, String> {
        toml::from_slice(&self.bytes).map_err(|cause| {
            let start = cause.span().map_or(0, |span| span.start);
            let before = self.bytes.iter().take(start);
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            self.fault(line, cause.message())
        })
    }
}

/// A file, cut into its sections.
#[derive(Debug, Clone)]
pub(crate) struct Sections {
    /// What stands above the first section.
    pub(crate) head: Part,
    /// By their names: `order`, `request 1`.
    pub(crate) parts: BTreeMap<String, Part>,
}

impl Sections {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|cause| format!("{file}: {cause}"))?;
        Self::parse(&file, &bytes)
    }

    pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Self, String> {
        let file: Arc<str> = file.into();
        let part = |line| Part { bytes: Vec::new(), file: file.clone(), line };
        let mut open = Open { name: None, part: part(0) };
        let mut closed = Vec::new();
        for (before, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(marker) = line.strip_prefix(MARKER) else {
                open.part.bytes.extend_from_slice(line);
                continue;
            };
            let begun = part(before + 1);
            let name = read_marker(marker).map_err(|because| begun.fault(0, because))?;
            let finished = std::mem::replace(&mut open, Open { name: Some(name), part: begun });
            closed.push(finished.close()?);
        }
        closed.push(open.close()?);
        let mut closed = closed.into_iter();
        let (_, head) = closed.next().unwrap_or_else(|| (String::new(), part(0)));
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        for (name, part) in closed {
            if let Some(first) = parts.get(&name) {
                let because = format!("`{name}` stands in line {} already", first.line);
                return Err(part.fault(0, because));
            }
            parts.insert(name, part);
        }
        Ok(Self { head, parts })
    }
}

/// The name of a numbered section.
pub(crate) fn numbered(word: &str, number: usize) -> String {
    format!("{word} {number}")
}

/// The word and the number of a numbered section.
pub(crate) fn split_number(name: &str) -> Option<(&str, usize)> {
    let (word, number) = name.split_once(' ')?;
    let is_plain = !number.starts_with(['0', '+']);
    let number = number.parse().ok().filter(|_| is_plain)?;
    NUMBERED.contains(&word).then_some((word, number))
}

/// A section whose end was not seen yet; the head has no name.
struct Open {
    name: Option<(String, Form)>,
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Escaped,
}

impl Open {
    /// Line ends before the next section belong to nobody.
    fn close(self) -> Result<(String, Part), String> {
        let Self { name, mut part } = self;
        let (name, form) = name.unwrap_or((String::new(), Form::Plain));
        while part.bytes.last() == Some(&b'\n') {
            part.bytes.pop();
        }
        part.bytes = match form {
            Form::Plain => {
                check_plain(&part, &name)?;
                part.bytes
            }
            Form::Escaped => unescape(&part)?,
        };
        Ok((name, part))
    }
}

fn read_marker(marker: &[u8]) -> Result<(String, Form), String> {
    let name = String::from_utf8_lossy(marker);
    let name = name.trim_end();
    let (name, form) = match name.strip_suffix(ESCAPED) {
        Some(name) => (name, Form::Escaped),
        None => (name, Form::Plain),
    };
    match WORDS.contains(&name) || split_number(name).is_some() {
        true => Ok((name.to_owned(), form)),
        false => Err(format!(
            "`=== {name}` names no section; there are {}, and with a number from 1 on {}",
            WORDS.join(", "),
            NUMBERED.join(", ")
        )),
    }
}

/// Whatever a reader could not see, or a tool could change on its way, is escaped.
fn check_plain(part: &Part, name: &str) -> Result<(), String> {
    for (before, line) in part.bytes.split(|byte| *byte == b'\n').enumerate() {
        let invisible = |byte: &&u8| byte.is_ascii_control() && **byte != b'\t';
        let found = match std::str::from_utf8(line) {
            Ok(_) => line.iter().find(invisible),
            Err(cause) => line.get(cause.valid_up_to()),
        };
        let Some(byte) = found else { continue };
        let hint = match (byte, name) {
            (_, "") => "the head is TOML in UTF-8".to_owned(),
            (b'\r', _) => format!(
                "if it belongs there, begin the section with `=== {name} escaped` and write `\\r`; \
                 if not, save the file with line feeds alone"
            ),
            _ => format!("begin the section with `=== {name} escaped` and write `\\x{byte:02x}`"),
        };
        return Err(part.fault(before + 1, format!("the byte 0x{byte:02x} is not text; {hint}")));
    }
    Ok(())
}

fn unescape(part: &Part) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(part.bytes.len());
    let (mut rest, mut line) = (part.bytes.as_slice(), 1);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        line += usize::from(*byte == b'\n');
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (escaped, after) = read_escape(rest).ok_or_else(|| {
            part.fault(
                line,
                "a lone `\\`; write `\\\\`, `\\n`, `\\r`, `\\t` or `\\x` and two digits",
            )
        })?;
        bytes.push(escaped);
        rest = after;
    }
    Ok(bytes)
}

fn read_escape(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (letter, after) = rest.split_first()?;
    let byte = match letter {
        b'\\' => b'\\',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'x' => {
            let (digits, after) = after.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|it| !it.starts_with('+'))?;
            return Some((u8::from_str_radix(digits, 16).ok()?, after));
        }
        _ => return None,
    };
    Some((byte, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Sections, String> {
        Sections::parse("a.fixture", text)
    }

    #[test]
    fn a_section_ends_before_the_line_ends_in_front_of_the_next() {
        let text =
            b"clock = \"x\"\n\n=== order\n{\n}\n\n\n=== request 1\nGET /\n\n{}\n=== expected\n{}";
        let sections = parse(text).unwrap();
        assert_eq!(sections.head.bytes, b"clock = \"x\"");
        let told = |name: &str| sections.parts[name].bytes.clone();
        assert_eq!(told("order"), b"{\n}");
        assert_eq!(told("request 1"), b"GET /\n\n{}");
        assert_eq!(told("expected"), b"{}");
        assert_eq!(sections.parts["request 1"].line, 8);
    }

    #[test]
    fn every_byte_can_be_escaped() {
        let text = b"=== body 1 escaped\n\\x3d== a\\\\\\r\\n\\t\\xff\xc3\xa9\nb\\n\n\n";
        assert_eq!(parse(text).unwrap().parts["body 1"].bytes, b"=== a\\\r\n\t\xff\xc3\xa9\nb\n");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_to_do() {
        let cases: [(&[u8], &str); 9] = [
            (
                b"\n=== respnse 1\n",
                "a.fixture:2: `=== respnse 1` names no section; there are order",
            ),
            (b"=== request\n", "a.fixture:1: `=== request` names no section"),
            (b"=== request 01\n", "a.fixture:1: `=== request 01` names no section"),
            (b"=== order 1\n", "a.fixture:1: `=== order 1` names no section"),
            (b"=== order\n{}\n=== order\n", "a.fixture:3: `order` stands in line 1 already"),
            (b"=== body 1\na\nb\r\n", "a.fixture:3: the byte 0x0d is not text; if it belongs"),
            (b"=== body 1\na\n\xff", "a.fixture:3: the byte 0xff is not text; begin the section"),
            (b"a\0\n=== body 1", "a.fixture:1: the byte 0x00 is not text; the head is TOML"),
            (b"=== body 1 escaped\na\n\\q", "a.fixture:3: a lone `\\`; write"),
        ];
        for (text, expected) in cases {
            let told = parse(text).unwrap_err();
            assert!(told.starts_with(expected), "{told}");
        }
        for lone in ["\\", "\\x", "\\x1", "\\xg0", "\\x+1"] {
            let text = format!("=== body 1 escaped\n{lone}");
            assert!(parse(text.as_bytes()).is_err(), "{lone}");
        }
    }
}
