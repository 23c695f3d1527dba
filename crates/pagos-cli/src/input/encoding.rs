//! Detects the encoding of a file from all of its bytes. It guesses only where a guess cannot
//! change a letter; any other file is refused with one message.

use crate::{input::Problem, words::file};

/// How the bytes of a file are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// What Excel writes as "CSV" on Windows in Latin America and Spain.
    Windows1252,
}

impl Encoding {
    /// The name for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
            Encoding::Windows1252 => "Windows-1252",
        }
    }

    /// The decoder to UTF-8; `None` for UTF-8 itself.
    pub(crate) fn decoder(self) -> Option<encoding_rs::Decoder> {
        let encoding = match self {
            Encoding::Utf8 => return None,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        Some(encoding.new_decoder_without_bom_handling())
    }
}

/// Statistics of a file's bytes. Pass the whole file, block by block.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    start: Vec<u8>,
    line: u64,
    /// The end of the last block, where a letter may be split; at most four bytes.
    cut: Vec<u8>,
    has_utf8_letters: bool,
    /// The line of the first byte that is not UTF-8.
    line_not_utf8: Option<u64>,
    /// The line of the first byte that is not a letter of Spanish or Portuguese in Windows-1252.
    line_not_1252: Option<u64>,
    /// The line of the first sign that is Windows-1252 only if the letters are.
    line_sign: Option<u64>,
    /// Whether an accented lower-case letter is among lower-case letters, which happens in no other
    /// encoding.
    has_small_letters: bool,
    /// The last two bytes, as the neighbours of a letter.
    before: [u8; 2],
    /// A lower-case letter whose next byte is not known yet.
    small: Option<Small>,
}

/// An accented lower-case letter, and the byte before it.
#[derive(Debug, Clone, Copy)]
struct Small {
    line: u64,
    is_after_capital: bool,
}

impl Survey {
    pub(crate) fn add(&mut self, block: &[u8]) {
        let room = 4_usize.saturating_sub(self.start.len());
        self.start.extend(block.iter().take(room));
        self.look_for_utf8(block);
        let mut line = self.line;
        for byte in block {
            self.look_for_1252(*byte, line);
            line += u64::from(*byte == b'\n');
        }
        self.line = line;
    }

    /// The encoding.
    ///
    /// # Errors
    /// The one message about a file that cannot be read as text.
    pub(crate) fn finish(mut self) -> Result<Encoding, Problem> {
        if !self.cut.is_empty() {
            self.line_not_utf8.get_or_insert(self.line);
        }
        self.look_for_1252(b'\n', self.line);
        if !self.has_small_letters {
            self.line_not_1252 = self.line_not_1252.or(self.line_sign);
        }
        match self.start.as_slice() {
            [0xFF, 0xFE, 0, 0] | [0, 0, 0xFE, 0xFF] => {
                Err(Problem::of_line(1, file::is_utf32(), file::save_as_csv()))
            }
            [0xFF, 0xFE, ..] | [1..=255, 0, 1..=255, 0] => Ok(Encoding::Utf16Le),
            [0xFE, 0xFF, ..] | [0, 1..=255, 0, 1..=255] => Ok(Encoding::Utf16Be),
            _ => self.eight_bits(),
        }
    }

    fn eight_bits(&self) -> Result<Encoding, Problem> {
        match (self.line_not_utf8, self.has_utf8_letters, self.line_not_1252) {
            (None, _, _) => Ok(Encoding::Utf8),
            (Some(_), false, None) => Ok(Encoding::Windows1252),
            (Some(line), true, _) => {
                Err(Problem::of_line(line + 1, file::mixes_encodings(), file::save_as_csv()))
            }
            (Some(_), false, Some(line)) => {
                Err(Problem::of_line(line + 1, file::encoding_is_unclear(), file::save_as_csv()))
            }
        }
    }

    fn look_for_utf8(&mut self, block: &[u8]) {
        if self.line_not_utf8.is_some() || (self.cut.is_empty() && block.is_ascii()) {
            return;
        }
        let mut text = std::mem::take(&mut self.cut);
        let cut_before = text.len();
        text.extend_from_slice(block);
        match std::str::from_utf8(&text) {
            Ok(_) => self.has_utf8_letters = true,
            Err(error) => {
                let (good, rest) = text.split_at(error.valid_up_to());
                self.has_utf8_letters |= !good.is_ascii();
                match error.error_len() {
                    None => self.cut = rest.to_vec(),
                    Some(_) => {
                        let breaks = good.iter().skip(cut_before).filter(|byte| **byte == b'\n');
                        self.line_not_utf8 = Some(self.line + breaks.count() as u64);
                    }
                }
            }
        }
    }

    /// A letter that other encodings write with the same byte is recognised by its case: "RAÚL" in
    /// MS-DOS would read "RAéL".
    fn look_for_1252(&mut self, byte: u8, line: u64) {
        if let Some(small) = self.small.take() {
            let is_odd = byte.is_ascii_uppercase()
                || (small.is_after_capital && !byte.is_ascii_lowercase() && byte < 0x80);
            if is_odd {
                self.line_not_1252.get_or_insert(small.line);
            }
        }
        if is_sign(byte) {
            self.line_sign.get_or_insert(line);
        } else if byte >= 0x80 && !is_latin_letter(byte) {
            self.line_not_1252.get_or_insert(line);
        }
        let is_at_start = !self.before[1].is_ascii_alphabetic() && self.before[1] < 0x80;
        // No word begins with these letters: on an old Mac they are Á and Í.
        if is_at_start && matches!(byte, 0xE7 | 0xEA) {
            self.line_not_1252.get_or_insert(line);
        }
        if self.before[0].is_ascii_lowercase()
            && is_small_letter(self.before[1])
            && byte.is_ascii_lowercase()
        {
            self.has_small_letters = true;
        }
        if byte >= 0xE0 {
            let is_after_capital = self.before.iter().all(u8::is_ascii_uppercase);
            self.small = Some(Small { line, is_after_capital });
        }
        self.before = [self.before[1], byte];
    }
}

fn is_small_letter(byte: u8) -> bool {
    matches!(byte, 0xE1 | 0xE9 | 0xED | 0xF3 | 0xFA | 0xF1)
}

/// Signs that people type: € ’ “ ” – ¡ ´. On an old Mac they would be letters.
fn is_sign(byte: u8) -> bool {
    matches!(byte, 0x80 | 0x91..=0x94 | 0x96 | 0xA1 | 0xB4)
}

/// The letters of Spanish and Portuguese in Windows-1252. Other letters are excluded, because they
/// are more likely letters of another encoding, such as Í in MS-DOS, which would read Ö.
fn is_latin_letter(byte: u8) -> bool {
    matches!(
        byte,
        0xC1 | 0xC9 | 0xCD | 0xD3 | 0xDA | 0xDC | 0xD1 // Á É Í Ó Ú Ü Ñ
            | 0xE1 | 0xE9 | 0xED | 0xF3 | 0xFA | 0xFC | 0xF1 // á é í ó ú ü ñ
            | 0xC2 | 0xC3 | 0xC7 | 0xCA | 0xD4 | 0xD5 // Â Ã Ç Ê Ô Õ
            | 0xE2 | 0xE3 | 0xE7 | 0xEA | 0xF4 | 0xF5 // â ã ç ê ô õ
            | 0xAA | 0xB0 | 0xBA | 0xBF // ª ° º ¿
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In blocks of every size, since a letter may be cut in two.
    fn survey(bytes: &[u8]) -> Result<Encoding, u64> {
        let mut answers = (1..=bytes.len().max(1)).map(|size| {
            let mut survey = Survey::default();
            bytes.chunks(size).for_each(|block| survey.add(block));
            survey.finish().map_err(|problem| problem.line)
        });
        let first = answers.next().unwrap();
        assert!(answers.all(|answer| answer == first), "{bytes:?}");
        first
    }

    fn in_encoding(text: &str, encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    #[test]
    fn world_13_the_encoding_is_found_from_the_whole_file() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let windows = encoding_rs::WINDOWS_1252;
        let cases = [
            (Vec::new(), Ok(Encoding::Utf8)),
            (b"key\nn-1".to_vec(), Ok(Encoding::Utf8)),
            ("key\nJosé Muñoz".as_bytes().to_vec(), Ok(Encoding::Utf8)),
            (utf16("\u{FEFF}key"), Ok(Encoding::Utf16Le)),
            (utf16("key"), Ok(Encoding::Utf16Le)),
            (vec![0xFE, 0xFF, 0, b'k'], Ok(Encoding::Utf16Be)),
            (vec![0, b'k', 0, b'e'], Ok(Encoding::Utf16Be)),
            (vec![0xFF, 0xFE, 0, 0], Err(1)),
            (in_encoding("key\nJosé Muñoz, ÁNGEL, Peña", windows), Ok(Encoding::Windows1252)),
            (in_encoding("a\nRAÚL PEÑA, JOSÉ", windows), Ok(Encoding::Windows1252)),
            // RAÚL and PERÚ as MS-DOS writes them, and GARCÍA of an old Mac.
            (b"a\nRA\xE9L".to_vec(), Err(2)),
            (b"a\nPER\xE9,1".to_vec(), Err(2)),
            (b"GARC\xEAA".to_vec(), Err(1)),
            (in_encoding("García Núñez", encoding_rs::MACINTOSH), Err(1)),
            // GARCÍA in MS-DOS.
            (b"GARC\xD6A".to_vec(), Err(1)),
            (in_encoding("María D´Angelo – 5 €", windows), Ok(Encoding::Windows1252)),
            (in_encoding("D´Angelo", windows), Err(1)),
            (b"\xE7ngela".to_vec(), Err(1)),
            ([b"Jos\xC3\xA9\nMu", b"\xF1oz\n".as_slice()].concat(), Err(2)),
            (b"Jos\xC3".to_vec(), Ok(Encoding::Windows1252)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(survey(&bytes), expected, "{bytes:x?}");
        }
    }
}
