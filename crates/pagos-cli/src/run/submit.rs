//! Stores the orders of a planned file, all or none of them. It neither releases nor sends them.

use std::collections::HashMap;

use pagos_core::{OrderKey, PayoutOrder};
use pagos_engine::{Actor, Engine, EngineError, RunId, Seal, Submitted};

use crate::{
    input::{Accounts, InputError, Orders, Payroll, Plan, Problem, RowError},
    words::{Text, file},
};

/// The number of orders in one transaction.
const BATCH: usize = 1_000;

/// The result of storing the orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Orders that are new.
    pub(crate) new: u64,
    /// Orders that were stored before, with the same body.
    pub(crate) existing: u64,
    /// Orders that were settled and archived before, with the same body; they are never sent again.
    pub(crate) archived: u64,
    /// The day on which the first of them was archived.
    pub(crate) archived_since: Option<Seal>,
    /// The rows because of which the file is refused. Then nothing of it stays stored, except what
    /// another file contains as well.
    pub(crate) refused: Vec<Problem>,
}

impl Stored {
    fn add_archived(&mut self, seal: Seal) {
        self.archived += 1;
        let known = self.archived_since.into_iter().chain([seal]);
        self.archived_since = known.min_by_key(|seal| seal.archived_on);
    }
}

/// The orders could not be stored; none of them will be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Stores every good row of the file as a member of the run, if the file is still the planned one
/// and the store accepts all of them. The plan has reported the bad rows.
pub(crate) async fn store(
    engine: &Engine,
    payroll: &Payroll,
    plan: &Plan,
    accounts: &dyn Accounts,
    run: &RunId,
    by: Option<&Actor>,
) -> Result<Stored, SubmitError> {
    let outcome = store_all(engine, payroll, plan, accounts, run, by).await;
    if !matches!(&outcome, Ok(stored) if stored.refused.is_empty()) {
        // A refused file leaves nothing behind, except what another file contains as well. Nothing of
        // it joined a run that waits already.
        if engine.approval(run).await?.is_none() {
            engine.withdraw(run).await?;
        }
    }
    outcome
}

async fn store_all(
    engine: &Engine,
    payroll: &Payroll,
    plan: &Plan,
    accounts: &dyn Accounts,
    run: &RunId,
    by: Option<&Actor>,
) -> Result<Stored, SubmitError> {
    let mut stored = Stored::default();
    let mut batch = Batch::default();
    for read in Orders::open(payroll, plan, accounts)? {
        match read {
            Ok(numbered) => batch.push(numbered.line, numbered.order),
            Err(RowError::Bad) => {}
            Err(RowError::File(error)) => return Err(error.into()),
        }
        if batch.orders.len() >= BATCH {
            batch.store(engine, (run, by), &mut stored).await?;
        }
    }
    batch.store(engine, (run, by), &mut stored).await?;
    Ok(stored)
}

#[derive(Default)]
struct Batch {
    lines: HashMap<OrderKey, u64>,
    orders: Vec<PayoutOrder>,
}

impl Batch {
    fn push(&mut self, line: u64, order: PayoutOrder) {
        self.lines.insert(order.key.clone(), line);
        self.orders.push(order);
    }

    /// Reports a refused batch and still processes the next one, so that all problems of a file are
    /// reported at once.
    async fn store(
        &mut self,
        engine: &Engine,
        (run, by): (&RunId, Option<&Actor>),
        stored: &mut Stored,
    ) -> Result<(), SubmitError> {
        let (lines, orders) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.orders));
        let submitted = match by {
            Some(by) => engine.submit_by(run, orders, by).await,
            None => engine.submit(run, orders).await,
        };
        let answers = match submitted {
            Ok(answers) => answers,
            Err(error) => {
                stored.refused.extend(problems(error, &lines)?);
                return Ok(());
            }
        };
        for answer in answers {
            match answer {
                Submitted::New => stored.new += 1,
                Submitted::Existing { .. } => stored.existing += 1,
                Submitted::Archived(seal) => stored.add_archived(seal),
                // The engine turns these into errors.
                Submitted::Conflict | Submitted::Closed => {}
            }
        }
        Ok(())
    }
}

/// The problems of rows in an error, by their lines.
///
/// # Errors
/// The error, if it is not about rows.
fn problems(
    error: EngineError,
    lines: &HashMap<OrderKey, u64>,
) -> Result<Vec<Problem>, EngineError> {
    let of = |key: &OrderKey, because: Text, remedy: Text| Problem {
        column: Some("key".to_owned()),
        value: Some(key.to_string()),
        ..Problem::of_line(lines.get(key).copied().unwrap_or_default(), because, remedy)
    };
    match error {
        EngineError::Conflict(keys) => Ok(keys
            .iter()
            .map(|key| of(key, file::was_submitted_otherwise(), file::new_key_for_new_payout()))
            .collect()),
        EngineError::RunClosed(keys) => Ok(keys
            .iter()
            .map(|key| of(key, file::was_left_out(), file::pay_in_own_file()))
            .collect()),
        EngineError::Unsendable(orders) => {
            let problem = |(key, violations): &(OrderKey, Vec<pagos_core::Violation>)| {
                let because: Vec<Text> = violations.iter().map(Text::of_refusal).collect();
                let because = Text::separated(&because, "; ");
                of(key, file::cannot_be_sent(because), file::correct_row())
            };
            Ok(orders.iter().map(problem).collect())
        }
        other => Err(other),
    }
}
