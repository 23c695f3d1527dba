//! The configuration of one account, as it is given. The caller provides the values, so there is no
//! I/O here. `config/checked.rs` checks it; path templates are in `config/path.rs`.

mod checked;
pub(crate) mod path;
pub(crate) mod words;

use pagos_core::{Currency, Environment, Error, Secret, Status, Verification};
use pagos_wire::{SettingReader, VERIFICATIONS};

use crate::{
    contract,
    settings::{
        self, CREATE_BODIES, CreateBody, QUERY_METHODS, QUERY_SIGNATURES, QueryMethod,
        QuerySignature, RUT_CHECKS, RutCheck, SETTINGS,
    },
};

pub(crate) use crate::config::checked::{PaymentSettings, Settings};

/// One account in one environment. VirtualPOS issues keys per account and environment, and payouts
/// and payments have separate pairs. Source: manual; the second half is \[inferred\].
///
/// Everything that VirtualPOS does not publish is a setting with an assumed default, so `Live` is
/// refused until `verification` states that all of it was compared with VirtualPOS's own documents.
///
/// ```
/// use pagos_core::{Environment, Secret};
/// use pagos_virtualpos::VirtualPosConfig;
///
/// let config = VirtualPosConfig::new(
///     Environment::Sandbox,
///     "https://payout-api.sandbox.example",
///     Secret::new("a1b2c3-d4e5f6-0718a9-b2c3d4-e5f607"),
///     Secret::new("00112233445566778899aabbccddeeff"),
/// );
/// assert!(!format!("{config:?}").contains("0718a9"));
/// ```
#[derive(Debug, Clone)]
pub struct VirtualPosConfig {
    /// Whether the keys are for real money.
    pub environment: Environment,
    /// The address of the payout API. There is no default, because none is published. https, except
    /// for this machine itself.
    pub base_url: String,
    /// The API key of payouts. Printable ASCII, at most 128 characters.
    pub api_key: Secret,
    /// The secret key of payouts, used as text.
    pub secret_key: Secret,
    /// Whether the contract that this crate assumes was compared with VirtualPOS's documents.
    pub verification: Verification,
    /// The paths of the three calls.
    pub paths: Paths,
    /// The method of the two queries.
    pub query_method: QueryMethod,
    /// The form of the body of a new payout.
    pub create_body: CreateBody,
    /// The content that queries sign.
    pub query_signature: QuerySignature,
    /// The meanings of state words. Case and accents are ignored; unlisted words are never final.
    pub state_words: Vec<(String, Status)>,
    /// Error codes that mean "credentials or signature refused, nothing was done".
    pub auth_codes: Vec<String>,
    /// Error codes that mean "there is no such payout".
    pub absent_codes: Vec<String>,
    /// The message of an order without a description. Not empty, at most 255 characters.
    pub default_message: String,
    /// The least payout, in pesos.
    pub amount_minor_min: i64,
    /// The largest payout, in pesos. Larger amounts are refused and not split.
    pub amount_minor_max: i64,
    /// How RUTs are checked.
    pub rut_check: RutCheck,
    /// What this account needs from its transport.
    pub tls: TlsConfig,
    /// How payments are collected; `None` if the account does not collect.
    pub payments: Option<PaymentConfig>,
}

/// The paths of the three payout calls, below the address. \[inferred\]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// A new payout.
    pub create: String,
    /// A payout by VirtualPOS's id, which replaces `{id}`.
    pub by_id: String,
    /// A payout by our key, which replaces `{merchant_id}`.
    pub by_merchant_id: String,
}

/// What an account needs from its transport, if VirtualPOS requires a client certificate. This
/// crate opens no connection: the code that builds the transport reads these, each the path of a
/// PEM file or the PEM text itself. That payouts require a certificate is hearsay. Source: code: K.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// The client certificate, followed by the chain to its authority.
    pub client_certificate: Option<String>,
    /// Its key. It is a secret because it may be the text itself.
    pub client_key: Option<Secret>,
    /// An additional certificate authority to trust.
    pub root_certificate: Option<String>,
}

/// How payments are collected. All of it follows public integrations of others. Source: code: K.
#[derive(Debug, Clone)]
pub struct PaymentConfig {
    /// The address of the payment API, which is not the one of payouts.
    pub payments_url: String,
    /// The API key of payments.
    pub api_key: Secret,
    /// The secret key of payments.
    pub secret_key: Secret,
    /// Where the payer's browser goes afterwards, unless the order names a page.
    pub return_url: Option<String>,
    /// The address for hints. At most 2048 characters.
    pub notify_url: Option<String>,
}

impl PaymentConfig {
    /// A configuration with defaults, around what VirtualPOS provides for payments.
    pub fn new(payments_url: impl Into<String>, api_key: Secret, secret_key: Secret) -> Self {
        let payments_url = payments_url.into();
        Self { payments_url, api_key, secret_key, return_url: None, notify_url: None }
    }
}

impl VirtualPosConfig {
    /// A configuration with defaults, around what VirtualPOS provides.
    pub fn new(
        environment: Environment,
        base_url: impl Into<String>,
        api_key: Secret,
        secret_key: Secret,
    ) -> Self {
        let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let state_word = |(word, status): (&str, Status)| (word.to_owned(), status);
        Self {
            environment,
            base_url: base_url.into(),
            api_key,
            secret_key,
            verification: Verification::Missing,
            paths: Paths {
                create: contract::PATH_CREATE.to_owned(),
                by_id: contract::PATH_BY_ID.to_owned(),
                by_merchant_id: contract::PATH_BY_MERCHANT_ID.to_owned(),
            },
            query_method: QueryMethod::Get,
            create_body: CreateBody::TefWrapped,
            query_signature: QuerySignature::FullTef,
            state_words: contract::STATE_WORDS.map(state_word).into(),
            auth_codes: owned(&contract::AUTH_CODES),
            absent_codes: owned(&contract::ABSENT_CODES),
            default_message: contract::DEFAULT_MESSAGE.to_owned(),
            amount_minor_min: contract::AMOUNT_MINOR_MIN,
            amount_minor_max: contract::AMOUNT_MINOR_MAX,
            rut_check: RutCheck::Strict,
            tls: TlsConfig::default(),
            payments: None,
        }
    }

    /// Reads the configuration by name: `ENVIRONMENT`, `BASE_URL`, `API_KEY` and `SECRET_KEY` are
    /// required; `PAYMENTS_URL` switches payments on. A caller that reads environment variables
    /// prepends `PAGOS_VIRTUALPOS_`. `docs/providers/virtualpos.md` lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value. The message never contains a key.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let mut config = Self::new(
            reader.environment()?,
            reader.text(&settings::BASE_URL)?,
            reader.secret(&settings::API_KEY)?,
            reader.secret(&settings::SECRET_KEY)?,
        );
        config.read_contract(&reader)?;
        config.read_limits(&reader)?;
        config.tls = TlsConfig {
            client_certificate: reader.optional(&settings::CLIENT_CERTIFICATE),
            client_key: reader.optional(&settings::CLIENT_KEY).map(Secret::new),
            root_certificate: reader.optional(&settings::ROOT_CERTIFICATE),
        };
        if let Some(payments_url) = reader.optional(&settings::PAYMENTS_URL) {
            config.payments = Some(PaymentConfig {
                payments_url,
                api_key: reader.secret(&settings::PAYMENTS_API_KEY)?,
                secret_key: reader.secret(&settings::PAYMENTS_SECRET_KEY)?,
                return_url: reader.optional(&settings::RETURN_URL),
                notify_url: reader.optional(&settings::NOTIFY_URL),
            });
        }
        Ok(config)
    }

    /// Reads the settings for what VirtualPOS does not publish.
    fn read_contract(&mut self, reader: &SettingReader<'_>) -> Result<(), Error> {
        reader.fill_word(&settings::CONTRACT_VERIFIED, &VERIFICATIONS, &mut self.verification)?;
        reader.fill_text(&settings::PATH_CREATE, &mut self.paths.create);
        reader.fill_text(&settings::PATH_BY_ID, &mut self.paths.by_id);
        reader.fill_text(&settings::PATH_BY_MERCHANT_ID, &mut self.paths.by_merchant_id);
        reader.fill_word(&settings::QUERY_METHOD, &QUERY_METHODS, &mut self.query_method)?;
        reader.fill_word(&settings::CREATE_BODY, &CREATE_BODIES, &mut self.create_body)?;
        reader.fill_word(
            &settings::QUERY_SIGNATURE,
            &QUERY_SIGNATURES,
            &mut self.query_signature,
        )?;
        Ok(())
    }

    fn read_limits(&mut self, reader: &SettingReader<'_>) -> Result<(), Error> {
        reader.fill_text(&settings::DEFAULT_MESSAGE, &mut self.default_message);
        reader.fill_minor(&settings::AMOUNT_MIN, Currency::Clp, &mut self.amount_minor_min)?;
        reader.fill_minor(&settings::AMOUNT_MAX, Currency::Clp, &mut self.amount_minor_max)?;
        reader.fill_word(&settings::STRICT_RUT, &RUT_CHECKS, &mut self.rut_check)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
