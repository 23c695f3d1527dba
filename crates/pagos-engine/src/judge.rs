//! What a delivery is, found out once, when it arrives. Stores nothing and answers nobody.

use pagos_core::AccountName;
use pagos_core::Decoded;
use pagos_core::Delivery;
use pagos_core::ErrorKind;
use pagos_core::SecretScope;
use pagos_core::WebhookDecoder;

use crate::delivery::Verdict;
use crate::door::StoreDoor;
use crate::recognise::About;
use crate::store::StoreError;

/// What is to be done with a delivery that has just arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it lives as long as one delivery is received")]
pub enum Judged {
    /// It is kept, with this verdict.
    Kept(Verdict),
    /// Its signature is missing or wrong: nothing of it is kept.
    Forged,
    /// It proves nothing and names no order of ours: nothing of it is kept, so that strangers cannot
    /// fill the store.
    Foreign,
}

impl StoreDoor {
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
        let secret = match decoder.secret_scope() {
            SecretScope::Account => None,
            SecretScope::Session => {
                let known = self.recognise(account, &decoder.locate(delivery)).await?;
                if known.about == About::Nothing {
                    return Ok(Judged::Foreign);
                }
                known.secret
            }
        };
        match decoder.verify(delivery, secret.as_ref()) {
            Ok(Decoded::Verified(event)) => {
                Ok(Judged::Kept(Verdict::Genuine { event: event.into_value() }))
            }
            Ok(Decoded::Hint(hint)) => match self.recognise(account, &hint).await?.about {
                About::Payout(_) | About::Payment(_) => Ok(Judged::Kept(Verdict::Hint { hint })),
                About::Nothing => Ok(Judged::Foreign),
            },
            Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(Judged::Forged),
            // Genuine and not understood. To refuse it would lose it when the repetitions end.
            Err(error) => {
                let hint = decoder.locate(delivery);
                Ok(Judged::Kept(Verdict::Unreadable { hint, because: error.to_string() }))
            }
        }
    }
}
