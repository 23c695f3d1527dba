//! Who did something.

use std::{fmt, str::FromStr};

use pagos_core::Error;
use serde::{Deserialize, Serialize};

use crate::approval::RunApproval;

/// The name of whoever submits, approves or decides: of an API token, or `cli:USER` for a person at
/// a terminal. 1 to 64 visible ASCII characters.
///
/// ```
/// use pagos_engine::Actor;
///
/// let ana = Actor::new("ana")?;
/// assert_eq!(ana.as_str(), "ana");
/// assert!(Actor::new("ana maria").is_err());
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Actor {
    name: String,
}

const LENGTH_MAX: usize = 64;

impl Actor {
    /// Checks the name and keeps it.
    ///
    /// # Errors
    /// `Invalid` if the name is empty, too long, or has other characters.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        let is_visible = name.bytes().all(|byte| byte.is_ascii_graphic());
        if name.is_empty() || name.len() > LENGTH_MAX || !is_visible {
            let message = format!("{name:?} is not 1 to {LENGTH_MAX} visible ASCII characters");
            return Err(Error::invalid("actor").because(message));
        }
        Ok(Self { name })
    }

    /// Whether the name was ever proven. That of a terminal's user, `cli:USER`, is a word that
    /// anybody can set; whoever gives it cannot be told apart from those who approve.
    pub fn is_proven(&self) -> bool {
        !self.name.starts_with("cli:") && self.name != RunApproval::NOBODY
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether both names mean one person: they differ in nothing but capital letters. Whoever
    /// submits as `ana` cannot approve as `Ana`.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }

    /// The name by which actors are told apart.
    pub(crate) fn folded(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Actor {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::new(name)
    }
}

impl TryFrom<String> for Actor {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::new(name)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.name
    }
}
