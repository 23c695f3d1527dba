//! Compares the payouts of an account with what its provider says now: with its list where it has
//! one, and payout by payout for the rest. What the provider says is learned like any other answer;
//! only the comparison is new.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use pagos_core::{
    AccountName, FailReason, Money, Observation, OrderKey, ProviderRef, Status, Window,
};
use pagos_engine::{Answer, Engine, EngineError, Filter, Listed, Page, Payout, Store};
use serde::Serialize;

use crate::Outcome;

/// A payout is looked for if it was submitted up to so long before the window, since a run may wait
/// for its approval.
const HELD_MAX: Duration = Duration::from_secs(60 * 24 * 3_600);
const PAGE: usize = 500;
const UNSENT: &str = "the provider lists it, and this database never sent it; was a backup restored, or \
                      does another database send under this key?";

/// What came out of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Rows of the provider's list; 0 where it has none.
    pub rows: u64,
    /// Payouts that were asked about one by one.
    pub queried: u64,
    /// Payouts about which both agree.
    pub agreed: u64,
    /// Everything else, the listed ones first.
    pub differences: Vec<Difference>,
    /// Payouts about which the provider gave no answer, with the reason.
    pub unanswered: Vec<(OrderKey, String)>,
}

/// Something that Pagos and the provider do not agree about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub outcome: Outcome,
    /// The payout; `None` if nothing of ours has the key or the reference.
    pub key: Option<OrderKey>,
    /// The provider's reference.
    pub reference: Option<ProviderRef>,
    /// The amount: ours, or the provider's if it is not ours.
    pub amount: Option<Money>,
    /// What Pagos said before the comparison.
    pub ours: Option<&'static str>,
    /// What the provider says.
    pub theirs: &'static str,
    /// Whether money may have moved twice, or moved although Pagos says that it did not.
    pub is_alarming: bool,
    /// What it means, in words.
    pub because: String,
}

/// Reads what the provider says about the payouts that `account` sent within `window`, learns it,
/// and compares. Queries keep to the account's rate. Nothing is sent, and a payout that is listed and was
/// never sent from here goes into quarantine.
///
/// # Errors
/// If the list cannot be read to its end; the error of the store.
pub async fn compare_with_provider(
    engine: &Engine,
    store: &dyn Store,
    account: &AccountName,
    window: Window,
) -> Result<Comparison, EngineError> {
    let mut comparison = Comparison::default();
    // What Pagos says now, before the list teaches it.
    let ours = payouts_sent(store, account, window).await?;
    let mut told: BTreeMap<OrderKey, Rows> = BTreeMap::new();
    if engine.lists(account) {
        let mut each = |listed: Listed| comparison.add_row(account, &ours, &mut told, listed);
        engine.read_list(account, window, &mut each).await?;
    }
    for (key, rows) in &told {
        comparison.judge_rows(key, rows);
        // Otherwise it might be sent now, a second time.
        if !rows.ours.was_sent {
            engine.report_difference(key, UNSENT).await?;
        }
    }
    for (key, before) in ours.iter().filter(|(key, _)| !told.contains_key(*key)) {
        comparison.queried += 1;
        match engine.query_now(key).await? {
            Answer::CannotTell(because) if engine.lists(account) => {
                let because =
                    format!("its list does not have it, and it does not say more: {because}");
                let differs = before.differs(Outcome::MissingThere, "not listed", because);
                comparison.differences.push(differs);
            }
            Answer::CannotTell(because) => comparison.unanswered.push((key.clone(), because)),
            answer => comparison.judge_answer(before, &answer),
        }
    }
    Ok(comparison)
}

/// What the rows of a list say about one payout of ours.
#[derive(Debug)]
struct Rows {
    ours: Ours,
    statuses: Vec<Status>,
    references: BTreeSet<ProviderRef>,
    /// Another amount than that of the order.
    amount: Option<Money>,
}

/// What Pagos says about a payout.
#[derive(Debug, Clone)]
struct Ours {
    key: OrderKey,
    amount: Money,
    status: Status,
    reference: Option<ProviderRef>,
    was_sent: bool,
}

impl Ours {
    fn of(payout: &Payout) -> Self {
        Self {
            key: payout.order.key.clone(),
            amount: payout.order.amount,
            status: payout.status(),
            reference: payout.progress.standing.reference().cloned(),
            was_sent: payout.progress.attempts > 0,
        }
    }

    fn differs(&self, outcome: Outcome, theirs: &'static str, because: String) -> Difference {
        Difference {
            outcome,
            key: Some(self.key.clone()),
            reference: self.reference.clone(),
            amount: Some(self.amount),
            ours: Some(self.status.word()),
            theirs,
            is_alarming: false,
            because,
        }
    }
}

impl Comparison {
    /// Whether somebody should be called at once.
    pub fn is_alarming(&self) -> bool {
        self.differences.iter().any(|difference| difference.is_alarming)
    }

    fn add_row(
        &mut self,
        account: &AccountName,
        ours: &BTreeMap<OrderKey, Ours>,
        told: &mut BTreeMap<OrderKey, Rows>,
        listed: Listed,
    ) {
        self.rows += 1;
        let Listed { row, payout } = listed;
        let Some(payout) = payout.filter(|payout| payout.order.account == *account) else {
            self.differences.push(foreign(&row));
            return;
        };
        let rows = told.entry(payout.order.key.clone()).or_insert_with(|| Rows {
            // A payout that was sent before the window is known as it stands after the row.
            ours: ours.get(&payout.order.key).cloned().unwrap_or_else(|| Ours::of(&payout)),
            statuses: Vec::new(),
            references: BTreeSet::new(),
            amount: None,
        });
        rows.statuses.push(row.status);
        rows.references.extend(row.reference);
        rows.amount = row.echo.amount.filter(|told| *told != payout.order.amount).or(rows.amount);
    }

    fn judge_rows(&mut self, key: &OrderKey, rows: &Rows) {
        let ours = &rows.ours;
        let Some(theirs) = rows.statuses.last().copied() else { return };
        let difference = if rows.references.len() > 1 {
            let because = format!(
                "the provider lists {} payouts under the key {key}: the money may have left twice",
                rows.references.len()
            );
            let differs = ours.differs(Outcome::DuplicateThere, theirs.word(), because);
            Difference { is_alarming: true, ..differs }
        } else if !ours.was_sent {
            let differs = ours.differs(Outcome::StatusDiffers, theirs.word(), UNSENT.to_owned());
            Difference { is_alarming: true, ..differs }
        } else if let Some(amount) = rows.amount {
            let because = format!("the provider lists {amount}, the order is {}", ours.amount);
            let differs = ours.differs(Outcome::AmountDiffers, theirs.word(), because);
            Difference { is_alarming: amount.minor > ours.amount.minor, ..differs }
        } else {
            return self.judge_status(ours, theirs);
        };
        self.differences.push(difference);
    }

    fn judge_answer(&mut self, ours: &Ours, answer: &Answer) {
        let difference = match answer {
            Answer::Found { seen, .. } => return self.judge_status(ours, seen.status),
            Answer::Absent => {
                let is_agreed = matches!(ours.status, Status::Created | Status::Failed(_));
                if is_agreed {
                    self.agreed += 1;
                    return;
                }
                let because = "the provider says that it has no such payout".to_owned();
                let differs = ours.differs(Outcome::MissingThere, "absent", because);
                Difference { is_alarming: ours.status == Status::Succeeded, ..differs }
            }
            Answer::Ambiguous(because) => {
                let differs = ours.differs(Outcome::DuplicateThere, "several", because.clone());
                Difference { is_alarming: true, ..differs }
            }
            Answer::CannotTell(_) => return,
        };
        self.differences.push(difference);
    }

    fn judge_status(&mut self, ours: &Ours, theirs: Status) {
        if ours.status == theirs || has_only_gone_on(ours.status, theirs) {
            self.agreed += 1;
            return;
        }
        let came_back = Status::Failed(FailReason::Returned);
        let (outcome, because) = match (ours.status, theirs) {
            (Status::Succeeded, theirs) if theirs == came_back => {
                (Outcome::Returned, "the money came back")
            }
            (Status::Failed(_), Status::Succeeded) => {
                (Outcome::StatusDiffers, "the provider paid what Pagos calls failed")
            }
            (Status::Succeeded, _) => {
                (Outcome::StatusDiffers, "the provider does not call it paid any more")
            }
            (_, _) => (Outcome::StatusDiffers, "the provider says otherwise"),
        };
        let is_alarming = outcome == Outcome::StatusDiffers && theirs == Status::Succeeded;
        let differs = ours.differs(outcome, theirs.word(), because.to_owned());
        self.differences.push(Difference { is_alarming, ..differs });
    }
}

/// Whether a payout that was under way has ended since: news, and no difference.
fn has_only_gone_on(ours: Status, theirs: Status) -> bool {
    match ours {
        Status::Created | Status::Unknown | Status::Pending => {
            matches!(theirs, Status::Pending | Status::Succeeded | Status::Failed(_))
        }
        // Two words for a payout that was not paid.
        Status::Failed(_) => matches!(theirs, Status::Failed(_)),
        Status::Succeeded => false,
    }
}

/// A row that names no payout of this account.
fn foreign(row: &Observation) -> Difference {
    Difference {
        outcome: Outcome::MissingHere,
        key: None,
        reference: row.reference.clone(),
        amount: row.echo.amount,
        ours: None,
        theirs: row.status.word(),
        is_alarming: false,
        because: "no payout of this account has its key or its reference here; was it made \
                  another way, or from another database?"
            .to_owned(),
    }
}

/// The payouts that an account first sent within `window`, as they stand.
async fn payouts_sent(
    store: &dyn Store,
    account: &AccountName,
    window: Window,
) -> Result<BTreeMap<OrderKey, Ours>, EngineError> {
    let filter = Filter {
        account: Some(account.clone()),
        since: Some(window.from.minus(HELD_MAX)),
        until: Some(window.until),
        ..Filter::default()
    };
    let (mut found, mut page) = (BTreeMap::new(), Page::newest_first(PAGE));
    loop {
        let payouts = store.list(&filter, &page).await?;
        let is_last = payouts.len() < page.limit;
        let sent = payouts.iter().filter(|payout| {
            let begun = payout.progress.first_begun_at;
            begun.is_some_and(|at| window.from <= at && at < window.until)
        });
        found.extend(sent.map(|payout| (payout.order.key.clone(), Ours::of(payout))));
        let Some(last) = payouts.last().filter(|_| !is_last) else { return Ok(found) };
        page = page.after(last);
    }
}
