//! ETpay, which pays a repeated key twice.

mod people;

use std::sync::Arc;

use pagos_conformance::{Seams, Signer};
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document,
    DocumentType, Environment, Error, ErrorKind, Money, PaymentOrder, PayoutOrder, PayoutProvider,
    Secret, Transport,
};
use pagos_etpay::{Etpay, EtpayConfig, PaymentConfig, PayoutConfig};
use pagos_twin::{
    Faults, Twin,
    etpay::{
        EtpaySettings, EtpayTwin, SANDBOX_API_TOKEN, SANDBOX_MERCHANT_CODE, SANDBOX_PASSWORD,
        SANDBOX_USERNAME, Switches,
    },
};

use crate::{
    behaviour::{
        Call, CreateReplies, CreateReply, DeliveryKey, Events, PaymentKit, PaymentQuery,
        Preparation, Repeat, Terms, Words,
    },
    json::Json,
    kit::{ProviderKit, Settings},
    people::{Payee, chile},
    random::Random,
    sample::{key, notify_url},
};

/// ETpay: a repeated key would be paid again, and payments come in sessions with secrets.
#[derive(Debug)]
pub(crate) struct EtpayKit;

impl ProviderKit for EtpayKit {
    fn name(&self) -> &'static str {
        "etpay"
    }

    fn currency(&self) -> Currency {
        Currency::Clp
    }

    fn key_initial(&self) -> char {
        'e'
    }

    fn build(
        &self,
        settings: Settings<'_>,
        seams: Seams,
    ) -> Result<Box<dyn PayoutProvider>, Error> {
        let config = EtpayConfig::from_lookup(settings)?;
        Ok(Box::new(Etpay::new(config, seams.transport, seams.clock)?))
    }

    /// Only sessions have a secret.
    fn signer(
        &self,
        _settings: Settings<'_>,
        secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        Ok(match secret {
            Some(secret) => Some(Box::new(TokenSigner::new(secret)?)),
            None => None,
        })
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let config = EtpayConfig {
            environment: Environment::Sandbox,
            merchant_code: SANDBOX_MERCHANT_CODE.to_owned(),
            merchant_api_token: Secret::new(SANDBOX_API_TOKEN),
            payments: Some(PaymentConfig::new(
                "http://twin.example/etpay/api",
                "http://twin.example/etpay/pmt",
                notify_url("etpay"),
            )),
            payouts: Some(PayoutConfig::new(
                "http://twin.example/etpay/platform",
                SANDBOX_USERNAME,
                Secret::new(SANDBOX_PASSWORD),
            )),
            sandbox_clock_days: 0,
        };
        Arc::new(Etpay::new(config, transport, clock).unwrap())
    }

    fn twin(&self, faults: Faults, _terms: Terms) -> Box<dyn Twin> {
        let switches =
            Switches { payout_webhook_url: Some(notify_url("etpay")), ..Switches::default() };
        let settings = EtpaySettings { switches, ..EtpaySettings::default() };
        Box::new(EtpayTwin::new(settings).with_faults(faults))
    }

    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: AccountName::new("etpay").unwrap(),
            amount: Money::new(15_000, Currency::Clp),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: Some(Document::new(DocumentType::Rut, "12345678-5").unwrap()),
                bank: Some(BankCode::new("cl_estado").unwrap()),
                account_type: AccountType::Sight,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: None,
        }
    }

    /// 1500 pesos.
    fn payment_order(&self, name: &str) -> Option<PaymentOrder> {
        Some(PaymentOrder {
            key: key(name),
            account: AccountName::new("etpay").unwrap(),
            amount: Money::new(1_500, Currency::Clp),
            payer_name: None,
            document: None,
            is_document_locked: false,
            bank: None,
            email: None,
            phone: None,
            description: None,
            return_url: Some("https://merchant.example/paid".to_owned()),
            cancel_url: Some("https://merchant.example/not-paid".to_owned()),
            metadata: Vec::new(),
        })
    }

    fn payee(&self, number: u64, _key: &str, random: &mut Random) -> Payee {
        people::build_payee(number, random)
    }

    fn keep_pending(&self, payee: &mut Payee) {
        people::keep_pending(payee);
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "completed" => true,
            "rejected" | "returned" => false,
            other => panic!("{other:?} is no end of an ETpay payout"),
        }
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
        Events::Unsigned
    }

    fn events_name_our_key(&self) -> bool {
        true
    }

    fn has_one_event(&self) -> bool {
        true
    }

    fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey::Session
    }

    fn hint(&self, key: &str, padding: &str) -> Option<String> {
        Some(format!(
            r#"{{"id":"event-{key}","status":"pending","merchant_order_id":"{key}","padding":"{padding}"}}"#
        ))
    }

    fn preparation(&self) -> Preparation {
        Preparation::Nothing
    }

    fn create_replies(&self) -> CreateReplies {
        CreateReplies {
            busy: CreateReply::DoubtAndLost,
            throttled: CreateReply::Proves,
            refused: CreateReply::Refuses,
            balance_exhausted: CreateReply::Proves,
        }
    }

    fn payment(&self) -> Option<PaymentKit> {
        Some(PaymentKit {
            amount: "1500",
            payer: chile::PAYER,
            is_opened_once: false,
            has_page: true,
            is_address_asked: false,
            query: PaymentQuery::ByKey,
            is_asked_while_open: false,
            events: Events::Signed,
        })
    }

    fn call(&self, method: &str, path: &str) -> Call {
        match (method, path.rsplit_once("/payouts")) {
            (_, None | Some((_, "/balance"))) => Call::Other,
            ("POST", Some((_, ""))) => Call::Create,
            _ => Call::Query,
        }
    }

    /// A login may come before.
    fn path_part(&self, call: Call) -> Option<&'static str> {
        (call != Call::Other).then_some("payouts")
    }

    fn list_trigger(&self) -> Option<&'static str> {
        None
    }

    fn default_host(&self) -> Option<&'static str> {
        None
    }

    fn login_answer(&self) -> Option<&'static str> {
        Some(r#"{"msg":"ok","auth":{"Authorization":"t"}}"#)
    }

    fn words(&self) -> Words {
        Words {
            amounts: &["amount", "merchant_amount"],
            units: [100_000, 100_000],
            keys: &["merchant_order_id"],
            paid: &["completed", "true"],
            failed: &["rejected", "error", "failed", "reversed", "returned", "false"],
            absent: &[],
            list: &["payouts"],
            page_refused: Some(400),
        }
    }

    fn may_mean(&self, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
        let Some(json) = json else { return kind == ErrorKind::Throttled && http == 429 };
        let is_field = |word: &str| {
            let word = word.trim().to_ascii_lowercase();
            word.ends_with(" is invalid") || word.ends_with(" is required")
        };
        match kind {
            ErrorKind::Rejected => {
                matches!(http, 400 | 422) && json.scalars.iter().any(|(_, value)| is_field(value))
            }
            ErrorKind::Throttled => matches!(http, 400 | 401 | 402 | 429),
            ErrorKind::Unauthorized => matches!(http, 401 | 403),
            _ => false,
        }
    }
}

/// Signs claims: what is signed are the first two parts of a token, and the third is the signature.
struct TokenSigner {
    signature_token: Secret,
}

impl TokenSigner {
    fn new(secret: &str) -> Result<Self, Error> {
        let signature_token = Secret::new(secret);
        // An empty key fails here, so that it cannot fail below.
        pagos_etpay::sign(b"{}", &signature_token)?;
        Ok(Self { signature_token })
    }

    fn token(&self, claims: &[u8]) -> String {
        pagos_etpay::sign(claims, &self.signature_token).unwrap_or_default()
    }
}

impl Signer for TokenSigner {
    fn string_to_sign(&self, claims: &[u8]) -> Vec<u8> {
        let token = self.token(claims);
        token.rsplit_once('.').map(|(signed, _)| signed.as_bytes().to_vec()).unwrap_or_default()
    }

    fn signature(&self, claims: &[u8]) -> String {
        let token = self.token(claims);
        token.rsplit_once('.').map(|(_, signature)| signature.to_owned()).unwrap_or_default()
    }
}
