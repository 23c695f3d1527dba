//! `CustomerCreditTransferInitiation`: orders for a bank, in ISO 20022's pain.001.001.03 or .09.
//!
//! One group with one payment instruction: one account pays, in one currency, on one day. The same
//! orders, message id and moment give the same bytes. What a field cannot carry is refused, and
//! nothing is cut. Source of the forms: ISO 20022, schemas of pain.001.001.03 and .09, against which
//! the files of the tests were validated.

use pagos_core::{AccountType, Currency, Day, Document, DocumentType, Money, Timestamp};

use crate::{
    Agent, Charset, Debtor, Problem, Transfer, Written,
    charset::{Fitting, is_identifier},
    transfer::sum,
    xml::Writer,
};

/// The version of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// pain.001.001.03, of 2009, which most banks take.
    V03,
    /// pain.001.001.09, of 2019.
    V09,
}

/// What a file says beside the orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The version.
    pub version: Version,
    /// The name of the file: 1 to 35 characters of [`Charset::Basic`], without a slash at an end and
    /// two in a row. A bank refuses a name that it had before.
    pub message_id: String,
    /// When the file is made.
    pub created_at: Timestamp,
    /// The day on which the bank is to pay.
    pub execution: Day,
    /// Who pays.
    pub debtor: Debtor,
    /// The characters that the bank takes.
    pub charset: Charset,
}

/// Writes a file.
///
/// ```
/// use pagos_bankfile::{Agent, Charset, Debtor, Transfer, pain001};
/// use pagos_core::{
///     AccountName, AccountNumber, AccountType, Beneficiary, Currency, Money, OrderKey, PayoutOrder,
/// };
///
/// let number = AccountNumber::new("0012345678")?;
/// let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, number);
/// let amount = Money::parse("150000", Currency::Cop)?;
/// let order =
///     PayoutOrder::new(OrderKey::new("july-001")?, AccountName::new("bank")?, amount, ana);
/// let options = pain001::Options {
///     version: pain001::Version::V03,
///     message_id: "july".to_owned(),
///     created_at: "2026-07-01T09:30:00Z".parse()?,
///     execution: "2026-07-02".parse()?,
///     debtor: Debtor {
///         name: "Acme S.A.S.".to_owned(),
///         document: None,
///         account: AccountNumber::new("40312345678")?,
///         account_type: AccountType::Checking,
///         bank: Agent::of_code("1007"),
///     },
///     charset: Charset::Full,
/// };
/// let transfer = Transfer { order, bank: Agent::of_code("1051") };
/// let written = pain001::write(&options, &[transfer]).map_err(|problems| problems[0].to_string())?;
/// let text = String::from_utf8(written.bytes)?;
/// assert!(text.contains("<EndToEndId>july-001</EndToEndId>"));
/// assert!(text.contains("<CtrlSum>150000.00</CtrlSum>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Everything that keeps the file from being written.
pub fn write(options: &Options, transfers: &[Transfer]) -> Result<Written, Vec<Problem>> {
    let mut file = File { options, fitting: Fitting::new(options.charset), xml: Writer::new() };
    let sum = sum(transfers).map_err(|problem| vec![problem])?;
    let count = transfers.len() as u64;
    file.document(transfers, sum);
    let (xml, Fitting { changes, problems, .. }) = (file.xml, file.fitting);
    match problems.is_empty() {
        true => Ok(Written { bytes: xml.end(), count, sum, changes }),
        false => Err(problems),
    }
}

/// The most characters of an account number.
const ACCOUNT_LENGTH_MAX: usize = 34;
/// The most characters of a name, and of a text for the beneficiary.
const TEXT_LENGTH_MAX: usize = 140;
/// The most characters of an identifier.
const ID_LENGTH_MAX: usize = 35;
/// What to write as the name of a file.
const ID_REMEDY: &str = "write at most 35 letters without accents, digits, blanks and /-?:().,'+, without a \
                         slash at an end or two in a row";
/// The most digits of an amount.
const DIGITS_MAX: usize = 18;

/// What belongs to no order.
const FILE: &str = "the file";

struct File<'a> {
    options: &'a Options,
    fitting: Fitting,
    xml: Writer,
}

impl File<'_> {
    fn document(&mut self, transfers: &[Transfer], sum: Money) {
        let version = match self.options.version {
            Version::V03 => "03",
            Version::V09 => "09",
        };
        let space = format!("urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}");
        self.xml.open_with("Document", "xmlns", &space);
        self.xml.open("CstmrCdtTrfInitn");
        self.group_header(transfers.len(), sum);
        self.xml.open("PmtInf");
        self.payment_header(transfers.len(), sum);
        transfers.iter().for_each(|transfer| self.transfer(transfer));
        self.xml.close();
        self.xml.close();
        self.xml.close();
    }

    fn group_header(&mut self, count: usize, sum: Money) {
        let options = self.options;
        let id = options.message_id.as_str();
        if id.chars().count() > ID_LENGTH_MAX || !is_identifier(id) {
            let because = "the message id is empty or too long, or has characters or slashes that not \
                           every bank takes";
            self.fitting.problem(FILE, because, ID_REMEDY);
        }
        self.xml.open("GrpHdr");
        self.xml.text("MsgId", id);
        self.xml.text("CreDtTm", &options.created_at.to_string());
        self.totals(count, sum);
        self.xml.open("InitgPty");
        self.name(FILE, "the payer's name", &options.debtor.name);
        self.xml.close();
        self.xml.close();
    }

    fn payment_header(&mut self, count: usize, sum: Money) {
        let (options, debtor) = (self.options, &self.options.debtor);
        self.xml.text("PmtInfId", &options.message_id);
        self.xml.text("PmtMtd", "TRF");
        self.totals(count, sum);
        match options.version {
            Version::V03 => self.xml.text("ReqdExctnDt", &options.execution.to_string()),
            Version::V09 => {
                self.xml.open("ReqdExctnDt");
                self.xml.text("Dt", &options.execution.to_string());
                self.xml.close();
            }
        }
        self.xml.open("Dbtr");
        // The initiating party has the same name, whose changes are reported once.
        let changes = self.fitting.changes.len();
        self.name(FILE, "the payer's name", &debtor.name);
        self.fitting.changes.truncate(changes);
        self.document_of(FILE, debtor.document.as_ref());
        self.xml.close();
        self.xml.open("DbtrAcct");
        self.account(FILE, debtor.account.as_str(), debtor.account_type, Some(sum.currency));
        self.xml.close();
        self.agent(FILE, "DbtrAgt", &debtor.bank);
    }

    fn totals(&mut self, count: usize, sum: Money) {
        let sum = self.amount(FILE, sum);
        self.xml.text("NbOfTxs", &count.to_string());
        self.xml.text("CtrlSum", &sum);
    }

    fn transfer(&mut self, transfer: &Transfer) {
        let (order, person) = (&transfer.order, &transfer.order.beneficiary);
        let key = order.key.as_str();
        self.xml.open("CdtTrfTxInf");
        self.xml.open("PmtId");
        let id = self.fitting.exact(key, "the key", key, ID_LENGTH_MAX);
        self.xml.text("EndToEndId", &id);
        self.xml.close();
        self.xml.open("Amt");
        let amount = self.amount(key, order.amount);
        if order.amount.minor <= 0 {
            self.fitting.problem(key, "the amount is not more than zero", "leave the row out");
        }
        self.xml.text_with("InstdAmt", "Ccy", order.amount.currency.code(), &amount);
        self.xml.close();
        self.agent(key, "CdtrAgt", &transfer.bank);
        self.xml.open("Cdtr");
        self.name(key, "the name", &person.name);
        self.document_of(key, person.document.as_ref());
        self.xml.close();
        self.xml.open("CdtrAcct");
        self.account(key, person.account_number.as_str(), person.account_type, None);
        self.xml.close();
        if let Some(text) = order.description.as_deref().filter(|text| !text.is_empty()) {
            let text = self.fitting.text(key, "the description", text, TEXT_LENGTH_MAX);
            self.xml.open("RmtInf");
            self.xml.text("Ustrd", &text);
            self.xml.close();
        }
        self.xml.close();
    }

    fn amount(&mut self, place: &str, amount: Money) -> String {
        let text = amount.to_major(amount.currency.exponent()).unwrap_or_default();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if digits > DIGITS_MAX {
            let because = format!("an amount has {digits} digits");
            self.fitting.problem(place, because, format!("at most {DIGITS_MAX} fit"));
        }
        text
    }

    fn name(&mut self, place: &str, field: &'static str, name: &str) {
        let name = self.fitting.text(place, field, name, TEXT_LENGTH_MAX);
        self.xml.text("Nm", &name);
    }

    fn document_of(&mut self, place: &str, document: Option<&Document>) {
        let Some(document) = document else { return };
        let number = self.fitting.exact(place, "the document", document.number(), ID_LENGTH_MAX);
        let is_of_company =
            matches!(document.kind(), DocumentType::Nit | DocumentType::Ruc | DocumentType::Cnpj);
        self.xml.open("Id");
        self.xml.open(if is_of_company { "OrgId" } else { "PrvtId" });
        self.xml.open("Othr");
        self.xml.text("Id", &number);
        self.xml.open("SchmeNm");
        self.xml.text("Prtry", &document.kind().to_string().to_uppercase());
        (0..4).for_each(|_| self.xml.close());
    }

    fn account(
        &mut self,
        place: &str,
        number: &str,
        kind: AccountType,
        currency: Option<Currency>,
    ) {
        let number = self.fitting.exact(place, "the account number", number, ACCOUNT_LENGTH_MAX);
        self.xml.open("Id");
        self.xml.open("Othr");
        self.xml.text("Id", &number);
        self.xml.close();
        self.xml.close();
        self.xml.open("Tp");
        match kind {
            AccountType::Checking => self.xml.text("Cd", "CACC"),
            AccountType::Savings => self.xml.text("Cd", "SVGS"),
            // There is no code for them in both versions.
            other => self.xml.text("Prtry", &other.to_string().to_uppercase()),
        }
        self.xml.close();
        if let Some(currency) = currency {
            self.xml.text("Ccy", currency.code());
        }
    }

    fn agent(&mut self, place: &str, element: &'static str, bank: &Agent) {
        if *bank == Agent::default() {
            let because = "the bank is not known";
            self.fitting.problem(place, because, "write the bank's code or its name");
        }
        self.xml.open(element);
        self.xml.open("FinInstnId");
        if let Some(bic) = &bank.bic {
            if !is_bic(bic) {
                let because = "the BIC is not 8 or 11 capital letters and digits";
                self.fitting.problem(place, because, "write it as the bank does");
            }
            let name = match self.options.version {
                Version::V03 => "BIC",
                Version::V09 => "BICFI",
            };
            self.xml.text(name, bic);
        }
        if let Some(code) = &bank.code {
            let code = self.fitting.exact(place, "the code of the bank", code, ID_LENGTH_MAX);
            self.xml.open("ClrSysMmbId");
            self.xml.text("MmbId", &code);
            self.xml.close();
        }
        if let Some(name) = &bank.name {
            self.name(place, "the name of the bank", name);
        }
        self.xml.close();
        self.xml.close();
    }
}

fn is_bic(text: &str) -> bool {
    let (letters, rest) = text.split_at_checked(6).unwrap_or_default();
    let is_alphanumeric = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    matches!(rest.len(), 2 | 5)
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && rest.bytes().all(is_alphanumeric)
        && !rest.starts_with(['0', '1'])
        && rest.as_bytes().get(1) != Some(&b'O')
}

#[cfg(test)]
pub(crate) mod tests;
