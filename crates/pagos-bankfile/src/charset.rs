//! The characters that a bank takes. Nothing is replaced unless that is asked for, and every
//! replacement is reported.

use crate::Problem;

/// Which characters a file may have.
///
/// ```
/// use pagos_bankfile::Charset;
///
/// assert_eq!(Charset::Basic.fit("Peña & Cía").unwrap(), ("Pena + Cia".to_owned(), vec!['ñ', '&', 'í']));
/// assert_eq!(Charset::Full.fit("Peña & Cía").unwrap().0, "Peña & Cía");
/// assert_eq!(Charset::Basic.fit("山").unwrap_err(), '山');
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Whatever the format can carry; other characters are refused.
    Full,
    /// Letters without accents, digits, blanks and `/-?:().,'+`, which every bank takes. Letters
    /// lose their accents, `&` becomes `+`, `_` becomes `-`; other characters are refused.
    Basic,
}

/// A text that the character set changed. It names the characters and not the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The order, or what else the text belongs to.
    pub place: String,
    /// The field.
    pub field: &'static str,
    /// The characters that were replaced, in order.
    pub replaced: Vec<char>,
}

impl Charset {
    /// The text with the characters of this set, and the characters that were replaced.
    ///
    /// # Errors
    /// The first character for which there is no replacement.
    pub fn fit(self, text: &str) -> Result<(String, Vec<char>), char> {
        let (mut fitted, mut replaced) = (String::with_capacity(text.len()), Vec::new());
        for character in text.chars() {
            if character.is_control() || is_no_character(character) {
                return Err(character);
            }
            match self {
                Self::Full => fitted.push(character),
                Self::Basic if is_basic(character) => fitted.push(character),
                Self::Basic => {
                    fitted.push(plain(character).ok_or(character)?);
                    replaced.push(character);
                }
            }
        }
        Ok((fitted, replaced))
    }
}

/// Fits the texts of a file, and collects what was changed and what is wrong.
#[derive(Debug)]
pub(crate) struct Fitting {
    pub(crate) charset: Charset,
    pub(crate) changes: Vec<Change>,
    pub(crate) problems: Vec<Problem>,
}

impl Fitting {
    pub(crate) fn new(charset: Charset) -> Self {
        Self { charset, changes: Vec::new(), problems: Vec::new() }
    }

    /// A text of at most `length_max` characters. It is never cut: a name that was cut is another
    /// name.
    pub(crate) fn text(
        &mut self,
        place: &str,
        field: &'static str,
        text: &str,
        length_max: usize,
    ) -> String {
        let length = text.chars().count();
        if length > length_max {
            let because = format!("{field} has {length} characters");
            self.problem(place, because, format!("write at most {length_max}"));
            return String::new();
        }
        match self.charset.fit(text) {
            Ok((fitted, replaced)) => {
                if !replaced.is_empty() {
                    self.changes.push(Change { place: place.to_owned(), field, replaced });
                }
                fitted
            }
            Err(character) => {
                let because =
                    format!("{field} has the character {character:?}, which the file cannot carry");
                self.problem(place, because, "write it with other letters");
                String::new()
            }
        }
    }

    /// A text that identifies something, so that it must arrive as it is.
    pub(crate) fn exact(
        &mut self,
        place: &str,
        field: &'static str,
        text: &str,
        length_max: usize,
    ) -> String {
        let before = self.changes.len();
        let fitted = self.text(place, field, text, length_max);
        if self.changes.len() > before {
            self.changes.truncate(before);
            let because = format!("{field} has a character that the basic character set lacks");
            self.problem(place, because, "nothing that identifies is changed: use another one");
        }
        fitted
    }

    pub(crate) fn problem(
        &mut self,
        place: &str,
        because: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.push(Problem::new(place, because, remedy));
    }
}

/// Whether every bank takes a text as the name of a file: basic characters, of which the first and
/// the last are no slashes, and no two slashes follow each other.
///
/// Source: European Payments Council, "Clarification paper on the use of slashes in references,
/// identifications and identifiers", read 2026-11-30. It is the rule of SEPA, to which no bank of
/// Latin America is bound; what keeps it passes elsewhere too. \[inferred\]
pub(crate) fn is_identifier(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().all(is_basic)
        && !(text.starts_with('/') || text.ends_with('/') || text.contains("//"))
}

fn is_basic(character: char) -> bool {
    character.is_ascii_alphanumeric() || " /-?:().,'+".contains(character)
}

/// What XML 1.0 has no place for.
fn is_no_character(character: char) -> bool {
    matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn plain(character: char) -> Option<char> {
    Some(match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'ª' => 'a',
        'Á' | 'À' | 'Â' | 'Ã' | 'Ä' => 'A',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'É' | 'È' | 'Ê' | 'Ë' => 'E',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'Í' | 'Ì' | 'Î' | 'Ï' => 'I',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'º' => 'o',
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' => 'O',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'Ú' | 'Ù' | 'Û' | 'Ü' => 'U',
        'ñ' => 'n',
        'Ñ' => 'N',
        'ç' => 'c',
        'Ç' => 'C',
        '&' => '+',
        '_' => '-',
        _ => return None,
    })
}
