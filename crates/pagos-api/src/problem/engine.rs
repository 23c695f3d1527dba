//! What an error of the engine, of the store or of the tokens is as a problem.

use pagos_core::{Error, ErrorKind, Violation};
use pagos_engine::{EngineError, StoreError, StoreErrorKind};

use crate::{
    mask,
    problem::{Fault, Problem, ProblemType},
    token::TokenError,
};

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let of = match &error {
            EngineError::Store(cause) => return Self::of_store(cause),
            EngineError::Provider(cause) => return Self::of_provider(cause),
            EngineError::Invalid(violations) => return Self::unpayable(violations),
            EngineError::Unsendable(orders) => {
                let all = orders.iter().flat_map(|(_, violations)| violations);
                return Self::invalid(all.map(of_violation).collect());
            }
            EngineError::NoAccount(_) => ProblemType::Invalid,
            EngineError::NoPayout(_) | EngineError::NoPayment(_) | EngineError::NoRun(_) => {
                ProblemType::NotFound
            }
            EngineError::Archived(..) => ProblemType::Archived,
            EngineError::Conflict(_) => ProblemType::KeyConflict,
            EngineError::RunClosed(_) => ProblemType::RunClosed,
            EngineError::Incomplete { .. }
            | EngineError::Refused(_)
            | EngineError::WaitsForApproval(_)
            | EngineError::RunRejected(_)
            | EngineError::OverLimit { .. }
            | EngineError::ResendWaits(_) => ProblemType::Refused,
            EngineError::Taken
            | EngineError::OtherWorld { .. }
            | EngineError::UnsafePolicy(_)
            | EngineError::Witness(_)
            | EngineError::Restored(_) => ProblemType::StoreFailed,
        };
        // Keys, names of runs and our own words; a key may be a long number.
        Self::new(of, error.to_string())
    }
}

impl From<StoreError> for Problem {
    /// Of something that was read.
    fn from(error: StoreError) -> Self {
        let problem = Self::of_store(&error);
        match problem.of {
            ProblemType::OutcomeUnknown => {
                Self::new(ProblemType::Unavailable, "the database did not answer, or not in time")
            }
            _ => problem,
        }
    }
}

impl From<pagos_reconcile::Error> for Problem {
    /// Of something that was read.
    fn from(error: pagos_reconcile::Error) -> Self {
        match error {
            pagos_reconcile::Error::Store(cause) => (*cause).into(),
            pagos_reconcile::Error::Refused(_)
            | pagos_reconcile::Error::Conflict(_)
            | pagos_reconcile::Error::Unreadable(_) => {
                Self::new(ProblemType::StoreFailed, "a line of a statement cannot be read")
            }
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let of = match &error {
            TokenError::Store(cause) => return Self::of_store(cause),
            TokenError::NoScope | TokenError::Past => ProblemType::Invalid,
            TokenError::NoToken(_) => ProblemType::NotFound,
            TokenError::Changed(_) => ProblemType::Refused,
            TokenError::Unreadable(_) => ProblemType::StoreFailed,
        };
        Self::new(of, error.to_string())
    }
}

impl Problem {
    /// The text of the store is for the operator and may name files, so it is not sent.
    ///
    /// A full disk and a busy store have written nothing. But a request is several writes, and an
    /// earlier one may have happened; so only a single read or write could be called "busy", and the
    /// caller of this function does not know. "Perhaps stored" is true in every case.
    pub(crate) fn of_store(error: &StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Busy
            | StoreErrorKind::Unreachable
            | StoreErrorKind::Full
            | StoreErrorKind::UnknownOutcome => Self::outcome_unknown(),
            StoreErrorKind::Failed | StoreErrorKind::Damaged | StoreErrorKind::UnreadableRow => {
                Self::new(ProblemType::StoreFailed, "the database failed, for a reason that stays")
            }
        }
    }

    /// The store did not say whether it stored what was sent.
    pub(crate) fn outcome_unknown() -> Self {
        let detail = "the database did not answer, or not in time; what was sent may be stored";
        Self::new(ProblemType::OutcomeUnknown, detail)
    }

    fn of_provider(error: &Error) -> Self {
        let of = match error.kind() {
            ErrorKind::Invalid => ProblemType::Invalid,
            ErrorKind::Rejected => ProblemType::ProviderRejected,
            ErrorKind::Undelivered | ErrorKind::Throttled | ErrorKind::Unauthorized => {
                ProblemType::ProviderUnavailable
            }
            ErrorKind::Unknown => ProblemType::OutcomeUnknown,
        };
        Self::new(of, mask::text(&error.to_string()))
    }

    /// Everything that the provider objects to in a payment, whose fields have the same names.
    fn unpayable(violations: &[Violation]) -> Self {
        let faults = violations.iter().map(|it| fault(format!("/{}", it.field), it));
        Self::invalid(faults.collect())
    }
}

/// What a provider objects to in a payout. It names the column of a file, which stands elsewhere in
/// JSON.
pub(crate) fn of_violation(violation: &Violation) -> Fault {
    let inner = match violation.field {
        "document" => "beneficiary/document/number",
        "document_type" => "beneficiary/document/type",
        "account" => "beneficiary/account_number",
        "provider" => "account",
        "name" => "beneficiary/name",
        "bank" => "beneficiary/bank",
        "account_type" => "beneficiary/account_type",
        "email" => "beneficiary/email",
        "phone" => "beneficiary/phone",
        other => other,
    };
    fault(format!("/{inner}"), violation)
}

fn fault(pointer: String, violation: &Violation) -> Fault {
    Fault {
        pointer: Some(pointer),
        field: Some(violation.field.to_owned()),
        line: None,
        cell: None,
        // An amount may be a long number too.
        because: match violation.field {
            "amount" => violation.because.clone(),
            _ => mask::text(&violation.because),
        },
        remedy: Some(mask::text(&violation.remedy)),
    }
}
