//! The differences between countries, as data. It is a file of its own because the table grows with
//! every country, while `config.rs` is about one merchant.
//!
//! Colombia is complete. The other countries have what the pages show, and not all of their payout
//! pages were seen: they work only after [`crate::PartialCountry::Accepted`]. Three countries are
//! missing because an order cannot express what they need: Brazil (kinds of PIX keys), Tanzania
//! (one account type per mobile operator) and Thailand (a document without a type). Egypt, Vietnam,
//! the Philippines, Turkey and Argentina are missing because neither limits nor currency of their
//! payouts were seen.

use std::borrow::Cow;

use pagos_core::{AccountType, Country, Currency, DocumentType};
use pagos_wire::UtcOffset;

use crate::bank::COLOMBIAN;
pub use crate::bank::KnownBank;

/// The rules of one country for orders. Change fields if a merchant's contract differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountrySettings {
    /// The country.
    pub country: Country,
    /// Its only currency.
    pub currency: Currency,
    /// How well these settings are known.
    pub evidence: Evidence,
    /// The least amount of an order, in minor units.
    pub amount_minor_min: i64,
    /// The greatest amount of an order, in minor units.
    pub amount_minor_max: i64,
    /// Whether amounts may have a fraction of the major unit.
    pub fraction: Fraction,
    /// Decimals of a payout's amount on the wire.
    pub payout_decimals: u8,
    /// Account types and their wire values.
    pub account_types: &'static [(AccountType, &'static str)],
    /// The known rule for account numbers.
    pub account_rule: AccountRule,
    /// Whether an order must have the beneficiary's document.
    pub document: Presence,
    /// Document types and their wire values.
    pub document_types: &'static [(DocumentType, &'static str)],
    /// How a bank is named.
    pub bank_field: BankField,
    /// Known banks, for orders that name a bank by its name or its national code.
    pub banks: &'static [KnownBank],
    /// Banks that are wallets: the account is a telephone number and its type is savings.
    pub wallet_banks: Cow<'static, [u32]>,
    /// The longest name of a beneficiary, in characters.
    pub name_length_max: usize,
    /// The longest email address; a longer one is left out.
    pub email_length_max: usize,
    /// Whether an order must have an email address.
    pub email: Presence,
    /// Whether an order must have a telephone number.
    pub phone: Presence,
    /// Whether a payment must have the payer's telephone number and email address.
    pub payer_contact: Presence,
    /// The offset of the local times that the provider writes.
    pub utc_offset: UtcOffset,
    /// Pay-in types that do not need the payer's document.
    pub pay_types_without_document: &'static [u32],
    /// Pay-in types that need the payer's bank and user type.
    pub pay_types_with_bank: &'static [u32],
    /// What `payDesk` wants. `None` where its page was not read: the rules of `payIn` hold then.
    pub pay_desk: Option<PayDesk>,
}

/// What a country wants of `payDesk`, where that differs from its other rules. The payer's document,
/// telephone number and mail address are required everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayDesk {
    /// The least amount, in minor units.
    pub amount_minor_min: i64,
    /// The greatest amount, in minor units.
    pub amount_minor_max: i64,
    /// For how long a payer can pay if nobody says otherwise, in seconds.
    pub expire_seconds: u32,
    /// The longest name of a payer, in characters.
    pub name_length_max: usize,
    /// The longest mail address of a payer; a longer one is refused.
    pub email_length_max: usize,
    /// What a payer's name may consist of.
    pub name_rule: NameRule,
    /// What a payer's telephone number looks like.
    pub phone_rule: PhoneRule,
}

/// What a payer's name may consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameRule {
    /// Anything.
    Unchecked,
    /// No special characters. Which these are is not said.
    // Guess: whatever is no letter, digit or blank. Letters with accents pass.
    Plain,
}

/// What a payer's telephone number looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhoneRule {
    /// Anything.
    Unchecked,
    /// `+51` and nine digits, `51` and nine digits, or nine digits of which the first is 9.
    Peruvian,
}

/// How well a country's settings are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The payout page was read.
    Complete,
    /// Required fields or limits are unknown.
    Partial,
}

/// Whether amounts may have a fraction of the major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fraction {
    /// Whole units only.
    Refused,
    /// Two decimals.
    Allowed,
}

/// Whether an order must carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The provider refuses the order without it.
    Required,
    /// Sent if the order has it.
    Optional,
}

/// How a bank is named on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BankField {
    /// `bankId`, a number of the bank list.
    BankId,
    /// `ifscCode` (India).
    Ifsc,
}

/// The known rule for a country's account numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountRule {
    /// Digits; wallets are telephone numbers of 10 digits that start with 3.
    Colombian,
    /// A CLABE with its check digit, or a card or bank number of 16 digits.
    Mexican,
    /// Only the provider's limit of 32 characters.
    Unchecked,
}

/// Colombia, complete.
///
/// Source: manual "Create Payout Order" (fields, lengths, amounts 10000 to 5000000); docs:
/// en/col/appendix (account types, document types, banks); docs: col/overview (GMT-5); docs:
/// en/col/payin (pay-in types); docs: en/col/paydesk (the page on which the payer chooses).
pub const COLOMBIA: CountrySettings = CountrySettings {
    country: Country::new("COL"),
    currency: Currency::Cop,
    evidence: Evidence::Complete,
    amount_minor_min: 1_000_000,
    amount_minor_max: 500_000_000,
    // It is unknown whether a fraction of a peso is accepted, so it is refused. [inferred]
    fraction: Fraction::Refused,
    payout_decimals: 2,
    account_types: &[
        (AccountType::Checking, "0"),
        (AccountType::Savings, "1"),
        (AccountType::Wallet, "1"),
    ],
    account_rule: AccountRule::Colombian,
    document: Presence::Required,
    document_types: &[
        (DocumentType::Cc, "1"),
        (DocumentType::Ce, "2"),
        (DocumentType::Ti, "3"),
        (DocumentType::Nit, "4"),
        (DocumentType::Passport, "5"),
    ],
    bank_field: BankField::BankId,
    banks: &COLOMBIAN,
    wallet_banks: Cow::Borrowed(&[29, 33]),
    name_length_max: 32,
    email_length_max: 32,
    email: Presence::Optional,
    phone: Presence::Optional,
    payer_contact: Presence::Required,
    utc_offset: UtcOffset::hours(-5),
    pay_types_without_document: &[153],
    pay_types_with_bank: &[157],
    pay_desk: Some(PayDesk {
        amount_minor_min: 1_000_000,
        amount_minor_max: 500_000_000,
        expire_seconds: 7 * 24 * 60 * 60,
        name_length_max: 32,
        email_length_max: 32,
        name_rule: NameRule::Unchecked,
        phone_rule: PhoneRule::Unchecked,
    }),
};

/// The common values for countries of which nothing else is known. Not a country by itself.
const PARTIAL: CountrySettings = CountrySettings {
    evidence: Evidence::Partial,
    amount_minor_min: 1,
    amount_minor_max: i64::MAX,
    account_rule: AccountRule::Unchecked,
    banks: &[],
    wallet_banks: Cow::Borrowed(&[]),
    payer_contact: Presence::Optional,
    pay_types_without_document: &[],
    pay_types_with_bank: &[],
    pay_desk: None,
    ..COLOMBIA
};

/// Mexico. Source: docs: en/mex/payout, en/mex/appendix. The offset is inferred.
pub const MEXICO: CountrySettings = CountrySettings {
    country: Country::new("MEX"),
    currency: Currency::Mxn,
    amount_minor_min: 4_000,
    amount_minor_max: 1_500_000,
    payout_decimals: 0,
    account_types: &[(AccountType::Card, "3"), (AccountType::Clabe, "40")],
    account_rule: AccountRule::Mexican,
    document: Presence::Optional,
    document_types: &[],
    name_length_max: 40,
    email_length_max: 64,
    utc_offset: UtcOffset::hours(-6),
    ..PARTIAL
};

/// Peru. Source: docs: en/per/appendix, en/per/paydesk. The offset is inferred.
///
/// `payDesk` wants a mail address that no other payer has, which an order alone cannot show.
pub const PERU: CountrySettings = CountrySettings {
    country: Country::new("PER"),
    currency: Currency::Pen,
    fraction: Fraction::Allowed,
    account_types: &[(AccountType::Checking, "0"), (AccountType::Savings, "1")],
    document_types: &[
        (DocumentType::Dni, "1"),
        (DocumentType::Passport, "2"),
        (DocumentType::Ce, "3"),
        (DocumentType::Ruc, "4"),
    ],
    pay_desk: Some(PayDesk {
        amount_minor_min: 1_000,
        amount_minor_max: 200_000,
        expire_seconds: 60 * 60,
        name_length_max: 64,
        email_length_max: 32,
        name_rule: NameRule::Plain,
        phone_rule: PhoneRule::Peruvian,
    }),
    ..PARTIAL
};

/// Ecuador. Source: docs: en/ecu/appendix, en/ecu/paydesk. The offset is inferred.
pub const ECUADOR: CountrySettings = CountrySettings {
    country: Country::new("ECU"),
    currency: Currency::Usd,
    fraction: Fraction::Allowed,
    account_types: &[(AccountType::Checking, "0"), (AccountType::Savings, "1")],
    document_types: &[
        (DocumentType::Cc, "1"),
        (DocumentType::Passport, "2"),
        (DocumentType::Ruc, "3"),
    ],
    pay_desk: Some(PayDesk {
        amount_minor_min: 100,
        amount_minor_max: 50_000,
        expire_seconds: 7 * 24 * 60 * 60,
        name_length_max: 64,
        email_length_max: 64,
        name_rule: NameRule::Plain,
        phone_rule: PhoneRule::Unchecked,
    }),
    ..PARTIAL
};

/// Chile. Source: docs: chl/appendix. The offset is inferred and ignores summer time.
pub const CHILE: CountrySettings = CountrySettings {
    country: Country::new("CHL"),
    currency: Currency::Clp,
    account_types: &[
        (AccountType::Checking, "1"),
        (AccountType::Sight, "2"),
        (AccountType::Savings, "3"),
    ],
    document_types: &[(DocumentType::Rut, "1")],
    utc_offset: UtcOffset::hours(-4),
    ..PARTIAL
};

/// Indonesia. Source: docs: en/idn/appendix; showdoc: payOut.
pub const INDONESIA: CountrySettings = CountrySettings {
    country: Country::new("IDN"),
    currency: Currency::Idr,
    amount_minor_min: 1_000_000,
    amount_minor_max: 500_000_000,
    account_types: &[
        (AccountType::Savings, "3"),
        (AccountType::Checking, "3"),
        (AccountType::Wallet, "3"),
    ],
    document: Presence::Optional,
    document_types: &[],
    utc_offset: UtcOffset::hours(7),
    ..PARTIAL
};

/// Pakistan. Source: docs: pak/payout, en/pak/appendix. The offset is inferred.
pub const PAKISTAN: CountrySettings = CountrySettings {
    country: Country::new("PAK"),
    currency: Currency::Pkr,
    amount_minor_min: 10_000,
    amount_minor_max: 5_000_000,
    fraction: Fraction::Allowed,
    account_types: &[(AccountType::Wallet, "1")],
    document_types: &[],
    email: Presence::Required,
    phone: Presence::Required,
    utc_offset: UtcOffset::hours(5),
    ..PARTIAL
};

/// India. Source: docs: india/payout. The offset is inferred.
pub const INDIA: CountrySettings = CountrySettings {
    country: Country::new("IND"),
    currency: Currency::Inr,
    amount_minor_min: 1_000,
    amount_minor_max: 1_000_000,
    fraction: Fraction::Allowed,
    account_types: &[
        (AccountType::Savings, "BANK_CARD_ACCOUNT"),
        (AccountType::Checking, "BANK_CARD_ACCOUNT"),
    ],
    document: Presence::Optional,
    document_types: &[],
    bank_field: BankField::Ifsc,
    phone: Presence::Required,
    utc_offset: UtcOffset::minutes(330),
    ..PARTIAL
};

/// Every country whose settings this crate knows.
pub const COUNTRIES: [&CountrySettings; 8] =
    [&COLOMBIA, &MEXICO, &PERU, &ECUADOR, &CHILE, &INDONESIA, &PAKISTAN, &INDIA];
