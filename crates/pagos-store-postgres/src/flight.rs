//! Work of one statement, which goes to the server in one flight with the beginning and the end of
//! its transaction.
//!
//! No answer is read before the next message is sent, so the statement guards itself. It raises the
//! number in the connection's row, as every transaction does, and if the row is not as it was, an
//! error rolls all of the statement back. So whatever happened to the messages around it, the
//! statement happened if and only if the number was raised. It also leaves its answer in the row:
//! if the answer was lost on the way, it is read there instead of guessed.

use crate::{
    failure::Failure,
    parameter::{Parameter, Typed},
};

/// A call that is one statement. It is sent again if necessary.
pub(crate) trait Flight: Sync {
    type Answer: Send;

    /// The statement for a connection that counts in `stripe`. It ends with [`raised!`].
    fn statement(&self, stripe: i32) -> Result<Statement<'_>, Failure>;

    /// Parses an answer, whether it arrived or was left in the row.
    fn read(&self, answer: &str) -> Result<Self::Answer, Failure>;
}

/// A statement and its values, in order.
pub(crate) struct Statement<'call> {
    pub(crate) sql: &'static str,
    /// Additional settings of its transaction, as statements.
    pub(crate) settings: &'static str,
    /// A statement before it in the same transaction, whose answer is not needed: it takes a lock
    /// that the main statement must have when it begins to read. If it fails, so does the
    /// transaction.
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

/// The end of a statement that flies. It raises the number in the row of the connection's writer
/// and stores there the only row and column, `answer`, of the statement's table `outcome`. The two
/// parameters after the statement's own are the writer and the previous number. The division is the
/// guard: it is by zero if the row is not as it was.
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
