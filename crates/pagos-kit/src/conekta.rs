//! Conekta, which knows no key of ours: a fresh payee for each payout tells which one it is.

mod people;

use std::sync::Arc;

use pagos_conekta::{Conekta, ConektaConfig};
use pagos_conformance::{Seams, Signer};
use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Clock, Currency, Environment, Error,
    ErrorKind, Money, PaymentOrder, PayoutOrder, PayoutProvider, Secret, Transport,
};
use pagos_twin::{
    Faults, Registration, Twin,
    conekta::{ConektaSettings, ConektaTwin, KEY_DOMAIN, SANDBOX_API_KEY},
};

use crate::{
    behaviour::{
        Call, CreateReplies, CreateReply, DeliveryKey, Events, PaymentKit, Preparation, Repeat,
        Terms, Words,
    },
    json::Json,
    kit::{ProviderKit, Settings},
    people::Payee,
    random::Random,
    sample::{key, notify_url},
};

/// Conekta: a handle for each payout, business days, a list that lags, events without our key.
#[derive(Debug)]
pub(crate) struct ConektaKit;

impl ProviderKit for ConektaKit {
    fn name(&self) -> &'static str {
        "conekta"
    }

    fn currency(&self) -> Currency {
        Currency::Mxn
    }

    fn key_initial(&self) -> char {
        'k'
    }

    fn build(
        &self,
        settings: Settings<'_>,
        seams: Seams,
    ) -> Result<Box<dyn PayoutProvider>, Error> {
        let config = ConektaConfig::from_lookup(settings)?;
        Ok(Box::new(Conekta::new(config, seams.transport, seams.clock)?))
    }

    /// Nothing of ours is signed.
    fn signer(
        &self,
        _settings: Settings<'_>,
        _secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        Ok(None)
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let twin = ConektaTwin::new(ConektaSettings::default());
        let config = ConektaConfig {
            base_url: "http://127.0.0.1/conekta".to_owned(),
            webhook_keys: twin.credentials().remove("webhook_keys").into_iter().collect(),
            ..ConektaConfig::new(Environment::Sandbox, Secret::new(SANDBOX_API_KEY))
        };
        Arc::new(Conekta::new(config, transport, clock).unwrap())
    }

    fn twin(&self, faults: Faults, terms: Terms) -> Box<dyn Twin> {
        let mut settings = ConektaSettings::default();
        settings.switches.execution_delay_seconds = terms.execution_delay_seconds;
        let mut twin = ConektaTwin::new(settings).with_faults(faults);
        if terms.is_subscribed {
            twin.register(Registration { webhook_url: Some(notify_url("conekta")), speed: None });
        }
        Box::new(twin)
    }

    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: AccountName::new("conekta").unwrap(),
            amount: Money::new(125_050, Currency::Mxn),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Clabe,
                account_number: AccountNumber::new("072225008217746674").unwrap(),
                // What the twin's ledger knows the payout by.
                email: Some(format!("{name}@{KEY_DOMAIN}")),
                phone: Some("5555555555".to_owned()),
            },
            description: None,
        }
    }

    fn payment_order(&self, _name: &str) -> Option<PaymentOrder> {
        None
    }

    fn payee(&self, number: u64, key: &str, random: &mut Random) -> Payee {
        people::build_payee(number, key, random)
    }

    /// The twin knows no such people.
    fn keep_pending(&self, _payee: &mut Payee) {}

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "paid_out" => true,
            "failed" => false,
            other => panic!("{other:?} is no end of a Conekta transfer"),
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::PaidAgain
    }

    fn resends_when_absent(&self) -> bool {
        true
    }

    fn takes_days(&self) -> bool {
        true
    }

    fn events(&self) -> Events {
        Events::Signed
    }

    fn events_name_our_key(&self) -> bool {
        false
    }

    fn has_one_event(&self) -> bool {
        false
    }

    fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey::Public
    }

    fn hint(&self, _key: &str, _padding: &str) -> Option<String> {
        None
    }

    /// A payee.
    fn preparation(&self) -> Preparation {
        Preparation::Request
    }

    fn create_replies(&self) -> CreateReplies {
        CreateReplies {
            busy: CreateReply::Proves,
            throttled: CreateReply::DoubtAndLost,
            refused: CreateReply::Refuses,
            balance_exhausted: CreateReply::Proves,
        }
    }

    fn payment(&self) -> Option<PaymentKit> {
        None
    }

    fn call(&self, method: &str, path: &str) -> Call {
        match (method, path.contains("/transfers")) {
            ("POST", true) => Call::Create,
            (_, true) => Call::Query,
            (_, false) => Call::Other,
        }
    }

    /// The payee is made in a request before.
    fn path_part(&self, call: Call) -> Option<&'static str> {
        (call == Call::Create).then_some("transfers")
    }

    /// A transfer whose id nobody knows is asked about by the list, which bears no key.
    fn list_trigger(&self) -> Option<&'static str> {
        Some("transfers")
    }

    fn default_host(&self) -> Option<&'static str> {
        Some("api.conekta.io")
    }

    fn login_answer(&self) -> Option<&'static str> {
        None
    }

    fn words(&self) -> Words {
        Words {
            amounts: &["amount"],
            units: [1_000, 1_000],
            keys: &[],
            paid: &["paid_out"],
            failed: &["failed"],
            absent: &[],
            list: &["data"],
            page_refused: None,
        }
    }

    fn may_mean(&self, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
        let Some(json) = json else { return false };
        match kind {
            ErrorKind::Rejected => {
                (http == 422 && json.says(&["parameter_validation_error"]))
                    || (http == 400 && json.says(&["malformed_request_error"]))
            }
            ErrorKind::Throttled => {
                http == 429 || (http == 402 && json.says(&["processing_error"]))
            }
            ErrorKind::Unauthorized => matches!(http, 401 | 403),
            _ => false,
        }
    }
}
