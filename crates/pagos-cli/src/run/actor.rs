//! Who gives a command, for the history and for approvals: the owner of a token, or a name that
//! proves nothing.

use std::env::VarError;

use pagos_api::token::{self, Refusal, Scope};
use pagos_core::Clock;
use pagos_engine::{Actor, Store};
use pagos_system::System;

use crate::{
    exit::{Failure, with_causes},
    run::database::Database,
    words::{Text, pay},
};

/// The variable of the token.
pub(crate) const TOKEN: &str = "PAGOS_TOKEN";

/// The variables that name the user of a terminal, in the order in which they are asked.
const USERS: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// Whoever runs this process: the owner of the token in `PAGOS_TOKEN`, which must have the scope;
/// without a token `cli:USER`, or `None` where no user has a name, as in many containers. Creates no
/// database.
///
/// # Errors
/// A token that is set and refused: whoever sets one does not mean to be somebody else.
pub(crate) async fn actor(db: &Database, scope: Scope) -> Result<Option<Actor>, Failure> {
    let Some(presented) = presented() else { return Ok(terminal()) };
    let store = db
        .open_to_read()
        .await
        .map_err(|error| Failure::new(pay::token_is_not_looked_up(TOKEN, with_causes(&error))))?;
    owner(store.as_ref(), Some(presented), scope).await.map(Some)
}

/// Whoever approves or rejects: the owner of the token in `PAGOS_TOKEN`, which must have the scope
/// `approve`. The name of a terminal's user would be no proof.
pub(crate) async fn approver(store: &dyn Store) -> Result<Actor, Failure> {
    owner(store, presented(), Scope::Approve).await
}

/// What the variable holds. A text that is none is a token that nobody has.
fn presented() -> Option<String> {
    match std::env::var(TOKEN) {
        Ok(presented) => Some(presented),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => Some(String::new()),
    }
}

/// Such a name is a word, not a proof: whoever can set a variable can have another one.
fn terminal() -> Option<Actor> {
    let name = USERS.into_iter().find_map(|name| std::env::var(name).ok())?;
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = name.chars().filter(is_plain).take(60).collect();
    // The empty name would be one that several people share.
    if name.is_empty() { None } else { Actor::new(format!("cli:{name}")).ok() }
}

async fn owner(
    store: &dyn Store,
    presented: Option<String>,
    scope: Scope,
) -> Result<Actor, Failure> {
    let Some(presented) = presented else {
        return Err(Failure::new(pay::who_is_not_proven(how_to_prove(scope))));
    };
    let verified = token::verify(store, presented.trim(), Clock::now(&System)).await;
    let because = match verified.map_err(|error| Failure::new(with_causes(&error)))? {
        Ok(token) if token.scopes.contains(&scope) => return Ok(token.name),
        Ok(token) => pay::token_lacks_scope(token.name.as_str(), scope.to_string()),
        Err(Refusal::NotKnown) => pay::token_is_not_known(),
        Err(Refusal::Expired) => pay::token_is_expired(),
        Err(Refusal::Revoked) => pay::token_was_revoked(),
    };
    Err(Failure::new(pay::token_is_refused(TOKEN, because)))
}

/// What to do if it must be proven who gives a command.
pub(crate) fn how_to_prove(scope: Scope) -> Text {
    pay::prove_with(TOKEN, scope.to_string())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use pagos_api::token::NewToken;
    use pagos_engine::{InstrumentedStore, MemoryStore};

    use super::*;

    #[tokio::test]
    async fn only_a_token_with_the_scope_proves_who_it_is() {
        let store = Arc::new(MemoryStore::new());
        let writer = InstrumentedStore::from(Arc::clone(&store));
        let made = async |scope| {
            let name = Actor::new("ana").unwrap();
            let new = NewToken { name, scopes: BTreeSet::from([scope]), expires_at: None };
            let issued = token::create(&writer, &System, Clock::now(&System), new).await.unwrap();
            issued.into_text()
        };
        for scope in Scope::ALL {
            let own = made(scope).await;
            let known = owner(store.as_ref(), Some(own), scope).await.unwrap();
            assert_eq!(known.as_str(), "ana");
            for other in Scope::ALL.into_iter().filter(|other| *other != scope) {
                let refused = owner(store.as_ref(), Some(made(other).await), scope).await;
                assert!(refused.is_err(), "{other} does what {scope} does");
            }
            for refused in [None, Some("pagos_guess".to_owned()), Some(String::new())] {
                let failure = owner(store.as_ref(), refused, scope).await.unwrap_err();
                assert!(failure.messages()[0].contains(TOKEN), "{:?}", failure.messages());
            }
        }
    }
}
