//! What a store keeps about its witness, and about having been restored.

use pagos_core::{OrderKey, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    actor::Actor,
    history::Notice,
    instrumented::InstrumentedStore,
    records::{RecordKind, RecordWrite, RecordWritten},
    store::StoreError,
    witness::{SentAttempt, WitnessMark},
};

const POSITION: &str = "position";
const RESTORED: &str = "restored";
const OUTAGE: &str = "outage";

pub(super) const NO_NOTE: &str = "a note is missing: say who compared the restored database with what, such as \"provider's panel of \
     12 May, Ana\"";

/// How far the store and its witness agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The identity of the witness.
    pub(crate) witness: Option<String>,
    /// The store's line of history when this was written.
    pub(crate) lineage: Option<String>,
    /// The store knew everything before this mark.
    pub(crate) mark: Option<WitnessMark>,
    /// The same of an earlier mark that was read back from the store: a store that has this record
    /// had everything before it, whatever line of history it continues on.
    pub(crate) confirmed: Option<WitnessMark>,
    /// When.
    pub(crate) at: Timestamp,
}

/// That the store was restored from a backup. Nothing is sent from it before it was compared with
/// its witness, or a person accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When it was restored.
    pub restored_at: Timestamp,
    /// When the backup was made. What was sent since is not in it.
    pub backup_at: Timestamp,
    /// Why it may send again; absent as long as it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// From when on the providers' lists are to be read before anything is sent, because a person
    /// accepted it without its witness; absent when they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists_since: Option<Timestamp>,
}

impl Restored {
    /// The kind and the name of the record that is the mark, for whoever writes it into a copy that
    /// no engine has opened.
    pub const RECORD: (RecordKind, &'static str) = (RecordKind::Witness, RESTORED);

    /// The mark of a copy that was made at `backup_at`. `known` is the mark that the copied store
    /// has: where that was not compared either, what is not known goes back to its backup.
    ///
    /// ```
    /// use pagos_core::Timestamp;
    /// use pagos_engine::Restored;
    ///
    /// let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(9_000));
    /// let first = Restored::of_copy(early, late, None);
    /// let again = Restored::of_copy(late, late, Some(&first));
    /// assert_eq!((again.backup_at, again.accepted), (early, None));
    /// ```
    pub fn of_copy(backup_at: Timestamp, now: Timestamp, known: Option<&Self>) -> Self {
        let open = known.filter(|it| it.accepted.is_none()).map(|it| it.backup_at);
        let unread = known.and_then(|it| it.lists_since);
        let backup_at = [Some(backup_at), open, unread].into_iter().flatten().min();
        let backup_at = backup_at.unwrap_or(now).min(now);
        Self { restored_at: now, backup_at, accepted: None, lists_since: None }
    }

    /// The body of the record.
    ///
    /// ```
    /// use pagos_core::Timestamp;
    /// use pagos_engine::Restored;
    ///
    /// let now = Timestamp::from_millis(9_000);
    /// let mark = Restored::of_copy(now, now, None);
    /// assert_eq!(Restored::read(&mark.body()?)?, mark);
    /// # Ok::<(), pagos_engine::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn body(&self) -> Result<String, StoreError> {
        to_json(self)
    }

    /// Reads the body of the record.
    ///
    /// # Errors
    /// If another version of the program wrote something else.
    pub fn read(body: &str) -> Result<Self, StoreError> {
        from_json(body)
    }

    /// Whether it may not send yet.
    pub fn is_open(&self) -> bool {
        self.accepted.is_none()
    }

    /// Whether what happened after the backup was found out, as far as that is possible: it was
    /// accepted, and no list of a provider is left to be read.
    pub fn is_settled(&self) -> bool {
        !self.is_open() && self.lists_since.is_none()
    }
}

impl InstrumentedStore {
    /// Whether the store was restored, and whether it may send again.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn restored(&self) -> Result<Option<Restored>, StoreError> {
        Ok(self.read_of_witness(RESTORED).await?.map(|(restored, _)| restored))
    }

    /// Marks the store as restored, so that nothing is sent before it was compared. For whoever
    /// restores a backup, before anybody opens an engine on it.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_core::Timestamp;
    /// use pagos_engine::{InstrumentedStore, MemoryStore, StoreError};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let store = InstrumentedStore::from(Arc::new(MemoryStore::new()));
    /// let (backup_at, now) = (Timestamp::from_millis(1_000), Timestamp::from_millis(9_000));
    /// store.mark_restored(backup_at, now).await?;
    /// store.accept_restored("compared with the panel", None).await?;
    /// assert!(store.restored().await?.is_some_and(|restored| restored.accepted.is_some()));
    /// # Ok::<(), StoreError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn mark_restored(
        &self,
        backup_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (known, was) = self.read_of_witness::<Restored>(RESTORED).await?.unzip();
        let restored = Restored::of_copy(backup_at, now, known.as_ref());
        self.keep_of_witness(RESTORED, was, &restored, Vec::new()).await
    }

    /// Accepts a restored store without its witness: a person has compared it with the provider.
    /// `because` says what was compared. The next engine reads the providers' lists since the
    /// backup before it sends. Does nothing to a store that is not restored, or is accepted.
    ///
    /// # Errors
    /// If `because` says nothing; and the error of the store.
    pub async fn accept_restored(
        &self,
        because: &str,
        by: Option<&Actor>,
    ) -> Result<(), StoreError> {
        let restored = self.read_of_witness::<Restored>(RESTORED).await?;
        let open = restored.filter(|(restored, _)| restored.is_open());
        let Some((restored, was)) = open else { return Ok(()) };
        if because.trim().is_empty() {
            return Err(StoreError::new(NO_NOTE));
        }
        let by = by.map(|by| format!("{by}: ")).unwrap_or_default();
        let (accepted, lists_since) = (Some(format!("{by}{because}")), Some(restored.backup_at));
        let accepted = Restored { accepted, lists_since, ..restored };
        self.keep_of_witness(RESTORED, Some(was), &accepted, Vec::new()).await
    }

    /// Notes that nothing is left to be compared.
    pub(crate) async fn settle_restored(&self, accepted: Restored) -> Result<(), StoreError> {
        let settled = Restored { lists_since: None, ..accepted };
        let was = self.record(RecordKind::Witness, RESTORED).await?.map(|record| record.version);
        self.keep_of_witness(RESTORED, was, &settled, Vec::new()).await
    }

    /// The identity of the witness that the store was last compared with.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn witnessed_as(&self) -> Result<Option<String>, StoreError> {
        Ok(self.position().await?.and_then(|(position, _)| position.witness))
    }

    /// When the store and its witness, or its server's line of history, were last seen to agree.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn compared_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.position().await?.map(|(position, _)| position.at))
    }

    /// The payouts that were sent and whose orders the store has forgotten, by key, after `after`,
    /// at most `limit`. If such an order is submitted again, it is in doubt and not sent.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn forgotten(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<SentAttempt>, StoreError> {
        let records = self.records(RecordKind::Forgotten, after, limit).await?;
        records.iter().map(|record| from_json(&record.body)).collect()
    }

    /// The common point, with the version of its record.
    pub(crate) async fn position(&self) -> Result<Option<(Position, u64)>, StoreError> {
        self.read_of_witness(POSITION).await
    }

    /// Writes over the common point of version `was`, and says whether that was still there.
    pub(crate) async fn keep_position(
        &self,
        was: Option<u64>,
        position: &Position,
        notices: Vec<Notice>,
    ) -> Result<bool, StoreError> {
        let (kind, body) = (RecordKind::Witness, Some(to_json(position)?));
        let write = RecordWrite { kind, name: POSITION.to_owned(), was, body, notices };
        Ok(matches!(self.write_record(write).await?, RecordWritten::Done { .. }))
    }

    /// Notes that the witness cannot be used, with notices, unless that is already noted.
    pub(crate) async fn note_outage(
        &self,
        because: &str,
        notices: Vec<Notice>,
    ) -> Result<(), StoreError> {
        // Of several that meet it at once, one tells.
        self.keep_of_witness(OUTAGE, None, &because, notices).await
    }

    pub(crate) async fn end_outage(&self) -> Result<(), StoreError> {
        let Some((_, was)) = self.read_of_witness::<String>(OUTAGE).await? else { return Ok(()) };
        let (kind, name) = (RecordKind::Witness, OUTAGE.to_owned());
        let write = RecordWrite { kind, name, was: Some(was), body: None, notices: Vec::new() };
        // After a conflict, another worker has ended it or begun another one.
        self.write_record(write).await.map(drop)
    }

    /// Keeps a payout whose order is forgotten. Returns whether it is new.
    pub(crate) async fn keep_forgotten(&self, sent: &SentAttempt) -> Result<bool, StoreError> {
        let (kind, name) = (RecordKind::Forgotten, sent.key.as_str().to_owned());
        let body = Some(to_json(sent)?);
        let write = RecordWrite { kind, name, was: None, body, notices: Vec::new() };
        Ok(matches!(self.write_record(write).await?, RecordWritten::Done { .. }))
    }

    /// The order came back, and its payout is in doubt.
    pub(crate) async fn drop_forgotten(&self, key: &OrderKey) -> Result<(), StoreError> {
        let (kind, name) = (RecordKind::Forgotten, key.as_str().to_owned());
        let Some(record) = self.record(kind, &name).await? else { return Ok(()) };
        let was = Some(record.version);
        let write = RecordWrite { kind, name, was, body: None, notices: Vec::new() };
        self.write_record(write).await.map(drop)
    }

    async fn read_of_witness<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<(T, u64)>, StoreError> {
        let record = self.record(RecordKind::Witness, name).await?;
        record.map(|record| Ok((from_json(&record.body)?, record.version))).transpose()
    }

    /// Writes over the version that was read. After a conflict, whatever another worker wrote is as good.
    async fn keep_of_witness<T: Serialize>(
        &self,
        name: &str,
        was: Option<u64>,
        value: &T,
        notices: Vec<Notice>,
    ) -> Result<(), StoreError> {
        let (kind, body) = (RecordKind::Witness, Some(to_json(value)?));
        let write = RecordWrite { kind, name: name.to_owned(), was, body, notices };
        self.write_record(write).await.map(drop)
    }
}

fn from_json<T: DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| unreadable(&error))
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::new(format!("a record about the witness: {error}"))
}
