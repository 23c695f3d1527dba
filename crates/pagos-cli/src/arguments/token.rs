//! The arguments of `token`.

use std::time::Duration;

use clap::{Args, Subcommand};
use pagos_api::token::Scope;
use pagos_engine::Actor;

use crate::arguments::{NewDatabaseArguments, StoreArguments, parse_span};

/// The commands about tokens of the HTTP API.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it once
    ///
    /// Only a digest of it is stored, so it cannot be shown again. Standard output gets the token
    /// and nothing else.
    Create(TokenCreateArguments),
    /// List the tokens, without their secrets
    List(TokenListArguments),
    /// Refuse a token from now on; a running `serve` obeys at once
    Revoke(TokenRevokeArguments),
}

/// Arguments of `token create`.
#[derive(Debug, Args)]
pub(crate) struct TokenCreateArguments {
    /// Whoever uses it; the history names them for everything that is done with it
    #[arg(long, value_name = "NAME", value_parser = parse_owner)]
    pub(crate) name: Actor,
    /// What it allows: read, submit, approve, resolve, admin; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub(crate) scopes: Vec<Scope>,
    /// How long it is valid, such as 90d [default: until it is revoked]
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    pub(crate) expires: Option<Duration>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    #[command(flatten)]
    pub(crate) new: NewDatabaseArguments,
}

/// Arguments of `token list`.
#[derive(Debug, Args)]
pub(crate) struct TokenListArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `token revoke`.
#[derive(Debug, Args)]
pub(crate) struct TokenRevokeArguments {
    /// The id of the token, as `token list` shows it: the part between `pagos_` and the secret
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// A token proves who somebody is, so its owner has no name that proves nothing.
fn parse_owner(name: &str) -> Result<Actor, String> {
    let actor = Actor::new(name).map_err(|error| error.to_string())?;
    match actor.is_proven() {
        true => Ok(actor),
        false => {
            Err("such a name is for people without a token; name one without `cli:`".to_owned())
        }
    }
}
