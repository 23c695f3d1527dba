//! The rows of a payroll, one after another, in any format.

use std::{io, slice};

use crate::input::{
    Delimiter, Digest, Payroll,
    csv::Records,
    encoding::Encoding,
    record::{Record, RecordError},
    source::{Body, Text},
};

/// The format of a payroll, for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Format {
    Text { delimiter: Delimiter, encoding: Encoding },
    Sheet { name: String },
}

/// One pass over the rows. The first row is the header.
pub(super) enum Rows<'a> {
    Text(Box<Records<Text<'a>>>),
    Sheet { records: slice::Iter<'a, Record>, digest: Digest },
}

impl<'a> Rows<'a> {
    /// Begins a pass.
    pub(super) fn open(payroll: &'a Payroll) -> Result<(Self, Format), RecordError> {
        match &payroll.body {
            Ok(Body::Text(encoding)) => {
                let text = payroll.text(*encoding).map_err(RecordError::Io)?;
                let (records, delimiter) = Records::open(text, payroll.purpose)?;
                let format = Format::Text { delimiter, encoding: *encoding };
                Ok((Self::Text(Box::new(records)), format))
            }
            Ok(Body::Sheet(sheet)) => {
                let (records, digest) = (sheet.records.iter(), payroll.digest);
                Ok((Self::Sheet { records, digest }, Format::Sheet { name: sheet.name.clone() }))
            }
            Err(problem) => Err(RecordError::Fatal(problem.clone())),
        }
    }

    /// The next row that is not blank, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&Record>, RecordError> {
        match self {
            Self::Text(records) => records.next(),
            Self::Sheet { records, .. } => Ok(records.next()),
        }
    }

    /// The digest of the whole file; reads the rest of it.
    pub(super) fn into_digest(self) -> io::Result<Digest> {
        match self {
            Self::Text(records) => records.into_source().into_digest(),
            Self::Sheet { digest, .. } => Ok(digest),
        }
    }
}
