//! Who may approve: whoever has a valid token with that scope. A run for which too few of them are
//! left is blocked.

use std::collections::BTreeSet;

use pagos_engine::{Actor, EngineError};

use crate::{
    api::Api,
    problem::Problem,
    token::{self, Scope, Token},
};

/// The names of all valid tokens that may approve.
pub(crate) async fn approvers(api: &Api) -> Result<Vec<Actor>, Problem> {
    let now = api.now();
    let may_approve = |token: &Token| {
        let is_valid = token.revoked_at.is_none()
            && token.expires_at.is_none_or(|expires_at| expires_at > now);
        is_valid && token.scopes.contains(&Scope::Approve)
    };
    let tokens = token::list(api.store()).await?;
    let names: BTreeSet<Actor> =
        tokens.into_iter().filter(may_approve).map(|token| token.name).collect();
    Ok(names.into_iter().collect())
}

/// Has the engine tell, once, which of the runs that wait lack approvers from now on.
pub(crate) async fn look_for_blocked(api: &Api) -> Result<(), Problem> {
    let open = api.engine().approvals().await?;
    if open.is_empty() {
        return Ok(());
    }
    let names = approvers(api).await?;
    for approval in open {
        match api.engine().has_approvers(&approval.run, &names).await {
            // It was rejected, released or withdrawn.
            Ok(_) | Err(EngineError::Refused(_) | EngineError::NoRun(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
