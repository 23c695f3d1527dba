//! The records of tokens in the store.

use std::collections::BTreeSet;

use pagos_core::Timestamp;
use pagos_engine::{Actor, InstrumentedStore, Record, RecordKind, RecordWrite, RecordWritten};
use serde::{Deserialize, Serialize};

use super::{Refusal, Scope, Token, TokenError};

/// A token as its record keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// SHA-256 of the secret, in hexadecimal.
    pub(super) digest: String,
    pub(super) name: Actor,
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session_of: Option<String>,
}

impl Kept {
    /// Why it is refused at `now`, if it is.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<Refusal> {
        if self.revoked_at.is_some() {
            return Some(Refusal::Revoked);
        }
        self.expires_at.is_some_and(|at| at <= now).then_some(Refusal::Expired)
    }

    pub(super) fn of(token: &Token, digest: String) -> Self {
        Self {
            digest,
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            session_of: token.session_of.clone(),
        }
    }

    pub(super) fn read(record: &Record) -> Result<Self, TokenError> {
        let read = serde_json::from_str(&record.body);
        read.map_err(|_| TokenError::Unreadable(record.name.clone()))
    }

    pub(super) fn token(self, id: &str) -> Token {
        Token {
            id: id.to_owned(),
            name: self.name,
            scopes: self.scopes,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            session_of: self.session_of,
        }
    }
}

pub(super) async fn write(
    writer: &InstrumentedStore,
    id: &str,
    was: Option<u64>,
    kept: &Kept,
) -> Result<(), TokenError> {
    let body = serde_json::to_string(kept).map_err(|_| TokenError::Unreadable(id.to_owned()))?;
    let write = RecordWrite {
        kind: RecordKind::Token,
        name: id.to_owned(),
        was,
        body: Some(body),
        notices: Vec::new(),
    };
    match writer.write_record(write).await? {
        RecordWritten::Done { .. } => Ok(()),
        RecordWritten::Conflict => Err(TokenError::Changed(id.to_owned())),
    }
}
