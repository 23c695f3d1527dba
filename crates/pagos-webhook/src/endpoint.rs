//! Where a provider's webhooks arrive: one path per account. No wildcards and no patterns.

use std::sync::Arc;

use pagos_core::AccountName;
use pagos_core::Error;
use pagos_core::PayoutProvider;
use pagos_core::WebhookDecoder;

/// The path of one account, and who reads what arrives there.
#[derive(Debug, Clone)]
pub struct Endpoint {
    account: AccountName,
    path: String,
    provider: Arc<dyn PayoutProvider>,
}

impl Endpoint {
    /// `/webhooks/<account>`.
    ///
    /// # Errors
    /// `Invalid` if the provider has no webhooks.
    pub fn new(account: AccountName, provider: Arc<dyn PayoutProvider>) -> Result<Self, Error> {
        if provider.webhooks().is_none() {
            let name = provider.descriptor().provider;
            return Err(Error::invalid("provider")
                .because(format!("{name} sends no webhooks, so {account} can receive none")));
        }
        let path = format!("/webhooks/{account}");
        Ok(Self { account, path, provider })
    }

    /// The account.
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The exact path, which is what to register with the provider, behind the host. Nothing else
    /// leads here: no trailing slash, no other case.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn decoder(&self) -> Option<&dyn WebhookDecoder> {
        self.provider.webhooks()
    }
}
