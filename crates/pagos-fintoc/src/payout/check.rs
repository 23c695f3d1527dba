//! The fields of an order, each read into its wire form or a violation with a remedy. No requests.

use pagos_core::{Beneficiary, Clabe, Document, DocumentType, Error, Money, Rut, Violation};

use crate::{
    contract::{CHILEAN_AMOUNT_MAX, CHILEAN_DIGITS, COMMENT_LENGTH_MAX, NAME_LENGTH_MAX},
    country::Country,
};

/// Minor units: centavos of MXN, pesos of CLP, at least one. Source: docs: reference/transfers-create. Mexico
/// has no limit per transfer. Source: docs: guides/transfers/transfers-overview/v2-transfers-data-model.
pub(super) fn read_amount(country: Country, amount: Money) -> Result<i64, Violation> {
    let currency = country.currency();
    if amount.currency != currency {
        let because = format!("this account pays {currency}, not {}", amount.currency);
        let remedy = format!("write the amount in {currency}, or name the account of its currency");
        let found = Violation::new("currency", because, remedy);
        return Err(found.in_spanish(
            format!("esta cuenta paga {currency}, no {}", amount.currency),
            format!("escriba el monto en {currency}, o indique la cuenta de su moneda"),
        ));
    }
    let refused = |because: String, remedy: &str| Violation::new("amount", because, remedy);
    match amount.minor {
        ..=0 => Err(refused(format!("{amount} is not above zero"), "change it")
            .in_spanish(format!("{amount} no es mayor que cero"), "cámbielo")),
        minor if country == Country::Chile && minor > CHILEAN_AMOUNT_MAX => {
            let most = Money::new(CHILEAN_AMOUNT_MAX, currency);
            let remedy = "split it over several rows, each with a key of its own";
            Err(refused(format!("{amount} is above {most}"), remedy).in_spanish(
                format!("{amount} supera {most}"),
                "divídalo en varias filas, cada una con su propia clave",
            ))
        }
        minor => Ok(minor),
    }
}

/// The holder of the account.
pub(super) fn read_name(name: &str) -> Result<&str, Violation> {
    let refused = |because: String, remedy: &str| Violation::new("name", because, remedy);
    if name.trim().is_empty() {
        return Err(refused("it is empty".to_owned(), "write the account holder's name")
            .in_spanish("está vacío", "escriba el nombre del titular de la cuenta"));
    }
    if name.chars().any(char::is_control) {
        let because = "it has line breaks or control characters".to_owned();
        return Err(refused(because, "write the account holder's name on one line").in_spanish(
            "tiene saltos de línea o caracteres de control",
            "escriba el nombre del titular de la cuenta en una línea",
        ));
    }
    let length = name.chars().count();
    if length > NAME_LENGTH_MAX {
        let because = format!("{length} characters, and {NAME_LENGTH_MAX} are the most");
        let remedy = "shorten it as the bank writes it; it is never cut for you";
        return Err(refused(because, remedy).in_spanish(
            format!("tiene {length} caracteres, y el máximo es {NAME_LENGTH_MAX}"),
            "acórtelo como lo escribe el banco; Pagos nunca lo corta",
        ));
    }
    Ok(name)
}

/// The type of the account in Fintoc's words, and its number.
pub(super) fn read_account(
    country: Country,
    payee: &Beneficiary,
) -> Result<(&'static str, &str), Violation> {
    let Some(kind) = country.account_type(payee.account_type) else {
        let (because, remedy) = match country {
            Country::Mexico => ("in Mexico Fintoc is given a CLABE", "write clabe"),
            Country::Chile => (
                "in Chile it is a checking, savings or sight account",
                "write checking, savings or sight",
            ),
        };
        let because = format!("{because}, not {}", payee.account_type);
        let (es, es_remedy) = match country {
            Country::Mexico => ("en México Fintoc recibe una CLABE", "escriba clabe"),
            Country::Chile => (
                "en Chile es una cuenta checking, savings o sight",
                "escriba checking, savings o sight",
            ),
        };
        let found = Violation::new("account_type", because, remedy);
        return Err(found.in_spanish(format!("{es}, no {}", payee.account_type), es_remedy));
    };
    let number = payee.account_number.as_str();
    match country {
        Country::Mexico => {
            parse_clabe(payee).map_err(|error| {
                let remedy = "write all 18 digits of the CLABE, as text";
                Violation::new("account", error.message(), remedy).in_spanish(
                    "no es una CLABE correcta",
                    "escriba los 18 dígitos de la CLABE, como texto",
                )
            })?;
        }
        Country::Chile => {
            let is_number = CHILEAN_DIGITS.contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number {
                let most = CHILEAN_DIGITS.end();
                return Err(Violation::new(
                    "account",
                    format!("a Chilean account number is at most {most} digits"),
                    "write it without dashes; if it looks like 1.23E+10, a spreadsheet has spoilt it",
                )
                .in_spanish(
                    format!("un número de cuenta chileno tiene a lo más {most} dígitos"),
                    "escríbalo sin guiones; si parece 1.23E+10, una planilla lo dañó",
                ));
            }
        }
    }
    Ok((kind, number))
}

fn parse_clabe(payee: &Beneficiary) -> Result<Clabe, Error> {
    payee.account_number.as_str().parse()
}

/// Chile: Fintoc's id of the bank. Source: docs: reference/transfers-create. Mexico: nothing is sent, because
/// Fintoc takes the bank from the CLABE and ignores what else it is told (recorded: transfers/create: 40012 was
/// sent and 90735 answered); what the order says must fit.
pub(super) fn read_bank(country: Country, payee: &Beneficiary) -> Result<Option<&str>, Violation> {
    let bank = payee.bank.as_ref().map(|bank| bank.as_str());
    match (country, bank) {
        (Country::Mexico, None) => Ok(None),
        (Country::Mexico, Some(bank)) => {
            // Three digits, or Banxico's five of which the last three are the same.
            let is_code = matches!(bank.len(), 3 | 5) && bank.bytes().all(|b| b.is_ascii_digit());
            let clabe = parse_clabe(payee).ok();
            let fits = clabe.is_none_or(|clabe| is_code && bank.ends_with(clabe.bank()));
            match fits {
                true => Ok(None),
                false => Err(Violation::new(
                    "bank",
                    "it is not the bank of the CLABE",
                    "leave it empty, or write the first three digits of the CLABE",
                )
                .in_spanish(
                    "no es el banco de la CLABE",
                    "déjelo vacío, o escriba los tres primeros dígitos de la CLABE",
                )),
            }
        }
        (Country::Chile, Some(bank)) if is_institution(bank) => Ok(Some(bank)),
        (Country::Chile, _) => Err(Violation::new(
            "bank",
            "in Chile Fintoc wants its id of the bank",
            "write it as in Fintoc's list of institutions, such as cl_banco_de_chile",
        )
        .in_spanish(
            "en Chile Fintoc pide su propio código del banco",
            "escríbalo como en la lista de instituciones de Fintoc, por ejemplo cl_banco_de_chile",
        )),
    }
}

/// `cl_banco_de_chile`. Which there are is a page of Fintoc's.
fn is_institution(bank: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    bank.strip_prefix("cl_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_legal))
}

/// Chile: the RUT, as `12345678-5`. Mexico: RFC or CURP, where the order has one. Source: docs:
/// reference/transfers-create; recorded: transfers/create.
pub(super) fn read_holder(
    country: Country,
    document: Option<&Document>,
) -> Result<Option<String>, Violation> {
    let number = match (country, document) {
        (Country::Mexico, None) => return Ok(None),
        (Country::Mexico, Some(document)) => match document.kind() {
            DocumentType::Rfc | DocumentType::Curp => Some(document.number().to_owned()),
            _ => None,
        },
        (Country::Chile, document) => document
            .filter(|document| document.kind() == DocumentType::Rut)
            .and_then(|document| document.number().parse::<Rut>().ok())
            .map(|rut| rut.without_dots()),
    };
    let (field, because, es) = match (country, document) {
        (_, None) => (
            "document",
            "in Chile the RUT of the account's holder is needed",
            "en Chile se necesita el RUT del titular de la cuenta",
        ),
        (Country::Mexico, Some(_)) => {
            ("document_type", "in Mexico it is an RFC or a CURP", "en México es un RFC o una CURP")
        }
        (Country::Chile, Some(_)) => {
            ("document_type", "in Chile it is a RUT", "en Chile es un RUT")
        }
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(Violation::new(
            field,
            because,
            "write the document that the account was opened with",
        )
        .in_spanish(es, "escriba el documento con que se abrió la cuenta")),
    }
}

/// What the payee reads. Source: docs: reference/transfers-create.
pub(super) fn read_comment(description: Option<&str>) -> Result<Option<&str>, Violation> {
    let Some(text) = description.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let refused = |because: String, remedy: &str| Violation::new("description", because, remedy);
    if text.chars().any(char::is_control) {
        let because = "it has line breaks or control characters".to_owned();
        return Err(refused(because, "write it on one line").in_spanish(
            "tiene saltos de línea o caracteres de control",
            "escríbala en una línea",
        ));
    }
    match text.chars().count() {
        ..=COMMENT_LENGTH_MAX => Ok(Some(text)),
        length => Err(refused(
            format!("{length} characters, and {COMMENT_LENGTH_MAX} are the most"),
            "shorten it",
        )
        .in_spanish(
            format!("tiene {length} caracteres, y el máximo es {COMMENT_LENGTH_MAX}"),
            "acórtela",
        )),
    }
}

#[cfg(test)]
mod tests;
