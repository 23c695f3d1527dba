//! A JSON batch of orders: every mistake of every order at once, then all of them or none.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use pagos_core::{OrderKey, PayoutOrder, Violation};
use pagos_engine::{Actor, EngineError, RunId, Submitted};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    answer::Answer,
    api::Api,
    extract::parse,
    payouts::order::PayoutRequest,
    problem::{Fault, Problem, ProblemType, of_violation},
    runs::{found, has_exactly, view::RunView},
    uploads::Upload,
};

/// A batch of payouts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRequest {
    /// Your name for the run: 1 to 64 of `A-Z a-z 0-9 . _ -`. Never use one again for other orders.
    run: String,
    /// The orders, 1 to 10,000 of them.
    // Read one by one, so that a mistake in one of them does not hide those in the others.
    #[schema(value_type = Vec<PayoutRequest>)]
    orders: Vec<Box<RawValue>>,
}

/// A batch that can be read.
#[derive(Debug)]
pub(crate) struct Batch {
    run: RunId,
    orders: Vec<PayoutOrder>,
    /// Where each key stands.
    places: BTreeMap<OrderKey, Place>,
    warnings: Vec<Fault>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a JSON batch.
    Index(usize),
    /// In a file.
    Line(u64),
}

impl RunRequest {
    /// The batch, if every order can be read.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn read(self, orders_max: usize) -> Result<Batch, Problem> {
        let run = name_of_run(&self.run)?;
        let count = self.orders.len();
        if count == 0 || count > orders_max {
            let because = format!("there are {count} orders; a run has 1 to {orders_max}");
            return Err(one("/orders".to_owned(), "orders", because));
        }
        let mut faults = Vec::new();
        let (mut orders, mut places) = (Vec::with_capacity(count), BTreeMap::new());
        for (index, raw) in self.orders.iter().enumerate() {
            match read_order(raw, index) {
                Ok(order) => {
                    let place = Place::Index(index);
                    if places.insert(order.key.clone(), place).is_some() {
                        let because = "another order of this batch has the same key".to_owned();
                        faults.push(at(format!("/orders/{index}/key"), "key", because));
                    }
                    orders.push(order);
                }
                Err(wrong) => faults.extend(wrong),
            }
        }
        match faults.is_empty() {
            true => Ok(Batch { run, orders, places, warnings: Vec::new() }),
            false => Err(Problem::invalid(faults)),
        }
    }
}

impl Batch {
    /// The orders of a file.
    ///
    /// # Errors
    /// If there are too many, or none.
    pub(crate) fn of_file(
        upload: Upload,
        run: Option<RunId>,
        orders_max: usize,
    ) -> Result<Self, Problem> {
        let count = upload.orders.len();
        if count == 0 || count > orders_max {
            let because = format!("the file has {count} rows; a run has 1 to {orders_max}");
            return Err(Problem::invalid(vec![Fault { because, ..Fault::default() }]));
        }
        let place = |(line, order): &(u64, PayoutOrder)| (order.key.clone(), Place::Line(*line));
        Ok(Self {
            run: run.unwrap_or(upload.run),
            places: upload.orders.iter().map(place).collect(),
            orders: upload.orders.into_iter().map(|(_, order)| order).collect(),
            warnings: upload.warnings,
        })
    }
}

fn read_order(raw: &RawValue, index: usize) -> Result<PayoutOrder, Vec<Fault>> {
    let place = format!("/orders/{index}");
    let request: PayoutRequest =
        parse(raw.get().as_bytes(), &place).map_err(|problem| problem.document().errors)?;
    request.order(None).map_err(|faults| {
        faults.into_iter().map(|fault| placed(Some(&Place::Index(index)), fault)).collect()
    })
}

/// A name of a run that a client may give. Names of single payouts have a space.
pub(crate) fn name_of_run(name: &str) -> Result<RunId, Problem> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > RUN_LENGTH_MAX || !name.bytes().all(is_legal) {
        let because = format!("it is not 1 to {RUN_LENGTH_MAX} of A-Z a-z 0-9 . _ -");
        return Err(one("/run".to_owned(), "run", because));
    }
    Ok(RunId(name.to_owned()))
}

const RUN_LENGTH_MAX: usize = 64;

/// Stores a batch as a held run.
pub(crate) async fn store(api: Api, batch: Batch, by: Actor) -> Result<Answer<RunView>, Problem> {
    let Batch { run, orders, places, warnings } = batch;
    let keys: BTreeSet<OrderKey> = places.keys().cloned().collect();
    let known = super::known(&api, &run).await?;
    let was_known = known.is_some();
    if let Some(known) = known
        && !has_exactly(api.store(), &run, &known, &keys).await?
    {
        return Err(other_orders(&run));
    }
    let answers = match api.acts().submit(&run, orders, &by).await {
        Ok(answers) => answers,
        Err(error) => return Err(refused(error, &places)),
    };
    let now = found(&api, &run).await?;
    if usize::try_from(now.members).ok() != Some(keys.len()) {
        // Another request under the same name was under way. The release names a number, so neither
        // of the two is released with the orders of the other one unseen.
        return Err(other_orders(&run));
    }
    let is_new = !was_known || answers.contains(&Submitted::New);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer(status, RunView::of(&api, &run, &now).await?.with_warnings(warnings)))
}

fn other_orders(run: &RunId) -> Problem {
    let detail = format!("run {} has other orders than this batch", run.0);
    Problem::new(ProblemType::KeyConflict, detail)
}

/// Errors about orders name their places.
fn refused(error: EngineError, places: &BTreeMap<OrderKey, Place>) -> Problem {
    let of_key = |key: &OrderKey, because: &str| {
        placed(places.get(key), at("/key".to_owned(), "key", format!("{key} {because}")))
    };
    let faults: Vec<Fault> = match &error {
        EngineError::Unsendable(orders) => {
            let of_order = |(key, violations): &(OrderKey, Vec<Violation>)| {
                let place = places.get(key);
                violations.iter().map(move |it| placed(place, of_violation(it))).collect()
            };
            orders.iter().flat_map::<Vec<Fault>, _>(of_order).collect()
        }
        EngineError::Conflict(keys) => {
            keys.iter().map(|key| of_key(key, "was submitted with another body before")).collect()
        }
        EngineError::RunClosed(keys) => {
            let because = "was not in the run when its members were fixed";
            keys.iter().map(|key| of_key(key, because)).collect()
        }
        _ => return error.into(),
    };
    match error {
        EngineError::Unsendable(_) => Problem::invalid(faults),
        _ => Problem::from(error).with_errors(faults),
    }
}

/// Moves a fault of an order to where the order stands.
fn placed(place: Option<&Place>, fault: Fault) -> Fault {
    match place {
        Some(Place::Index(index)) => {
            let pointer = fault.pointer.map(|inner| format!("/orders/{index}{inner}"));
            Fault { pointer, ..fault }
        }
        Some(Place::Line(line)) => Fault { pointer: None, line: Some(*line), ..fault },
        None => fault,
    }
}

fn one(pointer: String, field: &str, because: String) -> Problem {
    Problem::invalid(vec![at(pointer, field, because)])
}

fn at(pointer: String, field: &str, because: String) -> Fault {
    Fault { pointer: Some(pointer), field: Some(field.to_owned()), because, ..Fault::default() }
}
