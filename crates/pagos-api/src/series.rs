//! `/v1/series`: how the payouts stood over the last day and the last thirty days, from samples that
//! the service takes every half hour while it runs.

use std::collections::BTreeMap;

use axum::extract::State;
use pagos_core::Timestamp;
use pagos_engine::{NoticeKind, Record, RecordKind, RecordWrite, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    extract::Query,
    problem::Problem,
};

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Span {
    /// 24 hours, every half hour.
    Day,
    /// 30 days, every twelve hours.
    Month,
}

/// How far back.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesQuery {
    /// `day` or `month`.
    // A reference would lead nowhere, since no answer has it.
    #[param(inline)]
    span: Span,
}

/// Samples, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesView {
    /// The samples. There is none for a time in which the service did not run.
    samples: Vec<SampleView>,
}

/// How the payouts stood at one moment.
#[derive(Debug, Serialize, ToSchema)]
struct SampleView {
    /// When.
    at: String,
    /// How many payouts there were, by account and status.
    counts: Vec<CountView>,
    /// How many final statuses turned into their opposite since the sample before, by account.
    reversed: BTreeMap<String, u64>,
}

/// A count.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct CountView {
    /// The account.
    account: String,
    /// The status.
    status: String,
    /// How many payouts.
    count: u64,
}

/// How the payouts stood over time.
#[utoipa::path(
    get, path = "/v1/series", tag = "payouts", params(SeriesQuery),
    responses((status = 200, description = "The samples", body = SeriesView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_series(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<SeriesQuery>,
) -> Result<Answer<SeriesView>, Problem> {
    let now = slot(api.now());
    let is_wanted = |slot: u64| match query.span {
        Span::Day => slot + SLOTS_OF_DAY >= now,
        Span::Month => slot.is_multiple_of(COARSE) && slot + SLOTS_OF_MONTH >= now,
    };
    let all = api.samples().await?;
    let wanted = all.into_iter().filter(|(slot, _)| is_wanted(*slot)).map(|(_, sample)| sample);
    let (mut samples, mut before) = (Vec::new(), None::<BTreeMap<String, u64>>);
    for sample in wanted {
        let since = before.replace(sample.reversed.clone()).unwrap_or(sample.reversed.clone());
        let difference = |(account, count): (&String, &u64)| {
            let was = since.get(account).copied().unwrap_or_default();
            (account.clone(), count.saturating_sub(was))
        };
        samples.push(SampleView {
            at: sample.at.to_string(),
            reversed: sample.reversed.iter().map(difference).collect(),
            counts: sample.counts,
        });
    }
    Ok(Answer::ok(SeriesView { samples }))
}

/// A sample as its record keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sample {
    at: Timestamp,
    counts: Vec<CountView>,
    /// Reversals by account, counted since the first sample.
    reversed: BTreeMap<String, u64>,
    /// The last notice that was counted.
    notice: u64,
}

impl Api {
    /// Takes the sample of the present half hour, unless there is one. Call it every few minutes, from
    /// any number of processes. Samples of over a month ago are deleted.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// api.take_sample().await.unwrap();
    /// api.take_sample().await.unwrap(); // does nothing, in the same half hour
    /// # });
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn take_sample(&self) -> Result<(), StoreError> {
        let now = self.now();
        let present = slot(now);
        if self.store().record(RecordKind::Sample, &name(present)).await?.is_some() {
            return Ok(());
        }
        let kept = self.samples().await?;
        let tally = self.store().tally(None).await?;
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for row in &tally.rows {
            *counts.entry((row.account.to_string(), row.status.clone())).or_default() += row.count;
        }
        let counts = counts.into_iter();
        let counts =
            counts.map(|((account, status), count)| CountView { account, status, count }).collect();
        let last = kept.last().map(|(_, sample)| (sample.reversed.clone(), sample.notice));
        let (mut reversed, mut notice) = match last {
            Some(last) => last,
            None => (BTreeMap::new(), self.store().newest_notice().await?),
        };
        loop {
            let page = self.store().outbox(notice, NOTICES).await?;
            let Some((newest, _)) = page.last() else { break };
            notice = *newest;
            for (_, told) in &page {
                if matches!(told.event, NoticeKind::Reversed { .. }) {
                    *reversed.entry(told.account.to_string()).or_default() += 1;
                }
            }
        }
        let sample = Sample { at: now, counts, reversed, notice };
        let body =
            serde_json::to_string(&sample).map_err(|error| StoreError::new(error.to_string()))?;
        // A conflict means that another process took the same sample.
        self.write_sample(present, None, Some(body)).await?;
        for (slot, _) in kept {
            let is_coarse = slot.is_multiple_of(COARSE) && slot + SLOTS_OF_MONTH >= present;
            if !is_coarse && slot + SLOTS_OF_DAY < present {
                self.forget_sample(slot).await?;
            }
        }
        Ok(())
    }

    async fn forget_sample(&self, slot: u64) -> Result<(), StoreError> {
        match self.store().record(RecordKind::Sample, &name(slot)).await? {
            Some(Record { version, .. }) => self.write_sample(slot, Some(version), None).await,
            None => Ok(()),
        }
    }

    async fn write_sample(
        &self,
        slot: u64,
        was: Option<u64>,
        body: Option<String>,
    ) -> Result<(), StoreError> {
        let kind = RecordKind::Sample;
        let write = RecordWrite { kind, name: name(slot), was, body, notices: Vec::new() };
        self.writer().write_record(write).await.map(drop)
    }

    /// All samples with their slots, oldest first. One that cannot be read is left out.
    async fn samples(&self) -> Result<Vec<(u64, Sample)>, StoreError> {
        let (mut samples, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.store().records(RecordKind::Sample, &after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for record in page {
                if let (Ok(slot), Ok(sample)) =
                    (record.name.parse(), serde_json::from_str(&record.body))
                {
                    samples.push((slot, sample));
                }
                after = record.name;
            }
            if is_last {
                return Ok(samples);
            }
        }
    }
}

/// The number of a half hour since 1970.
fn slot(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis() / SLOT_MS).unwrap_or_default()
}

/// Names are in the order of their slots.
fn name(slot: u64) -> String {
    format!("{slot:010}")
}

const SLOT_MS: i64 = 30 * 60 * 1_000;
const SLOTS_OF_DAY: u64 = 48;
const SLOTS_OF_MONTH: u64 = 30 * SLOTS_OF_DAY;
/// Every twelve hours.
const COARSE: u64 = 24;
const NOTICES: usize = 500;
const PAGE: usize = 100;
