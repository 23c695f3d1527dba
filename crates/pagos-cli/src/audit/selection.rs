//! Which payouts are exported, and what the store keeps about them beside their own rows.

use std::{collections::HashMap, sync::Arc};

use pagos_core::{Day, OrderKey, Subject};
use pagos_engine::{Filed, Filter, InboxId, Page, RecordKind, Run, RunId, Store, Verdict};
use serde_json::{Value, json};

use crate::{exit::Failure, run::report::of_run};

/// How many rows are read from the store at a time.
const PAGE: usize = 500;

/// Which payouts are exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The members of a run.
    Run(RunId),
    /// Those submitted from the beginning of the first day to the end of the last, in UTC.
    Days { from: Day, to: Day },
}

impl Selection {
    /// The payouts in the store.
    pub(crate) fn filter(&self) -> Filter {
        match self {
            Self::Run(run) => of_run(run),
            Self::Days { from, to } => Filter {
                since: Some(from.start(0)),
                until: Some(to.plus(1).start(0)),
                ..Filter::default()
            },
        }
    }

    /// For the head.
    pub(super) fn wire(&self) -> Value {
        match self {
            Self::Run(run) => json!({ "run": run }),
            Self::Days { from, to } => json!({ "from": from, "to": to }),
        }
    }
}

/// The numbers of the verified webhooks about each payout.
pub(super) async fn deliveries(
    store: &Arc<dyn Store>,
) -> Result<HashMap<OrderKey, Vec<InboxId>>, Failure> {
    let (mut found, mut after) = (HashMap::<_, Vec<_>>::new(), 0);
    loop {
        let page = store.deliveries(None, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.item.id.0;
        for Filed { item, .. } in page {
            let hint = match &item.verdict {
                Some(Verdict::Genuine { event }) if event.subject == Subject::Payout => {
                    item.verdict.as_ref().map(Verdict::hint)
                }
                Some(Verdict::Unreadable { hint, .. }) => Some(hint.clone()),
                _ => None,
            };
            let Some(hint) = hint else { continue };
            let key = match (hint.key, hint.reference) {
                (Some(key), _) => Some(key),
                (None, Some(reference)) => store.payout_of(&item.account, &reference).await?,
                (None, None) => None,
            };
            if let Some(key) = key {
                found.entry(key).or_default().push(item.id);
            }
        }
    }
}

/// The runs that the selected payouts are members of.
pub(super) async fn runs(
    store: &Arc<dyn Store>,
    selection: &Selection,
) -> Result<Vec<(RunId, Run)>, Failure> {
    if let Selection::Run(name) = selection {
        return Ok(store.run(name).await?.map(|run| (name.clone(), run)).into_iter().collect());
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.runs(before, PAGE).await?;
        let Some((_, last)) = page.last() else { break };
        before = Some(last.id);
        for (name, run) in page {
            let filter = Filter { run: Some(name.clone()), ..selection.filter() };
            if !store.list(&filter, &Page::by_key(1)).await?.is_empty() {
                found.push((name, run));
            }
        }
    }
    found.reverse();
    Ok(found)
}

/// The bodies of the records about approvals whose name is wanted.
pub(super) async fn records(
    store: &Arc<dyn Store>,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Value>, Failure> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.records(RecordKind::Approval, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.name);
        for record in page.iter().filter(|record| is_wanted(&record.name)) {
            let body = serde_json::from_str(&record.body).map_err(|_| {
                Failure::new(format!("record {} cannot be read; it is damaged", record.name))
            })?;
            found.push(body);
        }
    }
}
