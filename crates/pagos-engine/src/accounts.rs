//! The configured accounts that an engine pays through, each with its provider and policy.

use std::{collections::BTreeMap, sync::Arc};

use pagos_core::{AccountName, PayoutProvider};

use crate::policy::Policy;

/// Providers by the name of the account that they are configured for.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_core::AccountName;
/// use pagos_engine::{Accounts, Policy};
///
/// let accounts = Accounts::new()
///     .with(AccountName::new("acme")?, scene::provider())
///     .with(AccountName::new("acme-peru")?, scene::provider())
///     .under(AccountName::new("acme-peru")?, Policy { lost_max: 1, ..Policy::live() });
/// assert_eq!(accounts.iter().count(), 2);
/// assert!(accounts.policy(&AccountName::new("acme")?).is_none());
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    by_name: BTreeMap<AccountName, Arc<dyn PayoutProvider>>,
    policies: BTreeMap<AccountName, Policy>,
}

impl Accounts {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an account, or replaces the one with this name.
    #[must_use]
    pub fn with(mut self, name: AccountName, provider: Arc<dyn PayoutProvider>) -> Self {
        self.by_name.insert(name, provider);
        self
    }

    /// Gives an account a policy of its own. All others use the engine's, which [`Policy::fitted`]
    /// adjusts to their providers.
    #[must_use]
    pub fn under(mut self, name: AccountName, policy: Policy) -> Self {
        self.policies.insert(name, policy);
        self
    }

    /// The account's own policy, if it has one.
    pub fn policy(&self, name: &AccountName) -> Option<&Policy> {
        self.policies.get(name)
    }

    /// The provider of an account.
    pub fn provider(&self, name: &AccountName) -> Option<&Arc<dyn PayoutProvider>> {
        self.by_name.get(name)
    }

    /// The provider of an account, with the name as it is kept here.
    pub(crate) fn named(
        &self,
        name: &AccountName,
    ) -> Option<(&AccountName, &Arc<dyn PayoutProvider>)> {
        self.by_name.get_key_value(name)
    }

    /// All accounts, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&AccountName, &Arc<dyn PayoutProvider>)> {
        self.by_name.iter()
    }
}
