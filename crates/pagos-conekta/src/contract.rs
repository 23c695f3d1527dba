//! Our assumptions about payouts, which Conekta does not document: limits, waits, the bounds of
//! walks. The paths are here too, so that they are in one place; their sources are named.

/// Beneficiaries. Source: manual.
pub(crate) const PATH_PAYEES: &str = "/payees";

/// Payouts. Source: manual for POST; openapi: resources/transfers for both queries.
pub(crate) const PATH_TRANSFERS: &str = "/transfers";

/// The balance. Source: openapi: resources/balances.
pub(crate) const PATH_BALANCE: &str = "/balance";

/// The version that the manual uses; later ones do not document what this crate sends. Source:
/// manual.
pub(crate) const ACCEPT: &str = "application/vnd.conekta-v2.0.0+json";

/// One host for sandbox and live; the key decides which. Source: manual.
pub(crate) const BASE_URL: &str = "https://api.conekta.io";

/// The least payout, one centavo: it must be more than zero. Source: manual.
pub(crate) const AMOUNT_MINOR_MIN: i64 = 1;

/// The largest payout, 1,000,000.00 MXN. No limit is published; this one catches typing errors. Our
/// choice.
pub(crate) const AMOUNT_MINOR_MAX: i64 = 100_000_000;

/// The longest name of a holder, in characters: "fewer than 250". Source: manual. No limit is
/// published for the payee's own name; one text serves both. \[inferred\]
pub(crate) const NAME_LENGTH_MAX: usize = 249;

/// The longest mail address. \[inferred\]
pub(crate) const EMAIL_LENGTH_MAX: usize = 254;

/// The digits of a telephone number: the manual's sample has ten and no country. \[inferred\]
pub(crate) const PHONE_DIGITS: usize = 10;

/// The maximum number of rows of a page. Source: openapi: parameters/commons/query/limit.
pub(crate) const PAGE_ROWS: usize = 250;

/// The maximum number of pages that one query reads. Our choice.
pub(crate) const PAGES_MAX: usize = 20;

/// How long before the first attempt a transfer can appear to be created, if clocks differ. Our
/// choice.
pub(crate) const CLOCK_MARGIN_MS: i64 = 10 * 60 * 1_000;

/// Smaller Unix times are truncated values in samples (`16019106`, `152825`) and are ignored.
/// Source: manual.
pub(crate) const UNIX_SECONDS_MIN: i64 = 1_000_000_000;

/// The header of a webhook's signature. Source: docs: autenticación-webhooks. A note on one of these
/// pages doubts the name (told by a survey of them), so it is a setting.
pub(crate) const DIGEST_HEADER: &str = "digest";

/// The least time between two tries to send a transfer, where Conekta asked for quiet. A dispersion may
/// be tried again once in 60 seconds, and sooner is answered with 429. Source: a survey of docs:
/// seguimiento-de-dispersiones. Whether `POST /transfers` counts as such a try is not published.
pub(crate) const RETRY_WAIT_S: u64 = 60;

/// How long to wait for money on the account. Our choice.
pub(crate) const FUNDS_WAIT_S: u64 = 15 * 60;
