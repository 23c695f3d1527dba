//! `pagos banks PROVIDER`: shows the current values of the column `bank`, according to the
//! provider.

use std::{io::Write, path::Path};

use pagos_core::PayoutProvider;

use crate::{
    arguments::AccountArguments,
    console,
    exit::{Exit, Failure},
    output::{List, Screen},
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
    let directory =
        provider.banks().ok_or_else(|| Failure::new(format!("{name} does not list its banks")))?;
    let banks = directory.banks().await?;
    if is_json {
        let rows: Vec<_> = banks
            .iter()
            .map(|bank| serde_json::json!({"id": bank.id, "code": bank.code, "name": bank.name}))
            .collect();
        console::print_json(&rows)?;
        return Ok(Exit::Succeeded);
    }
    let width = banks.iter().map(|bank| bank.id.len()).max().unwrap_or_default().max(6);
    let mut out = console::stdout();
    let mut list = List::narrow();
    for bank in banks {
        list.note(format!("{:>width$}  {:<6}", bank.id, bank.code.unwrap_or_default()), bank.name);
    }
    list.write(&mut out, Screen::of_stdout())?;
    out.flush()?;
    Ok(Exit::Succeeded)
}
