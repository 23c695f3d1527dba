//! What the providers answer about balances, asked at most every ten seconds.

use std::time::Duration;

use pagos_core::{Balance, PayoutProvider, Timestamp};
use pagos_engine::Accounts;
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};
use utoipa::ToSchema;

use crate::{amount::major, mask};

/// The balances of all accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BalancesView {
    /// One row for each account.
    accounts: Vec<AccountBalances>,
}

/// What one account answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, ToSchema)]
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

/// The last answer, and when it was asked for.
#[derive(Debug, Default)]
pub(crate) struct LastBalances(Mutex<Option<(Timestamp, BalancesView)>>);

impl LastBalances {
    /// The last answer if it is fresh, or a new one. Whoever comes while the providers are asked waits
    /// for that answer.
    pub(super) async fn read(&self, accounts: &Accounts, now: Timestamp) -> BalancesView {
        let mut last = self.0.lock().await;
        let fresh = last.as_ref().filter(|(asked_at, _)| now.since(*asked_at) < GOOD_FOR);
        if let Some((_, view)) = fresh {
            return view.clone();
        }
        let view = ask_all(accounts).await;
        *last = Some((now, view.clone()));
        view
    }
}

const GOOD_FOR: Duration = Duration::from_secs(10);

async fn ask_all(of: &Accounts) -> BalancesView {
    let mut accounts = Vec::new();
    for (name, provider) in of.iter() {
        let asked = timeout(PATIENCE, ask(provider.as_ref())).await;
        let told = asked.unwrap_or_else(|_| Err("the provider did not answer in time".to_owned()));
        let (balances, because) = match told {
            Ok(balances) => (balances.iter().map(BalanceView::of).collect(), None),
            Err(because) => (Vec::new(), Some(because)),
        };
        accounts.push(AccountBalances { account: name.to_string(), balances, because });
    }
    BalancesView { accounts }
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
