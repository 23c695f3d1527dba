//! One row per provider: everything that tests and trials have to know of it.
//!
//! Unpublished. Conformance, fuzzing, the simulation, crash runs and sweeps iterate over [`KITS`], so
//! a provider is added to all of them by one row there and one file here. [`ProviderKit`] has no
//! default methods: the compiler asks a new row every question at once. What a kit says is written
//! down from the provider's documents and the twin, a second time, and takes nothing from the tables
//! of the provider's crate: it is what these are judged by.

// A tool of tests: a broken expectation panics, and that is the report.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod behaviour;
mod cashypro;
mod conekta;
mod etpay;
mod fintoc;
mod json;
mod kit;
pub mod people;
mod random;
mod sample;
mod virtualpos;

pub use behaviour::{
    Call, CreateReplies, CreateReply, DeliveryKey, Events, PaymentKit, PaymentQuery, Preparation,
    Repeat, Terms, Words,
};
pub use json::{Json, exact};
pub use kit::{Kit, ProviderKit, Settings, example, find};
pub use random::Random;
pub use sample::{key, start};

/// Every provider, in the order of their names.
pub const KITS: &[Kit] = &[
    Kit(&cashypro::CashyproKit),
    Kit(&conekta::ConektaKit),
    Kit(&etpay::EtpayKit),
    Kit(&fintoc::FintocKit),
    Kit(&virtualpos::VirtualPosKit),
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        sync::{Arc, Mutex},
    };

    use pagos_twin::{Faults, Profile, TwinTransport, VirtualClock, World};

    use super::*;

    #[test]
    fn names_are_sorted_and_initials_differ() {
        let names: Vec<&str> = KITS.iter().map(|kit| kit.name()).collect();
        let initials: BTreeSet<char> = KITS.iter().map(|kit| kit.key_initial()).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(initials.len(), KITS.len());
    }

    #[test]
    fn a_provider_takes_its_own_samples() {
        let mut payments_taken = 0;
        for kit in KITS {
            let clock = Arc::new(VirtualClock::starting_at(start()));
            let twin = kit.twin(Faults::new(Profile::None, 1), Terms::default());
            let world = Arc::new(Mutex::new(World::new(vec![twin])));
            let transport = TwinTransport::new(world, clock.clone());
            let provider = kit.provider(Arc::new(transport), clock, 1);
            assert_eq!(provider.descriptor().provider, kit.name());
            assert_eq!(provider.check(&kit.order("a1")), Ok(()), "{kit:?}");
            assert_eq!(kit.order("a1").amount.currency, kit.currency(), "{kit:?}");
            if let (Some(payments), Some(order)) = (provider.payments(), kit.payment_order("a1")) {
                assert_eq!(payments.check(&order), Ok(()), "{kit:?}");
                payments_taken += 1;
            }
            assert!(kit.payment().is_some() || kit.payment_order("a1").is_none(), "{kit:?}");
        }
        assert!(payments_taken > 1, "hardly a payment was looked at");
    }
}
