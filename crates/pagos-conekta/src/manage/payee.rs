//! Payees and their accounts. A payout makes its own payee; these calls are for maintenance.

use std::fmt;

use bytes::Bytes;
use http::Method;
use serde_json::value::RawValue;

use pagos_core::{Clabe, Error, Timestamp};
use pagos_wire::to_json;

use crate::{
    Conekta,
    contract::PATH_PAYEES,
    manage::{Listed, flag, object, segment},
    payout::{check::read_name, destination, transfer::moment},
    status::text,
    wire::{PayeeRequest, manage::PayeeUpdateRequest},
};

/// A person or company that can be paid. `Debug` shows only ids.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payee {
    /// Conekta's id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The accounts; according to the manual, one at most.
    pub destinations: Vec<Destination>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Whether this call deleted it.
    pub is_deleted: bool,
}

/// The account of a payee. Conekta shows only its last digits. `Debug` shows only its id.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// Conekta's id. Transfers show the same account under another id.
    pub id: String,
    /// The last four digits. In the manual's samples they are not those of the account.
    pub last4: Option<String>,
    /// The holder's name.
    pub holder: Option<String>,
    /// Conekta's own name of the bank; not from a fixed list.
    pub bank: Option<String>,
    /// Whether this call deleted it.
    pub is_deleted: bool,
}

/// A payee to be made. `Debug` hides personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPayee {
    /// The name; at most 249 characters.
    pub name: String,
    /// The email address.
    pub email: Option<String>,
    /// The telephone number, ten digits.
    pub phone: Option<String>,
    /// The account; it can be added later.
    pub destination: Option<NewDestination>,
}

/// An account to be added to a payee. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDestination {
    /// The account.
    pub account: Clabe,
    /// The holder's name; at most 249 characters.
    pub holder: String,
}

/// The changes to a payee; `None` leaves a value as it is. To change the account, make another
/// payee: it is not published what happens to a transfer that is under way.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PayeeUpdate {
    /// The name.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
}

impl Conekta {
    /// Makes a payee. Calling it twice makes two.
    ///
    /// # Errors
    /// The same as for every call of this module: `Rejected` for what Conekta refuses, `Invalid`
    /// for an empty name. Source: manual.
    pub async fn create_payee(&self, payee: &NewPayee) -> Result<Payee, Error> {
        let new = payee.destination.as_ref();
        if let Some(new) = new {
            check_name(&new.holder)?;
        }
        let body = PayeeRequest {
            name: check_name(&payee.name)?,
            email: payee.email.as_deref(),
            phone: payee.phone.as_deref(),
            destinations: new.map(|new| [destination(&new.account, &new.holder)]),
        };
        let about = (Some(body.name), body.email);
        self.run_about(about, Method::POST, PATH_PAYEES, to_json(&body)?, read_payee).await
    }

    /// Payees, newest first, from `cursor` on.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: conekta-go 2.1.1; conekta-ruby 2.6.0.
    pub async fn payees(&self, cursor: Option<&str>) -> Result<Listed<Payee>, Error> {
        self.list(PATH_PAYEES, "", cursor, read_payee).await
    }

    /// One payee.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: conekta-go 2.1.1; conekta-ruby 2.6.0.
    pub async fn payee(&self, id: &str) -> Result<Payee, Error> {
        self.read(&payee_path(id)?, read_payee).await
    }

    /// Changes a payee's name, email address or telephone number.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: conekta-go 2.1.1; conekta-ruby 2.6.0.
    pub async fn update_payee(&self, id: &str, update: &PayeeUpdate) -> Result<Payee, Error> {
        if let Some(name) = &update.name {
            check_name(name)?;
        }
        let body = PayeeUpdateRequest {
            name: update.name.as_deref(),
            email: update.email.as_deref(),
            phone: update.phone.as_deref(),
        };
        let about = (body.name, body.email);
        self.run_about(about, Method::PUT, &payee_path(id)?, to_json(&body)?, read_payee).await
    }

    /// Deletes a payee. Do not delete one whose transfer is in doubt or under way: the transfer is
    /// found by the payee's id.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: conekta-go 2.1.1.
    pub async fn delete_payee(&self, id: &str) -> Result<Payee, Error> {
        self.run(Method::DELETE, &payee_path(id)?, Bytes::new(), read_payee).await
    }

    /// Adds an account to a payee that has none.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: conekta-go 2.1.1; conekta-ruby 2.6.0.
    pub async fn add_destination(
        &self,
        payee: &str,
        new: &NewDestination,
    ) -> Result<Destination, Error> {
        let path = format!("{}/destinations", payee_path(payee)?);
        let body = to_json(&destination(&new.account, check_name(&new.holder)?))?;
        let about = (Some(new.holder.as_str()), None);
        self.run_about(about, Method::POST, &path, body, read_destination).await
    }

    /// Changes the account of a payee. Do not call it while a transfer to the payee is under way.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: conekta-ruby 2.6.0.
    pub async fn update_destination(
        &self,
        payee: &str,
        id: &str,
        new: &NewDestination,
    ) -> Result<Destination, Error> {
        let path = format!("{}/destinations/{}", payee_path(payee)?, segment("destination", id)?);
        let body = to_json(&destination(&new.account, check_name(&new.holder)?))?;
        let about = (Some(new.holder.as_str()), None);
        self.run_about(about, Method::PUT, &path, body, read_destination).await
    }

    /// Deletes the account of a payee. Do not call it while a transfer to the payee is under way.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: conekta-ruby 2.6.0.
    pub async fn delete_destination(&self, payee: &str, id: &str) -> Result<Destination, Error> {
        let path = format!("{}/destinations/{}", payee_path(payee)?, segment("destination", id)?);
        self.run(Method::DELETE, &path, Bytes::new(), read_destination).await
    }
}

fn payee_path(id: &str) -> Result<String, Error> {
    Ok(format!("{PATH_PAYEES}/{}", segment("payee", id)?))
}

fn check_name(name: &str) -> Result<&str, Error> {
    match read_name(name) {
        Ok(_) => Ok(name),
        Err(violation) => Err(Error::invalid("name").because(violation.because)),
    }
}

fn read_payee(json: &RawValue) -> Result<Payee, &'static str> {
    let (id, answer) = object(json)?;
    let accounts = answer.destinations.unwrap_or_default();
    Ok(Payee {
        id,
        name: text(answer.name),
        email: text(answer.email),
        phone: text(answer.phone),
        destinations: accounts.into_iter().map(read_destination).collect::<Result<_, _>>()?,
        created_at: moment(answer.created_at),
        is_deleted: flag(answer.deleted) == Some(true),
    })
}

fn read_destination(json: &RawValue) -> Result<Destination, &'static str> {
    let (id, answer) = object(json)?;
    Ok(Destination {
        id,
        last4: text(answer.last4),
        holder: text(answer.account_holder_name),
        bank: text(answer.bank),
        is_deleted: flag(answer.deleted) == Some(true),
    })
}

impl fmt::Debug for Payee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payee")
            .field("id", &self.id)
            .field("destinations", &self.destinations)
            .field("is_deleted", &self.is_deleted)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewPayee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPayee(..)")
    }
}

impl fmt::Debug for NewDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewDestination(..)")
    }
}

impl fmt::Debug for PayeeUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayeeUpdate(..)")
    }
}
