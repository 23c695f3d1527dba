//! The lines of the file: `<text> <checksum>`, the first of which is the header. A checksum covers
//! the text and the checksum of the line before, so that no line can be changed, lost or moved
//! unnoticed, except from the end.

use pagos_engine::SentAttempt;
use sha2::{Digest, Sha256};

/// Ends a line, and begins the next one's: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum([u8; CHECKSUM_BYTES]);

/// How many digits a checksum has. 64 bits are enough against a fault; nothing here resists a
/// forger, who can write a whole new file.
pub(crate) const CHECKSUM_BYTES: usize = 16;

/// What precedes the header.
pub(crate) const BEGINNING: Checksum = Checksum([b'0'; CHECKSUM_BYTES]);

/// A place between two lines, and the line before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) checksum: Checksum,
    /// The number of the line before, for people: 1 is the header.
    pub(crate) line: u64,
}

/// Before the header.
pub(crate) const START: Place = Place { offset: 0, checksum: BEGINNING, line: 0 };

impl Checksum {
    /// The checksum of a line with this text that follows this one.
    pub(crate) fn then(self, text: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(text);
        let mut digits = [0; CHECKSUM_BYTES];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(hash.finalize()) {
            let nibbles = [byte >> 4, byte & 15];
            for (digit, nibble) in pair.iter_mut().zip(nibbles) {
                *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            }
        }
        Self(digits)
    }

    /// Reads what [`Checksum::as_bytes`] wrote.
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        let is_digit = |it: &u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        let digits: [u8; CHECKSUM_BYTES] = digits.try_into().ok()?;
        digits.iter().all(is_digit).then_some(Self(digits))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|digit| char::from(*digit)).collect()
    }
}

/// Appends a line to `bytes`, and returns its checksum.
pub(crate) fn write(bytes: &mut Vec<u8>, text: &[u8], previous: Checksum) -> Checksum {
    let checksum = previous.then(text);
    bytes.extend_from_slice(text);
    bytes.push(b' ');
    bytes.extend_from_slice(checksum.as_bytes());
    bytes.push(b'\n');
    checksum
}

/// The text of a line without its line break, and its checksum; `None` if that is wrong.
pub(crate) fn verify(line: &[u8], previous: Checksum) -> Option<(&[u8], Checksum)> {
    let (rest, digits) = line.split_at_checked(line.len().checked_sub(CHECKSUM_BYTES)?)?;
    let text = rest.strip_suffix(b" ")?;
    let checksum = Checksum::parse(digits)?;
    (previous.then(text) == checksum).then_some((text, checksum))
}

/// The first line: the witness and the store it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) identity: String,
    pub(crate) store: String,
}

/// What the first line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Header(Header),
    /// Of a later version.
    Newer,
    /// No header of a witness.
    Other,
}

impl Header {
    pub(crate) fn text(&self) -> String {
        format!("{NAME} {VERSION} {} {}", self.identity, self.store)
    }

    pub(crate) fn parse(text: &[u8]) -> Parsed {
        let Ok(text) = std::str::from_utf8(text) else { return Parsed::Other };
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            [NAME, VERSION, identity, store] => {
                let (identity, store) = ((*identity).to_owned(), (*store).to_owned());
                Parsed::Header(Self { identity, store })
            }
            [NAME, version, ..] if *version != VERSION => Parsed::Newer,
            _ => Parsed::Other,
        }
    }
}

/// The text of an attempt: JSON, and how much of the file was durable for certain when it was written.
pub(crate) fn text_of(attempt: &SentAttempt, durable_bytes: u64) -> Option<Vec<u8>> {
    let mut text = serde_json::to_vec(attempt).ok()?;
    text.extend_from_slice(format!(" {durable_bytes}").as_bytes());
    Some(text)
}

/// The attempt of a text.
pub(crate) fn attempt_of(text: &[u8]) -> Option<SentAttempt> {
    parse(text).map(|(attempt, _)| attempt)
}

/// How much of the file was durable when a line was written, from the line as it is, whatever is before it.
pub(crate) fn durable_bytes_of(line: &[u8]) -> Option<u64> {
    let (rest, digits) = line.split_at_checked(line.len().checked_sub(CHECKSUM_BYTES)?)?;
    Checksum::parse(digits)?;
    parse(rest.strip_suffix(b" ")?).map(|(_, durable_bytes)| durable_bytes)
}

fn parse(text: &[u8]) -> Option<(SentAttempt, u64)> {
    let end = text.iter().rposition(|byte| *byte == b'}')?;
    let (json, rest) = text.split_at_checked(end.checked_add(1)?)?;
    let durable_bytes = match rest {
        // Written before lines said it: nothing before it counts as torn.
        b"" => u64::MAX,
        rest => std::str::from_utf8(rest.strip_prefix(b" ")?).ok()?.parse().ok()?,
    };
    Some((serde_json::from_slice(json).ok()?, durable_bytes))
}

/// What the first line begins with.
pub(crate) const NAME: &str = "pagos-witness";
const VERSION: &str = "1";

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of earlier builds have such lines.
    #[test]
    fn a_line_that_does_not_say_what_was_durable_is_read() {
        let json = r#"{"account":"alpha","key":"a","number":1,"digest":null,"first_at":7,"at":7}"#;
        let attempt = attempt_of(json.as_bytes()).unwrap();
        assert_eq!((attempt.number, attempt.epoch), (1, 0));
        let line = format!("{json} 0123456789abcdef");
        assert_eq!(durable_bytes_of(line.as_bytes()), Some(u64::MAX));
        let text = text_of(&attempt, 120).unwrap();
        assert_eq!(attempt_of(&text), Some(attempt));
        let line = [text, b" 0123456789abcdef".to_vec()].concat();
        assert_eq!(durable_bytes_of(&line), Some(120));
    }

    /// The digest is `printf %s 0000000000000000text | sha256sum | cut -c 1-16`.
    #[test]
    fn a_checksum_is_the_beginning_of_a_sha_256_over_the_chain() {
        assert_eq!(BEGINNING.then(b"text").text(), "e15f8aaf574743ab");
        let mut bytes = Vec::new();
        let first = write(&mut bytes, b"text", BEGINNING);
        let second = write(&mut bytes, b"text", first);
        assert_ne!(first, second);
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        assert_eq!(verify(lines[0], BEGINNING), Some((&b"text"[..], first)));
        assert_eq!(verify(lines[1], first), Some((&b"text"[..], second)));
        assert_eq!(verify(lines[1], BEGINNING), None);
        assert_eq!(verify(b"", BEGINNING), None);
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = Header { identity: "1f".repeat(16), store: "2e".repeat(16) };
        assert_eq!(Header::parse(header.text().as_bytes()), Parsed::Header(header));
        assert_eq!(Header::parse(b"pagos-witness 2 a b c"), Parsed::Newer);
        for text in [&b"pagos-witness 1 a"[..], b"SQLite format 3", b"", b"\xff"] {
            assert_eq!(Header::parse(text), Parsed::Other);
        }
    }
}
