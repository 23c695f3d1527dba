//! The fixture replay and the suites that any Pagos provider or transport can run. Knows no provider,
//! and opens no connection but those of [`transport`] on loopback.
//!
//! A fixture is a folder `<provider>/<operation>/<case>/` of plain files: what the provider's
//! documents show, or what we computed, byte for byte. [`run`] replays every one through the public
//! traits of `pagos-core`, over a transport that compares requests byte for byte, and reports a
//! table of provider by operation. A provider crate in another repository runs the same cases by
//! giving a [`Factory`] for its name.
//!
//! | file | what it holds |
//! |---|---|
//! | `case.toml` | description, source, kind, date read, clock, nonces, settings ([`Case`]) |
//! | `order.json` | the order, as `PayoutOrder` or `PaymentOrder` writes itself |
//! | `1-request.http` | the request: method and URL, headers, an empty line, the exact body |
//! | `1-response.http` | its answer; `1-failure.toml` where none came |
//! | `1-delivery.http` | a webhook; its `1-response.http` is the answer that we give |
//! | `1-body.txt` | a body to sign, for the operation `sign` |
//! | `1-string-to-sign.txt`, `1-signature.txt` | what the body's signature is made of, and is |
//! | `1-foreign-signature.txt` | a signature that must not be the body's |
//! | `expected.json` | what must come out |
//!
//! [`run`] then gives *foreign answers* in place of the provider's own: what a proxy, a gateway or a
//! stranger says, which nobody documents. A redirect, a 404 in HTML or a 502 must leave a new payout
//! `Unknown`, with a handle and without, and must never make a question's answer "absent". Nothing
//! more is needed for it than the fixtures, among them a `payout-create` that the provider accepts.
//! Only 401, 403, 407, 429 and 503 may mean `Unauthorized` or `Throttled` whatever the body says, and
//! only an answer that a fixture of kind `documented` shows to the byte is no foreign one. The
//! report calls these cases `foreign-create` and `foreign-query`.
//!
//! The operations are `payout-prepare`, `payout-create`, `payout-query`, `balance`, `banks`,
//! `listing`, `payment-create`, `payment-query`, `webhook` and `sign`. No file but the heads of `.http` files
//! has a line end that is not part of its content.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod case;
mod foreign;
mod message;
mod operation;
mod replay;
mod report;
mod subject;
pub mod suite;
pub mod transport;

use std::path::Path;

pub use case::{Case, Kind, List};
pub use replay::{Nonces, Seams};
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
            Ok(cases) if cases.is_empty() => {
                reports.push(CaseReport::unreadable(provider, "no cases found".to_owned()));
            }
            Ok(cases) => {
                reports.extend(cases.iter().map(|case| operation::run(case, *factory)));
                reports.extend(foreign::run(provider, &cases, *factory));
            }
            Err(because) => reports.push(CaseReport::unreadable(provider, because)),
        }
    }
    Report::new(reports)
}
