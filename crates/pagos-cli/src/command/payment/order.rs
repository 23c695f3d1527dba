//! Builds an order from the arguments of `payment create`, or reports all problems of them.
//! Messages never repeat a document. The provider reports what it cannot carry.

use pagos_core::{
    AccountName, BankCode, Currency, Document, DocumentType, Error, Metadata, Money, OrderKey,
    PaymentOrder, Violation,
};

use crate::arguments::PaymentCreateArguments;

/// The order that the arguments describe. `currencies` are the provider's; if there is only one, it
/// need not be given.
///
/// # Errors
/// All violations at once.
pub(super) fn read(
    arguments: &PaymentCreateArguments,
    account: AccountName,
    currencies: &[Currency],
) -> Result<PaymentOrder, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let key = OrderKey::new(&*arguments.key).map_err(|e| refused("key", &e)).map_err(&mut keep);
    let amount = read_currency(arguments.currency.as_deref(), currencies)
        .and_then(|currency| read_amount(&arguments.amount, currency))
        .map_err(&mut keep);
    let document = arguments.document.as_deref().map(read_document).transpose();
    let document = document.map_err(&mut keep);
    let bank = arguments.bank.as_deref().map(BankCode::new).transpose();
    let bank = bank.map_err(|error| refused("bank", &error)).map_err(&mut keep);
    let metadata = read_metadata(arguments).map_err(&mut keep);

    let (Ok(key), Ok(amount), Ok(document)) = (key, amount, document) else {
        return Err(violations);
    };
    let (Ok(bank), Ok(metadata)) = (bank, metadata) else {
        return Err(violations);
    };
    Ok(PaymentOrder {
        key,
        account,
        amount,
        payer_name: arguments.name.clone(),
        document,
        is_document_locked: arguments.lock_document,
        bank,
        email: arguments.email.clone(),
        phone: arguments.phone.clone(),
        description: arguments.description.clone(),
        return_url: arguments.return_url.clone(),
        cancel_url: arguments.cancel_url.clone(),
        metadata,
    })
}

fn refused(field: &'static str, error: &Error) -> Violation {
    Violation::new(field, error.message(), "correct it").only_in_english()
}

fn read_currency(named: Option<&str>, currencies: &[Currency]) -> Result<Currency, Violation> {
    match (named, currencies) {
        (Some(named), _) => named.parse().map_err(|error| refused("currency", &error)),
        (None, [only]) => Ok(*only),
        (None, _) => {
            let because = "is missing, and the provider has more than one";
            Err(Violation::new("currency", because, "add --currency").only_in_english())
        }
    }
}

fn read_amount(amount: &str, currency: Currency) -> Result<Money, Violation> {
    let amount = Money::parse(amount, currency).map_err(|error| refused("amount", &error))?;
    match amount.minor > 0 {
        true => Ok(amount),
        false => Err(Violation::new("amount", "there is nothing to pay", "write what is owed")
            .only_in_english()),
    }
}

/// Parses `rut:11.111.111-1`.
fn read_document(text: &str) -> Result<Document, Violation> {
    let (kind, number) = text.split_once(':').ok_or_else(|| {
        let remedy = "write its type, a colon and the number: rut:11.111.111-1";
        Violation::new("document", "has no type", remedy).only_in_english()
    })?;
    let kind: DocumentType = kind.parse().map_err(|_| {
        let remedy = "write one of rut, cc, ce, ti, nit, passport, dni, ruc, cpf, cnpj, curp, rfc";
        Violation::new("document", "its type is not known", remedy).only_in_english()
    })?;
    Document::new(kind, number.trim()).map_err(|error| refused("document", &error))
}

fn read_metadata(arguments: &PaymentCreateArguments) -> Result<Vec<Metadata>, Violation> {
    let shown = arguments.show.iter().map(|line| ("show", line, true));
    let kept = arguments.keep.iter().map(|line| ("keep", line, false));
    let read = |(field, line, is_shown): (&'static str, &String, bool)| match line.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok(Metadata { name: name.to_owned(), value: value.to_owned(), is_shown })
        }
        Some(_) | None => {
            Err(Violation::new(field, "has no name", "write NAME=VALUE, such as Invoice=1234")
                .only_in_english())
        }
    };
    shown.chain(kept).map(read).collect()
}
