//! The settings of an account as a table, and the meaning of their words. `config.rs` reads and
//! checks them.

use pagos_wire::{
    ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, NOWHERE, Setting, words,
};

/// The case of hexadecimal digits in the header `Sign`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignCase {
    /// What a live integration sends. Source: code: hyperf.
    Lower,
    /// The form in the documents, though only in a placeholder.
    Upper,
}

/// Whether a country whose rules are only partly known may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialCountry {
    /// Refuse it.
    Refused,
    /// Use it: Cashy has confirmed the rules.
    Accepted,
}

pub(crate) const SIGN_CASES: [(&str, SignCase); 2] =
    [("lower", SignCase::Lower), ("upper", SignCase::Upper)];

pub(crate) const PARTIAL_COUNTRIES: [(&str, PartialCountry); 2] =
    [("refused", PartialCountry::Refused), ("accepted", PartialCountry::Accepted)];

/// Whether the payer sees a page on which to choose.
pub(crate) const PAY_DESKS: [(&str, bool); 2] = [("off", false), ("on", true)];

const COUNTRY_CODES: &[&str] = &["COL", "MEX", "PER", "ECU", "CHL", "IDN", "PAK", "IND"];

const U32_MAX: i64 = u32::MAX as i64;

pagos_wire::settings! {
    ENVIRONMENT = WORLD;
    COUNTRY = Setting::new("country", Form::Words(COUNTRY_CODES))
        .what("The country. Cashypro has a deployment, and credentials, for each.")
        .default("COL");
    BASE_URL = Setting::new("base_url", Form::Address)
        .what("The address that Cashypro's staff gave you, with its path. None of production \
               is published. Live wants https.")
        .example("https://cashypro.example/prod-api")
        .stand_in(MissingFields::Unsigned, NOWHERE);
    MERCHANT_ID = Setting::new("merchant_id", Form::Text)
        .what("The merchant id: digits.")
        .example("1002001")
        .stand_in(MissingFields::Credentials, "0");
    API_KEY = Setting::new("api_key", Form::Secret)
        .what("The key that signs requests and webhooks.")
        .stand_in(MissingFields::Credentials, NOT_CONFIGURED);
    NOTIFY_URL = Setting::new("notify_url", Form::Page)
        .what("Where Cashypro sends webhooks: public, at most 250 characters, and final, since a \
               redirect counts as received.")
        .example("https://payouts.example.com/webhooks/cashypro")
        .stand_in(MissingFields::Unsigned, NOWHERE);
    PARTIAL_COUNTRY = Setting::new("partial_country", Form::Words(&words(&PARTIAL_COUNTRIES)))
        .what("Whether a country whose rules are not completely known may be used, once you have \
               confirmed them with Cashy.")
        .default("refused");
    SIGN_CASE = Setting::new("sign_case", Form::Words(&words(&SIGN_CASES)))
        .what("The case of hexadecimal digits in signatures.")
        .default("lower");
    AMOUNT_MIN = Setting::new("amount_min", Form::Amount)
        .what("The least payout of your contract, if it differs from the published one of the \
               country.")
        .example("10000")
        .optional();
    AMOUNT_MAX = Setting::new("amount_max", Form::Amount)
        .what("The largest payout of your contract, if it differs from the published one of the \
               country.")
        .example("5000000")
        .optional();
    DEFAULT_REMARK = Setting::new("default_remark", Form::Text)
        .what("What the beneficiary reads when an order has no description; ASCII, at most 32 \
               characters.")
        .default("payout");
    WALLET_BANKS = Setting::new("wallet_banks", Form::List)
        .what("The ids of banks that are wallets, if they are not the country's.")
        .example("29,33")
        .optional();
    UTC_OFFSET_MINUTES = Setting::new("utc_offset_minutes", Form::Number(-840, 840))
        .what("The offset of the times that Cashy writes, if it is not the country's; Colombia's is \
               -300.")
        .example("-300")
        .optional();
    PAY_TYPE = Setting::new("pay_type", Form::Number(0, U32_MAX))
        .what("The way to pay: 153, 154 or 157 in Colombia.")
        .default("154");
    USER_TYPE = Setting::new("user_type", Form::Text)
        .what("The `userType` of payments, which `pay_type` 157 wants. The sample has `1`; the values are \
               not published.")
        .example("1")
        .optional();
    PAY_DESK = Setting::new("pay_desk", Form::Words(&words(&PAY_DESKS)))
        .what("`on` opens `payDesk`, a page on which the payer chooses, in place of `payIn`. Colombia, \
               Ecuador, Peru and Chile document it.")
        .default("off")
        .example("on");
    RETURN_URL = Setting::new("return_url", Form::Page)
        .what("Where the payer of a `payDesk` goes afterwards, at most 250 characters.")
        .example("https://shop.example.com/paid")
        .optional();
    EXPIRE_SECONDS = Setting::new("expire_seconds", Form::Number(0, U32_MAX))
        .what("For how long a payment can be paid, in seconds. The default of a `payDesk` is that of its \
               country: 604800 in Colombia and Ecuador, 3600 in Peru.")
        .default("86400");
}
