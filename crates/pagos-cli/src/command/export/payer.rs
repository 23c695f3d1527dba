//! The file about who pays: TOML with the company's name and account.

use std::path::PathBuf;

use pagos_bankfile::{Agent, Debtor};
use pagos_core::{AccountNumber, AccountType, Document, DocumentType};
use serde::Deserialize;

use crate::{command::export::read_bytes, exit::Failure, input::path_text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payer {
    name: String,
    account: String,
    account_type: String,
    bank: Option<String>,
    bic: Option<String>,
    document_type: Option<String>,
    document: Option<String>,
}

/// Reads the file; messages do not repeat what is in it.
pub(super) fn read(path: &PathBuf) -> Result<Debtor, Failure> {
    let place = path_text(path);
    let bytes = read_bytes(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let payer: Payer = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failure::new(format!("{place}:{line}: {}", error.message()))
    })?;
    let mut problems = Vec::new();
    let mut keep = |error: pagos_core::Error| problems.push(format!("{place}: {error}"));
    let account = AccountNumber::new(payer.account).map_err(&mut keep).ok();
    let account_type = payer.account_type.parse::<AccountType>().map_err(&mut keep).ok();
    let document = match (payer.document_type, payer.document) {
        (Some(kind), Some(number)) => {
            let read = kind.parse::<DocumentType>().and_then(|kind| Document::new(kind, number));
            read.map_err(&mut keep).ok()
        }
        (None, None) => None,
        _ => {
            problems
                .push(format!("{place}: document_type and document belong together; write both"));
            None
        }
    };
    if payer.name.trim().is_empty() {
        problems.push(format!("{place}: name is empty; write the company's"));
    }
    let bank = Agent { bic: payer.bic, code: payer.bank, name: None };
    match (account, account_type, problems.is_empty()) {
        (Some(account), Some(account_type), true) => {
            Ok(Debtor { name: payer.name, document, account, account_type, bank })
        }
        _ => Err(Failure::many(problems)),
    }
}
