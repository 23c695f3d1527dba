//! `pagos verify`: checks a captured webhook over its exact bytes and shows its event. Stores
//! nothing and asks nobody.

use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use pagos_core::Clock;
use pagos_core::Decoded;
use pagos_core::Delivery;
use pagos_core::Event;
use serde::Serialize;

use crate::accounts;
use crate::accounts::Gaps;
use crate::arguments::VerifyArguments;
use crate::command;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::offline;

pub(crate) fn run(arguments: &VerifyArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let configuration = command::load(config)?;
    let settings = command::account(&configuration, &arguments.account)?;
    let account = accounts::build(settings, Gaps::Addresses, &offline::seams())?;
    let decoder = account
        .provider
        .webhooks()
        .ok_or_else(|| Failure::new(format!("provider {} sends no webhooks", settings.provider)))?;
    let delivery = Delivery {
        headers: read_headers(&arguments.headers_file)?,
        body: Bytes::from(command::read_file(&arguments.body_file)?),
        received_at: crate::clock::SystemClock.now(),
    };
    let verdict = match decoder.verify(&delivery, None) {
        Ok(Decoded::Verified(event)) => Verdict::genuine(event.into_value()),
        Ok(Decoded::Hint(_)) => Verdict::hint(),
        Err(error) => Verdict::refused(error.to_string()),
    };
    match arguments.json {
        true => console::print_json(&verdict)?,
        false => print_text(&verdict)?,
    }
    match verdict.verified {
        true => Ok(Exit::Succeeded),
        false => Ok(Exit::Refused),
    }
}

#[derive(Serialize)]
struct Verdict {
    verified: bool,
    hint: bool,
    event: Option<Event>,
    reason: Option<String>,
}

impl Verdict {
    fn genuine(event: Event) -> Self {
        Self { verified: true, hint: false, event: Some(event), reason: None }
    }

    fn hint() -> Self {
        let reason = "anybody could have sent it: it is a reason to ask the provider, no more";
        Self { verified: false, hint: true, event: None, reason: Some(reason.to_owned()) }
    }

    fn refused(reason: String) -> Self {
        Self { verified: false, hint: false, event: None, reason: Some(reason) }
    }
}

fn print_text(verdict: &Verdict) -> Result<(), Failure> {
    let Some(event) = &verdict.event else {
        let reason = verdict.reason.as_deref().unwrap_or("no reason");
        console::tell(&format!("not genuine: {reason}"));
        return Ok(());
    };
    let mut out = console::stdout();
    serde_json::to_writer_pretty(&mut out, event).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// One `Name: value` a line. Empty lines are skipped.
fn read_headers(path: &Path) -> Result<HeaderMap, Failure> {
    let text = command::read_file(path)?;
    let mut headers = HeaderMap::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let (name, value) = parse_header(line).ok_or_else(|| {
            let place = format!("{}:{}", path.display(), number + 1);
            Failure::new(format!("{place}: this is not a header; write `Name: value`"))
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn parse_header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let (name, value) = (parts.next()?, parts.next()?);
    let name = HeaderName::from_bytes(name).ok()?;
    Some((name, HeaderValue::from_bytes(value.trim_ascii()).ok()?))
}
