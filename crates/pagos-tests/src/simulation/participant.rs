//! Who takes part in a schedule: a provider with its twin, or a bank that can do what no twin does.

use std::{sync::Arc, time::Duration};

use pagos_core::{AccountName, Deduplication, Descriptor, PayoutOrder};
use pagos_kit::{KITS, Kit, Repeat};

use crate::{
    bank::ForgetfulBank,
    sample,
    scripted::{CAREFUL, FORGETTING, HANDLED, KEYED},
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
    /// Remembers a key for some hours, and does not always list what it paid.
    ForgettingBank,
}

impl Participant {
    /// Everybody.
    pub fn all() -> Vec<Self> {
        let banks = [Self::KeyedBank, Self::HandleBank, Self::CarelessBank, Self::ForgettingBank];
        KITS.iter().copied().map(Self::Provider).chain(banks).collect()
    }

    /// The name, which is the account's too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider(kit) => kit.name(),
            Self::KeyedBank => "keyed-bank",
            Self::HandleBank => "handle-bank",
            Self::CarelessBank => "careless-bank",
            Self::ForgettingBank => "forgetting-bank",
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
            Self::ForgettingBank => 'o',
        }
    }

    pub(crate) fn account(self) -> AccountName {
        AccountName::new(self.name()).unwrap()
    }

    /// The provider; `None` for a bank.
    pub(crate) fn kit(self) -> Option<Kit> {
        match self {
            Self::Provider(kit) => Some(kit),
            Self::KeyedBank | Self::HandleBank | Self::CarelessBank | Self::ForgettingBank => None,
        }
    }

    /// The bank; `None` for a provider with a twin.
    pub(crate) fn bank(self, timer: &Arc<VirtualTimer>, seed: u64) -> Option<ForgetfulBank> {
        Some(ForgetfulBank::new(self.descriptor()?, Arc::clone(timer), seed))
    }

    /// What is known of a bank; `None` for a provider with a twin.
    fn descriptor(self) -> Option<&'static Descriptor> {
        match self {
            Self::KeyedBank => Some(&KEYED),
            Self::HandleBank => Some(&HANDLED),
            Self::CarelessBank => Some(&CAREFUL),
            Self::ForgettingBank => Some(&FORGETTING),
            Self::Provider(_) => None,
        }
    }

    /// A payout that it accepts.
    pub(crate) fn order(self, name: &str) -> PayoutOrder {
        match self.kit() {
            Some(kit) => kit.order(name),
            None => PayoutOrder { account: self.account(), ..sample::order(name) },
        }
    }

    /// Does what Pagos knows of it allow to send the same payout again, once its absence is proven and
    /// its first attempt is so old?
    pub(crate) fn may_send_again(self, age: Duration) -> bool {
        match self {
            Self::Provider(kit) => {
                let is_in_time = match kit.repeat() {
                    Repeat::FirstAnswerFor(remembered) => age < remembered,
                    Repeat::Refused | Repeat::PaidAgain => true,
                };
                kit.resends_when_absent() && is_in_time
            }
            Self::KeyedBank | Self::HandleBank | Self::CarelessBank | Self::ForgettingBank => {
                match self.descriptor().map(|descriptor| descriptor.deduplication) {
                    Some(Deduplication::ByKey | Deduplication::ByHandle) => true,
                    Some(Deduplication::ByKeyFor(remembered)) => age < remembered,
                    Some(Deduplication::None) | None => false,
                }
            }
        }
    }
}
