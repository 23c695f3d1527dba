//! VirtualPOS, whose instructions are signed again with every query, and which may pay a repeated
//! one twice.

mod people;

use std::sync::Arc;

use pagos_conformance::{Seams, Signer};
use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document,
    DocumentType, Environment, Error, ErrorKind, Money, PaymentOrder, PayoutOrder, PayoutProvider,
    Secret, Transport,
};
use pagos_twin::{
    Faults, Twin,
    virtualpos::{SANDBOX_API_KEY, SANDBOX_SECRET_KEY, VirtualPosSettings, VirtualPosTwin},
};
use pagos_virtualpos::{Claims, VirtualPos, VirtualPosConfig};

use crate::{
    behaviour::{
        Call, CreateReplies, CreateReply, DeliveryKey, Events, PaymentKit, PaymentQuery,
        Preparation, Repeat, Terms, Words,
    },
    json::Json,
    kit::{ProviderKit, Settings},
    people::{Payee, chile},
    random::Random,
    sample::key,
};

/// VirtualPOS: no webhooks, no list; a query by our key finds what was lost.
#[derive(Debug)]
pub(crate) struct VirtualPosKit;

impl ProviderKit for VirtualPosKit {
    fn name(&self) -> &'static str {
        "virtualpos"
    }

    fn currency(&self) -> Currency {
        Currency::Clp
    }

    fn key_initial(&self) -> char {
        'v'
    }

    fn build(
        &self,
        settings: Settings<'_>,
        seams: Seams,
    ) -> Result<Box<dyn PayoutProvider>, Error> {
        let config = VirtualPosConfig::from_lookup(settings)?;
        Ok(Box::new(VirtualPos::new(config, seams.transport, seams.clock)?))
    }

    fn signer(
        &self,
        settings: Settings<'_>,
        _secret: Option<&str>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        let VirtualPosConfig { api_key, secret_key, .. } = VirtualPosConfig::from_lookup(settings)?;
        Ok(Some(Box::new(ClaimsSigner { api_key, secret_key })))
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let config = VirtualPosConfig::new(
            Environment::Sandbox,
            "http://127.0.0.1/virtualpos/payout",
            Secret::new(SANDBOX_API_KEY),
            Secret::new(SANDBOX_SECRET_KEY),
        );
        Arc::new(VirtualPos::new(config, transport, clock).unwrap())
    }

    fn twin(&self, faults: Faults, _terms: Terms) -> Box<dyn Twin> {
        Box::new(VirtualPosTwin::new(VirtualPosSettings::default()).with_faults(faults))
    }

    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: AccountName::new("virtualpos").unwrap(),
            amount: Money::new(15_000, Currency::Clp),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: Some(Document::new(DocumentType::Rut, "12345678-5").unwrap()),
                bank: Some(BankCode::new("012").unwrap()),
                account_type: AccountType::Sight,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: Some("ana@example.com".to_owned()),
                phone: None,
            },
            description: None,
        }
    }

    fn payment_order(&self, _name: &str) -> Option<PaymentOrder> {
        None
    }

    fn payee(&self, number: u64, _key: &str, random: &mut Random) -> Payee {
        people::build_payee(number, random)
    }

    fn keep_pending(&self, payee: &mut Payee) {
        people::keep_pending(payee);
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "pagado" => true,
            "rechazado" | "devuelto" | "cancelado" => false,
            other => panic!("{other:?} is no end of a VirtualPOS payout"),
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
        false
    }

    fn delivery_key(&self) -> DeliveryKey {
        DeliveryKey::Account("API_KEY")
    }

    fn hint(&self, key: &str, padding: &str) -> Option<String> {
        Some(format!(r#"{{"merchant_id":"{key}","padding":"{padding}"}}"#))
    }

    /// A signed instruction.
    fn preparation(&self) -> Preparation {
        Preparation::Offline
    }

    /// No word of its is proof.
    fn create_replies(&self) -> CreateReplies {
        CreateReplies {
            busy: CreateReply::DoubtAndLost,
            throttled: CreateReply::DoubtAndLost,
            refused: CreateReply::DoubtAndLost,
            balance_exhausted: CreateReply::DoubtAndLost,
        }
    }

    fn payment(&self) -> Option<PaymentKit> {
        Some(PaymentKit {
            amount: "1500",
            payer: chile::PAYER,
            is_opened_once: false,
            has_page: true,
            is_address_asked: true,
            query: PaymentQuery::BySession,
            is_asked_while_open: true,
            events: Events::Unsigned,
        })
    }

    /// Its paths are settings. A POST that nobody knows counts as paying somebody.
    fn call(&self, method: &str, path: &str) -> Call {
        match method {
            _ if path.contains("/payment") || path.ends_with("/balance") => Call::Other,
            "POST" => Call::Create,
            _ => Call::Query,
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
            units: [100_000, 100_000],
            keys: &["merchant_id", "merchantId"],
            paid: &[
                "pagado",
                "pagada",
                "completado",
                "completada",
                "exitoso",
                "exitosa",
                "aprobado",
                "aprobada",
                "paid",
                "completed",
                "success",
            ],
            failed: &[
                "rechazado",
                "rechazada",
                "fallido",
                "fallida",
                "rejected",
                "failed",
                "expirado",
                "expirada",
                "cancelado",
                "cancelada",
                "anulado",
                "anulada",
                "cancelled",
                "canceled",
                "devuelto",
                "devuelta",
                "reversado",
                "reversada",
                "reversed",
                "returned",
                "refunded",
                "reembolsado",
            ],
            absent: &["E-041", "E-066", "E-082"],
            list: &[],
            page_refused: None,
        }
    }

    fn may_mean(&self, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
        let Some(json) = json else { return false };
        let codes = ["E-001", "E-002", "E-014", "E-015", "E-016"];
        kind == ErrorKind::Unauthorized && (matches!(http, 401 | 403) || json.says(&codes))
    }
}

struct ClaimsSigner {
    api_key: Secret,
    secret_key: Secret,
}

impl Signer for ClaimsSigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        let made = pagos_virtualpos::string_to_sign(claims(body), &self.api_key);
        made.unwrap_or_default().into_bytes()
    }

    fn signature(&self, body: &[u8]) -> String {
        let made = pagos_virtualpos::signature(claims(body), &self.api_key, &self.secret_key);
        made.unwrap_or_default()
    }
}

/// The instruction inside a request's body, or the body itself; the API key alone for an empty one.
fn claims(body: &[u8]) -> Claims<'_> {
    let inside = body.strip_prefix(br#"{"tef":"#).and_then(|rest| rest.strip_suffix(b"}"));
    match body.is_empty() {
        true => Claims::ApiKeyOnly,
        false => Claims::Tef(inside.unwrap_or(body)),
    }
}
