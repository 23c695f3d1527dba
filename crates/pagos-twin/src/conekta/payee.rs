//! Payees: what is asked of one, and how it is shown.
//! Not their accounts; see `destination`. Moves no money.

use std::sync::Arc;

use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    destination::{Destination, Draft},
    identifier,
    refusal::Refusal,
    request::invalid,
    scenario,
    settings::KEY_DOMAIN,
    wire::{self, PayeeShown},
};
use crate::{
    book::{Book, Entry},
    fault::Faults,
    fields::{Fields, Flaw},
};

/// Whoever can be paid. No `Debug`: it holds a name and accounts.
pub(super) struct Payee {
    pub(super) id: Arc<str>,
    /// What its transfers are booked under.
    pub(super) key: Arc<str>,
    pub(super) person: Person,
    /// The first one that is left is the default.
    pub(super) destinations: Vec<Destination>,
    pub(super) created_at: Timestamp,
    pub(super) is_deleted: bool,
}

/// What a payee says of itself.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) name: Arc<str>,
    email: Option<Arc<str>>,
    phone: Option<Arc<str>>,
    billing_address: Option<Box<Value>>,
}

impl Entry for Payee {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.key
    }
}

impl Payee {
    /// Where its money goes. Source: manual, one default destination.
    pub(super) fn destination(&self) -> Option<&Destination> {
        self.destinations.iter().find(|it| !it.is_deleted)
    }

    pub(super) fn shown(&self) -> PayeeShown<'_> {
        let left = self.destinations.iter().filter(|it| !it.is_deleted);
        PayeeShown {
            id: &self.id,
            email: self.person.email.as_deref(),
            name: &self.person.name,
            phone: self.person.phone.as_deref(),
            livemode: false,
            destinations: left.map(|it| it.shown(&self.id)).collect(),
            object: "payee",
            default_destination_id: self.destination().map(|it| &*it.id),
            created_at: wire::seconds(self.created_at),
            billing_address: self.person.billing_address.as_deref(),
            deleted: self.is_deleted.then_some(true),
        }
    }
}

impl Person {
    /// What is not said stays as it was. That a payee needs a name is `[sim]`: an empty one is refused,
    /// for a reason that was not seen.
    pub(super) fn read(fields: &Fields, before: Option<&Self>) -> Result<Self, Refusal> {
        let text = |name: &str, before: Option<&Arc<str>>| {
            let said = fields.text(name, TEXT_CHARS_MAX)?;
            Ok::<_, Refusal>(said.map(Arc::from).or_else(|| before.cloned()))
        };
        let name = text("name", before.map(|it| &it.name))?;
        let name = name.ok_or_else(|| Flaw::missing("name"))?;
        scenario::of_text(&name).map_err(|_| invalid("name"))?;
        let billing_address = fields.value("billing_address").cloned().map(Box::new);
        Ok(Self {
            name,
            email: text("email", before.and_then(|it| it.email.as_ref()))?,
            phone: text("phone", before.and_then(|it| it.phone.as_ref()))?,
            billing_address: billing_address
                .or_else(|| before.and_then(|it| it.billing_address.clone())),
        })
    }
}

/// All payees, and how many of them and of their accounts were ever made.
#[derive(Debug, Default)]
pub(super) struct Payees {
    pub(super) book: Book<Payee>,
    /// How many creations of a payee passed the checks.
    tried: u32,
    destinations_made: u32,
}

impl Payees {
    /// Id and key of the next payee.
    pub(super) fn next_names(&mut self, person: &Person, faults: &Faults) -> (Arc<str>, Arc<str>) {
        self.tried = self.tried.saturating_add(1);
        let id = identifier::prefixed("payee_", faults.chance("payee", "", self.tried));
        let key = person.email.as_deref().and_then(key_of);
        let key = key.map_or_else(|| Arc::clone(&id), Arc::from);
        (id, key)
    }

    pub(super) fn new_destination(
        &mut self,
        draft: Draft,
        at: Timestamp,
        faults: &Faults,
    ) -> Destination {
        self.destinations_made = self.destinations_made.saturating_add(1);
        let chance = faults.chance("destination", "", self.destinations_made);
        let id = identifier::prefixed("pytdst_", chance);
        Destination { id, draft, created_at: at, is_deleted: false }
    }

    /// A payee that was not deleted.
    pub(super) fn named(&self, id: &str) -> Result<u32, Refusal> {
        let index = self.book.by_reference(id).ok_or_else(Refusal::not_found)?;
        let payee = self.book.get(index).filter(|it| !it.is_deleted);
        payee.map(|_| index).ok_or_else(Refusal::not_found)
    }

    /// A payee and an account of it, neither of them deleted.
    pub(super) fn destination_named(&self, id: &str, of: &str) -> Result<(u32, usize), Refusal> {
        let index = self.named(of)?;
        let payee = self.book.get(index).ok_or_else(Refusal::not_found)?;
        let is_meant = |it: &Destination| !it.is_deleted && &*it.id == id;
        let place = payee.destinations.iter().position(is_meant);
        Ok((index, place.ok_or_else(Refusal::not_found)?))
    }

    pub(super) fn shown(&self, index: u32) -> Result<PayeeShown<'_>, Refusal> {
        self.book.get(index).map(Payee::shown).ok_or_else(Refusal::not_found)
    }
}

/// The merchant's number of a payee, if its address says one. See [`KEY_DOMAIN`].
fn key_of(email: &str) -> Option<&str> {
    let (key, domain) = email.rsplit_once('@')?;
    (domain == KEY_DOMAIN && !key.is_empty()).then_some(key)
}

/// `[sim]`
const TEXT_CHARS_MAX: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_said_in_one_domain_only() {
        for (email, expected) in [
            ("run-7_a.1@key.invalid", Some("run-7_a.1")),
            ("@key.invalid", None),
            ("jon@example.com", None),
            ("key.invalid", None),
            ("a@b@key.invalid", Some("a@b")),
        ] {
            assert_eq!(key_of(email), expected, "{email}");
        }
    }
}
