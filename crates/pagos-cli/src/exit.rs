//! How a command ends: the documented exit codes, and the message if it cannot do its work.

use std::{fmt, process::ExitCode};

use crate::{
    config::ConfigProblem,
    input::InputError,
    words::{Text, pay},
};

/// How a command ended. The codes are documented and stable: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done, or every payout succeeded.
    Succeeded,
    /// The arguments, the configuration or the input are wrong; this command sent nothing.
    Refused,
    /// Some payouts failed; none is in doubt.
    SomeFailed,
    /// Some payouts are in doubt: not known to be paid and not known to have failed.
    InDoubt,
    /// The payouts are stored and wait for approval; this command sent nothing.
    Waits,
}

impl Exit {
    /// The code of the process.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Succeeded => 0,
            Exit::Refused => 1,
            Exit::SomeFailed => 2,
            Exit::InDoubt => 3,
            Exit::Waits => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// A command could not do its work. The process ends with [`Exit::Refused`].
#[derive(Debug)]
pub(crate) struct Failure {
    messages: Vec<Text>,
}

impl Failure {
    /// One message: what happened and what to do.
    pub(crate) fn new(message: impl Into<Text>) -> Self {
        Self { messages: vec![message.into()] }
    }

    /// Several problems.
    pub(crate) fn many(messages: Vec<String>) -> Self {
        Self { messages: messages.into_iter().map(Text::from).collect() }
    }

    /// All problems, one message each.
    pub(crate) fn messages(&self) -> &[Text] {
        &self.messages
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.iter().try_for_each(|message| writeln!(f, "{}", pay::error(message)))
    }
}

impl From<Vec<ConfigProblem>> for Failure {
    fn from(problems: Vec<ConfigProblem>) -> Self {
        Self { messages: problems.iter().map(ConfigProblem::text).collect() }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::new(error.text())
    }
}

impl From<pagos_core::Error> for Failure {
    fn from(error: pagos_core::Error) -> Self {
        Self::new(with_causes(&error))
    }
}

/// Writing to standard output failed, or reading a file that the command chose.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Text::heard(error.to_string()))
    }
}

/// The engine or the store cannot go on. No payout is lost: the next run resumes.
impl From<pagos_engine::EngineError> for Failure {
    fn from(error: pagos_engine::EngineError) -> Self {
        match &error {
            pagos_engine::EngineError::Invalid(violations) => {
                Self { messages: violations.iter().map(Text::of_refusal).collect() }
            }
            _ => Self::new(with_causes(&error)),
        }
    }
}

impl From<pagos_engine::StoreError> for Failure {
    fn from(error: pagos_engine::StoreError) -> Self {
        Self::new(with_causes(&error))
    }
}

impl From<pagos_reconcile::Error> for Failure {
    fn from(error: pagos_reconcile::Error) -> Self {
        Self::new(with_causes(&error))
    }
}

impl From<crate::run::submit::SubmitError> for Failure {
    fn from(error: crate::run::submit::SubmitError) -> Self {
        match error {
            crate::run::submit::SubmitError::Input(error) => error.into(),
            crate::run::submit::SubmitError::Engine(error) => error.into(),
        }
    }
}

impl From<crate::sandbox::SandboxError> for Failure {
    fn from(error: crate::sandbox::SandboxError) -> Self {
        Self::new(with_causes(&error))
    }
}

/// The whole chain of causes in one line, since users do not see source chains.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> Text {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    Text::heard(text)
}
