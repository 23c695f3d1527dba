//! Lists and sums of payouts in memory.

use pagos_core::{AccountName, OrderKey, ProviderRef};

use super::{Tables, retention::Sums};
use crate::{
    intent::RunId,
    list::{Filter, Page, Sorted},
    store::Payout,
    tally::Tally,
};

impl Tables {
    pub(super) fn payout_of(
        &self,
        account: &AccountName,
        reference: &ProviderRef,
    ) -> Option<&OrderKey> {
        let mut payouts = self.payouts.values().map(|row| &row.payout);
        let found = payouts.find(|payout| {
            payout.order.account == *account
                && payout.progress.standing.reference() == Some(reference)
        });
        found.map(|payout| &payout.order.key)
    }

    pub(super) fn list(&self, filter: &Filter, page: &Page) -> Vec<Payout> {
        let passing = self.payouts.values().map(|row| &row.payout);
        let passing = passing.filter(|payout| self.passes(payout, filter));
        match &page.sorted {
            Sorted::ByKey { after } => {
                let behind = |key: &OrderKey| after.as_ref().is_none_or(|after| key > after);
                let page = passing.filter(|payout| behind(&payout.order.key)).take(page.limit);
                page.cloned().collect()
            }
            Sorted::NewestFirst { after } => {
                let mut placed: Vec<_> = passing.map(|payout| (payout.cursor(), payout)).collect();
                placed.retain(|(place, _)| after.as_ref().is_none_or(|after| place < after));
                placed.sort_by(|(one, _), (other, _)| other.cmp(one));
                placed.into_iter().take(page.limit).map(|(_, payout)| payout.clone()).collect()
            }
        }
    }

    fn passes(&self, payout: &Payout, filter: &Filter) -> bool {
        let Payout { order, progress, created_at, .. } = payout;
        let has = |run: &RunId| self.runs.get(run).is_some_and(|run| run.keys.contains(&order.key));
        let is_named = |reference| {
            self.payout_of(&order.account, reference).is_some_and(|it| *it == order.key)
        };
        filter.run.as_ref().is_none_or(has)
            && filter.status.as_deref().is_none_or(|wanted| wanted == progress.word())
            && filter.account.as_ref().is_none_or(|wanted| *wanted == order.account)
            && filter.reference.as_ref().is_none_or(is_named)
            && filter.since.is_none_or(|since| *created_at >= since)
            && filter.until.is_none_or(|until| *created_at < until)
    }

    pub(super) fn tally(&self, run: Option<&RunId>) -> Tally {
        let mut sums = Sums::default();
        let filter = Filter { run: run.cloned(), ..Filter::default() };
        for row in self.payouts.values().filter(|row| self.passes(&row.payout, &filter)) {
            sums.add(&row.counted());
        }
        let members = run.and_then(|run| self.runs.get(run));
        members.into_iter().flat_map(|run| run.archived.values()).for_each(|one| sums.add(one));
        sums.into_tally()
    }
}
