//! One statement of a message: its account, its balances and control sums, and whether they add up.

use std::cmp::Ordering;

use pagos_core::{Currency, Day, Money};

use crate::{
    Balance, Counts, Head, Part, Problem, Side, Tail, Text,
    amount::{self, WITH_POINT},
    problem::{AGAIN, Problems},
    sum::{Once, balance_after, check_sum},
    xml::Element,
};

use super::{
    details::Details,
    entry::{self, Read},
    message::Message,
    summary::{Summary, Sums},
};

/// A statement that is being read.
#[derive(Debug)]
pub(super) struct Statement {
    place: u64,
    /// How many problems the file had before this statement.
    problems_before: usize,
    id: Option<Text>,
    account: Option<Text>,
    currency: Option<Currency>,
    /// Its currency is not one of Pagos, which is told once.
    is_refused: bool,
    opening: Option<(Opening, Balance)>,
    closing: Option<Balance>,
    /// A statement can be sent in pages; balances of the whole stand on each.
    is_first_page: bool,
    is_last_page: bool,
    from: Option<Day>,
    through: Option<Day>,
    summary: Summary,
    has_begun: bool,
    days: Option<(Day, Day)>,
    booked: Sums,
    /// Entries that are not booked.
    others: Sums,
    details: Vec<Details>,
}

/// Which balance is the opening one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Opening {
    /// PRCD: the closing balance of the statement before.
    Previous,
    /// OPBD.
    Opening,
}

impl Statement {
    pub(super) fn new(place: u64, problems_before: usize) -> Self {
        Self {
            place,
            problems_before,
            id: None,
            account: None,
            currency: None,
            is_refused: false,
            opening: None,
            closing: None,
            is_first_page: true,
            is_last_page: true,
            from: None,
            through: None,
            summary: Summary::default(),
            has_begun: false,
            days: None,
            booked: Sums::default(),
            others: Sums::default(),
            details: Vec::new(),
        }
    }

    /// The details of one transaction of the entry that is being read.
    pub(super) fn add_details(
        &mut self,
        element: Element<'_>,
        problems: &mut Problems,
    ) -> Result<(), Problem> {
        if self.details.len() >= DETAILS_MAX {
            let because = "an entry has more than 500,000 transactions";
            return Err(Problem::new(element.line(), because, AGAIN));
        }
        let account = self.account.as_ref();
        if let Some(details) = problems.take(Details::read(element, account)) {
            self.details.push(details);
        }
        Ok(())
    }

    /// One element of the statement.
    pub(super) fn accept(
        &mut self,
        element: Element<'_>,
        problems: &mut Problems,
        counts: &mut Counts,
        sink: &mut dyn FnMut(Part),
    ) {
        match element.name() {
            "Id" => self.id = Text::some(element.text()),
            "Acct" => self.accept_account(element, problems),
            "FrToDt" => {
                self.from = element.text_at("FrDtTm").and_then(entry::parse_day);
                self.through = element.text_at("ToDtTm").and_then(entry::parse_day);
            }
            "StmtPgntn" | "NtfctnPgntn" => {
                self.is_first_page = element.text_at("PgNb").is_none_or(|number| number == "1");
                self.is_last_page = element.text_at("LastPgInd").is_none_or(is_true);
            }
            "Bal" if !self.is_refused => {
                let read = self.accept_balance(element, problems);
                problems.take(read);
            }
            "TxsSummry" => {
                let read = Summary::read(element, self.currency);
                self.summary = problems.take(read).unwrap_or_default();
            }
            "Ntry" => self.accept_entry(element, problems, counts, sink),
            _ => {}
        }
    }

    fn accept_account(&mut self, element: Element<'_>, problems: &mut Problems) {
        self.account = account_of(element);
        if let Some(currency) = element.at("Ccy") {
            self.currency_of(currency.text(), currency.line(), problems);
        }
    }

    /// The currency of an amount, which must be that of the account; the first one that is named
    /// becomes it.
    fn currency_of(&mut self, code: &str, line: u64, problems: &mut Problems) -> Option<Currency> {
        if self.is_refused {
            return None;
        }
        let Ok(currency) = code.parse::<Currency>() else {
            let is_code = code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase());
            let code = if is_code { code } else { "of an amount" };
            let because = format!("the currency {code} is none that Pagos knows");
            problems.add(Problem::new(line, because, "leave this account out"));
            self.is_refused = true;
            return None;
        };
        let of_account = *self.currency.get_or_insert(currency);
        if of_account != currency {
            let because = format!("an amount in {currency}, and the account is in {of_account}");
            problems.add(Problem::new(line, because, AGAIN));
            return None;
        }
        Some(currency)
    }

    fn amount_of(
        &mut self,
        element: Option<Element<'_>>,
        line: u64,
        problems: &mut Problems,
    ) -> Result<Option<Money>, Problem> {
        let Some(element) = element else {
            return Err(Problem::new(line, "it has no amount", AGAIN).of("Amt"));
        };
        let currency = self.currency_of(element.currency(), element.line(), problems);
        currency.map(|currency| money(element, currency)).transpose()
    }

    fn accept_balance(
        &mut self,
        element: Element<'_>,
        problems: &mut Problems,
    ) -> Result<(), Problem> {
        let kind = element.text_at("Tp/CdOrPrtry/Cd").unwrap_or_default();
        if !matches!(kind, "OPBD" | "PRCD" | "CLBD") {
            return Ok(());
        }
        let line = element.line();
        let Some(amount) = self.amount_of(element.at("Amt"), line, problems)? else {
            return Ok(());
        };
        let amount = match entry::side_of(element)? {
            Side::Credit => amount,
            Side::Debit => Money::new(-amount.minor, amount.currency),
        };
        let day = entry::day_of(element, "Dt")?;
        let balance = Balance { day, amount };
        // A statement of several days may have balances of each: the first and the last count.
        if kind == "CLBD" {
            if self.closing.is_none_or(|known| known.day <= day) {
                self.closing = Some(balance);
            }
            return Ok(());
        }
        if self.has_begun {
            let because = "the opening balance stands behind entries";
            return Err(Problem::new(line, because, AGAIN).of("Bal"));
        }
        let rank = if kind == "OPBD" { Opening::Opening } else { Opening::Previous };
        let is_better = self.opening.is_none_or(|(known, of)| match rank.cmp(&known) {
            Ordering::Greater => true,
            Ordering::Equal => of.day > day,
            Ordering::Less => false,
        });
        if is_better {
            self.opening = Some((rank, balance));
        }
        Ok(())
    }

    fn accept_entry(
        &mut self,
        element: Element<'_>,
        problems: &mut Problems,
        counts: &mut Counts,
        sink: &mut dyn FnMut(Part),
    ) {
        let details = std::mem::take(&mut self.details);
        let amount = self.amount_of(element.at("Amt"), element.line(), problems);
        let Some(Some(amount)) = problems.take(amount) else { return };
        let Some(read) = problems.take(entry::read(element, amount, details)) else { return };
        match read {
            Read::Line(mut line) => {
                self.begin(counts, sink);
                let (first, last) = self.days.unwrap_or((line.day, line.day));
                self.days = Some((first.min(line.day), last.max(line.day)));
                self.booked.add(line.side, line.amount);
                let change = self.booked.credits_minor - self.booked.debits_minor;
                let opening = self.opening.filter(|_| self.is_first_page);
                line.balance = opening.and_then(|(_, it)| balance_after(it.amount, change));
                counts.add(&line);
                sink(Part::Line(*line));
            }
            Read::Pending(side) => {
                self.others.add(side, amount);
                counts.pending += 1;
            }
            Read::Informational(side) => {
                self.others.add(side, amount);
                counts.informational += 1;
            }
        }
    }

    /// Gives the head, unless that was done.
    fn begin(&mut self, counts: &mut Counts, sink: &mut dyn FnMut(Part)) {
        let Some(currency) = self.currency.filter(|_| !self.has_begun) else { return };
        self.has_begun = true;
        counts.statements += 1;
        let opening = self.opening.map(|(_, balance)| balance).filter(|_| self.is_first_page);
        let (id, account) = (self.id.clone(), self.account.clone());
        sink(Part::Begin(Head { id, account, currency, opening }));
    }

    /// Checks what the statement says about itself, and ends it.
    pub(super) fn finish(
        mut self,
        message: Message,
        once: &mut Once,
        problems: &mut Problems,
        counts: &mut Counts,
        sink: &mut dyn FnMut(Part),
    ) {
        if self.is_refused {
            return;
        }
        if self.currency.is_none() && message == Message::Statement {
            let because = "a statement without a currency, a balance or an entry";
            problems.add(Problem::new(self.place, because, AGAIN));
        }
        self.begin(counts, sink);
        if !self.has_begun {
            return;
        }
        let is_whole = self.is_first_page && self.is_last_page;
        if is_whole && problems.count() == self.problems_before {
            problems.take(self.check_balances());
            problems.take(self.summary.check(&self.booked, &self.others));
        }
        let closing = self.closing.filter(|_| self.is_last_page);
        if self.days.is_some() {
            let opening = self.opening.map(|(_, balance)| balance);
            let pages = (self.is_first_page, self.is_last_page);
            let of_bank = (&self.id, &self.account, opening, self.closing, pages);
            problems.take(once.check(self.place, &of_bank));
        }
        let (first, last) = self.days.unzip();
        sink(Part::End(Tail {
            closing,
            from: self.from.or(first),
            through: self.through.or(last),
        }));
    }

    fn check_balances(&self) -> Result<(), Problem> {
        let (Some((_, opening)), Some(closing)) = (self.opening, self.closing) else {
            return Ok(());
        };
        let change = self.booked.credits_minor - self.booked.debits_minor;
        check_sum(self.place, opening.amount, change, closing.amount)
    }
}

/// The number of an account: `Id/IBAN` or `Id/Othr/Id`.
pub(super) fn account_of(element: Element<'_>) -> Option<Text> {
    let number = element.text_at("Id/IBAN").or_else(|| element.text_at("Id/Othr/Id"));
    number.and_then(Text::some)
}

/// An amount whose currency is known.
pub(super) fn money(element: Element<'_>, currency: Currency) -> Result<Money, Problem> {
    let text = element.text();
    let text = text.strip_prefix('+').unwrap_or(text);
    amount::parse(text, WITH_POINT, currency)
        .map_err(|because| Problem::new(element.line(), because, AGAIN).of(element.name()))
}

pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}

const DETAILS_MAX: usize = 500_000;
