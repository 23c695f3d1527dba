//! `pagos conekta webhook-keys`: lists, makes, switches and deletes the keys of webhooks.

use std::{io::Write, path::Path};

use pagos_conekta::{KeyState, WebhookKey};
use pagos_core::Timestamp;
use serde::Serialize;

use crate::{
    accounts::conekta::listing,
    arguments::conekta::{OneArguments, WebhookKeysCommand},
    command::conekta::{ManagedAccount, Shown, cell, made, yes_or_no},
    console,
    exit::{Exit, Failure},
    output::{Column, Kind},
};

const LOOK: &str = "pagos conekta webhook-keys list";

pub(super) async fn run(
    command: &WebhookKeysCommand,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    match command {
        WebhookKeysCommand::List(at) => {
            let managed = ManagedAccount::open(at, config).await?;
            let page = async |cursor: Option<&str>| managed.conekta.webhook_keys(cursor).await;
            let keys = listing::all(page).await?;
            managed.print_all(&keys.into_iter().map(Row::from).collect::<Vec<_>>())
        }
        WebhookKeysCommand::Create(at) => create(&ManagedAccount::open(at, config).await?).await,
        WebhookKeysCommand::Activate(one) => switch(one, KeyState::Active, config).await,
        WebhookKeysCommand::Deactivate(one) => switch(one, KeyState::Inactive, config).await,
        WebhookKeysCommand::Delete(one) => {
            let managed = ManagedAccount::open(&one.at, config).await?;
            let deleted = managed.conekta.delete_webhook_key(&one.id).await.map(Row::from);
            let done = "deleted; take its public half out of webhook_keys";
            managed.print_changed(deleted, done, LOOK)
        }
    }
}

/// Prints only the public half on standard output, so that it can be put into a file.
async fn create(managed: &ManagedAccount) -> Result<Exit, Failure> {
    let Some(key) = made(managed.conekta.create_webhook_key().await, LOOK)? else {
        return Ok(Exit::InDoubt);
    };
    let row = Row::from(key);
    let keep = "keep the public half: put it into the file that webhook_keys names, behind those \
                that are there, and restart `pagos serve`";
    match (&row.public_key, managed.is_json) {
        (_, true) => console::print_json(&row)?,
        (Some(pem), false) => {
            let mut out = console::stdout();
            writeln!(out, "{}", pem.trim_end())?;
            out.flush()?;
        }
        (None, false) => {}
    }
    console::tell(&format!("webhook key {} was made", row.id));
    match row.public_key {
        Some(_) => console::tell(keep),
        None => console::tell(&format!(
            "Conekta did not show its public half, without which no webhook can be verified: \
             delete it with `pagos conekta webhook-keys delete {}` and make another",
            row.id
        )),
    }
    Ok(if row.public_key.is_some() { Exit::Succeeded } else { Exit::SomeFailed })
}

async fn switch(
    one: &OneArguments,
    state: KeyState,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&one.at, config).await?;
    let changed = managed.conekta.update_webhook_key(&one.id, state).await.map(Row::from);
    let done = match state {
        KeyState::Active => "it signs; its public half must be in webhook_keys",
        KeyState::Inactive => "it signs no more; webhooks under way may still bear its signature",
    };
    managed.print_changed(changed, done, LOOK)
}

/// A public key is no secret, but too long for a table.
#[derive(Serialize)]
struct Row {
    id: String,
    active: Option<bool>,
    created_at: Option<Timestamp>,
    deactivated_at: Option<Timestamp>,
    public_key: Option<String>,
    deleted: bool,
}

impl From<WebhookKey> for Row {
    fn from(key: WebhookKey) -> Self {
        Self {
            id: key.id,
            active: key.is_active,
            created_at: key.created_at,
            deactivated_at: key.deactivated_at,
            public_key: key.public_key,
            deleted: key.is_deleted,
        }
    }
}

impl Shown for Row {
    const COLUMNS: &'static [Column] = &[
        Column::new("ID", Kind::Whole),
        Column::new("ACTIVE", Kind::Whole),
        Column::new("CREATED", Kind::Whole),
        Column::new("DEACTIVATED", Kind::Whole),
    ];

    fn cells(&self) -> Vec<String> {
        let active = yes_or_no(self.active);
        let (created, ended) = (self.created_at.as_ref(), self.deactivated_at.as_ref());
        vec![self.id.clone(), active, cell(created), cell(ended)]
    }
}
