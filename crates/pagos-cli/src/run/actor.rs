//! Who gives a command, for the history and for approvals.

use pagos_engine::Actor;

use crate::exit::Failure;

/// The variables that name the user of a terminal, in the order in which they are asked.
const VARIABLES: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// Whoever runs this process: `cli:USER`; `None` where no user has a name, as in many containers.
/// Such a name is a word, not a proof: whoever can set a variable can have another one.
pub(crate) fn actor() -> Option<Actor> {
    let name = VARIABLES.into_iter().find_map(|name| std::env::var(name).ok())?;
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = name.chars().filter(is_plain).take(60).collect();
    // The empty name would be one that several people share.
    if name.is_empty() { None } else { Actor::new(format!("cli:{name}")).ok() }
}

/// The same for a command that only somebody with a name can give.
pub(crate) fn named_actor() -> Result<Actor, Failure> {
    actor().ok_or_else(|| Failure::new("it is not known who you are: set the variable USER"))
}
