//! The statements of a file: messages that begin and end, pages that are joined, lines that add up.

use pagos_core::Day;

use crate::{
    Balance, Counts, Head, Line, Part, Problem, Side, Tail, Text, Transaction,
    problem::{AGAIN, Problems},
    sum::{Once, balance_after, check_sum},
    text::{Words, references},
};

use super::{Field, fields, information};

/// Everything that was read so far.
#[derive(Debug, Default)]
pub(super) struct Book {
    counts: Counts,
    once: Once,
    message: Message,
    statement: Option<Statement>,
    /// The entry that was read last, which the next field may say more about.
    line: Option<Line>,
    /// Its opening failed, so what follows would only fail again.
    is_skipped: bool,
}

/// What the fields before the balance say.
#[derive(Debug, Default)]
struct Message {
    id: Option<Text>,
    account: Option<Text>,
    number: String,
    is_begun: bool,
}

/// A statement that is open, with all its pages so far.
#[derive(Debug)]
struct Statement {
    place: u64,
    problems_before: usize,
    number: String,
    account: Option<Text>,
    opening: Balance,
    /// Of the page that was read last; none while one is read.
    page_closing: Option<Balance>,
    change_minor: i128,
    days: Option<(Day, Day)>,
}

impl Book {
    pub(super) fn accept(
        &mut self,
        field: &Field,
        problems: &mut Problems,
        sink: &mut dyn FnMut(Part),
    ) {
        let of = |problem: Problem| problem.of(field.label());
        if field.tag == "86" {
            if let Some(line) = &mut self.line {
                add_information(line, &field.lines);
            }
            self.give(sink);
            return;
        }
        self.give(sink);
        match field.tag.as_str() {
            "20" => self.begin(field.first(), problems),
            "25" | "25P" => self.message.account = Text::some(field.first()),
            "28" | "28C" => self.message.number = field.first().to_owned(),
            "34F" => {
                self.is_skipped = true;
                let because = "it is an interim report (MT942), which may still change";
                problems.add(of(Problem::new(field.place, because, "ask the bank for MT940")));
            }
            "60F" | "60M" => {
                let read = self.open(field, problems, sink);
                self.is_skipped |= problems.take(read.map_err(of)).is_none();
            }
            "61" | "62F" | "62M" if self.is_skipped => {}
            "61" => {
                let read = self.read_entry(field);
                self.line = problems.take(read.map_err(of));
            }
            "62F" | "62M" => {
                let read = self.close(field, problems.count());
                let is_open = problems.take(read.map_err(of)).is_some();
                if field.tag == "62F" && is_open {
                    self.end(problems, sink);
                }
            }
            _ => {}
        }
    }

    /// A message begins; the one before it must have ended.
    fn begin(&mut self, id: &str, problems: &mut Problems) {
        self.check_end(problems);
        self.is_skipped = false;
        self.message = Message { id: Text::some(id), is_begun: true, ..Message::default() };
    }

    fn check_end(&self, problems: &mut Problems) {
        let is_open = |it: &&Statement| it.page_closing.is_none() && !self.is_skipped;
        let Some(open) = self.statement.as_ref().filter(is_open) else { return };
        let because = "a statement without a closing balance: the file may have broken off";
        problems.add(Problem::new(open.place, because, AGAIN).of("field 62F"));
    }

    fn open(
        &mut self,
        field: &Field,
        problems: &mut Problems,
        sink: &mut dyn FnMut(Part),
    ) -> Result<(), Problem> {
        let refused = |because: String| Problem::new(field.place, because, AGAIN);
        if !std::mem::take(&mut self.message.is_begun) {
            self.check_end(problems);
        }
        let opening = fields::parse_balance(field.first()).map_err(refused)?;
        let (page_opening, place) = (opening.amount, field.place);
        if let Some(open) = self.statement.as_mut().filter(|_| field.tag == "60M")
            && open.account == self.message.account
            && let Some(before) = open.page_closing.take()
        {
            if before.amount != page_opening {
                let because = format!(
                    "a page that begins with {page_opening}, and the one before ends with {}",
                    before.amount
                );
                return Err(Problem::new(place, because, "a page is missing: get all of them"));
            }
            return Ok(());
        }
        self.end(problems, sink);
        self.counts.statements += 1;
        let Message { id, account, number, .. } = std::mem::take(&mut self.message);
        sink(Part::Begin(Head {
            id,
            account: account.clone(),
            currency: page_opening.currency,
            opening: Some(opening),
        }));
        self.statement = Some(Statement {
            place,
            problems_before: problems.count(),
            number,
            account,
            opening,
            page_closing: None,
            change_minor: 0,
            days: None,
        });
        Ok(())
    }

    fn read_entry(&mut self, field: &Field) -> Result<Line, Problem> {
        let refused = |because: String| Problem::new(field.place, because, AGAIN);
        let open = self.statement.as_mut().filter(|it| it.page_closing.is_none());
        let Some(open) = open else {
            return Err(refused("an entry outside of a statement".to_owned()));
        };
        let currency = open.opening.amount.currency;
        let entry = fields::parse_entry(field.first(), currency).map_err(refused)?;
        let minor = i128::from(entry.amount.minor);
        open.change_minor += if entry.side == Side::Debit { -minor } else { minor };
        let balance = balance_after(open.opening.amount, open.change_minor);
        let (first, last) = open.days.unwrap_or((entry.day, entry.day));
        open.days = Some((first.min(entry.day), last.max(entry.day)));
        let mut supplement = Words::default();
        field.lines.iter().skip(1).for_each(|line| supplement.add(line));
        let transaction = Transaction {
            amount: entry.amount,
            bank_reference: references([entry.bank_reference]).pop(),
            references: references([entry.reference]),
            tracking: None,
            counterparty: crate::Counterparty::default(),
            text: supplement.finish(),
            returned_because: None,
            charges: Vec::new(),
        };
        Ok(Line {
            place: field.place,
            day: entry.day,
            value_day: Some(entry.value_day),
            side: entry.side,
            amount: entry.amount,
            kind: entry.kind,
            balance,
            transactions: vec![transaction],
        })
    }

    /// A page ends with a balance, which must be the sum.
    fn close(&mut self, field: &Field, problems: usize) -> Result<(), Problem> {
        let refused = |because: String| Problem::new(field.place, because, AGAIN);
        let open = self.statement.as_mut().filter(|it| it.page_closing.is_none());
        let Some(open) = open else {
            return Err(refused("a closing balance without an opening one".to_owned()));
        };
        let closing = fields::parse_balance(field.first()).map_err(refused)?;
        open.page_closing = Some(closing);
        let opening = open.opening.amount;
        if closing.amount.currency != opening.currency {
            let because = format!(
                "the statement opens in {} and closes in {}",
                opening.currency, closing.amount.currency
            );
            return Err(refused(because));
        }
        if problems > open.problems_before {
            return Ok(());
        }
        check_sum(field.place, opening, open.change_minor, closing.amount)
    }

    fn give(&mut self, sink: &mut dyn FnMut(Part)) {
        if let Some(line) = self.line.take() {
            self.counts.add(&line);
            sink(Part::Line(line));
        }
    }

    fn end(&mut self, problems: &mut Problems, sink: &mut dyn FnMut(Part)) {
        let Some(open) = self.statement.take() else { return };
        let closing = open.page_closing;
        if open.days.is_some() {
            let of_bank = (&open.number, &open.account, open.opening, closing);
            problems.take(self.once.check(open.place, &of_bank));
        }
        let (first, last) = open.days.unzip();
        let day = closing.and_then(|it| it.day);
        let from = first.or(open.opening.day);
        sink(Part::End(Tail { closing, from, through: last.max(day) }));
    }

    pub(super) fn finish(mut self, problems: &mut Problems, sink: &mut dyn FnMut(Part)) -> Counts {
        self.give(sink);
        self.check_end(problems);
        self.end(problems, sink);
        self.counts
    }
}

fn add_information(line: &mut Line, lines: &[String]) {
    let read = information::parse(lines);
    for transaction in &mut line.transactions {
        let mut text = Words::default();
        text.add(transaction.text.as_str());
        text.add(read.text.clone().finish().as_str());
        transaction.text = text.finish();
        let known = std::mem::take(&mut transaction.references);
        let all = known.iter().chain(&read.references);
        transaction.references = references(all.map(Text::as_str));
        transaction.counterparty = read.counterparty.clone();
        transaction.returned_because.clone_from(&read.returned_because);
    }
    if read.returned_because.is_some() {
        line.kind = crate::Kind::Return;
    }
}
