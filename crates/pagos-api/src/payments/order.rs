//! A payment order as a client writes it, and every mistake in it at once.

use pagos_core::{BankCode, Metadata, OrderKey, PaymentOrder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    amount::MajorUnits,
    payouts::order::{DocumentRequest, Reader},
    problem::Fault,
};

/// A payment to collect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentRequest {
    /// Your name for the order, 1 to 32 of `A-Z a-z 0-9 _ -`; never use one again. It may be in the
    /// `Idempotency-Key` header instead.
    key: Option<String>,
    /// The configured account that collects.
    account: String,
    /// How much the payer pays, in major units, as text.
    #[schema(value_type = String, pattern = r"^[0-9]+(\.[0-9]+)?$", examples("1250.50"))]
    amount: MajorUnits,
    /// The currency, such as `CLP`.
    currency: String,
    /// The payer's name.
    payer_name: Option<String>,
    /// The payer's document.
    document: Option<DocumentRequest>,
    /// Whether only the holder of the document may pay.
    #[serde(default)]
    is_document_locked: bool,
    /// The payer's bank.
    bank: Option<String>,
    /// The payer's email address.
    email: Option<String>,
    /// The payer's telephone number.
    phone: Option<String>,
    /// A text that the payer may see.
    description: Option<String>,
    /// Where the payer's browser goes after paying.
    return_url: Option<String>,
    /// Where the payer's browser goes after failing or giving up.
    cancel_url: Option<String>,
    /// Lines that the provider keeps with the payment.
    #[serde(default)]
    metadata: Vec<MetadataRequest>,
}

/// One line of metadata.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MetadataRequest {
    /// The name of the line.
    name: String,
    /// The value.
    value: String,
    /// Whether the payer sees it.
    #[serde(default)]
    is_shown: bool,
}

impl PaymentRequest {
    /// The order, if every field can be read; `key` is that of the header.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn order(self, key: Option<&OrderKey>) -> Result<PaymentOrder, Vec<Fault>> {
        let mut reader = Reader::default();
        let key = reader.key(self.key, key);
        let account = reader.read("/account", self.account.parse());
        let amount = reader.money(&self.amount, &self.currency);
        let document = self.document.map(|it| it.read("/document", &mut reader));
        let bank = self.bank.map(|bank| reader.read("/bank", BankCode::new(bank)));
        reader.plain("/payer_name", self.payer_name.as_deref());
        reader.plain("/email", self.email.as_deref());
        reader.plain("/phone", self.phone.as_deref());
        reader.plain("/description", self.description.as_deref());
        let (Some(key), Some(account), Some(amount), true) =
            (key, account, amount, reader.faults.is_empty())
        else {
            return Err(reader.faults);
        };
        let metadata = self.metadata.into_iter().map(|line| Metadata {
            name: line.name,
            value: line.value,
            is_shown: line.is_shown,
        });
        Ok(PaymentOrder {
            payer_name: self.payer_name,
            document: document.flatten(),
            is_document_locked: self.is_document_locked,
            bank: bank.flatten(),
            email: self.email,
            phone: self.phone,
            description: self.description,
            return_url: self.return_url,
            cancel_url: self.cancel_url,
            metadata: metadata.collect(),
            ..PaymentOrder::new(key, account, amount)
        })
    }
}
