//! One entry: the element `Ntry`, with the details of its transactions, as a line.

use pagos_core::{Day, Money};

use crate::{
    Charge, Kind, Line, Problem, Side, Text, Transaction,
    problem::{AGAIN, quote},
    text::{Words, references},
    xml::Element,
};

use super::{
    codes,
    details::{Details, charges, reference},
    statement::is_true,
};

/// What an entry is.
pub(super) enum Read {
    Line(Box<Line>),
    /// Not booked yet.
    Pending(Side),
    /// For information only.
    Informational(Side),
}

/// Reads an entry of that amount.
pub(super) fn read(
    element: Element<'_>,
    amount: Money,
    details: Vec<Details>,
) -> Result<Read, Problem> {
    let place = element.line();
    let side = side_of(element)?;
    // Up to version .07 the status is a text, from then on an element with a code.
    let status = element.at("Sts").map(|it| it.text_at("Cd").unwrap_or_else(|| it.text()));
    match status {
        Some("BOOK") => {}
        Some("PDNG" | "FUTR") => return Ok(Read::Pending(side)),
        Some("INFO") => return Ok(Read::Informational(side)),
        _ => {
            let because = "an entry whose status is none of BOOK, PDNG, FUTR and INFO";
            return Err(Problem::new(place, because, AGAIN).of("Sts"));
        }
    }
    let value_day = day_of(element, "ValDt")?;
    let Some(day) = day_of(element, "BookgDt")?.or(value_day) else {
        return Err(Problem::new(place, "an entry without a day", AGAIN).of("BookgDt"));
    };
    let is_reversed = element.text_at("RvslInd").is_some_and(is_true);
    let kind = match codes::kind_of(element.at("BkTxCd")) {
        _ if is_reversed => Kind::Return,
        Some(kind) => kind,
        None => kind_of(&details),
    };
    let entry = Entry { element, amount, side, charges: charges(element)? };
    let transactions = entry.transactions(details)?;
    Ok(Read::Line(Box::new(Line {
        place,
        day,
        value_day,
        side,
        amount,
        kind,
        balance: None,
        transactions,
    })))
}

/// What all transactions are.
fn kind_of(details: &[Details]) -> Kind {
    let first = details.first().and_then(|it| it.kind);
    let is_of_all = details.iter().all(|it| it.kind == first);
    first.filter(|_| is_of_all).unwrap_or(Kind::Transfer)
}

struct Entry<'a> {
    element: Element<'a>,
    amount: Money,
    side: Side,
    charges: Vec<Charge>,
}

impl Entry<'_> {
    /// The transactions, whose sum is the entry.
    fn transactions(mut self, mut details: Vec<Details>) -> Result<Vec<Transaction>, Problem> {
        self.check_sum(&details)?;
        if details.len() < 2 {
            return Ok(vec![self.single(details.pop())]);
        }
        let is_of_side = |it: &Details| it.side.is_none_or(|side| side == self.side);
        let is_split = details.iter().all(|it| self.share(it).is_some() && is_of_side(it));
        let sum: i128 = details.iter().filter_map(|it| self.share(it)).map(minor).sum();
        let rest = i64::try_from(minor(self.amount) - sum);
        let (true, Ok(rest @ 0..)) = (is_split, rest) else {
            return Ok(vec![self.folded(details)]);
        };
        let mut transactions: Vec<Transaction> =
            details.into_iter().map(|it| self.one_of_many(it)).collect();
        if rest > 0 {
            transactions.push(self.of_charges(rest));
        }
        Ok(transactions)
    }

    /// The amount of details in the currency of the entry.
    fn share(&self, details: &Details) -> Option<Money> {
        details.amount.filter(|amount| amount.currency == self.amount.currency)
    }

    /// An entry is the sum of its details, if all of them have an amount; charges may have been
    /// taken from it or put onto it.
    fn check_sum(&self, details: &[Details]) -> Result<(), Problem> {
        if details.is_empty() || details.iter().any(|it| self.share(it).is_none()) {
            return Ok(());
        }
        let signed = |it: &Details| {
            let amount = self.share(it).map_or(0, minor);
            if it.side.is_none_or(|side| side == self.side) { amount } else { -amount }
        };
        let sum: i128 = details.iter().map(signed).sum();
        let all = self.charges.iter().chain(details.iter().flat_map(|it| &it.charges));
        let charges: i128 = all.map(|it| minor(it.amount)).sum();
        let of_entry: i128 = self.charges.iter().map(|it| minor(it.amount)).sum();
        let difference = (minor(self.amount) - sum).abs();
        if difference == 0 || difference == charges || difference == of_entry {
            return Ok(());
        }
        let because = format!("an entry of {} is not the sum of its transactions", self.amount);
        Err(Problem::new(self.element.line(), because, AGAIN).of("TxDtls"))
    }

    /// An entry that is one transaction.
    fn single(&mut self, details: Option<Details>) -> Transaction {
        let batch = self.element.at("NtryDtls/Btch");
        let of_batch = ["PmtInfId", "MsgId"].into_iter().filter_map(|name| batch?.text_at(name));
        let of_batch = references(of_batch);
        let mut transaction = self.empty(self.amount);
        let mut text = Words::default();
        if let Some(details) = details {
            text = details.text.clone();
            transaction = self.one_of_many(details);
            transaction.amount = self.amount;
        }
        for reference in of_batch {
            if !transaction.references.contains(&reference) {
                transaction.references.push(reference);
            }
        }
        text.add(self.element.text_at("AddtlNtryInf").unwrap_or_default());
        transaction.text = text.finish();
        transaction.charges.append(&mut self.charges);
        transaction
    }

    /// A batch whose transactions have no amounts, or not those of the entry: one transaction with
    /// the references of all.
    fn folded(&mut self, details: Vec<Details>) -> Transaction {
        let mut whole = self.single(None);
        let mut text = Words::default();
        for mut one in details {
            whole.references.append(&mut one.references);
            whole.references.extend(one.tracking);
            whole.references.extend(one.bank_reference);
            whole.charges.append(&mut one.charges);
            text.add(one.text.finish().as_str());
        }
        whole.references.sort();
        whole.references.dedup();
        text.add(whole.text.as_str());
        whole.text = text.finish();
        whole
    }

    fn one_of_many(&self, mut details: Details) -> Transaction {
        let counterparty = details.counterparty(self.side);
        let amount = self.share(&details).unwrap_or(self.amount);
        let of_entry = || self.bank_reference();
        Transaction {
            amount,
            bank_reference: details.bank_reference.or_else(of_entry),
            references: details.references,
            tracking: details.tracking,
            counterparty,
            text: details.text.finish(),
            returned_because: details.returned_because,
            charges: details.charges,
        }
    }

    /// What was put onto a batch.
    fn of_charges(&self, rest_minor: i64) -> Transaction {
        let amount = Money::new(rest_minor, self.amount.currency);
        let charges = vec![Charge { amount, is_included: true }];
        Transaction { charges, ..self.empty(amount) }
    }

    fn empty(&self, amount: Money) -> Transaction {
        Transaction {
            amount,
            bank_reference: self.bank_reference(),
            references: Vec::new(),
            tracking: None,
            counterparty: crate::Counterparty::default(),
            text: Text::default(),
            returned_because: None,
            charges: Vec::new(),
        }
    }

    fn bank_reference(&self) -> Option<Text> {
        self.element.text_at("AcctSvcrRef").and_then(reference)
    }
}

fn minor(amount: Money) -> i128 {
    i128::from(amount.minor)
}

/// `CdtDbtInd` of an element.
pub(super) fn side_of(element: Element<'_>) -> Result<Side, Problem> {
    match element.text_at("CdtDbtInd") {
        Some("CRDT") => Ok(Side::Credit),
        Some("DBIT") => Ok(Side::Debit),
        _ => {
            let because = "it does not say whether it is a debit or a credit";
            Err(Problem::new(element.line(), because, AGAIN).of("CdtDbtInd"))
        }
    }
}

/// The day of a date or a moment in an element; moments are in the bank's own time.
pub(super) fn day_of(element: Element<'_>, name: &str) -> Result<Option<Day>, Problem> {
    let Some(found) = element.at(name) else { return Ok(None) };
    let text = found.text_at("Dt").or_else(|| found.text_at("DtTm")).unwrap_or_default();
    let day = parse_day(text).ok_or_else(|| {
        let because = format!("{} is no day such as 2026-01-31", quote(text));
        Problem::new(found.line(), because, AGAIN).of(name)
    });
    day.map(Some)
}

/// A date with or without a zone, or a moment.
pub(super) fn parse_day(text: &str) -> Option<Day> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_known = rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-']);
    day.parse().ok().filter(|_| is_known)
}
