//! `pagos verify`: checks a captured webhook over its exact bytes, compares it with what was
//! agreed, and shows its event. It stores nothing and sends nothing.

mod agreed;
mod delivery;
mod newline;

use std::{io::Write, path::Path};

use pagos_core::{
    Decoded, Delivery, Event, FailReason, Hint, Observation, OrderKey, ProviderRef, Secret,
    SecretScope, Status, Subject, WebhookDecoder,
};
use serde::Serialize;

use crate::{
    accounts::{self, MissingFields, SESSION_SECRET},
    arguments::VerifyArguments,
    command::verify::agreed::{Agreed, Expected},
    config::{AccountSettings, Configuration, Origin},
    console,
    exit::{Exit, Failure},
    run, seams,
};

pub(crate) fn run(arguments: &VerifyArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let configuration = accounts::load(config)?;
    let settings = settings(&configuration, arguments)?;
    let account = accounts::build(&settings, MissingFields::Unsigned, &seams::offline())?;
    let decoder = account
        .provider
        .webhooks()
        .ok_or_else(|| Failure::new(format!("provider {} sends no webhooks", settings.provider)))?;
    let (headers, received_at) = (arguments.headers_file.as_deref(), arguments.received_at);
    let delivery = delivery::read(headers, &arguments.body_file, received_at)?;
    let currencies = account.provider.descriptor().currencies;
    let expected = Expected::read(arguments, currencies)?;
    let hint = decoder.locate(&delivery);
    let agreed = match &arguments.db {
        Some(db) => run::block_on(agreed::look_up(db, &account.name, &hint))?,
        None => Agreed::default(),
    };
    let secret = match decoder.secret_scope() {
        SecretScope::Account => None,
        SecretScope::Session => session_secret(&settings, &agreed),
    };
    let is_without_secret = decoder.secret_scope() == SecretScope::Session && secret.is_none();
    let mut report = judge(decoder, &delivery, secret.as_ref(), &agreed, &expected);
    if is_without_secret && report.event.is_none() && hint.reference.is_some() {
        report = VerifyReport::refused(why_without_secret(arguments, &settings)?);
    }
    match arguments.json {
        true => console::print_json(&report)?,
        false => print_text(&report)?,
    }
    match report.verified && report.contradiction.is_none() {
        true => Ok(Exit::Succeeded),
        false => Ok(Exit::Refused),
    }
}

/// The account's settings. If a store knows the secret, a provider that signs with nothing else
/// needs no configuration.
fn settings(
    configuration: &Configuration,
    arguments: &VerifyArguments,
) -> Result<AccountSettings, Failure> {
    let name = &arguments.account;
    match accounts::settings_of(configuration, name) {
        Ok(settings) => Ok(settings.clone()),
        Err(_)
            if arguments.db.is_some() && accounts::providers().any(|known| known.name == name) =>
        {
            Ok(AccountSettings::new(name.parse()?, Origin::Default))
        }
        Err(failure) => Err(failure),
    }
}

/// The secret that signs the session's own notifications.
fn session_secret(settings: &AccountSettings, agreed: &Agreed) -> Option<Secret> {
    let set = || settings.lookup(SESSION_SECRET).map(Secret::new);
    agreed.secret.clone().or_else(set)
}

/// A delivery about a session whose secret is unknown.
///
/// # Errors
/// If no store was given to look it up in.
fn why_without_secret(
    arguments: &VerifyArguments,
    settings: &AccountSettings,
) -> Result<String, Failure> {
    let variable = settings.variable(SESSION_SECRET);
    match &arguments.db {
        Some(db) => Ok(format!(
            "{}: no session of account {} is the one that the delivery names; look into another \
             --db, or set {variable}",
            db, settings.name
        )),
        None => Err(Failure::new(format!(
            "{} signs with a secret of each session: name the store that has it with --db, or set \
             {variable}",
            settings.provider
        ))),
    }
}

fn judge(
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
    secret: Option<&Secret>,
    agreed: &Agreed,
    expected: &Expected,
) -> VerifyReport {
    match decoder.verify(delivery, secret) {
        Ok(Decoded::Verified(event)) => {
            let event = event.into_value();
            let contradiction = agreed::contradiction(&event, agreed, expected);
            VerifyReport { contradiction, ..VerifyReport::genuine(event) }
        }
        Ok(Decoded::Hint(hint)) => VerifyReport::hint(hint),
        Err(error) => {
            let newline = newline::to_blame(decoder, delivery, secret);
            let reason = newline.map_or_else(|| error.to_string(), |why| format!("{error}; {why}"));
            VerifyReport::refused(reason)
        }
    }
}

/// The document. Field names and words are stable.
#[derive(Debug, Default, Serialize)]
struct VerifyReport {
    verified: bool,
    hint: bool,
    /// The event in one word; `query` if only a query to the provider tells.
    event: Option<&'static str>,
    subject: Option<Subject>,
    key: Option<OrderKey>,
    reference: Option<ProviderRef>,
    /// The complete observation.
    observation: Option<Observation>,
    /// The delivery is genuine, but contradicts what was agreed.
    contradiction: Option<String>,
    /// Why it is not genuine, or not an event.
    reason: Option<String>,
}

impl VerifyReport {
    fn genuine(event: Event) -> Self {
        let word = word(&event);
        let unread = "it is genuine, and only a query to the provider tells what it means";
        Self {
            verified: true,
            event: Some(word),
            subject: Some(event.subject),
            key: event.key,
            reference: event.reference,
            observation: event.observation,
            reason: (word == QUERY).then(|| unread.to_owned()),
            ..Self::default()
        }
    }

    fn hint(hint: Hint) -> Self {
        let reason = "anybody could have sent it: it is a reason to ask the provider, no more";
        Self {
            hint: true,
            event: Some(QUERY),
            key: hint.key,
            reference: hint.reference,
            reason: Some(reason.to_owned()),
            ..Self::default()
        }
    }

    fn refused(reason: String) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

const QUERY: &str = "query";

/// The event in one word.
fn word(event: &Event) -> &'static str {
    let told = event.observation.as_ref().filter(|_| event.subject != Subject::Unrecognised);
    match told.map(|seen| seen.status) {
        Some(Status::Succeeded) => "paid",
        Some(Status::Failed(FailReason::Returned)) => "returned",
        Some(Status::Failed(_)) => "failed",
        Some(Status::Pending) => "pending",
        Some(Status::Created | Status::Unknown) | None => QUERY,
    }
}

fn print_text(report: &VerifyReport) -> Result<(), Failure> {
    if !report.verified {
        let reason = report.reason.as_deref().unwrap_or("no reason");
        console::tell(&format!("not genuine: {reason}"));
        return Ok(());
    }
    let mut out = console::stdout();
    serde_json::to_writer_pretty(&mut out, report).map_err(std::io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    if let Some(contradiction) = &report.contradiction {
        console::tell(&format!(
            "genuine, and not what was agreed: {contradiction}; do not act on it, ask the provider"
        ));
    }
    Ok(())
}
