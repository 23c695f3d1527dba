//! Storing the orders of a planned file, all or none of them. Sends nothing.

use std::path::Path;

use pagos_core::PayoutOrder;
use pagos_engine::Engine;
use pagos_engine::EngineError;
use pagos_engine::RunId;
use pagos_engine::Submitted;

use crate::input::Accounts;
use crate::input::InputError;
use crate::input::Orders;
use crate::input::Plan;
use crate::input::Problem;
use crate::input::RowError;

/// Orders that go into one transaction.
const BATCH: usize = 1_000;

/// What came of storing the orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Orders that are new.
    pub(crate) new: u64,
    /// Orders that were there already, with the same body.
    pub(crate) existing: u64,
    /// Rows whose key was there with another body. Then nothing new is stored.
    pub(crate) conflicts: Vec<Problem>,
}

/// The orders could not be stored; none of them will be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<pagos_engine::StoreError> for SubmitError {
    fn from(error: pagos_engine::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// Stores every good row of the file and releases them only if the file is still the planned one
/// and no key was there with another body. Bad rows were told by the plan.
pub(crate) async fn submit(
    engine: &Engine,
    path: &Path,
    plan: &Plan,
    accounts: &dyn Accounts,
    run: &RunId,
) -> Result<Stored, SubmitError> {
    let stored = match store_all(engine, path, plan, accounts, run).await {
        Ok(stored) if stored.conflicts.is_empty() => stored,
        outcome => {
            // Nothing of a refused file stays behind.
            engine.withdraw(run).await?;
            return outcome;
        }
    };
    engine.release(run).await?;
    Ok(stored)
}

async fn store_all(
    engine: &Engine,
    path: &Path,
    plan: &Plan,
    accounts: &dyn Accounts,
    run: &RunId,
) -> Result<Stored, SubmitError> {
    let mut stored = Stored::default();
    let mut batch = Batch::default();
    for read in Orders::open(path, plan, accounts)? {
        match read {
            Ok(numbered) => batch.push(numbered.line, numbered.order),
            Err(RowError::Bad) => {}
            Err(RowError::File(error)) => return Err(error.into()),
        }
        if batch.orders.len() >= BATCH {
            batch.store(engine, run, &mut stored).await?;
        }
    }
    batch.store(engine, run, &mut stored).await?;
    Ok(stored)
}

#[derive(Default)]
struct Batch {
    lines: Vec<(u64, String)>,
    orders: Vec<PayoutOrder>,
}

impl Batch {
    fn push(&mut self, line: u64, order: PayoutOrder) {
        self.lines.push((line, order.key.to_string()));
        self.orders.push(order);
    }

    async fn store(
        &mut self,
        engine: &Engine,
        run: &RunId,
        stored: &mut Stored,
    ) -> Result<(), SubmitError> {
        let lines = std::mem::take(&mut self.lines);
        let answers = engine.submit(run, std::mem::take(&mut self.orders)).await?;
        for ((line, key), answer) in lines.into_iter().zip(answers) {
            match answer {
                Submitted::New => stored.new += 1,
                Submitted::Existing { .. } => stored.existing += 1,
                Submitted::Conflict => stored.conflicts.push(conflict(line, &key)),
            }
        }
        Ok(())
    }
}

fn conflict(line: u64, key: &str) -> Problem {
    Problem {
        line,
        column: Some("key".to_owned()),
        value: Some(key.to_owned()),
        because: "was submitted with another body before".to_owned(),
        remedy: "a key names one payout for ever: give the new payout a new key".to_owned(),
    }
}
