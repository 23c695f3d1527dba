//! Unexpected answers: what a proxy, a gateway or a stranger says in place of the provider. Each is given
//! instead of an answer of the provider's own fixtures, and must be taken for what it is.
//!
//! A new payout is then `Unknown`, never a no and never a yes; a query is never answered with
//! "absent". An answer that a *documented* fixture shows to the byte is not unexpected.

mod answer;
mod seams;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use pagos_core::{
    Departure, Error, ErrorKind, Handle, Lookup, Observation, PayoutOrder, PayoutRef, ProviderRef,
};

use crate::{
    case::{Case, Kind},
    operation::{self, finish},
    replay::{self, Nonces, Seams, StandingClock},
    report::CaseReport,
    subject::{Factory, Subject},
    unexpected::{answer::Answer, seams::Diverted},
};

/// The operations as the report calls them.
const CREATE: &str = "unexpected-create";
const QUERY: &str = "unexpected-query";

/// Of the answers that went wrong in one way, so many are named.
const SHOWN_MAX: usize = 6;

const NONCES_SPARE: u32 = 16;

/// Gives unexpected answers to every payout and every query of the fixtures.
///
/// At least one `payout-create` must end in an observation: only then is it known which of its
/// answers is the one to the request that moves money.
pub(crate) fn run(provider: &str, cases: &[Case], factory: &dyn Factory) -> Vec<CaseReport> {
    let answers = match Answers::of(cases) {
        Ok(answers) => answers,
        Err(because) => return vec![CaseReport::unreadable(provider, because)],
    };
    let mut reports = Vec::new();
    let mut is_create_tried = false;
    for case in cases {
        let trial = Trial { case, factory, answers: &answers };
        let tried = match case.operation.as_str() {
            "payout-create" => trial.try_accepted(),
            "payout-prepare" => trial.try_prepared(),
            "payout-query" => trial.try_query(),
            _ => Ok(None),
        };
        let (created, asked) = match tried {
            Ok(None) => continue,
            Ok(Some(Tried { created, asked })) => (created, asked),
            Err(because) if case.operation == "payout-query" => (None, Some(vec![because])),
            Err(because) => (Some(vec![because]), None),
        };
        is_create_tried |= case.operation == "payout-create";
        for (operation, failures) in [(CREATE, created), (QUERY, asked)] {
            let Some(failures) = failures else { continue };
            let operation = operation.to_owned();
            let report = CaseReport::new(case, failures);
            reports.push(CaseReport { operation, kind: Kind::Computed, ..report });
        }
    }
    if !is_create_tried {
        let because =
            "no payout-create case ends in an observation, so no unexpected answer was tried";
        let report = CaseReport::unreadable(provider, because.to_owned());
        reports.push(CaseReport { operation: CREATE.to_owned(), ..report });
    }
    reports
}

/// The answers that are unexpected to a provider.
struct Answers {
    create: Vec<Answer>,
    query: Vec<Answer>,
}

impl Answers {
    /// All of the table but those that the provider's documents show.
    fn of(cases: &[Case]) -> Result<Self, String> {
        let unexpected = |operation: &str| -> Result<Vec<Answer>, String> {
            let mut answers = Answer::list();
            let is_shown = |it: &&Case| it.operation == operation && it.kind == Kind::Documented;
            for case in cases.iter().filter(is_shown) {
                for shown in replay::read_exchanges(case)?.iter().filter_map(|it| it.response()) {
                    answers.retain(|answer| !answer.is_shown_by(shown));
                }
            }
            Ok(answers)
        };
        Ok(Self { create: unexpected("payout-create")?, query: unexpected("payout-query")? })
    }
}

/// The failures of new payouts and of queries; `None` where none was tried.
struct Tried {
    created: Option<Vec<String>>,
    asked: Option<Vec<String>>,
}

/// Where in a call the unexpected answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the request that moves money: a login, say.
    Before,
    /// In answer to the request that moves money.
    Money,
    /// After the provider's own answer to it.
    After,
}

/// What a query may have found before the unexpected answer came.
#[derive(Debug, Clone, Copy)]
enum Before<'a> {
    /// Nothing: it was the first answer.
    Nothing,
    /// What the case expects, if the answers before it say so already.
    Expected(&'a Value),
    /// We do not know: the answers before it belong to another call.
    Anything,
}

/// One case, over and over, with one answer of each exchange replaced.
struct Trial<'a> {
    case: &'a Case,
    factory: &'a dyn Factory,
    answers: &'a Answers,
}

impl Trial<'_> {
    /// A payout that the provider took: with the case's handle and without; and queries about it.
    fn try_accepted(&self) -> Result<Option<Tried>, String> {
        let expected: Value = self.case.json("expected")?;
        let exchanges = replay::read_exchanges(self.case)?;
        let (Some(seen), Some(last)) =
            (expected.get("observation"), exchanges.len().checked_sub(1))
        else {
            return Ok(None);
        };
        let money = exchanges.iter().rposition(|it| !it.is_query()).unwrap_or(last);
        let reference = seen.get("reference").and_then(Value::as_str).map(ProviderRef::new);
        let reference = reference.transpose().map_err(|error| error.to_string())?;
        let handle = operation::handle(self.case)?;
        let (mut created, mut asked) = (Findings::default(), Findings::default());
        let mut genuine = Vec::new();
        for (at, exchange) in exchanges.iter().enumerate() {
            let (place, before) = match at {
                0 if money > 0 => (Place::Before, Before::Nothing),
                0 => (Place::Money, Before::Nothing),
                _ if at < money => (Place::Before, Before::Anything),
                _ if at == money => (Place::Money, Before::Anything),
                _ => (Place::After, Before::Anything),
            };
            for handle in with_none(handle.as_ref()) {
                self.create(&mut created, &genuine, place, handle)?;
                for reference in with_none(reference.as_ref()) {
                    self.query(&mut asked, &genuine, before, handle, reference)?;
                }
            }
            let Some(response) = exchange.response() else { break };
            genuine.push(response.clone());
        }
        Ok(Some(Tried { created: Some(created.into_lines()), asked: Some(asked.into_lines()) }))
    }

    /// What `prepare` made, with nothing answered before. The first request may be a login, so it is
    /// known only what must not come out.
    fn try_prepared(&self) -> Result<Option<Tried>, String> {
        let expected: Value = self.case.json("expected")?;
        let Some(handle) = expected.get("handle").and_then(Value::as_str) else { return Ok(None) };
        let handle = Handle::new(handle).map_err(|error| error.to_string())?;
        let (mut created, mut asked) = (Findings::default(), Findings::default());
        self.create(&mut created, &[], Place::Before, Some(&handle))?;
        self.query(&mut asked, &[], Before::Nothing, Some(&handle), None)?;
        Ok(Some(Tried { created: Some(created.into_lines()), asked: Some(asked.into_lines()) }))
    }

    /// A query, each of its answers in turn.
    fn try_query(&self) -> Result<Option<Tried>, String> {
        let expected: Value = self.case.json("expected")?;
        let (handle, reference) = (operation::handle(self.case)?, operation::reference(self.case)?);
        let mut asked = Findings::default();
        let mut genuine = Vec::new();
        for exchange in replay::read_exchanges(self.case)? {
            let before = match genuine.is_empty() {
                true => Before::Nothing,
                false => Before::Expected(&expected),
            };
            self.query(&mut asked, &genuine, before, handle.as_ref(), reference.as_ref())?;
            let Some(response) = exchange.response() else { break };
            genuine.push(response.clone());
        }
        Ok(Some(Tried { created: None, asked: Some(asked.into_lines()) }))
    }

    fn create(
        &self,
        findings: &mut Findings,
        genuine: &[Response<Bytes>],
        place: Place,
        handle: Option<&Handle>,
    ) -> Result<(), String> {
        let order: PayoutOrder = self.case.json("order")?;
        for answer in &self.answers.create {
            let (subject, transport) = self.build(genuine, answer)?;
            let created = finish(subject.provider.create(&order, handle, Departure::Anytime))?;
            if !transport.is_diverted() {
                continue;
            }
            if let Some(said) = judge_create(&created, place, answer) {
                findings.note(format!("a new payout is told to be {said}"), genuine, answer);
            }
            if place == Place::Money && transport.is_repeated() {
                findings.note("the payout was sent a second time".to_owned(), genuine, answer);
            }
        }
        Ok(())
    }

    fn query(
        &self,
        findings: &mut Findings,
        genuine: &[Response<Bytes>],
        before: Before<'_>,
        handle: Option<&Handle>,
        reference: Option<&ProviderRef>,
    ) -> Result<(), String> {
        let order: PayoutOrder = self.case.json("order")?;
        let begun_at = self.case.begun_at.or(Some(self.case.clock));
        let payout = PayoutRef { order: &order, reference, handle, begun_at };
        for answer in &self.answers.query {
            let (subject, transport) = self.build(genuine, answer)?;
            let lookup = finish(subject.provider.query(&payout))?;
            if !transport.is_diverted() {
                continue;
            }
            if let Some(said) = judge_query(&lookup, before) {
                findings.note(format!("a query is answered with {said}"), genuine, answer);
            }
        }
        Ok(())
    }

    fn build(
        &self,
        genuine: &[Response<Bytes>],
        answer: &Answer,
    ) -> Result<(Subject, Arc<Diverted>), String> {
        let transport = Arc::new(Diverted::new(genuine.iter().cloned(), answer.to_response()));
        // Another answer can make another request, which the case has no nonce for.
        let spare = (0..NONCES_SPARE).map(|number| format!("{number:032x}"));
        let seams = Seams {
            transport: transport.clone(),
            clock: Arc::new(StandingClock(self.case.clock)),
            nonces: Arc::new(Nonces::new(self.case.nonces.iter().cloned().chain(spare))),
        };
        let subject = self.factory.build(self.case, seams);
        Ok((subject.map_err(|error| format!("settings: {error}"))?, transport))
    }
}

/// What is wrong with the outcome of a new payout, as a word.
fn judge_create(
    created: &Result<Observation, Error>,
    place: Place,
    answer: &Answer,
) -> Option<&'static str> {
    let kind = match created {
        // The provider's own answer came before, and may have said as much.
        Ok(_) if place == Place::After => return None,
        Ok(_) => return Some("accepted"),
        Err(error) => error.kind(),
    };
    let is_right = match (kind, place) {
        (ErrorKind::Unknown, _) => true,
        (ErrorKind::Rejected | ErrorKind::Invalid, _) => false,
        // Nothing that moves money has left.
        (_, Place::Before) => true,
        (ErrorKind::Unauthorized | ErrorKind::Throttled, Place::Money) => {
            answer.may_refuse_unread()
        }
        (ErrorKind::Undelivered, Place::Money) | (_, Place::After) => false,
    };
    (!is_right).then(|| kind.word())
}

/// What is wrong with the answer to a query, as a word.
fn judge_query(lookup: &Result<Lookup, Error>, before: Before<'_>) -> Option<&'static str> {
    match (lookup, before) {
        (Ok(Lookup::CannotTell(_)), _) => None,
        (Ok(Lookup::Absent), _) => Some("absent"),
        (Ok(Lookup::Found(_) | Lookup::Ambiguous(_)), Before::Anything) => None,
        (Ok(Lookup::Found(seen)), Before::Expected(it)) if may_be_known(seen, it) => None,
        (Ok(Lookup::Found(_)), _) => Some("found"),
        (Ok(Lookup::Ambiguous(_)), Before::Expected(_)) => None,
        (Ok(Lookup::Ambiguous(_)), Before::Nothing) => Some("more than one payout"),
        (Err(error), _) => match error.kind() {
            ErrorKind::Rejected | ErrorKind::Invalid => Some(error.kind().word()),
            ErrorKind::Undelivered
            | ErrorKind::Throttled
            | ErrorKind::Unauthorized
            | ErrorKind::Unknown => None,
        },
    }
}

/// Can an answer before the unexpected one have told it? It names the payout that the case finds, or one
/// of several.
fn may_be_known(seen: &Observation, expected: &Value) -> bool {
    let reference = seen.reference.as_ref().map(|reference| reference.as_str());
    match expected.get("found") {
        Some(found) => found.get("reference").and_then(Value::as_str) == reference,
        None => expected.get("ambiguous").is_some(),
    }
}

fn with_none<T>(given: Option<&T>) -> impl Iterator<Item = Option<&T>> {
    given.map(Some).into_iter().chain([None])
}

/// What went wrong, and with which answers.
#[derive(Debug, Default)]
struct Findings(BTreeMap<String, Vec<String>>);

impl Findings {
    fn note(&mut self, what: String, genuine: &[Response<Bytes>], answer: &Answer) {
        let place = match genuine.len() {
            0 => what,
            count => format!("{what}, after {count} genuine answers"),
        };
        let answers = self.0.entry(place).or_default();
        let answer = answer.describe();
        if !answers.contains(&answer) {
            answers.push(answer);
        }
    }

    fn into_lines(self) -> Vec<String> {
        let line = |(what, answers): (String, Vec<String>)| {
            let shown: Vec<&str> = answers.iter().take(SHOWN_MAX).map(String::as_str).collect();
            let more = match answers.len().saturating_sub(SHOWN_MAX) {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            format!("{what}, though nobody documents this answer: {}{more}", shown.join(", "))
        };
        self.0.into_iter().map(line).collect()
    }
}
