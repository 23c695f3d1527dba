//! Cashypro, which refuses a key that it knows.

mod people;

use std::sync::Arc;

use pagos_cashypro::{Cashypro, CashyproConfig, NonceText, SignCase, country};
use pagos_conformance::{Nonces, Seams, Signer};
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document,
    DocumentType, Environment, Error, ErrorKind, Money, PaymentOrder, PayoutOrder, PayoutProvider,
    Secret, Transport,
};
use pagos_twin::{
    Faults, Twin,
    cashypro::{CashyproSettings, CashyproTwin, SANDBOX_API_KEY, SANDBOX_MERCHANT_ID},
};

use crate::{
    behaviour::{
        Call, CreateReplies, CreateReply, DeliveryKey, Events, PaymentKit, PaymentQuery,
        Preparation, Repeat, Terms, Words,
    },
    json::Json,
    kit::{ProviderKit, Settings},
    people::Payee,
    random::Random,
    sample::{SeededNonces, key, notify_url},
};

/// Cashypro.
#[derive(Debug)]
pub(crate) struct CashyproKit;

impl ProviderKit for CashyproKit {
    fn name(&self) -> &'static str {
        "cashypro"
    }

    fn currency(&self) -> Currency {
        Currency::Cop
    }

    fn key_initial(&self) -> char {
        'c'
    }

    fn build(
        &self,
        settings: Settings<'_>,
        seams: Seams,
    ) -> Result<Box<dyn PayoutProvider>, Error> {
        let config = CashyproConfig::from_lookup(settings)?;
        let texts = Arc::new(AsWritten(Arc::clone(&seams.nonces)));
        let provider = Cashypro::new(config, seams.transport, seams.clock, seams.nonces)?;
        Ok(Box::new(provider.with_nonce_text(texts)))
    }

    fn signer(
        &self,
        settings: Settings<'_>,
        _secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        let CashyproConfig { api_key, sign_case, .. } = CashyproConfig::from_lookup(settings)?;
        Ok(Some(Box::new(BodySigner { api_key, sign_case })))
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let config = CashyproConfig {
            base_url: "http://twin.example/cashypro/stage-api".to_owned(),
            merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
            api_key: Secret::new(SANDBOX_API_KEY),
            notify_url: notify_url("cashypro"),
            ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
        };
        let nonces = Arc::new(SeededNonces::new(seed));
        Arc::new(Cashypro::new(config, transport, clock, nonces).unwrap())
    }

    fn twin(&self, faults: Faults, _terms: Terms) -> Box<dyn Twin> {
        Box::new(CashyproTwin::new(CashyproSettings::default()).with_faults(faults))
    }

    /// 150000.00 COP.
    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: AccountName::new("cashypro").unwrap(),
            amount: Money::new(15_000_000, Currency::Cop),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: Some(Document::new(DocumentType::Cc, "1012345678").unwrap()),
                bank: Some(BankCode::new("20").unwrap()),
                account_type: AccountType::Savings,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: None,
        }
    }

    fn payment_order(&self, name: &str) -> Option<PaymentOrder> {
        Some(PaymentOrder {
            key: key(name),
            account: AccountName::new("cashypro").unwrap(),
            amount: Money::new(5_000_000, Currency::Cop),
            payer_name: Some("Ana Diaz".to_owned()),
            document: Some(Document::new(DocumentType::Cc, "1012345678").unwrap()),
            is_document_locked: false,
            bank: None,
            email: Some("ana@example.com".to_owned()),
            phone: Some("3001234567".to_owned()),
            description: None,
            return_url: None,
            cancel_url: None,
            metadata: Vec::new(),
        })
    }

    fn payee(&self, number: u64, _key: &str, random: &mut Random) -> Payee {
        people::build_payee(number, random)
    }

    /// The twin knows no such people.
    fn keep_pending(&self, _payee: &mut Payee) {}

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "SUCCESS" => true,
            "FAIL" | "CANCEL" => false,
            other => panic!("{other:?} is no end of a Cashypro order"),
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::Refused
    }

    fn resends_when_absent(&self) -> bool {
        true
    }

    fn takes_days(&self) -> bool {
        false
    }

    fn events(&self) -> Events {
        Events::Signed
    }

    fn events_name_our_key(&self) -> bool {
        true
    }

    fn has_one_event(&self) -> bool {
        true
    }

    fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey::Account("API_KEY")
    }

    fn hint(&self, _key: &str, _padding: &str) -> Option<String> {
        None
    }

    fn preparation(&self) -> Preparation {
        Preparation::Nothing
    }

    fn create_replies(&self) -> CreateReplies {
        CreateReplies {
            busy: CreateReply::DoubtAndLost,
            throttled: CreateReply::DoubtAndLost,
            refused: CreateReply::Refuses,
            balance_exhausted: CreateReply::Tells,
        }
    }

    fn payment(&self) -> Option<PaymentKit> {
        Some(PaymentKit {
            amount: "50000",
            payer: &["--name", "Ana Diaz", "--document", "cc:1012345678", "--phone", "3001234567"],
            is_opened_once: true,
            has_page: false,
            is_address_asked: false,
            query: PaymentQuery::ByKey,
            is_asked_while_open: false,
            events: Events::Signed,
        })
    }

    /// Every call is a POST. One that nobody knows counts as paying somebody.
    fn call(&self, _method: &str, path: &str) -> Call {
        match path.rsplit('/').next() {
            Some("payOutQuery") => Call::Query,
            Some("getBalance" | "bankListQuery" | "payInBankListQuery") => Call::Other,
            Some("payInQuery" | "payIn" | "payDesk") => Call::Other,
            _ => Call::Create,
        }
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
        Words {
            amounts: &["amount"],
            units: [100_000, 1_000],
            keys: &["mchOrderNo"],
            paid: &["SUCCESS"],
            failed: &["FAIL", "CANCEL"],
            absent: &["Order_not_exist", "null"],
            list: &[],
            page_refused: None,
        }
    }

    fn may_mean(&self, kind: ErrorKind, _http: u16, json: Option<&Json>) -> bool {
        let Some(json) = json else { return false };
        let says =
            |is_it: fn(&str) -> bool| json.values("msg").any(|it| is_it(&it.to_ascii_lowercase()));
        match kind {
            ErrorKind::Rejected => says(|word| {
                let is_field = word.starts_with("params_")
                    && (word.ends_with("_error") || word.ends_with("_required"));
                let is_form = word.starts_with("request") && !word.contains("notwhitelist");
                (is_field && word != "params_mchorderno_error") || is_form
            }),
            ErrorKind::Unauthorized => says(|word| {
                let starts = ["merchantid_", "sign_verify_error", "request_ip_notwhitelist"];
                starts.iter().any(|start| word.starts_with(start))
            }),
            _ => false,
        }
    }
}

/// Documented examples have nonces of every form.
#[derive(Debug)]
struct AsWritten(Arc<Nonces>);

impl NonceText for AsWritten {
    fn draw(&self) -> String {
        self.0.text()
    }
}

struct BodySigner {
    api_key: Secret,
    sign_case: SignCase,
}

impl Signer for BodySigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        pagos_cashypro::string_to_sign(body, &self.api_key)
    }

    fn signature(&self, body: &[u8]) -> String {
        pagos_cashypro::signature(body, &self.api_key, self.sign_case)
    }
}
