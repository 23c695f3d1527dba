//! `pagos balance PROVIDER`: shows what an account can still pay out.

use std::{io::Write, path::Path};

use pagos_core::PayoutProvider;

use crate::{
    arguments::AccountArguments,
    console,
    exit::{Exit, Failure},
    output::{Screen, write_sentence},
    run::{self, target},
};

/// Queries the provider and prints the answer.
pub(super) fn run(arguments: &AccountArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        let provider = target::provider_of(arguments, config).await?;
        print(provider.as_ref(), arguments.json).await
    })
}

async fn print(provider: &dyn PayoutProvider, is_json: bool) -> Result<Exit, Failure> {
    let name = provider.descriptor().provider;
    let source = provider
        .balances()
        .ok_or_else(|| Failure::new(format!("{name} does not tell its balance")))?;
    let balances = source.balances().await?;
    if is_json {
        let rows: Vec<_> = balances
            .iter()
            .map(|balance| {
                serde_json::json!({
                    "currency": balance.available.currency,
                    "available_minor": balance.available.minor,
                    "unavailable_minor": balance.unavailable.map(|money| money.minor),
                })
            })
            .collect();
        console::print_json(&rows)?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    for balance in balances {
        let mut text = format!("available {}", balance.available);
        if let Some(unavailable) = balance.unavailable {
            text.push_str(&format!(", held or under way {unavailable}"));
        }
        write_sentence(&mut out, Screen::of_stdout(), &text)?;
    }
    out.flush()?;
    Ok(Exit::Succeeded)
}
