//! The configured retention of `serve`. The accounts decide whether it is long enough.

use std::path::PathBuf;

/// How long `serve` keeps payouts, and where it archives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retention {
    /// The number of days after the last change.
    pub(crate) keep_days: u32,
    /// The folder of the archive.
    pub(crate) archive: PathBuf,
}

/// A hundred years: a larger number is a typing error.
const DAYS_MAX: u32 = 36_525;

/// The fields of `[retention]` while they are read.
#[derive(Debug, Default)]
pub(super) struct Fields {
    keep_days: Option<u32>,
    archive: Option<PathBuf>,
}

impl Fields {
    /// Sets one field.
    ///
    /// # Errors
    /// Why not, for a sentence that begins with its name, and what to do.
    pub(super) fn set(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<(), (&'static str, &'static str)> {
        match name {
            "keep_days" => {
                let days = text.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
                let because = "is not a whole number of days between 1 and 36525";
                self.keep_days = Some(days.ok_or((because, "write keep_days = 400"))?);
            }
            "archive" if text.is_empty() => {
                return Err(("names no folder", "write archive = \"archive\""));
            }
            "archive" => self.archive = Some(PathBuf::from(text)),
            _ => return Err(("is no field of [retention]", "it has keep_days and archive")),
        }
        Ok(())
    }

    /// The complete retention.
    ///
    /// # Errors
    /// The field that is missing.
    pub(super) fn finish(self) -> Result<Retention, &'static str> {
        let keep_days = self.keep_days.ok_or("keep_days")?;
        Ok(Retention { keep_days, archive: self.archive.ok_or("archive")? })
    }
}
