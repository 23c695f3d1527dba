//! Fintoc. What claims nothing is answered; every other question panics, and names itself.

use std::sync::Arc;

use pagos_conformance::{Nonces, Seams, Signer};
use pagos_core::{
    Clock, Currency, Error, ErrorKind, NonceSource, PaymentOrder, PayoutOrder, PayoutProvider,
    Transport,
};
use pagos_fintoc::{Fintoc, FintocConfig, SigningKey, Stamp};
use pagos_twin::{
    Faults, Twin,
    fintoc::{FintocSettings, FintocTwin},
};

use crate::{
    behaviour::{
        Call, CreateReplies, DeliveryKey, Events, PaymentKit, Preparation, Repeat, Terms, Words,
    },
    json::Json,
    kit::{ProviderKit, Settings},
    people::Payee,
    random::Random,
};

/// Fintoc.
#[derive(Debug)]
pub(crate) struct FintocKit;

impl ProviderKit for FintocKit {
    fn name(&self) -> &'static str {
        "fintoc"
    }

    fn currency(&self) -> Currency {
        not_filled("currency")
    }

    fn key_initial(&self) -> char {
        'f'
    }

    fn build(
        &self,
        settings: Settings<'_>,
        seams: Seams,
    ) -> Result<Box<dyn PayoutProvider>, Error> {
        let config = FintocConfig::from_lookup(settings)?;
        Ok(Box::new(Fintoc::new(config, seams.transport, seams.clock, seams.nonces)?))
    }

    /// Nonce and time are those of the case, which says them once more among its settings.
    fn signer(
        &self,
        settings: Settings<'_>,
        _secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        let (Some(nonce), Some(at)) = (settings("STAMP_NONCE"), settings("STAMP_TIME")) else {
            return Ok(None);
        };
        let nonce = Nonces::new([nonce]).draw();
        let key = SigningKey::parse(&FintocConfig::from_lookup(settings)?.jws_private_key)?;
        Ok(Some(Box::new(BodySigner { key, stamp: Stamp { nonce, at: at.parse()? } })))
    }

    fn provider(
        &self,
        _transport: Arc<dyn Transport>,
        _clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        not_filled("provider")
    }

    fn twin(&self, faults: Faults, _terms: Terms) -> Box<dyn Twin> {
        Box::new(FintocTwin::new(FintocSettings::default()).with_faults(faults))
    }

    fn order(&self, _name: &str) -> PayoutOrder {
        not_filled("order")
    }

    fn payment_order(&self, _name: &str) -> Option<PaymentOrder> {
        None
    }

    fn payee(&self, _number: u64, _key: &str, _random: &mut Random) -> Payee {
        not_filled("payee")
    }

    /// The twin knows no such people.
    fn keep_pending(&self, _payee: &mut Payee) {}

    fn is_paid(&self, _true_final: &str) -> bool {
        not_filled("is_paid")
    }

    fn repeat(&self) -> Repeat {
        Repeat::PaidAgain
    }

    fn resends_when_absent(&self) -> bool {
        false
    }

    fn takes_days(&self) -> bool {
        false
    }

    fn events(&self) -> Events {
        not_filled("events")
    }

    fn events_name_our_key(&self) -> bool {
        not_filled("events_name_our_key")
    }

    fn has_one_event(&self) -> bool {
        not_filled("has_one_event")
    }

    fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey::Account
    }

    fn hint(&self, _key: &str, _padding: &str) -> Option<String> {
        None
    }

    fn preparation(&self) -> Preparation {
        Preparation::Nothing
    }

    fn create_replies(&self) -> CreateReplies {
        not_filled("create_replies")
    }

    fn payment(&self) -> Option<PaymentKit> {
        None
    }

    /// A call that nobody knows counts as paying somebody.
    fn call(&self, _method: &str, _path: &str) -> Call {
        Call::Create
    }

    fn path_part(&self, _call: Call) -> Option<&'static str> {
        None
    }

    fn list_trigger(&self) -> Option<&'static str> {
        None
    }

    fn default_host(&self) -> Option<&'static str> {
        None
    }

    fn login_answer(&self) -> Option<&'static str> {
        None
    }

    fn words(&self) -> Words {
        not_filled("words")
    }

    /// No answer may mean anything, until a document says so.
    fn may_mean(&self, _kind: ErrorKind, _http: u16, _json: Option<&Json>) -> bool {
        false
    }
}

fn not_filled(method: &str) -> ! {
    panic!("fill in `{method}` of the kit, in crates/pagos-kit/src/fintoc.rs")
}

struct BodySigner {
    key: SigningKey,
    stamp: Stamp,
}

impl Signer for BodySigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        pagos_fintoc::string_to_sign(body, self.stamp).into_bytes()
    }

    fn signature(&self, body: &[u8]) -> String {
        pagos_fintoc::signature(body, self.stamp, &self.key).unwrap()
    }
}
