//! Webhooks: the signature first, over the bytes as they came, then the words. No server and no
//! storage.

use bytes::Bytes;
use http::{Response, StatusCode};

use pagos_core::{
    Decoded, Delivery, Error, Event, Hint, Receipt, Secret, Subject, Verified, WebhookDecoder,
};

use crate::{
    Fintoc,
    sign::{self, SIGN_HEADER},
};

impl WebhookDecoder for Fintoc {
    fn headers(&self) -> &'static [&'static str] {
        &[SIGN_HEADER]
    }

    fn takes_unsigned(&self) -> bool {
        false
    }

    /// Nothing is located until a document says where a delivery names its payout.
    fn locate(&self, _delivery: &Delivery) -> Hint {
        Hint::default()
    }

    /// What a genuine delivery says is not read yet, so that it is about nothing.
    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        let proof = sign::verify(&delivery.body, &delivery.headers, &self.settings.api_key)?;
        let event =
            Event { subject: Subject::Unrecognised, key: None, reference: None, observation: None };
        Ok(Decoded::Verified(Verified::new(proof, event)))
    }

    /// Guess: 200 counts as received, and everything else is sent again.
    fn acknowledge(&self, receipt: Receipt) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = match receipt {
            Receipt::Taken => StatusCode::OK,
            Receipt::Refused => StatusCode::UNAUTHORIZED,
            Receipt::Crowded | Receipt::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        response
    }
}
