//! The digest that decides whether two orders under one key are the same order.
//!
//! Its canonical form is our own and has a version: a new field of a struct must not turn every
//! stored key into a conflict, and no serialisation library may decide about money.

use std::{fmt, str::FromStr};

use pagos_core::{PaymentOrder, PayoutOrder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// SHA-256 of an order in its canonical form: the same key must have the same digest.
///
/// ```
/// use pagos_engine::Digest;
/// # use pagos_core::*;
/// # let order = PaymentOrder {
/// #     key: "k-1".parse()?, account: "bank".parse()?, amount: Money::parse("15000", Currency::Clp)?,
/// #     payer_name: None, document: None, is_document_locked: false, bank: None, email: None,
/// #     phone: None, description: None, return_url: None, cancel_url: None, metadata: Vec::new(),
/// # };
/// let other = PaymentOrder { description: Some("rent".to_owned()), ..order.clone() };
/// assert_eq!(Digest::of(&order), Digest::of(&order.clone()));
/// assert_ne!(Digest::of(&order), Digest::of(&other));
/// # Ok::<(), pagos_core::Error>(())
/// ```
///
/// Its text and its JSON are 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The version of the canonical form that [`Digest::of`] uses. Version 1 was the order's JSON.
    ///
    /// A store keeps the version beside the digest. If it finds another version there, it reads the
    /// stored order and compares the digests of both orders under this version.
    pub const VERSION: u32 = 2;

    /// The digest of an order.
    pub fn of(order: &impl Canonical) -> Self {
        let mut form = Form { hash: Sha256::new() };
        order.describe(&mut form);
        Self(form.hash.finalize().into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(f, "Digest({first:02x}{second:02x}{third:02x}{fourth:02x}..)")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || "a digest has 64 hexadecimal digits".to_owned();
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(refused());
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
        }
        Ok(Self(digest))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// An order that has a canonical form: a payout order or a payment order.
pub trait Canonical {
    /// Passes every field that distinguishes two orders to `form`.
    fn describe(&self, form: &mut Form);
}

/// Collects the fields of an order, one after the other. Every name and value is preceded by its
/// length, so that no two orders have the same form. An absent value adds nothing, so that an order
/// without a new optional field keeps its digest.
pub struct Form {
    hash: Sha256,
}

impl Form {
    fn field(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            // A length in memory fits into 64 bits on every platform.
            self.hash.update((part.len() as u64).to_be_bytes());
            self.hash.update(part);
        }
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}

impl Canonical for PayoutOrder {
    fn describe(&self, form: &mut Form) {
        // Every field is named, so that a new field does not compile before it is handled here.
        let Self { key, account, amount, beneficiary, description } = self;
        let pagos_core::Beneficiary {
            name,
            document,
            bank,
            account_type,
            account_number,
            email,
            phone,
        } = beneficiary;
        form.field("order", "payout");
        form.field("key", key.as_str());
        form.field("account", account.as_str());
        form.field("amount_minor", &amount.minor.to_string());
        form.field("currency", amount.currency.code());
        form.field("name", name);
        if let Some(document) = document {
            form.field("document_type", &document.kind().to_string());
            form.field("document", document.number());
        }
        form.optional("bank", bank.as_ref().map(|bank| bank.as_str()));
        form.field("account_type", &account_type.to_string());
        form.field("account_number", account_number.as_str());
        form.optional("email", email.as_deref());
        form.optional("phone", phone.as_deref());
        form.optional("description", description.as_deref());
    }
}

impl Canonical for PaymentOrder {
    fn describe(&self, form: &mut Form) {
        let Self {
            key,
            account,
            amount,
            payer_name,
            document,
            is_document_locked,
            bank,
            email,
            phone,
            description,
            return_url,
            cancel_url,
            metadata,
        } = self;
        form.field("order", "payment");
        form.field("key", key.as_str());
        form.field("account", account.as_str());
        form.field("amount_minor", &amount.minor.to_string());
        form.field("currency", amount.currency.code());
        form.optional("payer_name", payer_name.as_deref());
        if let Some(document) = document {
            form.field("document_type", &document.kind().to_string());
            form.field("document", document.number());
        }
        form.optional("is_document_locked", is_document_locked.then_some("true"));
        form.optional("bank", bank.as_ref().map(|bank| bank.as_str()));
        form.optional("email", email.as_deref());
        form.optional("phone", phone.as_deref());
        form.optional("description", description.as_deref());
        form.optional("return_url", return_url.as_deref());
        form.optional("cancel_url", cancel_url.as_deref());
        for line in metadata {
            let pagos_core::Metadata { name, value, is_shown } = line;
            form.field("metadata_name", name);
            form.field("metadata_value", value);
            form.field("metadata_is_shown", if *is_shown { "true" } else { "false" });
        }
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::{
        AccountNumber, AccountType, Beneficiary, Currency, Document, DocumentType, Money,
    };

    use super::*;

    fn order() -> PayoutOrder {
        let number = AccountNumber::new("0012345678").unwrap();
        let beneficiary = Beneficiary::new("Ana Díaz", AccountType::Savings, number)
            .with_document(Document::new(DocumentType::Cc, "1020304050").unwrap());
        PayoutOrder::new(
            "k-1".parse().unwrap(),
            "bank".parse().unwrap(),
            Money::new(15_000_000, Currency::Cop),
            beneficiary,
        )
    }

    /// The digest of a given order never changes under one version: stored keys depend on it.
    #[test]
    fn truth_19_the_canonical_form_is_frozen() {
        assert_eq!(Digest::of(&order()).to_string(), FROZEN);
        assert_eq!(FROZEN.parse(), Ok(Digest::of(&order())));
    }

    const FROZEN: &str = "68f38254cb70c53a7427305ec4668fba1d827c02f19bca50d5d91fd479dcc590";

    /// Whatever serde makes of a struct, the digest says the same: it does not look at serde's form.
    #[test]
    fn every_field_counts() {
        let mut others = vec![order(); 9];
        others[0].key = "k-2".parse().unwrap();
        others[1].account = "bank2".parse().unwrap();
        others[2].amount = Money::new(15_000_001, Currency::Cop);
        others[3].beneficiary.name.push('z');
        others[4].beneficiary.document = None;
        others[5].beneficiary.account_type = AccountType::Checking;
        others[6].beneficiary.email = Some("1".to_owned());
        others[7].beneficiary.phone = Some("1".to_owned());
        others[8].description = Some("1".to_owned());
        let mut digests: Vec<Digest> = others.iter().map(Digest::of).collect();
        digests.push(Digest::of(&order()));
        for (place, digest) in digests.iter().enumerate() {
            assert!(!digests.iter().skip(place + 1).any(|other| other == digest), "{place}");
        }
    }
}
