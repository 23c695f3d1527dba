//! Identity documents of beneficiaries and payers. Their numbers are never printed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Rut};

/// The kind of an identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DocumentType {
    /// Cedula de ciudadania (Colombia, Ecuador).
    Cc,
    /// Cedula de extranjeria (Colombia, Peru).
    Ce,
    /// Tarjeta de identidad (Colombia).
    Ti,
    /// Tax number (Colombia).
    Nit,
    /// Passport of any country.
    Passport,
    /// Chilean RUT, with its check digit.
    Rut,
    /// Documento nacional de identidad (Peru, Argentina).
    Dni,
    /// Tax number (Peru, Ecuador).
    Ruc,
    /// Brazilian person.
    Cpf,
    /// Brazilian company.
    Cnpj,
    /// Mexican population key.
    Curp,
    /// Mexican tax key.
    Rfc,
}

const WORDS: [(&str, DocumentType); 13] = [
    ("cc", DocumentType::Cc),
    ("ce", DocumentType::Ce),
    ("ti", DocumentType::Ti),
    ("nit", DocumentType::Nit),
    ("passport", DocumentType::Passport),
    ("pa", DocumentType::Passport),
    ("rut", DocumentType::Rut),
    ("dni", DocumentType::Dni),
    ("ruc", DocumentType::Ruc),
    ("cpf", DocumentType::Cpf),
    ("cnpj", DocumentType::Cnpj),
    ("curp", DocumentType::Curp),
    ("rfc", DocumentType::Rfc),
];

/// Parses the kind in any case; `pa` means `passport`.
impl FromStr for DocumentType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, kind)) => Ok(*kind),
            None => Err(Error::invalid("document_type").because(format!(
                "{text:?} is not one of cc, ce, ti, nit, passport, rut, dni, ruc, cpf, cnpj, curp, rfc"
            ))),
        }
    }
}

impl fmt::Display for DocumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.iter().find(|(_, kind)| kind == self).map_or("document", |(word, _)| word);
        f.write_str(word)
    }
}

/// A document whose number has the right form: 3 to 32 letters and digits, plus `.` and `-` as
/// written on the document. Leading zeros are kept. The check digit of a RUT is verified.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Document {
    kind: DocumentType,
    number: String,
}

#[derive(Deserialize)]
struct Unchecked {
    kind: DocumentType,
    number: String,
}

impl Document {
    /// Checks the form of the number.
    ///
    /// # Errors
    /// `Invalid`, without the number in the message.
    pub fn new(kind: DocumentType, number: impl Into<String>) -> Result<Self, Error> {
        let number = number.into();
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if !(3..=32).contains(&number.len()) || !number.bytes().all(is_legal) {
            return Err(Error::invalid("document").because(format!(
                "a {kind} number is 3 to 32 letters and digits, without spaces"
            )));
        }
        if kind == DocumentType::Rut {
            number.parse::<Rut>()?;
        }
        Ok(Self { kind, number })
    }

    /// The kind.
    pub fn kind(&self) -> DocumentType {
        self.kind
    }

    /// The number as it was given.
    pub fn number(&self) -> &str {
        &self.number
    }
}

impl TryFrom<Unchecked> for Document {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.kind, unchecked.number)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, ..)", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_zeros_and_are_never_shown() {
        let document = Document::new(DocumentType::Cc, "0012345678").unwrap();
        assert_eq!(document.number(), "0012345678");
        assert_eq!(format!("{document:?}"), "Document(cc, ..)");
        let refused = Document::new(DocumentType::Cc, "12 345").unwrap_err();
        assert!(!refused.to_string().contains("345"), "{refused}");
        assert!(Document::new(DocumentType::Rut, "12345678-4").is_err());
    }

    #[test]
    fn every_word_reads_back() {
        for (word, kind) in WORDS {
            assert_eq!(word.to_uppercase().parse::<DocumentType>().unwrap(), kind);
            assert_eq!(kind.to_string().parse::<DocumentType>().unwrap(), kind);
        }
        assert!("cedula".parse::<DocumentType>().is_err());
    }
}
