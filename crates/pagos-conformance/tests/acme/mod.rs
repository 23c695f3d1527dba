//! A provider of another repository, with its own fixtures: careful, or careless in one way. `build`
//! is the factory that such a repository writes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use pagos_conformance::{Case, Seams, Subject};
use pagos_core::{
    Absence, Bank, Clock, Contract, Country, Currency, Deduplication, Departure, Descriptor,
    Environment, Error, ErrorKind, Handle, Lookup, Observation, PayoutOrder, PayoutProvider,
    PayoutRef, ProviderRef, Secret, Source, Status, Transport, Violation,
};
use serde_json::Value;

/// How it reads answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// As its documents say, and `Unknown` otherwise.
    Careful,
    /// 401 and 403 are `Unauthorized`, 429 and 503 are `Throttled`, whatever the body says.
    CarefulByStatus,
    /// Every refusal that it does not know is `Rejected`.
    RejectsTheUnlisted,
    /// The same, but only for payouts to a payee.
    RejectsTheUnlistedToPayees,
    /// 500 is `Throttled`, and would be sent again.
    ThrottlesFailures,
    /// A redirect is a refusal that never reached the provider.
    RedirectsAreUndelivered,
    /// Every 2xx is a success.
    BelievesEverySuccess,
    /// A payout that is answered 502 is sent once more.
    SendsAgain,
    /// Every 404 says that there is no such payout.
    EveryNotFoundIsAbsence,
    /// So does an empty list.
    EmptyIsAbsence,
    /// Every 410 says that the payout failed.
    EveryGoneIsFailed,
}

/// The provider.
#[derive(Debug)]
pub(crate) struct Acme {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    base_url: String,
    api_key: Secret,
    manners: Manners,
}

static DESCRIPTOR: Descriptor = Descriptor {
    provider: "acme",
    countries: &[Country::new("CHL")],
    currencies: &[Currency::Clp],
    deduplication: Deduplication::None,
    absence: Absence { answers_min: 3, grace: std::time::Duration::from_secs(600) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: Contract::Documented,
};

/// A factory of providers with these manners: settings from the case, the world from the seams.
pub(crate) fn build(manners: Manners) -> impl Fn(&Case, Seams) -> Result<Subject, Error> {
    move |case, seams| {
        let acme = Acme::new(|name| case.setting(name), seams.transport, seams.clock, manners)?;
        Ok(Subject { provider: Box::new(acme), signer: None })
    }
}

impl Acme {
    /// The provider as its settings say.
    pub(crate) fn new(
        setting: impl Fn(&str) -> Option<String>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        manners: Manners,
    ) -> Result<Self, Error> {
        let needed = |name| {
            setting(name).ok_or_else(|| Error::invalid("setting").because(format!("no {name}")))
        };
        let (base_url, api_key) = (needed("BASE_URL")?, Secret::new(needed("API_KEY")?));
        Ok(Self { transport, clock, base_url, api_key, manners })
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let mut login = HeaderValue::try_from(format!("Bearer {}", self.api_key.expose()))
            .map_err(|_| Error::invalid("API_KEY").because("no header can be made of it"))?;
        login.set_sensitive(true);
        request.headers_mut().insert("authorization", login);
        self.transport
            .send(request, Departure::Anytime)
            .await
            .map_err(|error| unknown(error.message))
    }

    fn observe(&self, answer: &Value, source: Source) -> Option<Observation> {
        let status = match answer.get("status")?.as_str()? {
            "paid" => Status::Succeeded,
            _ => Status::Pending,
        };
        let reference = ProviderRef::new(answer.get("id")?.as_str()?).ok()?;
        let seen = Observation::new(status, source, self.clock.now());
        Some(Observation { reference: Some(reference), ..seen })
    }

    fn read_refusal(&self, response: &Response<Bytes>, is_to_payee: bool) -> Error {
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let said = answer.get("error").and_then(Value::as_str);
        if response.status() == 422 && said == Some("account_closed") {
            return Error::new(ErrorKind::Rejected, "refused").with_provider_code("account_closed");
        }
        let is_no = response.status().is_client_error();
        let kind = match (self.manners, response.status().as_u16()) {
            (Manners::RejectsTheUnlisted, _) if is_no => ErrorKind::Rejected,
            (Manners::RejectsTheUnlistedToPayees, _) if is_no && is_to_payee => ErrorKind::Rejected,
            (Manners::ThrottlesFailures, 500) => ErrorKind::Throttled,
            (Manners::RedirectsAreUndelivered, 300..400) => ErrorKind::Undelivered,
            (Manners::CarefulByStatus, 401 | 403) => ErrorKind::Unauthorized,
            (Manners::CarefulByStatus, 429 | 503) => ErrorKind::Throttled,
            _ => ErrorKind::Unknown,
        };
        Error::new(kind, format!("HTTP {}", response.status()))
    }
}

#[async_trait]
impl PayoutProvider for Acme {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn environment(&self) -> Environment {
        Environment::Sandbox
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
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
        _: Departure,
    ) -> Result<Observation, Error> {
        let payee = handle.map(|handle| format!("/payees/{}", handle.as_str())).unwrap_or_default();
        let body = format!(r#"{{"key":"{}","amount":{}}}"#, order.key, order.amount.minor);
        let request = || {
            Request::post(format!("{}{payee}/payouts", self.base_url))
                .header("content-type", "application/json")
                .body(Bytes::from(body.clone()))
                .map_err(|_| Error::invalid("key").because("no URL can be made of it"))
        };
        let mut response = self.exchange(request()?).await?;
        if self.manners == Manners::SendsAgain && response.status() == 502 {
            response = self.exchange(request()?).await?;
        }
        if !response.status().is_success() {
            return Err(self.read_refusal(&response, handle.is_some()));
        }
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if self.manners == Manners::BelievesEverySuccess {
            return Ok(Observation::new(Status::Pending, Source::Reply, self.clock.now()))
                .map(|seen| self.observe(&answer, Source::Reply).unwrap_or(seen));
        }
        self.observe(&answer, Source::Reply).ok_or_else(|| unknown("a success without an id"))
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        let request = Request::get(format!("{}/payouts/{}", self.base_url, payout.order.key))
            .body(Bytes::new())
            .map_err(|_| Error::invalid("key").because("no URL can be made of it"))?;
        let response = self.exchange(request).await?;
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let is_empty = response.body().is_empty() || answer == Value::Array(Vec::new());
        let is_denied = answer.get("error").and_then(Value::as_str) == Some("no_such_payout");
        match self.manners {
            Manners::EveryNotFoundIsAbsence if status == 404 => return Ok(Lookup::Absent),
            Manners::EmptyIsAbsence if status == 200 && is_empty => return Ok(Lookup::Absent),
            Manners::EveryGoneIsFailed if status == 410 => {
                let failed = Status::Failed(pagos_core::FailReason::Declined);
                let seen = Observation::new(failed, Source::Query, self.clock.now());
                return Ok(Lookup::Found(seen));
            }
            _ => {}
        }
        if status == 404 && is_denied {
            return Ok(Lookup::Absent);
        }
        let seen = self.observe(&answer, Source::Query).filter(|_| status == 200);
        Ok(match seen {
            Some(seen) => Lookup::Found(seen),
            None => Lookup::CannotTell(format!("HTTP {status}")),
        })
    }
}

fn unknown(because: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unknown, because)
}
