//! `pagos inbox`: shows received webhooks, the verdicts on them, and what became of them. A body
//! can contain personal data and is shown only on request.

use std::{
    io::{self, Write},
    path::Path,
};

use pagos_core::{AccountName, OrderKey, ProviderRef, Subject, Timestamp};
use pagos_engine::{Filed, InboxId, InboxState, Refused, Store, Verdict};
use serde::Serialize;

use crate::{
    accounts::MissingFields,
    arguments::{
        InboxCommand, InboxListArguments, InboxReplayArguments, InboxShowArguments,
        InboxStateFilter,
    },
    command::resolve,
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, Kind, List, Screen},
    run::{self, database::Database},
};

/// The number of deliveries read from the store at a time.
const PAGE: usize = 500;

const COLUMNS: [Column; 8] = [
    Column::new("NUMBER", Kind::Whole),
    ACCOUNT,
    Column::new("RECEIVED", Kind::Whole),
    Column::new("STATE", Kind::Whole),
    Column::new("VERDICT", Kind::Whole),
    Column::new("REPEATS", Kind::Whole),
    Column::new("NAMES", Kind::Note),
    Column::new("BECAUSE", Kind::Note),
];

const REFUSED_COLUMNS: [Column; 4] = [
    ACCOUNT,
    Column::new("COUNT", Kind::Whole),
    Column::new("LAST", Kind::Whole),
    Column::new("REASON", Kind::Note),
];

const ACCOUNT: Column = Column::new("ACCOUNT", Kind::Whole);

pub(super) fn run(command: &InboxCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        match command {
            InboxCommand::List(arguments) => list(arguments).await,
            InboxCommand::Show(arguments) => show(arguments).await,
            InboxCommand::Replay(arguments) => replay(arguments, config).await,
        }
    })
}

/// One delivery as it is shown. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct Row<'a> {
    number: u64,
    account: &'a str,
    received_at: Timestamp,
    state: &'static str,
    /// How often the same bytes arrived after the first time.
    repeats: u64,
    verdict: &'static str,
    /// What it is about, if it says so.
    subject: Option<Subject>,
    key: Option<OrderKey>,
    reference: Option<ProviderRef>,
    /// Why it is in its state; empty if it was not looked at yet.
    because: &'a str,
}

/// Deliveries that were refused, as they are shown. The names in JSON are stable.
#[derive(Debug, Serialize)]
struct RefusedRow<'a> {
    /// `None` for the receiver as a whole.
    account: Option<&'a str>,
    reason: &'a str,
    count: u64,
    last_at: Timestamp,
}

impl<'a> RefusedRow<'a> {
    fn of(refused: &'a Refused) -> Self {
        Self {
            account: refused.account.as_ref().map(AccountName::as_str),
            reason: &refused.reason,
            count: refused.count,
            last_at: refused.last_at,
        }
    }
}

impl<'a> Row<'a> {
    fn of(filed: &'a Filed) -> Self {
        let item = &filed.item;
        let hint = item.verdict.as_ref().map(Verdict::hint).unwrap_or_default();
        Self {
            number: item.id.0,
            account: item.account.as_str(),
            received_at: item.delivery.received_at,
            state: filed.state.word(),
            repeats: filed.repeats,
            verdict: verdict_word(item.verdict.as_ref()),
            subject: match &item.verdict {
                Some(Verdict::Genuine { event }) => Some(event.subject),
                Some(Verdict::Hint { .. } | Verdict::Unreadable { .. }) | None => None,
            },
            key: hint.key,
            reference: hint.reference,
            because: &filed.because,
        }
    }

    /// What it names, in one cell.
    fn named(&self) -> String {
        let key = self.key.as_ref().map(ToString::to_string);
        let reference = self.reference.as_ref().map(|reference| reference.as_str().to_owned());
        let named: Vec<String> = key.into_iter().chain(reference).collect();
        match named.is_empty() {
            true => "-".to_owned(),
            false => named.join(", "),
        }
    }
}

fn verdict_word(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Genuine { .. }) => "genuine",
        Some(Verdict::Hint { .. }) => "hint",
        Some(Verdict::Unreadable { .. }) => "unreadable",
        None => "not_judged",
    }
}

/// The verdict in words.
fn verdict_text(verdict: Option<&Verdict>) -> String {
    match verdict {
        Some(Verdict::Genuine { event }) => match &event.observation {
            Some(seen) => format!("genuine: it says that it is {}", seen.status),
            None => "genuine, in words that nobody documented: the provider is asked".to_owned(),
        },
        Some(Verdict::Hint { .. }) => {
            "anybody could have sent it: the provider is asked, and nothing else".to_owned()
        }
        Some(Verdict::Unreadable { because, .. }) => {
            format!("genuine, and this version cannot read it: {because}")
        }
        None => "an older version of pagos received it and did not note what it is".to_owned(),
    }
}

async fn list(arguments: &InboxListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let state = match arguments.state {
        None => None,
        Some(InboxStateFilter::Open) => Some(InboxState::Open),
        Some(InboxStateFilter::Applied) => Some(InboxState::Applied),
        Some(InboxStateFilter::Orphan) => Some(InboxState::Orphan),
        Some(InboxStateFilter::Unreadable) => Some(InboxState::Unreadable),
        Some(InboxStateFilter::Refused) => {
            print_refused(&store.refused().await?, arguments.json)?;
            return Ok(Exit::Succeeded);
        }
    };
    match arguments.json {
        true => print_json(store.as_ref(), state).await?,
        false => print_table(store.as_ref(), state).await?,
    }
    Ok(Exit::Succeeded)
}

fn print_refused(refused: &[Refused], is_json: bool) -> Result<(), Failure> {
    let rows: Vec<RefusedRow<'_>> = refused.iter().map(RefusedRow::of).collect();
    if is_json {
        return Ok(console::print_json(&serde_json::json!({ "refused": rows }))?);
    }
    if rows.is_empty() {
        console::tell("no refused request is counted yet");
    }
    let mut grid = Grid::new(&REFUSED_COLUMNS);
    for row in &rows {
        let account = row.account.unwrap_or("-").to_owned();
        let (count, last_at) = (row.count.to_string(), row.last_at.to_string());
        grid.push_plain([account, count, last_at, row.reason.to_owned()]);
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

/// `{"deliveries":[..]}`, written page by page.
async fn print_json(store: &dyn Store, state: Option<InboxState>) -> Result<(), Failure> {
    let mut out = console::stdout();
    out.write_all(b"{\"deliveries\":[")?;
    let (mut after, mut is_first) = (0, true);
    loop {
        let page = store.deliveries(state, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.item.id.0;
        for filed in &page {
            out.write_all(if is_first { b"\n" } else { b",\n" })?;
            is_first = false;
            serde_json::to_writer(&mut out, &Row::of(filed)).map_err(io::Error::from)?;
        }
    }
    out.write_all(b"]}\n")?;
    Ok(out.flush()?)
}

async fn print_table(store: &dyn Store, state: Option<InboxState>) -> Result<(), Failure> {
    let (mut after, mut is_empty) = (0, true);
    let mut grid = Grid::new(&COLUMNS);
    loop {
        let page = store.deliveries(state, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        (after, is_empty) = (last.item.id.0, false);
        for row in page.iter().map(Row::of) {
            grid.push_plain([
                row.number.to_string(),
                row.account.to_owned(),
                row.received_at.to_string(),
                row.state.to_owned(),
                row.verdict.to_owned(),
                row.repeats.to_string(),
                row.named(),
                row.because.to_owned(),
            ]);
        }
    }
    if is_empty {
        console::tell("there are none");
    }
    let mut out = console::stdout();
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

async fn show(arguments: &InboxShowArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let filed = find(store.as_ref(), &db, arguments.number).await?;
    let body = arguments.body.then_some(&filed.item.delivery.body);
    if arguments.json {
        let mut document = serde_json::to_value(Row::of(&filed)).map_err(io::Error::from)?;
        if let (Some(fields), Some(body)) = (document.as_object_mut(), body) {
            // Bytes that are not text cannot be put into JSON as they are.
            fields.insert("body".to_owned(), String::from_utf8_lossy(body).into());
        }
        console::print_json(&document)?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    listed(&filed).write(&mut out, Screen::of_stdout())?;
    if let Some(body) = body {
        writeln!(out, "body, {} bytes:", body.len())?;
        out.write_all(body)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(Exit::Succeeded)
}

fn listed(filed: &Filed) -> List {
    let row = Row::of(filed);
    let mut list = List::new();
    list.whole("number", row.number);
    list.whole("account", row.account);
    list.whole("received", row.received_at);
    list.whole("state", row.state);
    list.whole("repeats", row.repeats);
    list.note("verdict", verdict_text(filed.item.verdict.as_ref()));
    list.note("names", row.named());
    if !row.because.is_empty() {
        list.note("because", row.because);
    }
    list
}

async fn replay(arguments: &InboxReplayArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let number = arguments.number;
    // Fails if there is no database, so that an empty one is not created.
    let filed = find(db.open_to_read().await?.as_ref(), &db, number).await?;
    let missing_fields = match &filed.item.verdict {
        Some(Verdict::Genuine { .. } | Verdict::Hint { .. }) => MissingFields::Credentials,
        // It is judged again, which needs the account's keys.
        Some(Verdict::Unreadable { .. }) | None => MissingFields::Refused,
    };
    let engine =
        resolve::engine(&db, std::slice::from_ref(&filed.item.account), missing_fields, config)
            .await?;
    if !engine.replay(InboxId(number)).await? {
        return Err(none(&db, number));
    }
    console::tell(&format!(
        "webhook {number} is to be applied once more: a running `pagos serve` or `pagos pay` does it, \
         or else the next one; `pagos inbox show {number}` says what became of it"
    ));
    Ok(Exit::Succeeded)
}

async fn find(store: &dyn Store, db: &Database, number: u64) -> Result<Filed, Failure> {
    store.delivery(InboxId(number)).await?.ok_or_else(|| none(db, number))
}

fn none(db: &Database, number: u64) -> Failure {
    Failure::new(format!(
        "{db}: no webhook has the number {number}; `pagos inbox list` lists all of them"
    ))
}
