//! Work of one statement, which goes to the server in one flight with what begins and what ends its
//! transaction. It knows no table but `writers`.
//!
//! Nobody reads an answer before the next message leaves, so the statement guards itself. It raises the
//! number in the connection's row, as every transaction does, and where the row is not as it was, it is
//! an error that takes all of the statement back. So whatever became of the messages around it, the
//! statement happened if and only if the number was raised. It also leaves its answer in the row: if
//! that was lost on the way, it is read there instead of guessed.

use crate::{
    failure::Failure,
    parameter::{Parameter, Typed},
};

/// A call that is one statement. It is sent again if it has to be.
pub(crate) trait Flight: Sync {
    type Answer: Send;

    /// The statement for a connection that counts in `stripe`. It ends with [`raised!`].
    fn statement(&self, stripe: i32) -> Result<Statement<'_>, Failure>;

    /// What an answer means: one that arrived, or one that was left in the row.
    fn read(&self, answer: &str) -> Result<Self::Answer, Failure>;
}

/// A statement and its values, in their order.
pub(crate) struct Statement<'call> {
    pub(crate) sql: &'static str,
    /// What its transaction is set to besides, as statements.
    pub(crate) settings: &'static str,
    /// What is asked in the same transaction before it, and whose answer nobody needs: a lock that the
    /// statement must already have when it begins to look. If it fails, so does the transaction.
    pub(crate) before: Option<Box<Statement<'call>>>,
    values: Vec<Box<dyn Typed + Send + 'call>>,
}

impl<'call> Statement<'call> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql, settings: "", before: None, values: Vec::new() }
    }

    pub(crate) fn with(mut self, value: impl Typed + Send + 'call) -> Self {
        self.values.push(Box::new(value));
        self
    }

    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(|value| -> Parameter<'_> { value.as_ref() }).collect()
    }
}

/// The end of a statement that flies: raises the number in the row of the connection's writer and
/// leaves there what the statement's table `outcome` has in its only row and column, `answer`. The two
/// parameters behind the statement's own are the writer and the number before this one. The division
/// is the guard: by zero if the row is not as it was.
macro_rules! raised {
    ($writer:literal, $serial:literal) => {
        concat!(
            "raised AS (
                UPDATE writers
                SET serial = ",
            $serial,
            "::bigint + 1, used_at = now(), answer = outcome.answer
                FROM outcome
                WHERE writers.id = ",
            $writer,
            "::bigint AND serial = ",
            $serial,
            "::bigint AND NOT closed
                RETURNING writers.answer
            )
            SELECT (SELECT answer FROM raised), 1 / (SELECT count(*) FROM raised)"
        )
    };
}
pub(crate) use raised;
