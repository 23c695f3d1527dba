//! `pagos token`: makes, lists and revokes the tokens of the HTTP API.

use std::io::Write;

use pagos_api::token::{self, NewToken, Token, TokenError};
use pagos_core::{Clock, Timestamp};
use pagos_system::System;
use serde::Serialize;

use crate::{
    arguments::{TokenCommand, TokenCreateArguments, TokenListArguments, TokenRevokeArguments},
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, Screen},
    run::{self, database::Database, instance},
};

const COLUMNS: [Column; 6] = [
    Column::new("ID", Kind::Whole),
    Column::new("NAME", Kind::Whole),
    Column::new("SCOPES", Kind::Note),
    Column::new("CREATED", Kind::Whole),
    Column::new("EXPIRES", Kind::Whole),
    Column::new("REVOKED", Kind::Whole),
];

pub(super) fn run(command: &TokenCommand) -> Result<Exit, Failure> {
    run::block_on(async {
        match command {
            TokenCommand::Create(arguments) => create(arguments).await,
            TokenCommand::List(arguments) => list(arguments).await,
            TokenCommand::Revoke(arguments) => revoke(arguments).await,
        }
    })
}

async fn create(arguments: &TokenCreateArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    db.check()?;
    if !arguments.new.new_db {
        // Fails if there is no database, so that an empty one is not created.
        drop(db.open_to_read().await?);
    }
    let writer = instance::instrumented(db.open().await?);
    let now = System.now();
    let new = NewToken {
        name: arguments.name.clone(),
        scopes: arguments.scopes.iter().copied().collect(),
        expires_at: arguments.expires.map(|span| now.plus(span)),
    };
    let issued = token::create(&writer, &System, now, new).await?;
    let until = match issued.token.expires_at {
        Some(at) => format!("valid until {at}"),
        None => "valid until it is revoked".to_owned(),
    };
    console::tell(&format!(
        "token {} of {}, {until}; keep it as a secret, it is not shown again",
        issued.token.id, issued.token.name
    ));
    let mut out = console::stdout();
    writeln!(out, "{}", issued.into_text())?;
    out.flush()?;
    Ok(Exit::Succeeded)
}

/// One token as it is shown. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    scopes: Vec<&'static str>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl<'a> Row<'a> {
    fn of(token: &'a Token) -> Self {
        Self {
            id: &token.id,
            name: token.name.as_str(),
            scopes: token.scopes.iter().map(|scope| scope.word()).collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

async fn list(arguments: &TokenListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let tokens = token::list(store.as_ref()).await?;
    let rows: Vec<Row<'_>> = tokens.iter().map(Row::of).collect();
    if arguments.json {
        console::print_json(&serde_json::json!({ "tokens": rows }))?;
        return Ok(Exit::Succeeded);
    }
    if rows.is_empty() {
        console::tell("there is no token; `pagos token create` makes one");
    }
    let mut grid = Grid::new(&COLUMNS);
    let text = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for row in &rows {
        grid.push_plain([
            row.id.to_owned(),
            row.name.to_owned(),
            row.scopes.join(", "),
            row.created_at.to_string(),
            text(row.expires_at),
            text(row.revoked_at),
        ]);
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    out.flush()?;
    Ok(Exit::Succeeded)
}

async fn revoke(arguments: &TokenRevokeArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    drop(db.open_to_read().await?);
    let store = db.open().await?;
    let writer = instance::instrumented(store.clone());
    let revoked = token::revoke(store.as_ref(), &writer, &arguments.id, System.now()).await?;
    console::tell(&format!("token {} of {} is refused from now on", revoked.id, revoked.name));
    Ok(Exit::Succeeded)
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(error.to_string())
    }
}
