//! `pagos sign`: shows how the exact bytes of a body are signed. It sends nothing.
//!
//! It prints the string to sign and the headers unchanged, with the account's key if the scheme
//! contains it, because developers compare exactly these.

use std::{collections::BTreeMap, io::Write, path::Path};

use serde::Serialize;

use crate::{
    accounts::{self, Signed},
    arguments::SignArguments,
    command, console,
    exit::{Exit, Failure},
};

pub(crate) fn run(arguments: &SignArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let configuration = accounts::load(config)?;
    let settings = accounts::settings_of(&configuration, &arguments.account)?;
    let body = command::read_file(&arguments.body_file)?;
    let signed = accounts::sign(settings, &body)?;
    match arguments.json {
        true => print_json(&signed)?,
        false => print_text(&signed)?,
    }
    Ok(Exit::Succeeded)
}

#[derive(Serialize)]
struct Document<'a> {
    string_to_sign: &'a str,
    signature: &'a str,
    headers: &'a BTreeMap<&'static str, String>,
    token: Option<&'a str>,
}

fn print_json(signed: &Signed) -> Result<(), Failure> {
    let string_to_sign = std::str::from_utf8(&signed.string_to_sign).map_err(|_| {
        Failure::new("the body is not UTF-8, which JSON cannot show; leave --json out")
    })?;
    let (signature, headers) = (signed.signature.as_str(), &signed.headers);
    let token = signed.token.as_deref();
    Ok(console::print_json(&Document { string_to_sign, signature, headers, token })?)
}

fn print_text(signed: &Signed) -> Result<(), Failure> {
    let mut out = console::stdout();
    writeln!(out, "string to sign ({} bytes):", signed.string_to_sign.len())?;
    out.write_all(&signed.string_to_sign)?;
    writeln!(out, "\n\nsignature:\n{}", signed.signature)?;
    // If the token is the signature, it is printed once.
    if let Some(token) = signed.token.as_ref().filter(|token| **token != signed.signature) {
        writeln!(out, "\ntoken:\n{token}")?;
    }
    if !signed.headers.is_empty() {
        writeln!(out, "\nheaders:")?;
    }
    for (name, value) in &signed.headers {
        writeln!(out, "{name}: {value}")?;
    }
    Ok(out.flush()?)
}
