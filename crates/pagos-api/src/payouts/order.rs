//! A payout order as a client writes it, and every mistake in it at once.

use http::HeaderMap;
use pagos_core::{
    AccountNumber, BankCode, Beneficiary, Currency, Document, Error, Money, OrderKey, PayoutOrder,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    amount::MajorUnits,
    mask,
    problem::{Fault, Problem, ProblemType},
};

/// A payout to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutRequest {
    /// Your name for the order, 1 to 32 of `A-Z a-z 0-9 _ -`; never use one again. It may be in the
    /// `Idempotency-Key` header instead.
    key: Option<String>,
    /// The configured account that pays.
    account: String,
    /// How much the beneficiary receives, in major units, as text.
    #[schema(value_type = String, pattern = r"^[0-9]+(\.[0-9]+)?$", examples("1250.50"))]
    amount: MajorUnits,
    /// The currency, such as `MXN`.
    currency: String,
    /// Who is paid.
    beneficiary: BeneficiaryRequest,
    /// A text that the beneficiary may see.
    description: Option<String>,
}

/// The person or company that is paid, and the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeneficiaryRequest {
    /// The name on the account.
    name: String,
    /// The document that the account was opened with.
    document: Option<DocumentRequest>,
    /// The bank, in the provider's words.
    bank: Option<String>,
    /// `checking`, `savings`, `sight`, `wallet`, `clabe` or `card`.
    account_type: String,
    /// The number of the account, as text.
    account_number: String,
    /// An email address, for providers that use it.
    email: Option<String>,
    /// A telephone number, for providers that use it.
    phone: Option<String>,
}

impl std::fmt::Debug for BeneficiaryRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BeneficiaryRequest(..)")
    }
}

/// An identity document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRequest {
    /// `cc`, `ce`, `ti`, `nit`, `passport`, `rut`, `dni`, `ruc`, `cpf`, `cnpj`, `curp` or `rfc`.
    #[serde(rename = "type")]
    kind: String,
    /// The number, as text.
    number: String,
}

impl PayoutRequest {
    /// The order, if every field can be read; `key` is that of the header.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn order(self, key: Option<&OrderKey>) -> Result<PayoutOrder, Vec<Fault>> {
        let mut reader = Reader::default();
        let key = reader.key(self.key, key);
        let account = reader.read("/account", self.account.parse());
        let amount = reader.money(&self.amount, &self.currency);
        reader.plain("/description", self.description.as_deref());
        let beneficiary = self.beneficiary.read(&mut reader);
        match (key, account, amount, beneficiary) {
            (Some(key), Some(account), Some(amount), Some(beneficiary))
                if reader.faults.is_empty() =>
            {
                let order = PayoutOrder::new(key, account, amount, beneficiary);
                Ok(PayoutOrder { description: self.description, ..order })
            }
            _ => Err(reader.faults),
        }
    }
}

impl BeneficiaryRequest {
    fn read(self, reader: &mut Reader) -> Option<Beneficiary> {
        let kind = reader.read("/beneficiary/account_type", self.account_type.parse());
        let number = AccountNumber::new(self.account_number);
        let number = reader.read("/beneficiary/account_number", number);
        let document = self.document.map(|it| it.read("/beneficiary/document", reader));
        let bank = self.bank.map(|bank| reader.read("/beneficiary/bank", BankCode::new(bank)));
        if self.name.trim().is_empty() {
            reader.refuse("/beneficiary/name", "it is empty".to_owned());
        }
        reader.plain("/beneficiary/name", Some(&self.name));
        reader.plain("/beneficiary/email", self.email.as_deref());
        reader.plain("/beneficiary/phone", self.phone.as_deref());
        let mut beneficiary = Beneficiary::new(self.name, kind?, number?);
        beneficiary.document = document.flatten();
        beneficiary.bank = bank.flatten();
        (beneficiary.email, beneficiary.phone) = (self.email, self.phone);
        Some(beneficiary)
    }
}

impl DocumentRequest {
    pub(crate) fn read(self, place: &str, reader: &mut Reader) -> Option<Document> {
        let kind = reader.read(&format!("{place}/type"), self.kind.parse())?;
        reader.read(&format!("{place}/number"), Document::new(kind, self.number))
    }
}

/// Reads fields and collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Fault>,
}

impl Reader {
    pub(crate) fn read<T>(&mut self, pointer: &str, read: Result<T, Error>) -> Option<T> {
        read.map_err(|error| self.refuse(pointer, mask::text(error.message()))).ok()
    }

    pub(crate) fn refuse(&mut self, pointer: &str, because: String) {
        let field = pointer.rsplit('/').next().map(str::to_owned);
        self.faults.push(Fault {
            pointer: Some(pointer.to_owned()),
            field,
            because,
            ..Fault::default()
        });
    }

    /// A text that people read: short, and without characters that nobody sees or that change the
    /// direction of what follows.
    pub(crate) fn plain(&mut self, pointer: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let is_unseen = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        if text.chars().any(is_unseen) {
            self.refuse(pointer, "it has a control character in it".to_owned());
        } else if text.chars().count() > TEXT_CHARS_MAX {
            self.refuse(pointer, format!("it has more than {TEXT_CHARS_MAX} characters"));
        }
    }

    /// The key of the body, of the header, or of both.
    pub(crate) fn key(
        &mut self,
        body: Option<String>,
        header: Option<&OrderKey>,
    ) -> Option<OrderKey> {
        let body = match body {
            Some(body) => Some(self.read("/key", OrderKey::new(body))?),
            None => None,
        };
        match (body, header) {
            (Some(body), Some(header)) if body != *header => {
                let because = "it is another key than that of the Idempotency-Key header";
                self.refuse("/key", because.to_owned());
                None
            }
            (Some(key), _) => Some(key),
            (None, Some(header)) => Some(header.clone()),
            (None, None) => {
                let because = "it is missing; give it here or as the Idempotency-Key header";
                self.refuse("/key", because.to_owned());
                None
            }
        }
    }

    pub(crate) fn money(&mut self, amount: &MajorUnits, currency: &str) -> Option<Money> {
        let currency: Currency = self.read("/currency", currency.parse())?;
        let amount = Money::parse(&amount.0, currency);
        amount.map_err(|error| self.refuse("/amount", error.message().to_owned())).ok()
    }
}

const TEXT_CHARS_MAX: usize = 1_000;

/// The key in the `Idempotency-Key` header, if there is one.
pub(crate) fn key_of_header(headers: &HeaderMap) -> Result<Option<OrderKey>, Problem> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    let refused = |because: &str| {
        Problem::new(ProblemType::Malformed, format!("the Idempotency-Key header: {because}"))
    };
    if all.next().is_some() {
        return Err(refused("there are several"));
    }
    let text = first.to_str().map_err(|_| refused("it is not ASCII"))?;
    OrderKey::new(text).map(Some).map_err(|_| refused("a key is 1 to 32 of A-Z a-z 0-9 _ -"))
}
