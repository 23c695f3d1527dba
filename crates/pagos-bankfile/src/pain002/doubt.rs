//! What a report leaves open or says in two ways, and how the file that it answers stands as a whole.
//!
//! Nothing is settled because nothing else is said of it: a transfer that the report does not list has
//! a status only if its payment instruction or the whole file has one.

use crate::{
    Problem,
    pain002::{Counts, Level, Meaning, Outcome, Payment, Report, Stated, TransferStatus},
    problem::shown,
};

const FILE: &str = "the file";

/// Transfers that are not listed, or may not be.
struct Rest<'a> {
    place: String,
    /// How many, if the report says it.
    number: Option<u64>,
    /// The status that holds for them.
    stated: Option<&'a Stated>,
}

impl Report {
    /// How the file that the report answers stands as a whole.
    ///
    /// ```
    /// use pagos_bankfile::pain002::{Outcome, Report};
    ///
    /// assert_eq!(Report::default().outcome(), Outcome::Open, "nothing is said");
    /// ```
    pub fn outcome(&self) -> Outcome {
        let listed = self.transfers().map(|transfer| &transfer.stated);
        let rests = rests(self);
        let rest = rests.iter().filter_map(|rest| rest.stated);
        let meanings: Vec<Meaning> = listed.chain(rest).map(meaning).collect();
        let parents = self.payments.iter().filter_map(|payment| payment.stated.as_ref());
        let is_unclear = parents.chain(&self.group).any(|it| meaning(it) == Meaning::Unclear);
        let is_open = |it: &Meaning| !matches!(it, Meaning::Settled | Meaning::Refused);
        if !self.doubts.is_empty() || is_unclear || meanings.is_empty() {
            return Outcome::Open;
        }
        match meanings.contains(&Meaning::Refused) {
            _ if meanings.iter().any(is_open) => Outcome::Open,
            true => Outcome::SomeRefused,
            false => Outcome::Settled,
        }
    }
}

/// Everything about a report that somebody must ask the bank about.
pub(super) fn doubts(report: &Report) -> Vec<Problem> {
    let rests = rests(report);
    let is_complete = rests.is_empty();
    let missing = rests.iter().filter(|rest| !rest.stated.is_some_and(is_for_all));
    let mut doubts: Vec<Problem> = missing.map(not_listed).collect();
    for payment in &report.payments {
        let parts = own_statuses(payment);
        let transfers = payment.transfers.iter().collect();
        let (stated, known) = (payment.stated.as_ref(), payment.listed());
        let whole = Whole { place: place_of(payment), stated, transfers, known };
        whole.doubts(&payment.counts, &parts, is_complete, &mut doubts);
    }
    let mut parts = Vec::new();
    for payment in &report.payments {
        parts.extend(payment.stated.as_ref().map(|stated| (place_of(payment), stated)));
        parts.extend(own_statuses(payment));
    }
    let transfers = report.transfers().collect();
    let (stated, known) = (report.group.as_ref(), known(report));
    let whole = Whole { place: FILE.to_owned(), stated, transfers, known };
    whole.doubts(&report.counts, &parts, is_complete, &mut doubts);
    doubts
}

/// The transfers that the report does not list, as far as it does not say that there are none.
fn rests(report: &Report) -> Vec<Rest<'_>> {
    let listed = report.transfers().count() as u64;
    let has_all = |it: &Payment| it.counts.all.is_none_or(|all| all <= it.listed());
    if report.counts.all == Some(listed) && report.payments.iter().all(has_all) {
        return Vec::new();
    }
    let only = report.payments.len() == 1;
    let mut rests = Vec::new();
    for payment in &report.payments {
        let count = payment.counts.all.or(report.counts.all.filter(|_| only));
        let number = count.map(|count| count.saturating_sub(payment.listed()));
        if number != Some(0) {
            let stated = payment.stated.as_ref().or(report.group.as_ref());
            rests.push(Rest { place: place_of(payment), number, stated });
        }
    }
    let known = known(report);
    let is_counted_above = only && report.payments.iter().all(|it| it.counts.all.is_none());
    let more = report.counts.all.map(|count| count.saturating_sub(known));
    let has_more = more.map_or(report.payments.is_empty(), |more| more > 0);
    if has_more && !is_counted_above {
        rests.push(Rest { place: FILE.to_owned(), number: more, stated: report.group.as_ref() });
    }
    rests
}

/// How many transfers are listed, or counted in payment instructions.
fn known(report: &Report) -> u64 {
    let known = report.payments.iter().map(|it| it.counts.all.unwrap_or(it.listed()));
    known.fold(0, u64::saturating_add)
}

fn not_listed(rest: &Rest<'_>) -> Problem {
    let because = match (rest.number, rest.stated) {
        (Some(number), _) => {
            format!("{number} of its transfers are listed without a status, or not at all")
        }
        (None, None) => "it does not say how many transfers it has; some may be missing".to_owned(),
        (None, Some(stated)) => {
            let code = shown(stated.code.as_str());
            format!("{code} is no status of each transfer, and how many there are is not said")
        }
    };
    let remedy = "compare the list with the file that you sent, and ask the bank for the others";
    Problem::new(&rest.place, because, remedy)
}

/// The file or a payment instruction, with the transfers that are listed.
struct Whole<'a> {
    place: String,
    stated: Option<&'a Stated>,
    transfers: Vec<&'a TransferStatus>,
    /// How many there are at least.
    known: u64,
}

impl Whole<'_> {
    fn doubts(
        &self,
        counts: &Counts,
        parts: &[(String, &Stated)],
        is_complete: bool,
        doubts: &mut Vec<Problem>,
    ) {
        if let Some(all) = counts.all.filter(|all| *all < self.known) {
            let known = self.known;
            let because =
                format!("it says that it has {all} transfers, and names or counts {known}");
            doubts.push(Problem::new(&self.place, because, ASK));
        }
        for (code, count) in &counts.by_status {
            let listed = self.transfers.iter().filter(|it| it.stated.code == *code).count() as u64;
            if listed > *count || (is_complete && listed < *count) {
                let code = shown(code.as_str());
                let because =
                    format!("it counts {count} transfers with {code}, and lists {listed}");
                doubts.push(Problem::new(&self.place, because, ASK));
            }
        }
        let Some(stated) = self.stated else { return };
        let (of_whole, whole) = (meaning(stated), shown(stated.code.as_str()));
        match of_whole {
            Meaning::Settled | Meaning::Refused => {
                let tallied = counts.by_status.iter().filter(|(_, count)| *count > 0);
                let tallied = tallied.map(|(code, _)| (self.place.as_str(), code));
                let parts = parts.iter().map(|(place, part)| (place.as_str(), &part.code));
                let others = parts.chain(tallied).filter(|(_, code)| code.meaning() != of_whole);
                doubts.extend(others.map(|(part, code)| {
                    let code = shown(code.as_str());
                    let because =
                        format!("{code} contradicts the status {whole} of {}", self.place);
                    Problem::new(part, because, ASK)
                }));
            }
            Meaning::Partly if is_complete => {
                let meanings: Vec<Meaning> =
                    self.transfers.iter().map(|it| meaning(&it.stated)).collect();
                for all in [Meaning::Settled, Meaning::Refused] {
                    if !meanings.is_empty() && meanings.iter().all(|it| *it == all) {
                        let word = all.word();
                        let because =
                            format!("{whole} says that its transfers differ, and all are {word}");
                        doubts.push(Problem::new(&self.place, because, ASK));
                    }
                }
            }
            Meaning::Partly | Meaning::UnderWay | Meaning::Unclear => {}
        }
    }
}

fn own_statuses(payment: &Payment) -> Vec<(String, &Stated)> {
    let own = payment.transfers.iter().filter(|transfer| transfer.level == Level::Transfer);
    own.map(|transfer| (shown(&transfer.key), &transfer.stated)).collect()
}

fn place_of(payment: &Payment) -> String {
    format!("payment {}", shown(&payment.id))
}

fn is_for_all(stated: &Stated) -> bool {
    !matches!(meaning(stated), Meaning::Partly | Meaning::Unclear)
}

fn meaning(stated: &Stated) -> Meaning {
    stated.code.meaning()
}

/// What to do about two statements that cannot both be true.
pub(super) const ASK: &str = "ask the bank which of them holds";
