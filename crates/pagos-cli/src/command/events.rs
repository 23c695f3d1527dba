//! `pagos events`: shows the endpoints that get events, orders what `pagos serve` carries out, and
//! forgets what it does not use any more. It delivers nothing itself.

use std::{io::Write, sync::Arc};

use pagos_core::{Clock, Timestamp};
use pagos_events::{
    EndpointName, EndpointState, OrderError, Writer, disable, enable, endpoint_names,
    endpoint_state, forget, replay,
};
use pagos_system::System;
use serde::Serialize;

use crate::{
    arguments::{EventsCommand, EventsForgetArguments, EventsListArguments, StoreArguments},
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, Screen},
    run::{self, database::Database, instance},
};

const COLUMNS: [Column; 7] = [
    Column::new("ENDPOINT", Kind::Whole),
    Column::new("STANDING", Kind::Whole),
    Column::new("WAITING", Kind::Number),
    Column::new("SET ASIDE", Kind::Number),
    Column::new("SINCE", Kind::Whole),
    Column::new("NEXT TRY", Kind::Whole),
    Column::new("LAST ERROR", Kind::Note),
];

/// One endpoint as it is shown. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct Row<'a> {
    endpoint: &'a str,
    standing: &'static str,
    since: Option<Timestamp>,
    tries: u32,
    next_try: Option<Timestamp>,
    last_error: Option<&'a str>,
    position: u64,
    waiting: u64,
    waiting_since: Option<Timestamp>,
    set_aside: u64,
    orders: usize,
}

pub(super) fn run(command: &EventsCommand) -> Result<Exit, Failure> {
    run::block_on(async {
        match command {
            EventsCommand::List(arguments) => list(arguments).await,
            EventsCommand::Replay(arguments) => {
                let (name, from) = (&arguments.endpoint, arguments.from);
                let writer = open(&arguments.store, name).await?;
                replay(&writer, name, from).await.map_err(refused)?;
                let done = format!("the events from number {from} on are sent to {name} again");
                Ok(tell_ordered(&done))
            }
            EventsCommand::Enable(arguments) => {
                let name = &arguments.endpoint;
                let writer = open(&arguments.store, name).await?;
                enable(&writer, name).await.map_err(refused)?;
                Ok(tell_ordered(&format!("{name} gets its events again")))
            }
            EventsCommand::Disable(arguments) => {
                let name = &arguments.endpoint;
                let writer = open(&arguments.store, name).await?;
                disable(&writer, name).await.map_err(refused)?;
                Ok(tell_ordered(&format!("{name} gets nothing until it is enabled")))
            }
            EventsCommand::Forget(arguments) => forget_one(arguments).await,
        }
    })
}

fn tell_ordered(what: &str) -> Exit {
    console::tell(&format!("{what}, as soon as `pagos serve` has read this"));
    Exit::Succeeded
}

/// Forgets an endpoint, or a reader that is none.
async fn forget_one(arguments: &EventsForgetArguments) -> Result<Exit, Failure> {
    let Some(name) = &arguments.endpoint else {
        return forget_reader(&arguments.store, arguments.reader.as_deref().unwrap_or_default())
            .await;
    };
    let writer = open(&arguments.store, name).await?;
    let state = endpoint_state(writer.store.as_ref(), name).await?;
    forget(&writer, name, System.now()).await.map_err(refused)?;
    console::tell(&format!(
        "{name} is forgotten; {} events that it did not get are not delivered any more",
        state.waiting
    ));
    Ok(Exit::Succeeded)
}

async fn forget_reader(store: &StoreArguments, name: &str) -> Result<Exit, Failure> {
    if let Some(endpoint) = name.strip_prefix("events:") {
        return Err(Failure::new(format!(
            "{name} is the reader of an endpoint; run `pagos events forget {endpoint}`"
        )));
    }
    let (db, Writer { store, writer }) = open_existing(store).await?;
    if !writer.forget_reader(name).await? {
        let readers = store.readers().await?;
        let known: Vec<&str> = readers.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Failure::new(format!(
            "{db} knows no reader {name} (known: {})",
            listed(&known)
        )));
    }
    console::tell(&format!("the reader {name} is forgotten"));
    Ok(Exit::Succeeded)
}

/// The store, if it knows the endpoint.
async fn open(store: &StoreArguments, name: &EndpointName) -> Result<Writer, Failure> {
    let (db, writer) = open_existing(store).await?;
    let names = endpoint_names(writer.store.as_ref()).await?;
    // A process that died while it forgot the endpoint left the reader.
    let is_known = names.contains(name) || writer.store.reader(&name.reader()).await?.is_some();
    if !is_known {
        let known: Vec<&str> = names.iter().map(EndpointName::as_str).collect();
        return Err(Failure::new(format!(
            "{db} knows no endpoint {name} (known: {}); `pagos serve` makes it known once \
             [events.{name}] is in its pagos.toml",
            listed(&known)
        )));
    }
    Ok(writer)
}

async fn open_existing(store: &StoreArguments) -> Result<(Database, Writer), Failure> {
    let db = Database::existing(store.db.as_ref());
    db.check()?;
    // Opening for writing would create a missing store; reading reports an error instead.
    drop(db.open_to_read().await?);
    let store = db.open().await?;
    let writer = instance::instrumented(Arc::clone(&store));
    Ok((db, Writer { store, writer }))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn refused(error: OrderError) -> Failure {
    match error {
        OrderError::Store(error) => error.into(),
        OrderError::Pruned { .. }
        | OrderError::NotYet { .. }
        | OrderError::InUse { .. }
        | OrderError::TooMany => Failure::new(error.to_string()),
    }
}

async fn list(arguments: &EventsListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    db.check()?;
    let store = db.open_to_read().await?;
    let mut states = Vec::new();
    for name in endpoint_names(store.as_ref()).await? {
        let state = endpoint_state(store.as_ref(), &name).await?;
        states.push((name, state));
    }
    let rows: Vec<Row<'_>> = states.iter().map(Row::of).collect();
    print(&rows, arguments.json)?;
    Ok(Exit::Succeeded)
}

fn print(rows: &[Row<'_>], is_json: bool) -> Result<(), Failure> {
    if is_json {
        return Ok(console::print_json(&serde_json::json!({ "endpoints": rows }))?);
    }
    if rows.is_empty() {
        console::tell("no endpoint gets events from this database yet");
    }
    let mut grid = Grid::new(&COLUMNS);
    let moment = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    for row in rows {
        grid.push_plain([
            row.endpoint.to_owned(),
            row.standing.to_owned(),
            row.waiting.to_string(),
            row.set_aside.to_string(),
            moment(row.since),
            moment(row.next_try),
            row.last_error.unwrap_or("-").to_owned(),
        ]);
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

impl<'a> Row<'a> {
    fn of((name, state): &'a (EndpointName, EndpointState)) -> Self {
        Self {
            endpoint: name.as_str(),
            standing: state.standing.word(),
            since: state.since,
            tries: state.tries,
            next_try: state.next_try,
            last_error: state.last_error.as_deref(),
            position: state.position,
            waiting: state.waiting,
            waiting_since: state.waiting_since,
            set_aside: state.set_aside,
            orders: state.orders,
        }
    }
}
