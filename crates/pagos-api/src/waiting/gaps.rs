//! What the database is known not to know, and whether its witness can be used.

use pagos_engine::{Restored, SentAttempt, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;

/// What the database is known not to know.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GapsView {
    /// That it was restored from a backup. Absent when what happened since was found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<RestoredView>,
    /// The payouts that were sent and whose orders it has forgotten, by key, at most 100. Such a key is
    /// never sent again.
    forgotten: Vec<ForgottenView>,
    /// Why the witness cannot be used. Absent if it can, or if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_witness: Option<String>,
}

/// A database that was restored.
#[derive(Debug, Serialize, ToSchema)]
struct RestoredView {
    /// When it was restored.
    restored_at: String,
    /// When the backup was made. What was sent since is not in it.
    backup_at: String,
    /// Why it may send again. Nothing is sent while this is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<String>,
}

/// A payout whose order is forgotten.
#[derive(Debug, Serialize, ToSchema)]
struct ForgottenView {
    key: String,
    account: String,
    /// When it was last sent.
    sent_at: String,
}

impl GapsView {
    pub(super) async fn of(api: &Api) -> Result<Self, StoreError> {
        let restored = api.writer().restored().await?.filter(|it| !it.is_settled());
        let forgotten = api.writer().forgotten("", FORGOTTEN_MAX).await?;
        Ok(Self {
            restored: restored.as_ref().map(RestoredView::of),
            forgotten: forgotten.iter().map(ForgottenView::of).collect(),
            without_witness: api.engine().without_witness(),
        })
    }
}

impl RestoredView {
    fn of(restored: &Restored) -> Self {
        Self {
            restored_at: restored.restored_at.to_string(),
            backup_at: restored.backup_at.to_string(),
            accepted: restored.accepted.clone(),
        }
    }
}

impl ForgottenView {
    fn of(sent: &SentAttempt) -> Self {
        Self {
            key: sent.key.to_string(),
            account: sent.account.to_string(),
            sent_at: sent.at.to_string(),
        }
    }
}

const FORGOTTEN_MAX: usize = 100;
