//! Control calls that only the Fintoc twin understands, under `/_twin/fintoc/`.
//! Not part of Fintoc.

use serde_json::{Value, json};

use super::{FintocTwin, settings::Switches};
use crate::{control, twin::Request, web::is_web_address};

/// Replaces the switches that are named; all of it or nothing.
pub(super) fn change_settings(twin: &mut FintocTwin, request: &Request) -> Result<Value, String> {
    let changed: Switches = control::changed(&twin.settings.switches, request.body())?;
    if changed.webhook_url.as_ref().is_some_and(|url| !is_web_address(url)) {
        return Err("an address is not of the web".to_owned());
    }
    twin.settings.switches = changed;
    Ok(json!(twin.settings.switches))
}
