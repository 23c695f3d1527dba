//! Reconciles the open lines of a book with payouts, and writes what was found.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use pagos_core::{BookName, Day, OrderKey, Timestamp};
use pagos_engine::{BookLine, Filter, LineState, LineStep, Page, RunId};
use serde::Serialize;

use crate::{
    book::{BATCH, PAGE, Reconciler, covered},
    error::Error,
    expected::{Booked, Expected},
    fold,
    matching::{JudgedLine, Matcher, Part, Verdict},
    outcome::{Alarm, Outcome, alarm, outcome},
    stored::LineBody,
};

/// What a reconciliation did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many lines were looked at: those that were open or proposed.
    pub lines: u64,
    /// How many payouts were looked at.
    pub payouts: u64,
    /// How many of the lines are matched now.
    pub matched: u64,
    /// How many are explained now.
    pub explained: u64,
    /// How many wait for a person.
    pub proposed: u64,
    /// How many are still open.
    pub open: u64,
    /// How many lines were written.
    pub written: u64,
    /// How many lines somebody else wrote meanwhile; they are left for the next time.
    pub conflicts: u64,
    /// How many of the payouts differ, by how.
    pub differences: BTreeMap<Outcome, u64>,
    /// What somebody must know at once, by key. It contains what was told before as long as it is
    /// so.
    pub alarms: Vec<Alarm>,
}

/// What is known of the unsettled lines before they are read.
#[derive(Debug, Default)]
struct Survey {
    /// The day of the first one.
    first: Option<Day>,
    /// Lines that may be matched anew, so that their matches do not count as booked.
    proposed: HashSet<String>,
}

/// What was found about the lines: first those that were open, and then those that were proposed.
#[derive(Debug)]
struct Found<'a> {
    matcher: Matcher<'a>,
    /// How many of them were open.
    open: usize,
    /// The runs that lines name which name no payout.
    runs: Vec<RunId>,
}

const UNSETTLED: [LineState; 2] = [LineState::Open, LineState::Proposed];
const ALL_DAYS: (Day, Day) = (Day::MIN, Day::MAX);

impl Reconciler {
    /// Matches all open lines with the payouts of the book's accounts. With nothing new it writes
    /// nothing. Dropping the future leaves some lines written and the others for the next time.
    ///
    /// # Errors
    /// `Store`; `Unreadable` for a line that a newer version wrote.
    pub async fn reconcile(&self, now: Timestamp) -> Result<Summary, Error> {
        let survey = self.survey().await?;
        let today = Day::at(now, self.book.utc_offset_minutes);
        let first = survey.first.unwrap_or(today).min(today);
        let since = first.plus(-self.book.rules.reach_days);
        let mut expected = self.read_expected(since, &survey).await?;
        let mut summary = Summary { payouts: expected.len() as u64, ..Summary::default() };
        let mut found = self.find(&expected).await?;
        if !found.runs.is_empty() {
            let runs = std::mem::take(&mut found.runs);
            drop(found);
            self.read_batches(&runs, &mut expected).await?;
            found = self.find(&expected).await?;
        }
        let booked = self.write_found(found, &expected, &mut summary).await?;
        for (it, booked) in expected.iter_mut().zip(booked) {
            it.booked = booked;
        }
        let covered = covered(&self.statements().await?);
        let rules = &self.book.rules;
        for it in &expected {
            let outcome = outcome(it, &covered, rules);
            summary.alarms.extend(alarm(it, outcome));
            if outcome.is_difference() {
                *summary.differences.entry(outcome).or_default() += 1;
            }
        }
        summary.alarms.sort();
        Ok(summary)
    }

    async fn survey(&self) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        for state in UNSETTLED {
            let mut last = None;
            loop {
                let page = self.lines(Some(state), ALL_DAYS, last.as_ref()).await?;
                let first = page.first().map(|it| it.day);
                survey.first = survey.first.into_iter().chain(first).min();
                // The first line of those that are open is enough.
                let is_last = page.len() < BATCH || state == LineState::Open;
                last = page.last().cloned();
                if state == LineState::Proposed {
                    survey.proposed.extend(page.into_iter().map(|it| it.id));
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(survey)
    }

    async fn read_expected(&self, since: Day, survey: &Survey) -> Result<Vec<Expected>, Error> {
        let is_settled =
            |book: &BookName, id: &str| *book != self.book.name || !survey.proposed.contains(id);
        let mut expected = Vec::new();
        for account in &self.book.accounts {
            let mut page = Page::newest_first(PAGE);
            loop {
                let payouts = self.payouts(account, since, &page).await?;
                let is_last = payouts.len() < page.limit;
                page = payouts.last().map_or(page.clone(), |last| page.after(last));
                expected.extend(self.expected(&payouts, is_settled).await?);
                if is_last {
                    break;
                }
            }
        }
        Ok(expected)
    }

    /// Notes the run of each member of these runs. A payout of two of them is in none: nobody could
    /// tell which sum it is in.
    async fn read_batches(&self, runs: &[RunId], expected: &mut [Expected]) -> Result<(), Error> {
        let (mut batches, mut twice) = (HashMap::new(), HashSet::new());
        for run in runs {
            let name: Arc<str> = run.0.as_str().into();
            let filter = Filter { run: Some(run.clone()), ..Filter::default() };
            let mut page = Page::by_key(PAGE);
            loop {
                let members = self.store.list(&filter, &page).await.map_err(Error::store)?;
                let is_last = members.len() < page.limit;
                page = members.last().map_or(page.clone(), |last| page.after(last));
                for member in members {
                    if batches.insert(member.order.key.clone(), name.clone()).is_some() {
                        twice.insert(member.order.key);
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        for it in expected.iter_mut().filter(|it| !twice.contains(&it.key)) {
            it.batch = batches.get(&it.key).cloned();
        }
        Ok(())
    }

    async fn find<'a>(&self, expected: &'a [Expected]) -> Result<Found<'a>, Error> {
        let runs = self.store.runs(None, RUNS_MAX).await.map_err(Error::store)?;
        let mut runs: HashSet<String> =
            runs.into_iter().map(|(run, _)| run.0).filter(|it| fold::is_telling(it)).collect();
        let matcher = Matcher::new(expected, self.book.rules);
        let mut found = Found { matcher, open: 0, runs: Vec::new() };
        for state in UNSETTLED {
            let mut last = None;
            loop {
                let page = self.lines(Some(state), ALL_DAYS, last.as_ref()).await?;
                for line in &page {
                    let body = LineBody::read(line)?;
                    if !found.matcher.add(&line.id, &body.line) {
                        found.runs.extend(runs_named(&mut runs, &body));
                    }
                    found.open += usize::from(state == LineState::Open);
                }
                let is_last = page.len() < BATCH;
                last = page.into_iter().last();
                if is_last {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Writes what is new, and returns what is booked for each payout from now on.
    async fn write_found(
        &self,
        found: Found<'_>,
        expected: &[Expected],
        summary: &mut Summary,
    ) -> Result<Vec<Booked>, Error> {
        let numbers = expected.iter().zip(0..).map(|(it, number)| (&it.key, number)).collect();
        let booked = expected.iter().map(|it| it.booked).collect();
        let mut books = Books { numbers, booked, expected };
        let open = found.open;
        let mut judged = found.matcher.finish();
        // A line that was open and is proposed now is not looked at twice.
        let mut seen = HashSet::new();
        for state in UNSETTLED {
            let limit = if state == LineState::Open { open } else { usize::MAX };
            let mut judged = judged.by_ref().take(limit).peekable();
            let mut last = None;
            loop {
                let page = self.lines(Some(state), ALL_DAYS, last.as_ref()).await?;
                let is_last = page.len() < BATCH;
                last = page.last().cloned();
                let mut steps = Vec::new();
                for line in page.into_iter().filter(|it| !seen.contains(&it.id)) {
                    let is_before = |it: &JudgedLine| (it.day, &it.line) < (line.day, &line.id);
                    while judged.next_if(is_before).is_some() {}
                    // A line that came meanwhile is left for the next time.
                    let Some(it) = judged.next_if(|it| it.line == line.id) else { continue };
                    steps.extend(books.step(line, it.verdict, summary)?);
                }
                let proposed = steps.iter().filter(|it| it.line.state == LineState::Proposed);
                seen.extend(proposed.map(|it| it.line.id.clone()));
                self.write_steps(steps, summary).await?;
                if is_last {
                    break;
                }
            }
        }
        Ok(books.booked)
    }

    async fn write_steps(&self, steps: Vec<LineStep>, summary: &mut Summary) -> Result<(), Error> {
        if steps.is_empty() {
            return Ok(());
        }
        let written = self.writer.write_lines(steps).await.map_err(Error::store)?;
        for is_written in written {
            match is_written {
                true => summary.written += 1,
                false => summary.conflicts += 1,
            }
        }
        Ok(())
    }
}

/// What is booked for each payout, by its number.
struct Books<'a> {
    numbers: HashMap<&'a OrderKey, usize>,
    booked: Vec<Booked>,
    expected: &'a [Expected],
}

impl Books<'_> {
    /// Counts and books what was found about a line. `None` if the store knows that already.
    fn step(
        &mut self,
        line: BookLine,
        verdict: Option<Verdict>,
        summary: &mut Summary,
    ) -> Result<Option<LineStep>, Error> {
        let mut body = LineBody::read(&line)?;
        let verdict = match body.is_taken_back() {
            true => verdict.map(only_proposed),
            false => verdict,
        };
        summary.count(verdict.as_ref());
        let is_new = body.found != verdict;
        body.found = verdict;
        for part in body.parts() {
            let Some(&number) = self.numbers.get(&part.key) else { continue };
            let (it, booked) = (self.expected.get(number), self.booked.get_mut(number));
            if let (Some(it), Some(booked)) = (it, booked) {
                booked.add(part.change, it.amount);
            }
        }
        is_new.then(|| body.step(line, None)).transpose()
    }
}

impl Summary {
    fn count(&mut self, verdict: Option<&Verdict>) {
        self.lines += 1;
        match verdict {
            None => self.open += 1,
            Some(Verdict::Matched { .. }) => self.matched += 1,
            Some(Verdict::Proposed { .. }) => self.proposed += 1,
            Some(Verdict::Explained { .. }) => self.explained += 1,
        }
    }
}

/// The runs that a line names for the first time.
fn runs_named(runs: &mut HashSet<String>, body: &LineBody) -> Vec<RunId> {
    let transactions = body.line.transactions.iter();
    let texts = transactions.flat_map(|it| it.references.iter().chain([&it.text]));
    let words = texts.flat_map(|it| fold::pieces(it.as_str()));
    words.filter_map(|word| runs.take(word)).map(RunId).collect()
}

/// What a person took back is only proposed again.
fn only_proposed(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Matched { parts } => {
            let (count, parts): (usize, Vec<Part>) = (parts.len(), parts);
            Verdict::Proposed { parts: Vec::new(), candidates: parts, count }
        }
        Verdict::Proposed { mut parts, mut candidates, count } => {
            let count = count + parts.len();
            parts.append(&mut candidates);
            Verdict::Proposed { parts: Vec::new(), candidates: parts, count }
        }
        Verdict::Explained { rule } => Verdict::Explained { rule },
    }
}

/// How many runs, the newest first, a bank may name as one sum.
const RUNS_MAX: usize = 1_000;
