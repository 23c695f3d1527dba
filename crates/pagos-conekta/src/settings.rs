//! The settings of an account as a table, and the meaning of their words. `config.rs` reads and
//! checks them.

use pagos_wire::{ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, Setting, words};

/// The language of Conekta's texts for people. Its texts for developers are always English. Source:
/// openapi: parameters/commons/headers/accept_language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`
    English,
    /// `es`
    Spanish,
}

pub(crate) const LANGUAGES: [(&str, Language); 2] =
    [("en", Language::English), ("es", Language::Spanish)];

pagos_wire::settings! {
    ENVIRONMENT = WORLD
        .what("Whether real money moves. Both worlds have one address, and their keys look alike: \
               look twice at the key of a live account.");
    // Public keys verify webhooks, so no signature depends on it.
    API_KEY = Setting::new("api_key", Form::Secret)
        .what("The private key.")
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    WEBHOOK_KEYS = Setting::new("webhook_keys", Form::Text)
        .what("The public keys of webhooks: the PEM text of one or several, in which `\\n` may stand \
               for a line end, or for the `pagos` command `@` and the path of a PEM file. `pagos conekta webhook-keys create` makes a \
               key and prints its public half, and `pagos conekta webhooks create` tells Conekta \
               your address. Without a key a webhook is a reason to ask, and no more.")
        .example("@conekta-webhook-keys.pem")
        .optional();
    DIGEST_HEADER = Setting::new("digest_header", Form::Text)
        .what("The header in which webhooks bear their signature. Conekta documents `DIGEST`, and a \
               note on one of its pages doubts the name: look at a webhook of yours. No other \
               header is read.")
        .default("DIGEST");
    DEFAULT_EMAIL = Setting::new("default_email", Form::Text)
        .what("Conekta wants a mail address of every payee. This one stands in where an order has \
               none.")
        .example("payouts@example.com")
        .optional();
    DEFAULT_PHONE = Setting::new("default_phone", Form::Text)
        .what("Conekta wants a telephone number of every payee. This one stands in where an order \
               has none.")
        .example("5555555555")
        .optional();
    ACCEPT_LANGUAGE = Setting::new("accept_language", Form::Words(&words(&LANGUAGES)))
        .what("The language of Conekta's texts for people.")
        .default("en");
    AMOUNT_MIN = Setting::new("amount_min", Form::Amount)
        .what("The least payout, in pesos.")
        .default("0.01");
    AMOUNT_MAX = Setting::new("amount_max", Form::Amount)
        .what("The largest payout, in pesos.")
        .default("1000000");
    BASE_URL = Setting::new("base_url", Form::Address)
        .what("The address of the API. Plain http is for this machine itself, in the sandbox.")
        .default("https://api.conekta.io");
    PAYEE_REUSE = Setting::new("payee_reuse", Form::List)
        .what("Payees that exist already and are paid again, as `CLABE=payee`. It gives up the \
               protection against a second transfer: see docs/providers/conekta.md.")
        .example("072225008217746674=payee_1")
        .optional();
    NOTIFY_URL = Setting::new("notify_url", Form::Page)
        .what("Where webhooks are received. It is checked and otherwise unused: Conekta keeps its \
               own list of addresses.")
        .example("https://payouts.example.com/webhooks/conekta")
        .optional();
}
