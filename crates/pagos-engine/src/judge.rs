//! Judges a delivery once, when it arrives, and makes the note that is stored for a hint.

use bytes::Bytes;
use http::HeaderMap;
use pagos_core::{
    AccountName, Decoded, Delivery, Error, ErrorKind, Hint, SecretScope, Timestamp, WebhookDecoder,
};

use crate::{
    delivery::{InboxId, Verdict},
    instrumented::InstrumentedStore,
    recognise::About,
    store::StoreError,
};

/// The judgement of a delivery that has just arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it lives as long as one delivery is received")]
pub enum Judged {
    /// Its signature is genuine: it is stored byte for byte, with this verdict.
    Verified(Verdict),
    /// It is a hint: [`InstrumentedStore::note_hint`] keeps one small row for each order that is
    /// named.
    Hint(Hint),
    /// Its signature is missing or wrong, or the secret that would verify it is unknown: it is not
    /// stored.
    Forged,
}

impl InstrumentedStore {
    /// Verifies a delivery with the account's decoder, or with the secret of the session that it
    /// names.
    ///
    /// ```
    /// use pagos_core::{AccountName, Delivery, PayoutProvider};
    /// use pagos_engine::{InstrumentedStore, Judged, StoreError};
    ///
    /// async fn is_genuine(
    ///     store: &InstrumentedStore,
    ///     account: &AccountName,
    ///     provider: &dyn PayoutProvider,
    ///     delivery: &Delivery,
    /// ) -> Result<bool, StoreError> {
    ///     let Some(decoder) = provider.webhooks() else { return Ok(false) };
    ///     Ok(matches!(store.judge(account, decoder, delivery).await?, Judged::Verified(_)))
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of the store. The delivery is then not judged, and its sender should repeat it.
    pub async fn judge(
        &self,
        account: &AccountName,
        decoder: &dyn WebhookDecoder,
        delivery: &Delivery,
    ) -> Result<Judged, StoreError> {
        let mut decoded = decoder.verify(delivery, None);
        if is_refused(&decoded) && decoder.secret_scope() == SecretScope::Session {
            let known = self.recognise(account, &decoder.locate(delivery)).await?;
            let Some(secret) = known.secret else { return Ok(Judged::Forged) };
            decoded = decoder.verify(delivery, Some(&secret));
        }
        match decoded {
            Ok(Decoded::Verified(event)) => {
                Ok(Judged::Verified(Verdict::Genuine { event: event.into_value() }))
            }
            Ok(Decoded::Hint(hint)) => Ok(Judged::Hint(hint)),
            Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(Judged::Forged),
            // It is genuine and was not understood. Refusing it would lose it when the repetitions
            // end.
            Err(error) => {
                let hint = decoder.locate(delivery);
                Ok(Judged::Verified(Verdict::Unreadable { hint, because: error.to_string() }))
            }
        }
    }

    /// Stores a hint: a query about what `hint` names is due. There is one row per order, however
    /// often and in whatever form the hint is repeated. `None` if it names no order of this
    /// account; then nothing is stored.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn note_hint(
        &self,
        account: &AccountName,
        hint: &Hint,
        received_at: Timestamp,
    ) -> Result<Option<InboxId>, StoreError> {
        let (body, hint) = match self.recognise(account, hint).await?.about {
            About::Payout(key) => {
                (format!("payout {key}"), Hint { key: Some(key), reference: None })
            }
            // A payout may have the payment's key; the session tells them apart.
            About::Payment(key) => {
                let reference = hint.reference.clone();
                (format!("payment {key}"), Hint { key: Some(key), reference })
            }
            About::Archived(..) | About::Nothing => return Ok(None),
        };
        let note = Delivery { headers: HeaderMap::new(), body: Bytes::from(body), received_at };
        self.receive(account, &note, &Verdict::Hint { hint }).await.map(Some)
    }
}

fn is_refused(decoded: &Result<Decoded, Error>) -> bool {
    decoded.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unauthorized)
}
