//! Which format a file has, by its first bytes.

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// camt.053 or camt.054: XML.
    Camt,
    /// SWIFT's MT940.
    Mt940,
    /// A CSV or a workbook, for which a mapping is needed.
    Table,
}

impl Format {
    /// The format of a file that begins so; 1 KiB is enough. `None` if it has no text and is no
    /// workbook.
    ///
    /// ```
    /// use pagos_statement::Format;
    ///
    /// assert_eq!(Format::detect(b"<?xml version='1.0'?><Document/>"), Some(Format::Camt));
    /// assert_eq!(Format::detect(b"{1:F01BANKCLRM}{4:\r\n:20:A"), Some(Format::Mt940));
    /// assert_eq!(Format::detect(b"Fecha;Cargos;Abonos"), Some(Format::Table));
    /// assert_eq!(Format::detect(b""), None);
    /// ```
    pub fn detect(start: &[u8]) -> Option<Self> {
        // Of UTF-16, every other byte of what is ASCII.
        let is_wide = start.iter().take(4).any(|byte| *byte == 0);
        let text: Vec<u8> =
            start.iter().copied().take(1_024).filter(|byte| !is_wide || *byte != 0).collect();
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text);
        let text = text.strip_prefix(b"\xFF\xFE").unwrap_or(text);
        let text = text.strip_prefix(b"\xFE\xFF").unwrap_or(text).trim_ascii_start();
        let is_tag = |line: &[u8]| line.starts_with(b":20:") || line.starts_with(b":25:");
        if text.starts_with(b"<") {
            return Some(Self::Camt);
        }
        if text.starts_with(b"{1:") || text.split(|byte| *byte == b'\n').any(is_tag) {
            return Some(Self::Mt940);
        }
        let is_workbook = text.starts_with(b"PK\x03\x04");
        let is_binary = text.iter().any(|byte| *byte < b' ' && !b"\t\r\n".contains(byte));
        (is_workbook || (!text.is_empty() && !is_binary)).then_some(Self::Table)
    }
}
