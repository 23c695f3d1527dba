//! The configuration of one account, as it is given. No I/O: nobody here reads an environment
//! variable or a file by himself. It is checked in `config/settings.rs`; path templates are in
//! `config/path.rs`.

pub(crate) mod path;
mod settings;

use pagos_core::{Currency, Environment, Error, Money, Secret, Status, Verification};

use crate::contract;

pub(crate) use crate::config::settings::{PaymentSettings, Settings, Words, parse_visited};

/// One account in one environment. VirtualPOS hands out the keys per account and environment, and
/// those of payouts and of payments are two pairs. Source: manual; the second half is \[inferred\].
///
/// What VirtualPOS does not publish is a setting with an assumed default, so `Live` is refused
/// until `verification` states that all of it was compared with VirtualPOS's own documents.
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
    /// Which world the keys belong to.
    pub environment: Environment,
    /// The address of the payout API. There is no default, because none is published. https, but
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
    /// The method of the two questions.
    pub query_method: QueryMethod,
    /// The body of a new payout.
    pub create_body: CreateBody,
    /// What questions sign.
    pub query_signature: QuerySignature,
    /// What words of states mean. Case and accents do not count; unlisted words are never final.
    pub state_words: Vec<(String, Status)>,
    /// Codes of errors that mean "credentials or signature refused, nothing was done".
    pub auth_codes: Vec<String>,
    /// Codes of errors that mean "there is no such payout".
    pub absent_codes: Vec<String>,
    /// The message of an order without description. Not empty, at most 255 characters.
    pub default_message: String,
    /// The least payout, in pesos.
    pub amount_minor_min: i64,
    /// The largest payout, in pesos. Larger amounts are refused and not split.
    pub amount_minor_max: i64,
    /// How RUTs are checked.
    pub rut_check: RutCheck,
    /// What the transport of this account needs.
    pub tls: TlsConfig,
    /// How payments are collected; `None` where the account does not collect.
    pub payments: Option<PaymentConfig>,
}

/// The paths of the three payout calls, below the address. \[inferred\]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// A new payout.
    pub create: String,
    /// A payout by VirtualPOS's id, which takes the place of `{id}`.
    pub by_id: String,
    /// A payout by our key, which takes the place of `{merchant_id}`.
    pub by_merchant_id: String,
}

/// The method of questions. \[inferred\]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryMethod {
    /// Without a body.
    Get,
    /// With what is signed, less the API key, as the body.
    Post,
}

/// The body of a new payout, with `T` for the instruction. \[inferred\]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateBody {
    /// `{"tef": T}`: what is signed, less the API key, as in the payment API.
    TefWrapped,
    /// `{"api_key": .., "tef": T}`: what is signed. The API key then stands in bodies too.
    SignedDictionary,
    /// `T`.
    Flat,
}

/// What questions sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuerySignature {
    /// The API key and the whole instruction. Source: manual.
    FullTef,
    /// The API key alone, as the questions of the payment API. \[inferred\]
    ApiKeyOnly,
}

/// How RUTs are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RutCheck {
    /// A RUT whose check digit is right.
    Strict,
    /// Any document of that shape, also one that is not called a RUT: the manual's sample has a
    /// wrong check digit. For the sandbox only.
    ShapeOnly,
}

/// What the transport of an account needs, where VirtualPOS wants a client certificate. This crate
/// opens no connection: whoever builds the transport reads these, each the path of a PEM file or
/// the PEM text itself. That payouts want one is hearsay. Source: code: K.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// The certificate of the client and what links it to its authority, the former first.
    pub client_certificate: Option<String>,
    /// Its key. A path is no secret, and a text is.
    pub client_key: Option<Secret>,
    /// A further certificate authority to trust.
    pub root_certificate: Option<String>,
}

/// How payments are collected. All of it after public integrations of others. Source: code: K.
#[derive(Debug, Clone)]
pub struct PaymentConfig {
    /// The address of the payment API, which is not the one of payouts.
    pub payments_url: String,
    /// The API key of payments.
    pub api_key: Secret,
    /// The secret key of payments.
    pub secret_key: Secret,
    /// Where the payer's browser goes afterwards, for orders that do not say it.
    pub return_url: Option<String>,
    /// Where hints are sent. At most 2048 characters.
    pub notify_url: Option<String>,
}

impl PaymentConfig {
    /// The defaults around what VirtualPOS hands out for payments.
    pub fn new(payments_url: impl Into<String>, api_key: Secret, secret_key: Secret) -> Self {
        let payments_url = payments_url.into();
        Self { payments_url, api_key, secret_key, return_url: None, notify_url: None }
    }
}

impl VirtualPosConfig {
    /// The defaults around what VirtualPOS hands out.
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
    /// needed; `PAYMENTS_URL` brings payments. Whoever reads environment variables puts
    /// `PAGOS_VIRTUALPOS_` in front. `docs/providers/virtualpos.md` lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value, never with the value of a key.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let needed = |name: &str, field: &'static str| {
            lookup(name).ok_or_else(|| Error::invalid(field).because(format!("{name} is not set")))
        };
        let mut config = Self::new(
            needed("ENVIRONMENT", "environment")?.parse()?,
            needed("BASE_URL", "base_url")?,
            Secret::new(needed("API_KEY", "api_key")?),
            Secret::new(needed("SECRET_KEY", "secret_key")?),
        );
        config.read_contract(&lookup)?;
        config.read_limits(&lookup)?;
        config.tls = TlsConfig {
            client_certificate: lookup("CLIENT_CERTIFICATE"),
            client_key: lookup("CLIENT_KEY").map(Secret::new),
            root_certificate: lookup("ROOT_CERTIFICATE"),
        };
        if let Some(payments_url) = lookup("PAYMENTS_URL") {
            let api_key = Secret::new(needed("PAYMENTS_API_KEY", "payments_api_key")?);
            let secret_key = Secret::new(needed("PAYMENTS_SECRET_KEY", "payments_secret_key")?);
            config.payments = Some(PaymentConfig {
                return_url: lookup("RETURN_URL"),
                notify_url: lookup("NOTIFY_URL"),
                ..PaymentConfig::new(payments_url, api_key, secret_key)
            });
        }
        Ok(config)
    }

    /// What VirtualPOS does not publish.
    fn read_contract(&mut self, lookup: &impl Fn(&str) -> Option<String>) -> Result<(), Error> {
        let choice = |name: &str, field| choose(lookup(name), field);
        if let Some(is_verified) = choice("CONTRACT_VERIFIED", "contract_verified")
            .among([("true", Verification::Stated), ("false", Verification::Missing)])?
        {
            self.verification = is_verified;
        }
        let paths = [
            ("PATH_CREATE", &mut self.paths.create),
            ("PATH_BY_ID", &mut self.paths.by_id),
            ("PATH_BY_MERCHANT_ID", &mut self.paths.by_merchant_id),
        ];
        for (name, path) in paths {
            if let Some(text) = lookup(name) {
                *path = text;
            }
        }
        if let Some(method) = choice("QUERY_METHOD", "query_method")
            .among([("GET", QueryMethod::Get), ("POST", QueryMethod::Post)])?
        {
            self.query_method = method;
        }
        if let Some(body) = choice("CREATE_BODY", "create_body").among([
            ("tef_wrapped", CreateBody::TefWrapped),
            ("signed_dictionary", CreateBody::SignedDictionary),
            ("flat", CreateBody::Flat),
        ])? {
            self.create_body = body;
        }
        if let Some(signature) = choice("QUERY_SIGNATURE", "query_signature").among([
            ("full_tef", QuerySignature::FullTef),
            ("api_key_only", QuerySignature::ApiKeyOnly),
        ])? {
            self.query_signature = signature;
        }
        Ok(())
    }

    fn read_limits(&mut self, lookup: &impl Fn(&str) -> Option<String>) -> Result<(), Error> {
        if let Some(text) = lookup("DEFAULT_MESSAGE") {
            self.default_message = text;
        }
        if let Some(text) = lookup("AMOUNT_MIN") {
            let limit = Money::parse(&text, Currency::Clp);
            self.amount_minor_min = limit.map_err(|error| error.about("amount_min"))?.minor;
        }
        if let Some(text) = lookup("AMOUNT_MAX") {
            let limit = Money::parse(&text, Currency::Clp);
            self.amount_minor_max = limit.map_err(|error| error.about("amount_max"))?.minor;
        }
        if let Some(check) = choose(lookup("STRICT_RUT"), "strict_rut")
            .among([("true", RutCheck::Strict), ("false", RutCheck::ShapeOnly)])?
        {
            self.rut_check = check;
        }
        Ok(())
    }
}

/// The word of a setting, to be chosen from a few.
struct Choice {
    field: &'static str,
    word: Option<String>,
}

fn choose(word: Option<String>, field: &'static str) -> Choice {
    Choice { field, word }
}

impl Choice {
    fn among<T: Copy, const N: usize>(self, choices: [(&str, T); N]) -> Result<Option<T>, Error> {
        let Some(word) = self.word else { return Ok(None) };
        if let Some((_, choice)) = choices.iter().find(|(known, _)| *known == word) {
            return Ok(Some(*choice));
        }
        let known = choices.map(|(known, _)| known).join(", ");
        Err(Error::invalid(self.field).because(format!("{word:?} is none of {known}")))
    }
}

#[cfg(test)]
mod tests;
