//! `pagos conekta webhooks`: maintains the addresses that Conekta sends webhooks to.

use std::path::Path;

use pagos_conekta::{Webhook, WebhookUpdate};
use serde::Serialize;

use crate::{
    accounts::{WEBHOOK_SEGMENT, conekta::listing},
    arguments::conekta::{
        OneArguments, WebhookCreateArguments, WebhookUpdateArguments, WebhooksCommand,
    },
    command::conekta::{ManagedAccount, Shown, cell, yes_or_no},
    config::AccountSettings,
    exit::{Exit, Failure},
    output::{Column, Kind},
};

const LOOK: &str = "pagos conekta webhooks list";

pub(super) async fn run(command: &WebhooksCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    match command {
        WebhooksCommand::List(at) => {
            let managed = ManagedAccount::open(at, config).await?;
            let page = async |cursor: Option<&str>| managed.conekta.webhook_list(cursor).await;
            let webhooks = listing::all(page).await?.into_iter();
            managed
                .print_all(&webhooks.map(|it| Row::new(it, &managed.settings)).collect::<Vec<_>>())
        }
        WebhooksCommand::Get(one) => {
            let managed = ManagedAccount::open(&one.at, config).await?;
            let webhook = managed.conekta.webhook(&one.id).await?;
            managed.print(&Row::new(webhook, &managed.settings))
        }
        WebhooksCommand::Create(arguments) => create(arguments, config).await,
        WebhooksCommand::Update(arguments) => update(arguments, config).await,
        WebhooksCommand::Delete(one) => delete(one, config).await,
        WebhooksCommand::Test(one) => {
            let managed = ManagedAccount::open(&one.at, config).await?;
            let pinged = managed.conekta.test_webhook(&one.id).await;
            let pinged = pinged.map(|it| Row::new(it, &managed.settings));
            let done = "a ping is on its way; `status` says later how it went";
            managed.print_changed(pinged, done, LOOK)
        }
    }
}

async fn create(
    arguments: &WebhookCreateArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&arguments.at, config).await?;
    let events: Vec<&str> = arguments.events.iter().map(String::as_str).collect();
    let made = managed.conekta.create_webhook(&arguments.url, &events).await;
    let made = made.map(|it| Row::new(it, &managed.settings));
    managed.print_changed(made, "made; Conekta sends a ping to it", LOOK)
}

async fn update(
    arguments: &WebhookUpdateArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&arguments.one.at, config).await?;
    let is_active = match (arguments.on, arguments.off) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let events = Some(arguments.events.clone()).filter(|events| !events.is_empty());
    let update = WebhookUpdate { url: arguments.url.clone(), events, is_active };
    let changed = managed.conekta.update_webhook(&arguments.one.id, &update).await;
    managed.print_changed(changed.map(|it| Row::new(it, &managed.settings)), "changed", LOOK)
}

async fn delete(one: &OneArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&one.at, config).await?;
    let deleted = managed.conekta.delete_webhook(&one.id).await;
    let deleted = deleted.map(|it| Row::new(it, &managed.settings));
    managed.print_changed(deleted, "deleted; Conekta sends nothing there any more", LOOK)
}

#[derive(Serialize)]
struct Row {
    id: String,
    url: Option<String>,
    status: Option<String>,
    events: Vec<String>,
    active: Option<bool>,
    deleted: bool,
}

impl Row {
    fn new(webhook: Webhook, settings: &AccountSettings) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url.map(|url| shown(url, settings)),
            status: webhook.status,
            events: webhook.events,
            active: webhook.is_active,
            deleted: webhook.is_deleted,
        }
    }
}

/// Hides the secret segment, which only the configuration contains.
pub(super) fn shown(url: String, settings: &AccountSettings) -> String {
    match settings.lookup(WEBHOOK_SEGMENT) {
        Some(segment) => url.replace(&segment, "…"),
        None => url,
    }
}

impl Shown for Row {
    const COLUMNS: &'static [Column] = &[
        Column::new("ID", Kind::Whole),
        Column::new("ACTIVE", Kind::Whole),
        Column::new("STATUS", Kind::Whole),
        Column::new("URL", Kind::Address),
        Column::new("EVENTS", Kind::Note),
    ];

    fn cells(&self) -> Vec<String> {
        let (status, url) = (cell(self.status.as_ref()), cell(self.url.as_ref()));
        let events = self.events.join(" ");
        vec![self.id.clone(), yes_or_no(self.active), status, url, events]
    }
}
