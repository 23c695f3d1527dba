//! The fixture replay and the suites that any Pagos provider or transport can run. Knows no provider,
//! and opens no connection but those of [`transport`] on loopback.
//!
//! A case is one file: what a provider was asked, what it answered, byte for byte, and what must come
//! of it. [`run`] replays every case through the public traits of `pagos-core`, over a transport that
//! compares requests byte for byte, and reports a table of provider by operation. A provider crate in
//! another repository does the same with its own files, and gives a [`Factory`] for its name;
//! `tests/acme` and `tests/fixtures` of this crate are such a provider and its files.
//!
//! # Where cases are
//!
//! | file | what it holds |
//! |---|---|
//! | `<provider>/documented/<operation>/<case>.fixture` | what the provider's documents show, or what was recorded from it |
//! | `<provider>/computed/<operation>/<case>.fixture` | what we computed or derived |
//! | `<provider>/defaults/<operation>.fixture` | what the cases of that operation have in common |
//!
//! # A case from top to bottom
//!
//! ```text
#![doc = include_str!("../tests/fixtures/acme/documented/payout-create/accepted.fixture")]
//! ```
//!
//! Above the first section stands the **head**, in TOML:
//!
//! | field | what it holds |
//! |---|---|
//! | `description`, `source`, `read` | what the case is about, where its bytes come from, and when that was read; every case has them itself |
//! | `clock` | the moment at which the case plays, in UTC; needed |
//! | `settings` | a table: the provider's configuration by name, as the factory reads it; credentials are invented |
//! | `nonces` | the random texts that the provider draws, in turn |
//! | `handle`, `reference`, `begun_at` | what `prepare` made, the provider's id, and when the first attempt began, for the calls that take them |
//! | `from`, `until`, `cursor` | what a list is asked for; `cursor` may be absent |
//! | `secret` | the secret of the session that a webhook is about |
//!
//! A line `=== NAME` begins a **section**. Those with a number belong to the exchange of that number,
//! from 1 on:
//!
//! | section | what it holds |
//! |---|---|
//! | `order` | the order, in JSON, as `PayoutOrder` or `PaymentOrder` writes itself |
//! | `request 1` | what is sent: method and URL, headers, an empty line, the body; a header whose value is `<redacted>` may have any |
//! | `response 1` | its answer: `HTTP/1.1` and the status, headers, an empty line, the body |
//! | `failure 1` | in place of an answer, in TOML: `reached` (`"no"` or `"maybe"`) and a `message` |
//! | `delivery 1` | a webhook, in the form of a request; its `response 1` is the answer that we give |
//! | `body 1` | a text to sign, for the operation `sign` |
//! | `string-to-sign 1`, `signature 1` | what the signature of the body of `request 1`, `delivery 1` or `body 1` is made of, and is |
//! | `wrong-signature 1` | a signature that must not be that of the body |
//! | `expected` | what must come of it, in JSON |
//!
//! Line ends in front of the next section, or of the end of the file, belong to no section. What is
//! left are the bytes. Bytes that a text cannot show, or that a tool could change on its way (a last
//! line end, a carriage return, what is not UTF-8), stand in a section that begins with `=== NAME
//! escaped`: there `\n`, `\r`, `\t`, `\\` and `\x` with two hexadecimal digits are one byte each. A line of
//! content that begins with `=== ` is written `\x3d== `.
//!
//! # Defaults
//!
//! A case takes from the file of its operation every field of the head that it does not have itself,
//! every setting, and the `order`. There is no way to take something away, so defaults hold only what
//! every case may have.
//!
//! A *computed* case takes exchanges too. It says itself how many there are, by the last number that
//! it has a section of; up to there it takes each request that it lacks, with the signatures of that
//! request, and each answer that it lacks. So a case of which only the answer is special holds that
//! answer and what is expected, and one without any such section sends nothing. A *documented* case
//! has all of its exchanges itself: a reader sees in one file what the provider said.
//!
//! # What is expected
//!
//! `expected` is compared as a whole: a key that is missing or too many fails the case. Every
//! operation may bring an `error`:
//!
//! | key | value |
//! |---|---|
//! | `error` | `kind` (`ErrorKind::word`: `"rejected"`, `"unknown"` ...), and where the error has them `field`, `provider_code`, `retry_after_seconds` |
//!
//! Otherwise:
//!
//! | operation | what is called | keys of `expected` |
//! |---|---|---|
//! | `payout-prepare` | `PayoutProvider::prepare` | `handle`: a text or `null` |
//! | `payout-create` | `check`, then `create` | `observation`, and `contradiction: true` if its echo is not the order; or `violations`: the names of the fields that `check` has something against, and nothing is sent |
//! | `payout-query` | `query` | `found` (an observation) and perhaps `contradiction: true`; or `absent: true`, `ambiguous: true`, `cannot_tell: true` |
//! | `balance` | `BalanceSource::balances` | `balances`: a list of `available` and `unavailable`, both money, the second may be `null` |
//! | `banks` | `BankDirectory::banks` | `banks`: a list of `id`, `code` (may be `null`), `name` |
//! | `listing` | `PayoutListing::page` | `rows`: a list of observations; `next`: a cursor or `null` |
//! | `payment-create` | `PaymentProvider::check`, then `create` | `session` (an observation), `url` and `code` (each may be `null`), and `has_secret: true` if there is one; or `violations` |
//! | `payment-query` | `PaymentProvider::query` | `found`: a list of observations; or as `payout-query` |
//! | `webhook` | `WebhookDecoder::verify` | `verified`: `subject`, and `key`, `reference` and `observation`, which may be `null`; or `hint`: `key` and `reference`, which may be `null` |
//! | `sign` | the [`Signer`] | there is no `expected`; the sections about signatures say all |
//!
//! Money is `{"minor": 12500, "currency": "CLP"}`, a time is a number of milliseconds since 1970. An
//! observation is `pagos_core::Observation` as it writes itself: `status` (a word, or `{"failed":
//! "declined"}`), `source`, `seen_at` (the `clock`) and `echo` (`key` and `amount`, if they were told)
//! always; `not_understood`, `asked_at`, `provider_at`, `reference`, `transfer`, `provider_code`,
//! `message`, `fee` and `returned` where they are known.
//!
//! ```
//! use std::path::Path;
//!
//! use pagos_conformance::{Case, Kind};
//! use pagos_core::{Currency, Money, PayoutOrder};
//!
//! # fn main() -> Result<(), String> {
//! let root = Path::new("tests/fixtures");
//! let case = Case::find(root, "acme", "payout-create", "gateway-timeout")?;
//! assert_eq!(case.kind, Kind::Computed);
//! // The file has an answer and what is expected; the rest is that of `defaults/`.
//! assert_eq!(case.response(1)?.map(|answer| answer.status().as_u16()), Some(504));
//! assert_eq!(case.json::<PayoutOrder>("order")?.amount, Money::new(12_500, Currency::Clp));
//! assert!(case.section("request 1").is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # Unexpected answers
//!
//! [`run`] then gives *unexpected answers* in place of the provider's own: what a proxy, a gateway or a
//! stranger says, which nobody documents. A redirect, a 404 in HTML or a 502 must leave a new payout
//! `Unknown`, with a handle and without, and must never make a query's answer "absent". Nothing
//! more is needed for it than the fixtures, among them a `payout-create` that the provider accepts.
//! Only 401, 403, 407, 429 and 503 may mean `Unauthorized` or `Throttled` whatever the body says, and
//! only an answer that a documented case shows to the byte is no unexpected one. The report calls these
//! cases `unexpected-create` and `unexpected-query`.
//!
//! # Recordings
//!
//! `RecordTransport` of `pagos-http` writes the sections `request 1`, `response 1` and so on of the
//! calls that go over it. With a head above and `order` and `expected` below, such a file is a case;
//! [`Replay::open`] answers from it as it is.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod case;
mod defaults;
mod message;
mod operation;
mod replay;
mod report;
mod section;
mod subject;
pub mod suite;
pub mod transport;
mod unexpected;

use std::path::Path;

pub use case::{Case, Kind, List};
pub use replay::{Nonces, Replay, Seams};
pub use report::{CaseReport, Report};
pub use subject::{Factory, Signer, Subject};

/// Replays every case below `root` for each provider, by its name and its factory.
///
/// A provider without cases and a case that cannot be read are failures: a replay that silently
/// tested nothing would be worse than none.
///
/// ```no_run
/// use std::path::Path;
///
/// # fn main() {
/// # let cashypro = |_: &pagos_conformance::Case, _: pagos_conformance::Seams| {
/// #     Err(pagos_core::Error::invalid("example"))
/// # };
/// let report = pagos_conformance::run(Path::new("fixtures"), &[("cashypro", &cashypro)]);
/// assert!(report.is_passed(), "{report}");
/// # }
/// ```
pub fn run(root: &Path, providers: &[(&str, &dyn Factory)]) -> Report {
    let mut reports = Vec::new();
    for (provider, factory) in providers {
        match Case::read_all(root, provider) {
            Ok(cases) => reports.extend(replay(provider, &cases, *factory).into_cases()),
            Err(because) => reports.push(CaseReport::unreadable(provider, because)),
        }
    }
    Report::new(reports)
}

/// The same for cases of one provider that were read, and perhaps spoilt to see whether that is seen.
pub fn replay(provider: &str, cases: &[Case], factory: &dyn Factory) -> Report {
    if cases.is_empty() {
        return Report::new(vec![CaseReport::unreadable(provider, "no cases found".to_owned())]);
    }
    let mut reports: Vec<_> = cases.iter().map(|case| operation::run(case, factory)).collect();
    reports.extend(unexpected::run(provider, cases, factory));
    Report::new(reports)
}
