//! The settings of an account, as a table. How they are read and checked is in `config.rs`.

use pagos_wire::{ENVIRONMENT as WORLD, Form, MissingFields, NOT_CONFIGURED, Setting, words};

use crate::country::COUNTRIES;

/// What stands in for an account that is not configured, where nothing is sent.
const NO_ACCOUNT: &str = "acc_not_configured";

pagos_wire::settings! {
    ENVIRONMENT = WORLD
        .what("Whether real money moves. Both worlds have one address; the key decides, and must be \
               `sk_test_…` in the sandbox and `sk_live_…` in live.");
    COUNTRY = Setting::new("country", Form::Words(&words(&COUNTRIES)))
        .what("Where the account is: `MEX` pays MXN, `CHL` pays CLP. Sending from Chile is a private \
               preview, to which Fintoc gives access on request.")
        .example("MEX")
        .stand_in(MissingFields::Credentials, "MEX");
    ACCOUNT_ID = Setting::new("account_id", Form::Text)
        .what("The account at Fintoc that pays, `acc_…`. One account has one currency.")
        .example("acc_31yYL7h9LVPg121AgFtCyJPDsgM")
        .stand_in(MissingFields::Unsigned, NO_ACCOUNT);
    // It signs nothing: requests are signed with the next one, webhooks with the one after it.
    API_KEY = Setting::new("api_key", Form::Secret)
        .what("The secret key, `sk_test_…` or `sk_live_…`.")
        .stand_in(MissingFields::Unsigned, NOT_CONFIGURED);
    JWS_PRIVATE_KEY = Setting::new("jws_private_key", Form::Pem)
        .what("The private RSA key that signs transfers; `\\n` may stand for a line end. Its public half \
               is uploaded in Fintoc's dashboard, under API Keys, JWS Public Keys.")
        .example("secrets/fintoc-jws-key.pem");
    WEBHOOK_SECRET = Setting::new("webhook_secret", Form::Secret)
        .what("The secret of the webhook endpoint, `whsec_…`. Without it a webhook is a reason to ask, \
               and no more.")
        .optional();
    API_VERSION = Setting::new("api_version", Form::Text)
        .what("The version of the API to ask for, in the header `Fintoc-Version`. Without it Fintoc \
               answers as the organisation is set up.")
        .example("2023-11-15")
        .optional();
    NOTIFY_URL = Setting::new("notify_url", Form::Page)
        .what("Where webhooks are received. It is checked and otherwise unused: Fintoc's dashboard has its \
               own list of addresses.")
        .example("https://payouts.example.com/webhooks/fintoc")
        .optional();
    BASE_URL = Setting::new("base_url", Form::Address)
        .what("The address of the API. Live wants https.")
        .default("https://api.fintoc.com");
}
