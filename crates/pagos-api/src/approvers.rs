//! Who can approve, and which runs have too few of them left. A run whose last approver lost the
//! token would otherwise wait for ever without a word.

use std::collections::BTreeSet;

use pagos_core::Timestamp;
use pagos_engine::{Actor, ApprovalState, Engine, EngineError, RunId, Store};

use crate::{
    api::Api,
    problem::Problem,
    token::{self, Scope, TokenError},
};

/// Why nobody could be asked about.
#[derive(Debug, thiserror::Error)]
pub enum ApproversError {
    /// The tokens cannot be read.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The approvals cannot be read or written.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Everybody who can approve at `now`: the owners of the tokens with that scope which are neither
/// revoked nor expired, sorted, each once.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// let approvers = pagos_api::approvers(store.as_ref(), system.now()).await.unwrap();
/// assert!(approvers.is_empty()); // there is no token
/// # });
/// ```
///
/// # Errors
/// The error of the store; [`TokenError::Unreadable`].
pub async fn approvers(store: &dyn Store, now: Timestamp) -> Result<Vec<Actor>, TokenError> {
    let tokens = token::list(store).await?.into_iter().filter(|token| {
        token.scopes.contains(&Scope::Approve)
            && token.revoked_at.is_none()
            && token.expires_at.is_none_or(|expires_at| expires_at > now)
            && token.name.is_proven()
    });
    let names: BTreeSet<Actor> = tokens.map(|token| token.name).collect();
    Ok(names.into_iter().collect())
}

/// The runs that wait for approval and have too few people left who can give it at `now`. About each
/// there is a notice when that is found the first time; call this again after tokens changed.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_core::Clock;
///
/// # scene::play(async {
/// # let (store, system) = (scene::store(), scene::Standing);
/// # let engine = scene::parts(store.clone()).await.engine;
/// let blocked = pagos_api::blocked_runs(&engine, store.as_ref(), system.now()).await.unwrap();
/// assert!(blocked.is_empty()); // no run waits
/// # });
/// ```
///
/// # Errors
/// The errors of [`approvers`] and of [`Engine::has_approvers`].
pub async fn blocked_runs(
    engine: &Engine,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<RunId>, ApproversError> {
    let waiting = engine.approvals().await?.into_iter();
    let waiting: Vec<RunId> =
        waiting.filter(|it| it.state == ApprovalState::Waiting).map(|it| it.run).collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let (who, mut blocked) = (approvers(store, now).await?, Vec::new());
    for run in waiting {
        match engine.has_approvers(&run, &who).await {
            Ok(true) => {}
            Ok(false) => blocked.push(run),
            // Somebody answered or withdrew it in between.
            Err(EngineError::NoRun(_) | EngineError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(blocked)
}

/// Has the engine tell, once, which of the runs that wait lack approvers from now on.
pub(crate) async fn look_for_blocked(api: &Api) -> Result<(), Problem> {
    match blocked_runs(api.engine(), api.store(), api.now()).await {
        Ok(_) => Ok(()),
        Err(ApproversError::Token(error)) => Err(error.into()),
        Err(ApproversError::Engine(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pagos_core::NonceSource;
    use pagos_engine::{InstrumentedStore, MemoryStore};

    use super::*;
    use crate::token::NewToken;

    /// Another number each time, so that each token has an id of its own.
    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl NonceSource for Counting {
        fn draw(&self) -> [u8; 16] {
            [self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 16]
        }
    }

    #[tokio::test]
    async fn only_owners_of_valid_tokens_with_the_scope_can_approve() {
        let store = Arc::new(MemoryStore::new());
        let writer = InstrumentedStore::from(Arc::clone(&store));
        let (random, now) = (Counting(1.into()), Timestamp::from_millis(1_000));
        for (name, scope, expires_ms, is_revoked) in [
            ("ana", Scope::Approve, None, false),
            ("ana", Scope::Approve, Some(9_000), false),
            ("leo", Scope::Submit, None, false),
            ("max", Scope::Approve, Some(2_000), false),
            ("eva", Scope::Approve, None, true),
            ("cli:eva", Scope::Approve, None, false),
        ] {
            let new = NewToken {
                name: Actor::new(name).unwrap(),
                scopes: BTreeSet::from([scope]),
                expires_at: expires_ms.map(Timestamp::from_millis),
            };
            let issued = token::create(&writer, &random, now, new).await.unwrap();
            if is_revoked {
                token::revoke(store.as_ref(), &writer, &issued.token.id, now).await.unwrap();
            }
        }
        let at = async |ms| {
            let found = approvers(store.as_ref(), Timestamp::from_millis(ms)).await.unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(at(1_999).await, ["ana", "max"]);
        assert_eq!(at(2_000).await, ["ana"]);
    }
}
