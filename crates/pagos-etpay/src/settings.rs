//! The settings of an account, as a table. `config.rs` reads and checks them.

use pagos_wire::{
    ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, NOWHERE, Setting, Side, SideKind,
    VERIFICATIONS, words,
};

const PAYMENTS: Side = Side { what: "payments", switch: "pmt_url", kind: SideKind::Alternative };

const PAYOUTS: Side = Side { what: "payouts", switch: "username", kind: SideKind::Alternative };

pagos_wire::settings! {
    ENVIRONMENT = WORLD;
    MERCHANT_CODE = Setting::new("merchant_code", Form::Text)
        .what("Your code. Code, token and addresses differ from environment to environment.")
        .example("cl_my_shop")
        .stand_in(MissingFields::Unsigned, "0");
    MERCHANT_API_TOKEN = Setting::new("merchant_api_token", Form::Secret)
        .what("The API token, which every call bears.")
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    API_URL = Setting::new("api_url", Form::Address)
        .what("The address of the API. Live wants https.")
        .example("https://api.etpay.example")
        .needed("for payments, and for payouts without `payouts_url`")
        .stand_in(MissingFields::Unsigned, NOWHERE);
    PMT_URL = Setting::new("pmt_url", Form::Address)
        .what("The address of the pages that payers see.")
        .example("https://pmt.etpay.example")
        .side(PAYMENTS)
        .stand_in(MissingFields::Unsigned, NOWHERE);
    NOTIFY_URL = Setting::new("notify_url", Form::Page)
        .what("Where ETpay tells you how a payment went: public, at most 2048 characters. Live wants \
               https.")
        .example("https://payments.example.com/webhooks/etpay")
        .side(PAYMENTS)
        .stand_in(MissingFields::Unsigned, NOWHERE);
    RETURN_URL = Setting::new("return_url", Form::Page)
        .what("Where payers go after paying, for orders that do not say it.")
        .example("https://shop.example.com/paid")
        .optional()
        .side(PAYMENTS);
    CANCEL_URL = Setting::new("cancel_url", Form::Page)
        .what("Where payers go after failing or giving up, for orders that do not say it.")
        .example("https://shop.example.com/not-paid")
        .optional()
        .side(PAYMENTS);
    USERNAME = Setting::new("username", Form::Text)
        .what("The name of the login.")
        .example("payouts@example.com")
        .side(PAYOUTS)
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    PASSWORD = Setting::new("password", Form::Secret)
        .what("The password of the login.")
        .side(PAYOUTS)
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    PAYOUTS_URL = Setting::new("payouts_url", Form::Address)
        .what("The address of the payouts API, if it is not `api_url`.")
        .example("https://dashboard.etpay.example")
        .optional()
        .side(PAYOUTS);
    CONTRACT_VERIFIED = Setting::new("contract_verified", Form::Words(&words(&VERIFICATIONS)))
        .what("ETpay does not publish how payouts are called. Live payouts are refused until you \
               have compared docs/providers/etpay.md with the documents that ETpay gave you, and say \
               so here.")
        .example("true")
        .needed("for payouts in live")
        .side(PAYOUTS);
    SESSION_MINUTES = Setting::new("session_minutes", Form::Number(1, 1440))
        .what("How many minutes a session counts as open.")
        .default("30")
        .side(PAYMENTS);
    PAYMENT_MIN = Setting::new("payment_min", Form::Amount)
        .what("The least payment, in pesos.")
        .default("1")
        .side(PAYMENTS);
    PAYMENT_MAX = Setting::new("payment_max", Form::Amount)
        .what("The largest payment, in pesos.")
        .default("7000000")
        .side(PAYMENTS);
    CONCAT = Setting::new("concat", Form::Text)
        .what("The character between a page with a query and what ETpay appends. Where a page has a \
               query, `&` is sent by itself.")
        .example("&")
        .optional()
        .side(PAYMENTS);
    PAYOUT_MIN = Setting::new("payout_min", Form::Amount)
        .what("The least payout, in pesos.")
        .default("1")
        .side(PAYOUTS);
    PAYOUT_MAX = Setting::new("payout_max", Form::Amount)
        .what("The largest payout, in pesos.")
        .default("7000000")
        .side(PAYOUTS);
    CONFIRMED_BANKS = Setting::new("confirmed_banks", Form::List)
        .what("Banks beyond the documented ones that ETpay confirmed to you, by their `cl_` names.")
        .example("cl_bice,cl_tenpo")
        .optional()
        .side(PAYOUTS);
    LISTING_MARGIN_DAYS = Setting::new("listing_margin_days", Form::Number(1, 7))
        .what("By how many days searches by date are widened at both ends.")
        .default("1")
        .side(PAYOUTS);
    PAGE_FIRST = Setting::new("page_first", Form::Number(0, 1))
        .what("The number of the first page of a list.")
        .default("1")
        .side(PAYOUTS);
    SANDBOX_CLOCK_DAYS = Setting::new("sandbox_clock_days", Form::Number(0, 255))
        .what("By how many days a simulator's clock may run ahead. Live refuses all but 0.")
        .default("0");
}
