//! `pagos conekta events`: shows Conekta's events, and has them sent again.

use std::path::Path;

use pagos_conekta::EventRecord;
use pagos_core::{Clock, ProviderRef, Timestamp};
use pagos_system::System;
use serde::Serialize;

use crate::{
    accounts::conekta::listing,
    arguments::conekta::{EventsCommand, ResendArguments},
    command::conekta::{ManagedAccount, Shown, cell, webhook::shown},
    exit::{Exit, Failure},
    output::{Column, Kind},
};

pub(super) async fn run(command: &EventsCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        EventsCommand::List(arguments) => {
            let managed = ManagedAccount::open(&arguments.at, config).await?;
            let since = System.now().minus(arguments.since);
            let events = listing::events(&managed.conekta, since).await?.into_iter();
            // An event without a time may be new.
            let is_asked = |event: &EventRecord| event.created_at.is_none_or(|at| at >= since);
            let rows: Vec<Row> = events.filter(is_asked).map(Row::from).collect();
            managed.print_all(&rows)
        }
        EventsCommand::Resend(arguments) => resend(arguments, config).await,
    }
}

async fn resend(arguments: &ResendArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&arguments.one.at, config).await?;
    let mut webhooks = arguments.webhooks.clone();
    if webhooks.is_empty() {
        let page = async |cursor: Option<&str>| managed.conekta.webhook_list(cursor).await;
        let all = listing::all(page).await?.into_iter();
        webhooks = all.filter(|it| it.is_active != Some(false)).map(|it| it.id).collect();
    }
    if webhooks.is_empty() {
        return Err(Failure::new(
            "the account has no webhook that is on; make one with `pagos conekta webhooks create`",
        ));
    }
    let webhooks: Vec<&str> = webhooks.iter().map(String::as_str).collect();
    let resent = managed.conekta.resend_event(&arguments.one.id, &webhooks).await;
    let resent = resent.map(|resent| ResentRow {
        id: resent.id,
        url: resent.url.map(|url| shown(url, &managed.settings)),
        failed_attempts: resent.failed_attempts,
        attempted_at: resent.attempted_at,
        answer: resent.answer,
    });
    managed.print_changed(resent, "it was sent again", "pagos conekta events list")
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: Option<String>,
    created_at: Option<Timestamp>,
    delivery: Option<String>,
    transfer: Option<ProviderRef>,
    payee: Option<String>,
}

impl From<EventRecord> for Row {
    fn from(event: EventRecord) -> Self {
        Self {
            id: event.id,
            name: event.name,
            created_at: event.created_at,
            delivery: event.delivery,
            transfer: event.transfer,
            payee: event.payee,
        }
    }
}

impl Shown for Row {
    const COLUMNS: &'static [Column] = &[
        Column::new("ID", Kind::Whole),
        Column::new("CREATED", Kind::Whole),
        Column::new("NAME", Kind::Note),
        Column::new("DELIVERY", Kind::Whole),
        Column::new("TRANSFER", Kind::Reference),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            cell(self.created_at.as_ref()),
            cell(self.name.as_ref()),
            cell(self.delivery.as_ref()),
            cell(self.transfer.as_ref()),
        ]
    }
}

/// A delivery of an event.
#[derive(Serialize)]
struct ResentRow {
    id: String,
    url: Option<String>,
    failed_attempts: Option<String>,
    attempted_at: Option<Timestamp>,
    answer: Option<String>,
}

impl Shown for ResentRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("ID", Kind::Whole),
        Column::new("URL", Kind::Address),
        Column::new("FAILED", Kind::Whole),
        Column::new("ATTEMPTED", Kind::Whole),
        Column::new("ANSWER", Kind::Note),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            cell(self.url.as_ref()),
            cell(self.failed_attempts.as_ref()),
            cell(self.attempted_at.as_ref()),
            cell(self.answer.as_ref()),
        ]
    }
}
