//! The houses: each provider with its twin, as a stage needs them. A file for each.

mod cashypro;
mod conekta;
mod etpay;
mod virtualpos;

use std::{fmt::Debug, sync::Arc};

use pagos_core::{AccountName, Clock, PayoutOrder, PayoutProvider, Transport};
use pagos_twin::{Faults, Twin};

pub use cashypro::CashyproHouse;
pub use conekta::ConektaHouse;
pub use etpay::EtpayHouse;
pub use virtualpos::VirtualPosHouse;

/// A provider and its twin.
pub trait House: Debug + Send + Sync {
    /// The provider's name, which is the account's too.
    fn name(&self) -> &'static str;

    /// The twin with its usual settings and these faults.
    fn twin(&self, faults: Faults) -> Box<dyn Twin>;

    /// The provider over a transport.
    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<dyn PayoutProvider>;

    /// A payout that both of them accept.
    fn order(&self, name: &str) -> PayoutOrder;

    /// What becomes of an order in the twin's word for how it ends: the money stays there, or it
    /// does not.
    fn is_paid(&self, true_final: &str) -> bool;

    /// The account.
    fn account(&self) -> AccountName {
        AccountName::new(self.name()).unwrap()
    }

    /// Where the twin sends its webhooks. Nobody is there: the stage carries the post.
    fn notify_url(&self) -> String {
        format!("https://merchant.example/webhooks/{}", self.name())
    }
}
