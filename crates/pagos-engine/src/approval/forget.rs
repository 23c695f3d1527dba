//! Forgets what was said about runs and payouts that left the store.

use pagos_core::Timestamp;

use crate::{
    approval::{
        record::{DONE, RunApproval, parse},
        resend::{RESEND, Resend},
    },
    instrumented::InstrumentedStore,
    records::{Record, RecordKind, RecordWrite},
    retention::Horizon,
    store::StoreError,
};

/// How many records are read at once.
const PAGE: usize = 100;

impl InstrumentedStore {
    /// Forgets the approvals of runs whose payouts are all archived or that were withdrawn, and the
    /// decisions to send again of payouts that are archived. What was said since the horizon stays,
    /// and so does what cannot be read.
    pub(crate) async fn forget_approvals(&self, horizon: Horizon) -> Result<(), StoreError> {
        for folder in [DONE, RESEND] {
            let mut after = folder.to_owned();
            loop {
                let page = self.records(RecordKind::Approval, &after, PAGE).await?;
                let of_folder = page.iter().filter(|record| record.name.starts_with(folder));
                for record in of_folder {
                    if self.is_over(folder, record, horizon).await? {
                        self.forget(record).await?;
                    }
                }
                match page.last() {
                    Some(last) if page.len() == PAGE && last.name.starts_with(folder) => {
                        after.clone_from(&last.name);
                    }
                    _ => break,
                }
            }
        }
        Ok(())
    }

    async fn is_over(
        &self,
        folder: &str,
        record: &Record,
        horizon: Horizon,
    ) -> Result<bool, StoreError> {
        if folder == RESEND {
            let Ok(resend) = parse::<Resend>(&record.name, &record.body) else { return Ok(false) };
            let is_old = resend.decided.at < horizon.before();
            return Ok(is_old && self.store().payout(&resend.key).await?.is_none());
        }
        let Ok(approval) = parse::<RunApproval>(&record.name, &record.body) else {
            return Ok(false);
        };
        if said_at(&approval) >= horizon.before() {
            return Ok(false);
        }
        let run = self.run(&approval.run).await?.filter(|run| run.id == approval.id);
        Ok(run.is_none_or(|run| run.archived == run.members))
    }

    /// If somebody wrote it meanwhile, it stays until the next time.
    async fn forget(&self, record: &Record) -> Result<(), StoreError> {
        let write = RecordWrite {
            kind: RecordKind::Approval,
            name: record.name.clone(),
            was: Some(record.version),
            body: None,
            notices: Vec::new(),
        };
        self.write_record(write).await.map(drop)
    }
}

/// When something was last said about a run.
fn said_at(approval: &RunApproval) -> Timestamp {
    let said = approval.approvals.iter().chain(&approval.rejection).map(|said| said.at);
    said.chain([approval.since]).max().unwrap_or(approval.since)
}
