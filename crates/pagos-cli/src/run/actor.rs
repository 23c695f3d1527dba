//! Who gives a command, for the history and for approvals.

use pagos_engine::Actor;

use crate::exit::Failure;

/// The variables that name the user of a terminal, in the order in which they are asked.
const VARIABLES: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// Whoever runs this process: `cli:USER`. Such a name is a word, not a proof: whoever can set a
/// variable can have another one.
pub(crate) fn actor() -> Result<Actor, Failure> {
    let name = VARIABLES.into_iter().find_map(|name| std::env::var(name).ok());
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = name.unwrap_or_default().chars().filter(is_plain).take(60).collect();
    if name.is_empty() {
        return Err(Failure::new("it is not known who you are: set the variable USER"));
    }
    Ok(Actor::new(format!("cli:{name}"))?)
}
