//! Who takes part in a schedule: a provider with its twin, or a bank that can do what no twin does.
//! A new provider adds a line here and a house.

use std::sync::Arc;

use pagos_core::{AccountName, Descriptor, PayoutOrder};
use pagos_twin::{
    Faults, Registration, Twin,
    conekta::{ConektaSettings, ConektaTwin},
};

use crate::{
    bank::ForgetfulBank,
    house::{CashyproHouse, ConektaHouse, EtpayHouse, House, VirtualPosHouse},
    sample,
    scripted::{CAREFUL, HANDLED, KEYED},
    timer::VirtualTimer,
};

/// A provider, in a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// Refuses repeated keys.
    Cashypro,
    /// Knows no key of ours; a fresh payee tells payouts apart.
    Conekta,
    /// Pays a repeated key twice, and lists late.
    Etpay,
    /// Pays a repeated instruction twice.
    VirtualPos,
    /// Refuses repeated keys, and part of the money comes back at times.
    KeyedBank,
    /// Pays whatever it is asked to pay, and has handles that tell payouts apart.
    HandleBank,
    /// Pays whatever it is asked to pay.
    CarelessBank,
}

/// What a merchant agreed with Conekta, and how fast it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) subscribed: Subscribed,
    /// From the creation of a transfer to its execution; `None` for the next business day.
    pub(crate) execution_delay_seconds: Option<u32>,
}

/// Whether the merchant registered for webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subscribed {
    Yes,
    No,
}

impl Party {
    /// Everybody.
    pub const ALL: [Self; 7] = [
        Self::Cashypro,
        Self::Conekta,
        Self::Etpay,
        Self::VirtualPos,
        Self::KeyedBank,
        Self::HandleBank,
        Self::CarelessBank,
    ];

    /// The name, which is the account's too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cashypro => "cashypro",
            Self::Conekta => "conekta",
            Self::Etpay => "etpay",
            Self::VirtualPos => "virtualpos",
            Self::KeyedBank => "keyed-bank",
            Self::HandleBank => "handle-bank",
            Self::CarelessBank => "careless-bank",
        }
    }

    /// The party of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|party| party.name() == name)
    }

    /// What its keys begin with.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Cashypro => 'c',
            Self::Conekta => 'k',
            Self::Etpay => 'e',
            Self::VirtualPos => 'v',
            Self::KeyedBank => 'b',
            Self::HandleBank => 'h',
            Self::CarelessBank => 'd',
        }
    }

    pub(crate) fn account(self) -> AccountName {
        AccountName::new(self.name()).unwrap()
    }

    /// The provider's crate and twin; `None` for a bank.
    pub(crate) fn house(self) -> Option<&'static dyn House> {
        match self {
            Self::Cashypro => Some(&CashyproHouse),
            Self::Conekta => Some(&ConektaHouse),
            Self::Etpay => Some(&EtpayHouse),
            Self::VirtualPos => Some(&VirtualPosHouse),
            Self::KeyedBank | Self::HandleBank | Self::CarelessBank => None,
        }
    }

    /// The twin; `None` for a bank.
    pub(crate) fn twin(self, faults: Faults, terms: Terms) -> Option<Box<dyn Twin>> {
        let house = self.house()?;
        if self != Self::Conekta {
            return Some(house.twin(faults));
        }
        let mut settings = ConektaSettings::default();
        settings.switches.execution_delay_seconds = terms.execution_delay_seconds;
        let mut twin = ConektaTwin::new(settings).with_faults(faults);
        if terms.subscribed == Subscribed::Yes {
            let webhook_url = Some(house.notify_url());
            twin.register(Registration { webhook_url, speed: None });
        }
        Some(Box::new(twin))
    }

    /// The bank; `None` for a provider with a twin.
    pub(crate) fn bank(self, timer: &Arc<VirtualTimer>, seed: u64) -> Option<ForgetfulBank> {
        let descriptor: &'static Descriptor = match self {
            Self::KeyedBank => &KEYED,
            Self::HandleBank => &HANDLED,
            Self::CarelessBank => &CAREFUL,
            Self::Cashypro | Self::Conekta | Self::Etpay | Self::VirtualPos => return None,
        };
        Some(ForgetfulBank::new(descriptor, Arc::clone(timer), seed))
    }

    /// A payout that it accepts.
    pub(crate) fn order(self, name: &str) -> PayoutOrder {
        match self.house() {
            Some(house) => house.order(name),
            None => PayoutOrder { account: self.account(), ..sample::order(name) },
        }
    }

    /// Does what Pagos knows of it allow to send the same payout again, once its absence is proven?
    pub(crate) const fn may_send_again(self) -> bool {
        match self {
            Self::Cashypro | Self::Conekta | Self::KeyedBank | Self::HandleBank => true,
            Self::Etpay | Self::VirtualPos | Self::CarelessBank => false,
        }
    }
}
