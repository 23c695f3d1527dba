//! The settings of an account, as a table. How they are read and checked is in `config.rs`.

use pagos_wire::{
    ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, NOWHERE, Setting, VERIFICATIONS,
    words,
};

pagos_wire::settings! {
    ENVIRONMENT = WORLD;
    BASE_URL = Setting::new("base_url", Form::Address)
        .what("The address of the API. Live wants https.")
        .example("https://api.fintoc.example")
        .stand_in(MissingFields::Unsigned, NOWHERE);
    API_KEY = Setting::new("api_key", Form::Secret)
        .what("The key that signs requests and webhooks.")
        .stand_in(MissingFields::Credentials, NOT_CONFIGURED);
    CONTRACT_VERIFIED = Setting::new("contract_verified", Form::Words(&words(&VERIFICATIONS)))
        .what("Live use is refused until you have compared docs/providers/fintoc.md with the \
               documents that Fintoc gave you, and say so here.")
        .example("true")
        .needed("in live");
}
