//! What a delivery is, found out once, when it arrives; and the note that is kept of one that proves
//! nothing. Answers nobody.

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

/// What a delivery is that has just arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it lives as long as one delivery is received")]
pub enum Judged {
    /// Its signature is genuine: it is kept byte for byte, with this verdict.
    Verified(Verdict),
    /// It proves nothing: [`InstrumentedStore::note_hint`] keeps one small row for each order that is named.
    Hint(Hint),
    /// Its signature is missing or wrong, or nobody knows the secret that would verify it: nothing of
    /// it is kept.
    Forged,
}

impl InstrumentedStore {
    /// Verifies a delivery with the account's decoder, or with the secret of the session that it names.
    ///
    /// # Errors
    /// Whatever the store says: then nothing is known of the delivery, and its sender shall repeat it.
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
            // Genuine and not understood. To refuse it would lose it when the repetitions end.
            Err(error) => {
                let hint = decoder.locate(delivery);
                Ok(Judged::Verified(Verdict::Unreadable { hint, because: error.to_string() }))
            }
        }
    }

    /// Somebody who proved nothing says that there is news about what `hint` names: notes that a
    /// query about it is due, in one row for each order, however often and in whatever words it is
    /// said. `None` if it names no order of this account, of which nothing is kept.
    ///
    /// # Errors
    /// Whatever the store says.
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
