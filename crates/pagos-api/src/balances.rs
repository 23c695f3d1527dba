//! `/v1/balances`: what the accounts can still pay out, asked of the providers at this moment.

use std::time::Duration;

use axum::extract::State;
use pagos_core::{Balance, PayoutProvider};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    amount::major,
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    mask,
    problem::Problem,
};

/// The balances of all accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BalancesView {
    /// One row for each account.
    accounts: Vec<AccountBalances>,
}

/// What one account answered.
#[derive(Debug, Serialize, ToSchema)]
struct AccountBalances {
    /// The account.
    account: String,
    /// Its balances; empty if they are not known.
    balances: Vec<BalanceView>,
    /// Why they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

/// A balance in one currency.
#[derive(Debug, Serialize, ToSchema)]
struct BalanceView {
    /// The currency.
    currency: String,
    /// What can be paid out, in major units.
    available: String,
    /// What can be paid out, in minor units.
    available_minor: i64,
    /// What is held or under way, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<String>,
    /// What is held or under way, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable_minor: Option<i64>,
}

/// What the accounts can still pay out.
///
/// Providers are asked one after the other; one that does not answer in time is told as such.
#[utoipa::path(
    get, path = "/v1/balances", tag = "balances",
    responses((status = 200, description = "The balances", body = BalancesView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_balances(
    State(api): State<Api>,
    _: Caller<ToRead>,
) -> Result<Answer<BalancesView>, Problem> {
    let mut accounts = Vec::new();
    for (name, provider) in api.engine().accounts().iter() {
        let asked = timeout(PATIENCE, ask(provider.as_ref())).await;
        let told = asked.unwrap_or_else(|_| Err("the provider did not answer in time".to_owned()));
        let (balances, because) = match told {
            Ok(balances) => (balances.iter().map(BalanceView::of).collect(), None),
            Err(because) => (Vec::new(), Some(because)),
        };
        accounts.push(AccountBalances { account: name.to_string(), balances, because });
    }
    Ok(Answer::ok(BalancesView { accounts }))
}

async fn ask(provider: &dyn PayoutProvider) -> Result<Vec<Balance>, String> {
    let source = provider.balances().ok_or("the provider does not tell its balance")?;
    source.balances().await.map_err(|error| mask::text(&error.to_string()))
}

const PATIENCE: Duration = Duration::from_secs(5);

impl BalanceView {
    fn of(balance: &Balance) -> Self {
        Self {
            currency: balance.available.currency.to_string(),
            available: major(balance.available),
            available_minor: balance.available.minor,
            unavailable: balance.unavailable.map(major),
            unavailable_minor: balance.unavailable.map(|money| money.minor),
        }
    }
}
