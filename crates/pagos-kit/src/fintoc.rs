//! Fintoc, which tells the first answer of a key once more for a day.

mod people;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pagos_conformance::{Nonces, Seams, Signer};
use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Clock, Currency, Environment, Error,
    ErrorKind, Money, NonceSource, PaymentOrder, PayoutOrder, PayoutProvider, Secret, Transport,
};
use pagos_fintoc::{Country, Fintoc, FintocConfig, SigningKey, Stamp};
use pagos_twin::{
    Faults, Registration, Twin,
    fintoc::{
        FintocSettings, FintocTwin, SANDBOX_ACCOUNT_ID, SANDBOX_API_KEY, SANDBOX_JWS_PRIVATE_KEY,
        SANDBOX_WEBHOOK_SECRET,
    },
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
    sample::{SeededNonces, key, notify_url},
};

/// Fintoc: keys that it remembers for a day, a list that lags, one event.
#[derive(Debug)]
pub(crate) struct FintocKit;

impl ProviderKit for FintocKit {
    fn name(&self) -> &'static str {
        "fintoc"
    }

    fn currency(&self) -> Currency {
        Currency::Mxn
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
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let config = FintocConfig {
            webhook_secret: Some(Secret::new(SANDBOX_WEBHOOK_SECRET)),
            ..FintocConfig::new(
                Environment::Sandbox,
                "http://twin.example/fintoc",
                Secret::new(SANDBOX_API_KEY),
                SANDBOX_ACCOUNT_ID,
                Country::Mexico,
                Secret::new(SANDBOX_JWS_PRIVATE_KEY),
            )
        };
        // Fintoc refuses a nonce that it has seen, so whoever starts again draws others. Nothing but the
        // signature depends on them.
        let nth = STARTS.fetch_add(1, Ordering::Relaxed);
        let nonces = Arc::new(SeededNonces::new(seed.wrapping_add(nth.wrapping_mul(NONCES_APART))));
        Arc::new(Fintoc::new(config, transport, clock, nonces).unwrap())
    }

    fn twin(&self, faults: Faults, terms: Terms) -> Box<dyn Twin> {
        let mut twin = FintocTwin::new(FintocSettings::default()).with_faults(faults);
        if terms.is_subscribed {
            twin.register(Registration { webhook_url: Some(notify_url("fintoc")), speed: None });
        }
        Box::new(twin)
    }

    /// 1250.50 MXN.
    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: AccountName::new("fintoc").unwrap(),
            amount: Money::new(125_050, Currency::Mxn),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Clabe,
                account_number: AccountNumber::new("072225008217746674").unwrap(),
                email: None,
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
            "succeeded" => true,
            "rejected" | "failed" | "returned" => false,
            other => panic!("{other:?} is no end of a Fintoc transfer"),
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::FirstAnswerFor(Duration::from_secs(24 * 60 * 60))
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
        DeliveryKey::Account("WEBHOOK_SECRET")
    }

    fn hint(&self, _key: &str, _padding: &str) -> Option<String> {
        None
    }

    fn preparation(&self) -> Preparation {
        Preparation::Nothing
    }

    /// A busy Fintoc says in its own words that there are too many requests; the gateway before it says
    /// so in none.
    fn create_replies(&self) -> CreateReplies {
        CreateReplies {
            busy: CreateReply::Proves,
            throttled: CreateReply::DoubtAndLost,
            refused: CreateReply::Refuses,
            balance_exhausted: CreateReply::Refuses,
        }
    }

    fn payment(&self) -> Option<PaymentKit> {
        None
    }

    /// A call that nobody knows counts as paying somebody.
    fn call(&self, method: &str, path: &str) -> Call {
        match (method, path.contains("/transfers")) {
            ("GET", true) => Call::Query,
            ("GET", false) => Call::Other,
            (_, _) => Call::Create,
        }
    }

    fn path_part(&self, _call: Call) -> Option<&'static str> {
        None
    }

    /// A transfer whose id nobody knows is looked for in the list.
    fn list_trigger(&self) -> Option<&'static str> {
        Some("transfers")
    }

    fn default_host(&self) -> Option<&'static str> {
        Some("api.fintoc.com")
    }

    fn login_answer(&self) -> Option<&'static str> {
        None
    }

    fn words(&self) -> Words {
        Words {
            amounts: &["amount"],
            units: [1_000, 1_000],
            keys: &["pagos_key"],
            paid: &["succeeded"],
            failed: &["rejected", "failed", "returned"],
            absent: &[],
            list: &[""],
            page_refused: None,
        }
    }

    /// In the envelope of Fintoc's errors, and by its code where money depends on it.
    fn may_mean(&self, kind: ErrorKind, http: u16, json: Option<&Json>) -> bool {
        let Some(json) = json else { return false };
        let has = |is_it: fn(&str) -> bool| json.values("code").any(is_it);
        match kind {
            ErrorKind::Rejected => match http {
                400 => has(|code| {
                    let others = [
                        "currency_mismatch",
                        "missing_parameter",
                        "empty_string",
                        "mismatch_transfer_account_currency",
                    ];
                    code.starts_with("invalid_") || others.contains(&code)
                }),
                402 => has(|code| code == "payment_required"),
                403 => has(|code| {
                    let whose = ["invalid_", "account_", "entity_", "forbidden_", "product_"];
                    let others = ["missing_allowed_cidr_blocks", "recipient_blocked_account"];
                    whose.iter().any(|start| code.starts_with(start))
                        || code.starts_with("allowed_cidr_blocks_")
                        || others.contains(&code)
                }),
                404 => has(|code| ["missing_resource", "invalid_url"].contains(&code)),
                405 => has(|code| code == "operation_not_allowed"),
                // One that says that the transfer is a duplicate says that it may be there.
                409 => {
                    has(|code| matches!(code, "insufficient_balance" | "account_cannot_be_blocked"))
                }
                422 => has(|code| {
                    code.starts_with("not_supported_") || code == "sender_blocked_account"
                }),
                _ => false,
            },
            ErrorKind::Throttled => http == 429 && has(|_| true),
            // A nonce that was used says that the request came twice.
            ErrorKind::Unauthorized => http == 401 && has(|code| code != "jws_nonce_already_used"),
            ErrorKind::Unknown | ErrorKind::Undelivered | ErrorKind::Invalid => false,
        }
    }
}

/// How often a provider was built.
static STARTS: AtomicU64 = AtomicU64::new(0);

/// Between the nonces of one that was built and the next. Odd, and without a pattern.
const NONCES_APART: u64 = 0x9E6D_62D0_6F6A_9A9B;

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
