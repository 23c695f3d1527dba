//! Who gives a command, for the history and for approvals.

use pagos_api::token::{self, Refusal, Scope};
use pagos_core::Clock;
use pagos_engine::{Actor, Store};
use pagos_system::System;

use crate::exit::{Failure, with_causes};

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

/// Whoever approves or rejects: the owner of the token in `PAGOS_TOKEN`, which must have the scope
/// `approve`. The name of a terminal's user would be no proof.
pub(crate) async fn approver(store: &dyn Store) -> Result<Actor, Failure> {
    owner(store, std::env::var(TOKEN).ok()).await
}

async fn owner(store: &dyn Store, presented: Option<String>) -> Result<Actor, Failure> {
    let Some(presented) = presented else {
        return Err(Failure::new(format!(
            "it is not proven who you are: set {TOKEN} to a token with the scope approve, which \
             `pagos token create --name NAME --scope approve` makes"
        )));
    };
    let verified = token::verify(store, presented.trim(), Clock::now(&System)).await;
    let because = match verified.map_err(|error| Failure::new(with_causes(&error)))? {
        Ok(token) if token.scopes.contains(&Scope::Approve) => return Ok(token.name),
        Ok(token) => format!("is of {}, and has not the scope approve", token.name),
        Err(Refusal::NotKnown) => "is none of this database".to_owned(),
        Err(Refusal::Expired) => "is expired".to_owned(),
        Err(Refusal::Revoked) => "was revoked".to_owned(),
    };
    Err(Failure::new(format!("the token in {TOKEN} {because}; `pagos token list` shows them")))
}

/// The variable of the token.
const TOKEN: &str = "PAGOS_TOKEN";

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use pagos_api::token::NewToken;
    use pagos_engine::{InstrumentedStore, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn only_a_token_that_may_approve_proves_who_approves() {
        let store = Arc::new(MemoryStore::new());
        let writer = InstrumentedStore::from(Arc::clone(&store));
        let made = async |scope| {
            let name = Actor::new("ana").unwrap();
            let new = NewToken { name, scopes: BTreeSet::from([scope]), expires_at: None };
            let issued = token::create(&writer, &System, Clock::now(&System), new).await.unwrap();
            issued.into_text()
        };
        let (approves, submits) = (made(Scope::Approve).await, made(Scope::Submit).await);
        let known = owner(store.as_ref(), Some(approves)).await.unwrap();
        assert_eq!(known.as_str(), "ana");
        for refused in [None, Some("pagos_guess".to_owned()), Some(submits)] {
            let failure = owner(store.as_ref(), refused).await.unwrap_err();
            assert!(failure.messages()[0].contains(TOKEN), "{:?}", failure.messages());
        }
    }
}
