//! Payees: what is asked of one, and how it is shown.
//! Not their accounts; see `destination`. Moves no money.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    ConektaTwin,
    access::Language,
    destination::{Destination, Draft},
    event::About,
    identifier,
    listing::Question,
    refusal::Refusal,
    route::reply_of,
    settings::KEY_DOMAIN,
    wire::{self, PayeeShown},
    wish,
};
use crate::{book::Entry, fields::Fields, twin::Reply};

/// Whoever can be paid. No `Debug`: it holds a name and accounts.
pub(super) struct Payee {
    pub(super) id: Arc<str>,
    /// What its transfers are booked under.
    pub(super) key: Arc<str>,
    pub(super) person: Person,
    /// The first one that is left is the default.
    pub(super) destinations: Vec<Destination>,
    created_at: Timestamp,
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

impl ConektaTwin {
    /// `POST /payees`. Source: manual.
    ///
    /// It moves no money, so it goes wrong like a question: a reply that breaks off leaves a payee
    /// that nobody knows of.
    pub(super) fn create_payee(
        &mut self,
        request: &http::Request<Bytes>,
        language: Language,
    ) -> Result<Reply, Refusal> {
        let fields = fields(request)?;
        let person = read_person(&fields, None)?;
        let drafts = match fields.value("destinations") {
            None => Vec::new(),
            Some(Value::Array(list)) => {
                list.iter().map(|it| self.read_destination(it)).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(invalid("destinations")),
        };
        self.payees_tried = self.payees_tried.saturating_add(1);
        let chance = self.faults.chance("payee", "", self.payees_tried);
        let id = identifier::prefixed("payee_", chance);
        let key =
            person.email.as_deref().and_then(key_of).map_or_else(|| Arc::clone(&id), Arc::from);
        let occasion = format!("{key}/payee");
        let nth = self.payees.count_query(&occasion);
        Ok(self.ask(&occasion, nth, language, |twin| {
            reply_of(twin.add_payee(id, key, person, &drafts), language)
        }))
    }

    fn add_payee(
        &mut self,
        id: Arc<str>,
        key: Arc<str>,
        person: Person,
        drafts: &[Draft],
    ) -> Result<Reply, Refusal> {
        let payee = Payee {
            id,
            key,
            person,
            destinations: drafts.iter().map(|it| self.new_destination(it.clone())).collect(),
            created_at: self.now,
            is_deleted: false,
        };
        let index = self.payees.add(payee).ok_or_else(Refusal::runtime_error)?;
        self.tell(About::Payee { index, kind: "payee.created" });
        self.answer_payee(index)
    }

    /// `GET /payees`. Source: conekta-go 2.1.1.
    pub(super) fn list_payees(&self, request: &http::Request<Bytes>) -> Result<Reply, Refusal> {
        let question = Question::of(request)?;
        let (is_left, address) = (|it: &Payee| !it.is_deleted, self.address(request));
        question.list(&self.payees, is_left, |it| Some(it.shown()), &address)
    }

    /// `GET /payees/{id}`. Source: conekta-go 2.1.1.
    pub(super) fn show_payee(&self, id: &str) -> Result<Reply, Refusal> {
        self.answer_payee(self.payee_named(id)?)
    }

    /// `PUT /payees/{id}`. Source: conekta-go 2.1.1. Destinations are left as they are: what they
    /// would do here is unknown.
    pub(super) fn update_payee(
        &mut self,
        id: &str,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let index = self.payee_named(id)?;
        let fields = fields(request)?;
        let payee = self.payees.get_mut(index).ok_or_else(Refusal::not_found)?;
        payee.person = read_person(&fields, Some(&payee.person))?;
        self.tell(About::Payee { index, kind: "payee.updated" });
        self.answer_payee(index)
    }

    /// `DELETE /payees/{id}`. Source: conekta-go 2.1.1.
    pub(super) fn delete_payee(&mut self, id: &str) -> Result<Reply, Refusal> {
        let index = self.payee_named(id)?;
        let payee = self.payees.get_mut(index).ok_or_else(Refusal::not_found)?;
        payee.is_deleted = true;
        self.tell(About::Payee { index, kind: "payee.deleted" });
        self.answer_payee(index)
    }

    fn answer_payee(&self, index: u32) -> Result<Reply, Refusal> {
        let payee = self.payees.get(index).ok_or_else(Refusal::not_found)?;
        Ok(wire::answer(&payee.shown()))
    }

    /// A payee that was not deleted.
    pub(super) fn payee_named(&self, id: &str) -> Result<u32, Refusal> {
        let index = self.payees.by_reference(id).ok_or_else(Refusal::not_found)?;
        let payee = self.payees.get(index).filter(|it| !it.is_deleted);
        payee.map(|_| index).ok_or_else(Refusal::not_found)
    }
}

/// The fields of a body; nothing at all has none.
pub(super) fn fields(request: &http::Request<Bytes>) -> Result<Fields, Refusal> {
    let body: &[u8] = if request.body().is_empty() { b"{}" } else { request.body() };
    Fields::open(body).map_err(|_| Refusal::no_json())
}

/// What is not said stays as it was. That a payee needs a name is `[sim]`: an empty one is refused,
/// for a reason that was not seen.
fn read_person(fields: &Fields, before: Option<&Person>) -> Result<Person, Refusal> {
    let text = |name: &str, before: Option<&Arc<str>>| {
        let said = fields.text(name, TEXT_CHARS_MAX)?;
        Ok::<_, Refusal>(said.map(Arc::from).or_else(|| before.cloned()))
    };
    let name = text("name", before.map(|it| &it.name))?;
    let name = name.ok_or_else(|| crate::fields::Flaw::missing("name"))?;
    wish::of_text(&name).map_err(|_| invalid("name"))?;
    let billing_address = fields.value("billing_address").cloned().map(Box::new);
    Ok(Person {
        name,
        email: text("email", before.and_then(|it| it.email.as_ref()))?,
        phone: text("phone", before.and_then(|it| it.phone.as_ref()))?,
        billing_address: billing_address
            .or_else(|| before.and_then(|it| it.billing_address.clone())),
    })
}

/// The merchant's number of a payee, if its address says one. See [`KEY_DOMAIN`].
fn key_of(email: &str) -> Option<&str> {
    let (key, domain) = email.rsplit_once('@')?;
    (domain == KEY_DOMAIN && !key.is_empty()).then_some(key)
}

pub(super) fn invalid(field: &str) -> Refusal {
    crate::fields::Flaw::wrong(field).into()
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
