//! The rules for any field: UTF-8, no control or invisible characters, no padding. Nothing is
//! repaired: a file that reads differently from how it looks is refused.

use crate::words::{Text, file};

/// Why a field cannot be read as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unclean {
    NotUtf8,
    DecodedTwice,
    Control,
    Invisible,
    Padded,
}

impl Unclean {
    /// What is wrong, and what to do.
    pub(crate) fn explain(self) -> (Text, Text) {
        match self {
            Unclean::NotUtf8 => (file::is_not_utf8(), file::save_as_csv()),
            Unclean::DecodedTwice => (file::was_decoded_wrongly(), file::open_as_utf8()),
            Unclean::Control => (file::has_control_character(), file::remove_it()),
            Unclean::Invisible => (file::has_invisible_character(), file::type_it_again()),
            Unclean::Padded => (file::has_space_around(), file::remove_space()),
        }
    }
}

/// The text of a field.
pub(crate) fn read(bytes: &[u8]) -> Result<&str, Unclean> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unclean::NotUtf8)?;
    if bytes.iter().all(u8::is_ascii_graphic) {
        return Ok(text);
    }
    // Programs write these only after reading UTF-8 as another encoding: Á becomes Ã and one of
    // them.
    if text.chars().any(|letter| matches!(letter, '\u{80}'..='\u{9F}')) {
        return Err(Unclean::DecodedTwice);
    }
    if text.chars().any(char::is_control) {
        return Err(Unclean::Control);
    }
    if text.chars().any(is_invisible) {
        return Err(Unclean::Invisible);
    }
    match text.trim().len() == text.len() {
        true => Ok(text),
        false => Err(Unclean::Padded),
    }
}

/// The text for a message: control and invisible characters are replaced, and it is cut to
/// `chars_max`.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    let legal = |letter: char| match letter.is_control() || is_invisible(letter) {
        true => '?',
        false => letter,
    };
    text.chars().take(chars_max).map(legal).collect()
}

/// Zero-width characters, direction marks, byte order marks, soft hyphens, unusual spaces.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{00A0}'
            | '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{180E}'
            | '\u{2000}'..='\u{200F}'
            | '\u{2028}'..='\u{202F}'
            | '\u{205F}'..='\u{206F}'
            | '\u{3000}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFD}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_is_read() {
        let cases: [(&[u8], Result<&str, Unclean>); 9] = [
            (b"", Ok("")),
            (b"Ana Perez", Ok("Ana Perez")),
            ("José Muñoz".as_bytes(), Ok("José Muñoz")),
            (b"Jos\xe9", Err(Unclean::NotUtf8)),
            (b"a\nb", Err(Unclean::Control)),
            (b"a\0", Err(Unclean::Control)),
            ("a\u{FEFF}b".as_bytes(), Err(Unclean::Invisible)),
            ("1\u{00A0}000".as_bytes(), Err(Unclean::Invisible)),
            (b" a", Err(Unclean::Padded)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read(bytes), expected, "{bytes:?}");
        }
        assert_eq!(printable("a\u{FEFF}\tb", 3), "a??");
    }
}
