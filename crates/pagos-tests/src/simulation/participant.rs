//! Who takes part in a schedule: a provider with its twin, or a bank that can do what no twin does.

use std::sync::Arc;

use pagos_core::{AccountName, Descriptor, PayoutOrder};
use pagos_kit::{KITS, Kit};

use crate::{
    bank::ForgetfulBank,
    sample,
    scripted::{CAREFUL, HANDLED, KEYED},
    timer::VirtualTimer,
};

/// Somebody who pays, in a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Participant {
    /// A provider over its twin.
    Provider(Kit),
    /// Refuses repeated keys, and part of the money comes back at times.
    KeyedBank,
    /// Pays whatever it is asked to pay, and has handles that tell payouts apart.
    HandleBank,
    /// Pays whatever it is asked to pay.
    CarelessBank,
}

impl Participant {
    /// Everybody.
    pub fn all() -> Vec<Self> {
        let banks = [Self::KeyedBank, Self::HandleBank, Self::CarelessBank];
        KITS.iter().copied().map(Self::Provider).chain(banks).collect()
    }

    /// The name, which is the account's too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider(kit) => kit.name(),
            Self::KeyedBank => "keyed-bank",
            Self::HandleBank => "handle-bank",
            Self::CarelessBank => "careless-bank",
        }
    }

    /// The participant of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|participant| participant.name() == name)
    }

    /// What its keys begin with.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Provider(kit) => kit.key_initial(),
            Self::KeyedBank => 'b',
            Self::HandleBank => 'h',
            Self::CarelessBank => 'd',
        }
    }

    pub(crate) fn account(self) -> AccountName {
        AccountName::new(self.name()).unwrap()
    }

    /// The provider; `None` for a bank.
    pub(crate) fn kit(self) -> Option<Kit> {
        match self {
            Self::Provider(kit) => Some(kit),
            Self::KeyedBank | Self::HandleBank | Self::CarelessBank => None,
        }
    }

    /// The bank; `None` for a provider with a twin.
    pub(crate) fn bank(self, timer: &Arc<VirtualTimer>, seed: u64) -> Option<ForgetfulBank> {
        let descriptor: &'static Descriptor = match self {
            Self::KeyedBank => &KEYED,
            Self::HandleBank => &HANDLED,
            Self::CarelessBank => &CAREFUL,
            Self::Provider(_) => return None,
        };
        Some(ForgetfulBank::new(descriptor, Arc::clone(timer), seed))
    }

    /// A payout that it accepts.
    pub(crate) fn order(self, name: &str) -> PayoutOrder {
        match self.kit() {
            Some(kit) => kit.order(name),
            None => PayoutOrder { account: self.account(), ..sample::order(name) },
        }
    }

    /// Does what Pagos knows of it allow to send the same payout again, once its absence is proven?
    pub(crate) fn may_send_again(self) -> bool {
        match self {
            Self::Provider(kit) => kit.resends_when_absent(),
            Self::KeyedBank | Self::HandleBank => true,
            Self::CarelessBank => false,
        }
    }
}
