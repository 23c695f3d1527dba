//! A provider of your own, and its test with the published suite: fixtures of what the provider documents,
//! replayed to the byte, and then unexpected answers in their place.
//!
//! `cargo run -p pagos --all-features --example own_provider`
#![allow(clippy::print_stdout)]

use std::{error::Error as StdError, path::Path, sync::Arc, time::Duration};

use serde_json::Value;

use pagos::{
    Absence, Bank, Clock, Contract, Country, Currency, Deduplication, Departure, Descriptor,
    Environment, Error, ErrorKind, Handle, Lookup, Observation, PayoutOrder, PayoutProvider,
    PayoutRef, ProviderRef, Reached, Secret, Source, Status, Transport, TransportError, Violation,
    async_trait,
    bytes::Bytes,
    http::{
        Request, Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};
use pagos_conformance::{Case, Seams, Subject};

/// What the engine must know before it sends the first payout.
static DESCRIPTOR: Descriptor = Descriptor {
    provider: "acme",
    countries: &[Country::new("CHL")],
    currencies: &[Currency::Clp],
    // A repeated key is paid again, so what is in doubt is never sent a second time.
    deduplication: Deduplication::None,
    // "No such payout" proves something after three answers and ten minutes.
    absence: Absence { answers_min: 3, grace: Duration::from_secs(600) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

/// A provider that does not exist. It has no clock and no client of its own: it is given both.
#[derive(Debug)]
struct Acme {
    api_key: Secret,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl PayoutProvider for Acme {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        match order.amount.currency {
            Currency::Clp => Ok(()),
            _ => Err(vec![
                Violation::new("currency", "Acme pays in CLP only", "pay in CLP")
                    .in_spanish("Acme solo paga en CLP", "pague en CLP"),
            ]),
        }
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let payee = handle.map(|handle| format!("/payees/{}", handle.as_str())).unwrap_or_default();
        let body = format!(r#"{{"key":"{}","amount":{}}}"#, order.key, order.amount.minor);
        let request = Request::post(format!("{BASE_URL}{payee}/payouts"))
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, self.authorization())
            .body(Bytes::from(body))
            .map_err(|cause| Error::invalid("key").with_source(cause))?;
        let response = self.transport.send(request, departure).await.map_err(failure)?;
        match response.status() {
            StatusCode::CREATED => self
                .observe(&response, Source::Reply)
                .ok_or_else(|| unknown("a success that does not say what was accepted")),
            // The one refusal that Acme documents. Every other one is in doubt, and asked about.
            StatusCode::UNPROCESSABLE_ENTITY
                if word(&response) == Some("account_closed".into()) =>
            {
                let refused = Error::new(ErrorKind::Rejected, "the account is closed");
                Err(refused.with_provider_code("account_closed"))
            }
            status => Err(unknown(format!("HTTP {status}"))),
        }
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let request = Request::get(format!("{BASE_URL}/payouts/{}", payout.order.key))
            .header(AUTHORIZATION, self.authorization())
            .body(Bytes::new())
            .map_err(|cause| Error::invalid("key").with_source(cause))?;
        let response = self.transport.send(request, Departure::Anytime).await.map_err(failure)?;
        let seen = self.observe(&response, Source::Query);
        Ok(match (response.status(), seen) {
            (StatusCode::OK, Some(seen)) => Lookup::Found(seen),
            // Only in Acme's own words: a proxy says 404, too.
            (StatusCode::NOT_FOUND, _) if word(&response) == Some("no_such_payout".into()) => {
                Lookup::Absent
            }
            (status, _) => Lookup::CannotTell(format!("HTTP {status}")),
        })
    }
}

impl Acme {
    fn authorization(&self) -> String {
        format!("Bearer {}", self.api_key.expose())
    }

    fn observe(&self, response: &Response<Bytes>, source: Source) -> Option<Observation> {
        let answer: Value = serde_json::from_slice(response.body()).ok()?;
        let status = match answer.get("status")?.as_str()? {
            "pending" => Status::Pending,
            "paid" => Status::Succeeded,
            _ => return None,
        };
        let reference = ProviderRef::new(answer.get("id")?.as_str()?).ok()?;
        let seen = Observation::new(status, source, self.clock.now());
        Some(Observation { reference: Some(reference), ..seen })
    }
}

/// The word of a refusal.
fn word(response: &Response<Bytes>) -> Option<String> {
    let answer: Value = serde_json::from_slice(response.body()).ok()?;
    Some(answer.get("error")?.as_str()?.to_owned())
}

/// What may have arrived is in doubt; what certainly did not may be sent again.
fn failure(cause: TransportError) -> Error {
    match cause.reached {
        Reached::No => Error::new(ErrorKind::Undelivered, "nothing was sent").with_source(cause),
        Reached::Maybe => unknown("no answer").with_source(cause),
    }
}

fn unknown(because: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unknown, because)
}

const BASE_URL: &str = "https://api.acme.example";

/// Builds Acme for one case of the suite, over the suite's transport and clock.
fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let api_key = case.setting("API_KEY").ok_or_else(|| Error::invalid("api_key"))?;
    let api_key = Secret::new(api_key);
    let acme = Acme { api_key, transport: seams.transport, clock: seams.clock };
    Ok(Subject { provider: Box::new(acme), signer: None })
}

fn main() -> Result<(), Box<dyn StdError>> {
    // Yours are in your own crate: `acme/documented/<operation>/<case>.fixture` for all that Acme documents.
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../pagos-conformance/tests/fixtures");
    let report = pagos_conformance::run(&fixtures, &[("acme", &build)]);
    println!("{report}");
    match report.is_passed() {
        true => Ok(()),
        false => Err("Acme believes what nobody documents".into()),
    }
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn StdError>> {
    main()
}
