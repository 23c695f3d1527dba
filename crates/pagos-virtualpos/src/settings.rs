//! The settings of an account as a table, and the meaning of their words. `config.rs` reads and
//! checks them.

use pagos_wire::{
    ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, NOWHERE, Setting, Side, SideKind,
    VERIFICATIONS, words,
};

/// The method of queries. \[inferred\]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryMethod {
    /// Without a body.
    Get,
    /// With the signed content except the API key as the body.
    Post,
}

/// The body of a new payout, where `T` stands for the instruction. \[inferred\]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateBody {
    /// `{"tef": T}`: the signed content except the API key, as in the payment API.
    TefWrapped,
    /// `{"api_key": .., "tef": T}`: the signed content. Bodies then contain the API key too.
    SignedDictionary,
    /// `T`.
    Flat,
}

/// The content that queries sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuerySignature {
    /// The API key and the whole instruction. Source: manual.
    FullTef,
    /// Only the API key, as in the queries of the payment API. \[inferred\]
    ApiKeyOnly,
}

/// How RUTs are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RutCheck {
    /// A RUT with a correct check digit.
    Strict,
    /// Any document of that shape, even one that is not called a RUT: the manual's sample has a
    /// wrong check digit. For the sandbox only.
    ShapeOnly,
}

pub(crate) const QUERY_METHODS: [(&str, QueryMethod); 2] =
    [("GET", QueryMethod::Get), ("POST", QueryMethod::Post)];

pub(crate) const CREATE_BODIES: [(&str, CreateBody); 3] = [
    ("tef_wrapped", CreateBody::TefWrapped),
    ("signed_dictionary", CreateBody::SignedDictionary),
    ("flat", CreateBody::Flat),
];

pub(crate) const QUERY_SIGNATURES: [(&str, QuerySignature); 2] =
    [("full_tef", QuerySignature::FullTef), ("api_key_only", QuerySignature::ApiKeyOnly)];

pub(crate) const RUT_CHECKS: [(&str, RutCheck); 2] =
    [("true", RutCheck::Strict), ("false", RutCheck::ShapeOnly)];

const PAYMENTS: Side = Side { what: "payments", switch: "payments_url", kind: SideKind::Extra };

// Incoming deliveries are not signed, so no signature depends on a key.
pagos_wire::settings! {
    ENVIRONMENT = WORLD;
    BASE_URL = Setting::new("base_url", Form::Address)
        .what("The address of the payout API, which is published nowhere; https, but for this \
               machine itself.")
        .example("https://payouts.virtualpos.example")
        .stand_in(MissingFields::Unsigned, NOWHERE);
    API_KEY = Setting::new("api_key", Form::Secret)
        .what("The API key of payouts: a text, whatever it looks like, of at most 128 visible \
               characters.")
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    SECRET_KEY = Setting::new("secret_key", Form::Secret)
        .what("The secret key of payouts, which is a text too.")
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    CONTRACT_VERIFIED = Setting::new("contract_verified", Form::Words(&words(&VERIFICATIONS)))
        .what("VirtualPOS publishes how payouts are signed, and not how they are called. Live use \
               is refused until you have compared docs/providers/virtualpos.md with the documents \
               that VirtualPOS gave you, and say so here.")
        .example("true")
        .needed("in live");
    CLIENT_CERTIFICATE = Setting::new("client_certificate", Form::Pem)
        .what("Where VirtualPOS wants to know who calls, the certificate of the client. It comes \
               with its key.")
        .example("secrets/virtualpos-client.pem")
        .optional();
    CLIENT_KEY = Setting::new("client_key", Form::Pem)
        .what("The key of the certificate. Keep its file from others: chmod 600.")
        .example("secrets/virtualpos-client-key.pem")
        .optional();
    ROOT_CERTIFICATE = Setting::new("root_certificate", Form::Pem)
        .what("A further certificate authority to trust.")
        .example("secrets/virtualpos-root.pem")
        .optional();
    PAYMENTS_URL = Setting::new("payments_url", Form::Address)
        .what("The address of the payment API.")
        .example("https://payments.virtualpos.example")
        .side(PAYMENTS)
        .stand_in(MissingFields::Unsigned, NOWHERE);
    PAYMENTS_API_KEY = Setting::new("payments_api_key", Form::Secret)
        .what("The API key of payments, which have keys of their own.")
        .side(PAYMENTS)
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    PAYMENTS_SECRET_KEY = Setting::new("payments_secret_key", Form::Secret)
        .what("The secret key of payments.")
        .side(PAYMENTS)
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    NOTIFY_URL = Setting::new("notify_url", Form::Page)
        .what("Where VirtualPOS tells you of payments. Nothing that it sends is signed, so it is a \
               reason to ask, and no more.")
        .example("https://payments.example.com/webhooks/virtualpos")
        .optional()
        .side(PAYMENTS);
    RETURN_URL = Setting::new("return_url", Form::Page)
        .what("Where the payer goes afterwards, for orders that do not say it.")
        .example("https://shop.example.com/paid")
        .optional()
        .side(PAYMENTS);
    PATH_CREATE = Setting::new("path_create", Form::Text)
        .what("The path of a new payout.")
        .default("/v3/payout");
    PATH_BY_ID = Setting::new("path_by_id", Form::Text)
        .what("The path of a payout by VirtualPOS's id.")
        .default("/v3/payout/{id}");
    PATH_BY_MERCHANT_ID = Setting::new("path_by_merchant_id", Form::Text)
        .what("The path of a payout by our key.")
        .default("/v3/payout/merchant/{merchant_id}");
    QUERY_METHOD = Setting::new("query_method", Form::Words(&words(&QUERY_METHODS)))
        .what("The method of queries. The body of `POST` is what is signed, less the API key.")
        .default("GET");
    CREATE_BODY = Setting::new("create_body", Form::Words(&words(&CREATE_BODIES)))
        .what("The body of a new payout: `{\"tef\": T}`, the same with the API key, or `T` itself, \
               with `T` for the instruction.")
        .default("tef_wrapped");
    QUERY_SIGNATURE = Setting::new("query_signature", Form::Words(&words(&QUERY_SIGNATURES)))
        .what("What queries sign; the manual says the whole instruction.")
        .default("full_tef");
    DEFAULT_MESSAGE = Setting::new("default_message", Form::Text)
        .what("The message of an order without description.")
        .default("Pago");
    AMOUNT_MIN = Setting::new("amount_min", Form::Amount)
        .what("The least payout, in pesos.")
        .default("1");
    AMOUNT_MAX = Setting::new("amount_max", Form::Amount)
        .what("The largest payout, in pesos.")
        .default("7000000");
    STRICT_RUT = Setting::new("strict_rut", Form::Words(&words(&RUT_CHECKS)))
        .what("`false` lets a document of another type with the shape of a RUT through, in the \
               sandbox only.")
        .default("true");
}
