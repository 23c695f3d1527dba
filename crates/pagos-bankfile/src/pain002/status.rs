//! The status codes of a report, and what they mean for a payout.

use std::fmt;

/// A status code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    text: String,
}

/// What a status code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The bank has it, and it is not finished.
    UnderWay,
    /// It is settled on the account that pays, or that receives. Returns can still follow.
    Settled,
    /// It is refused or cancelled; no money moves.
    Refused,
    /// Only of files and payment instructions: the parts have different statuses.
    Partly,
    /// Our table does not have the code, or the code does not say whether money moved.
    Unclear,
}

impl Meaning {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Partly => "partly",
            Self::Unclear => "unclear",
        }
    }
}

/// ISO 20022, external code sets. `BLCK` says that a settled payment is blocked, so it says nothing
/// certain.
const MEANINGS: [(&str, Meaning); 15] = [
    ("ACCC", Meaning::Settled),
    ("ACCP", Meaning::UnderWay),
    ("ACFC", Meaning::UnderWay),
    ("ACSC", Meaning::Settled),
    ("ACSP", Meaning::UnderWay),
    ("ACTC", Meaning::UnderWay),
    ("ACWC", Meaning::UnderWay),
    ("ACWP", Meaning::UnderWay),
    ("CANC", Meaning::Refused),
    ("PART", Meaning::Partly),
    ("PATC", Meaning::UnderWay),
    ("PDNG", Meaning::UnderWay),
    ("PRES", Meaning::UnderWay),
    ("RCVD", Meaning::UnderWay),
    ("RJCT", Meaning::Refused),
];

impl Code {
    /// A code as a bank wrote it.
    ///
    /// ```
    /// use pagos_bankfile::pain002::{Code, Meaning};
    ///
    /// assert_eq!(Code::new("RJCT").meaning(), Meaning::Refused);
    /// assert_eq!(Code::new("acsc").meaning(), Meaning::Unclear, "codes have capital letters");
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn meaning(&self) -> Meaning {
        let known = MEANINGS.iter().find(|(code, _)| *code == self.text);
        known.map_or(Meaning::Unclear, |(_, meaning)| *meaning)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
