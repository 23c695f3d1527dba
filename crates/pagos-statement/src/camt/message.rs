//! Which message of camt a document is, by its namespace.

use crate::Problem;

/// The messages that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// camt.053
    Statement,
    /// camt.054
    Notification,
}

impl Message {
    /// By a namespace such as `urn:iso:std:iso:20022:tech:xsd:camt.053.001.08`.
    pub(super) fn of(namespaces: &str, line: u64) -> Result<Self, Problem> {
        let refused = |because: &str, remedy| Err(Problem::new(line, because, remedy));
        let found = namespaces.split_whitespace().find_map(|it| {
            let rest = it.strip_prefix("urn:iso:std:iso:20022:tech:xsd:camt.")?;
            Some((rest.get(..3)?, rest.get(3..)?.strip_prefix(".001.")?))
        });
        let Some((message, version)) = found else {
            return refused("the document has no namespace of a camt message", AS_053);
        };
        let is_known = version.len() == 2 && version.parse().is_ok_and(|it| VERSIONS.contains(&it));
        match message {
            "053" | "054" if !is_known => {
                refused("its version of camt is none of .02 to .13", "ask for version .08")
            }
            "053" => Ok(Self::Statement),
            "054" => Ok(Self::Notification),
            "052" => refused("it is an intraday report (camt.052), which may still change", AS_053),
            _ => refused("it is neither camt.053 nor camt.054", AS_053),
        }
    }

    pub(super) fn root(self) -> &'static str {
        match self {
            Self::Statement => "BkToCstmrStmt",
            Self::Notification => "BkToCstmrDbtCdtNtfctn",
        }
    }

    pub(super) fn statement(self) -> &'static str {
        match self {
            Self::Statement => "Stmt",
            Self::Notification => "Ntfctn",
        }
    }
}

const VERSIONS: std::ops::RangeInclusive<u8> = 2..=13;
const AS_053: &str = "ask the bank for camt.053 (statements) or camt.054 (notifications)";
