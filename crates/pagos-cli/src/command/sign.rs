//! `pagos sign`: shows how the exact bytes of a body are signed. Sends nothing.
//!
//! Prints the string to sign as it is, with the account's key in it where the scheme puts it there:
//! that is what a developer compares.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::accounts;
use crate::accounts::Gaps;
use crate::arguments::SignArguments;
use crate::command;
use crate::config::AccountSettings;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(arguments: &SignArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let configuration = command::load(config)?;
    let settings = command::account(&configuration, &arguments.account)?;
    let body = command::read_file(&arguments.body_file)?;
    let signed = sign(settings, &body)?;
    match arguments.json {
        true => print_json(&signed)?,
        false => print_text(&signed)?,
    }
    Ok(Exit::Succeeded)
}

/// How a body is signed.
struct Signed {
    string_to_sign: Vec<u8>,
    signature: String,
    headers: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Document<'a> {
    string_to_sign: &'a str,
    signature: &'a str,
    headers: &'a BTreeMap<&'static str, String>,
}

/// Cashypro's scheme; the only one of this binary.
fn sign(settings: &AccountSettings, body: &[u8]) -> Result<Signed, Failure> {
    let config = accounts::cashypro_config(settings, Gaps::Addresses)?;
    let signature = pagos_cashypro::signature(body, &config.api_key, config.sign_case);
    let headers = BTreeMap::from([
        ("Content-Type", "application/json".to_owned()),
        ("MerchantId", config.merchant_id.clone()),
        ("Sign", signature.clone()),
    ]);
    let string_to_sign = pagos_cashypro::string_to_sign(body, &config.api_key);
    Ok(Signed { string_to_sign, signature, headers })
}

fn print_json(signed: &Signed) -> Result<(), Failure> {
    let string_to_sign = std::str::from_utf8(&signed.string_to_sign).map_err(|_| {
        Failure::new("the body is not UTF-8, which JSON cannot show; leave --json out")
    })?;
    let (signature, headers) = (signed.signature.as_str(), &signed.headers);
    Ok(console::print_json(&Document { string_to_sign, signature, headers })?)
}

fn print_text(signed: &Signed) -> Result<(), Failure> {
    let mut out = console::stdout();
    writeln!(out, "string to sign ({} bytes):", signed.string_to_sign.len())?;
    out.write_all(&signed.string_to_sign)?;
    writeln!(out, "\n\nsignature:\n{}\n\nheaders:", signed.signature)?;
    for (name, value) in &signed.headers {
        writeln!(out, "{name}: {value}")?;
    }
    Ok(out.flush()?)
}
