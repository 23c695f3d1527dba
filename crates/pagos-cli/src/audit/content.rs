//! What is in an audit file: the lines about runs, payouts, their histories and the verified
//! webhooks about them. It reads the store and changes nothing.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Write},
    sync::Arc,
};

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::{Entry, Filed, InboxId, Payout, Run, RunId, Store, Verdict};
use serde_json::{Map, Value, json, value::RawValue};

use crate::{
    audit::{
        FORMAT,
        chain::{Chain, Counts, Kind},
        scrub::{Scrub, Words, tail},
        selection::{Selection, deliveries, records, runs},
    },
    exit::Failure,
    run::report::Pages,
};

/// What is removed from every file; in its head.
const REMOVES: [&str; 7] = [
    "account numbers and documents, but for their last 4 characters",
    "names, e-mail addresses and telephone numbers",
    "the values of the headers of webhooks",
    "the hash of a webhook from which something was removed, since numbers can be guessed by it",
    "tokens, and other long texts without a blank, in webhooks",
    "members of webhooks whose name is that of personal data or a secret",
    "what was prepared at a provider before a payout",
];

/// Writes the file; returns the counts, the hash of the last line, and the writer.
pub(crate) async fn write<W: Write>(
    store: &Arc<dyn Store>,
    selection: &Selection,
    now: Timestamp,
    out: W,
) -> Result<(Counts, String, W), Failure> {
    let mut file = Export { store, chain: Chain::new(out), deliveries: deliveries(store).await? };
    file.head(selection, now).await?;
    let filter = selection.filter();
    let approvals = records(store, |name| !name.starts_with("resend/")).await?;
    for (name, run) in runs(store, selection).await? {
        file.run(&name, &run, &approvals)?;
    }
    let resends = records(store, |name| name.starts_with("resend/")).await?;
    let mut pages = Pages::new(store, &filter);
    while let Some(page) = pages.next().await? {
        for payout in &page {
            file.payout(payout, &resends).await?;
        }
    }
    if let Selection::Run(run) = selection {
        file.gaps(run).await?;
    }
    Ok(file.chain.end()?)
}

struct Export<'a, W> {
    store: &'a Arc<dyn Store>,
    chain: Chain<W>,
    /// The verified webhooks about each payout.
    deliveries: HashMap<OrderKey, Vec<InboxId>>,
}

impl<W: Write> Export<'_, W> {
    async fn head(&mut self, selection: &Selection, now: Timestamp) -> Result<(), Failure> {
        // The members that `verify` reads come first, so this is no map.
        #[derive(serde::Serialize)]
        struct Head {
            audit: &'static str,
            format: u32,
            version: &'static str,
            created: String,
            database: String,
            of: Value,
            removes: [&'static str; REMOVES.len()],
        }
        let head = Head {
            audit: "pagos",
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            created: now.to_string(),
            database: self.store.identity().await?,
            of: selection.wire(),
            removes: REMOVES,
        };
        Ok(self.chain.push(Kind::Head, &head)?)
    }

    fn run(&mut self, name: &RunId, run: &Run, approvals: &[Value]) -> Result<(), Failure> {
        let is_of_run = |record: &&Value| record.get("run") == Some(&json!(name));
        let approvals: Vec<&Value> = approvals.iter().filter(is_of_run).collect();
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let line = json!({
            "run": name,
            "number": run.id,
            "members": run.members,
            "archived": run.archived,
            "submitted": text(run.created_at),
            "submitted_by": run.submitted_by,
            "closed": text(run.closed_at),
            "released": text(run.released_at),
            "approvals": approvals,
        });
        Ok(self.chain.push(Kind::Run, &line)?)
    }

    async fn payout(&mut self, payout: &Payout, resends: &[Value]) -> Result<(), Failure> {
        let (key, scrub) = (&payout.order.key, Scrub::of(&payout.order));
        self.chain.push(Kind::Payout, &payout_line(payout, &scrub))?;
        let mut filed = Vec::new();
        for id in self.deliveries.remove(key).unwrap_or_default() {
            filed.extend(self.store.delivery(id).await?);
        }
        for entry in &self.store.history(key).await? {
            let mut line = Line::of(key);
            line.json(&scrub, "entry", serde_json::to_string(entry), Words::Ours)?;
            if let Some(number) = filed.iter().find_map(|filed| told_by(filed, entry)) {
                line.set("delivery", number)?;
            }
            self.chain.push(Kind::Entry, &line.end()?)?;
        }
        for filed in &filed {
            self.chain.push(Kind::Delivery, &delivery_line(key, filed, &scrub)?)?;
        }
        for resend in resends.iter().filter(|resend| resend.get("key") == Some(&json!(key))) {
            let mut line = Line::of(key);
            line.json(&scrub, "resend", Ok(resend.to_string()), Words::Ours)?;
            self.chain.push(Kind::Resend, &line.end()?)?;
        }
        Ok(())
    }

    /// Says which payouts of the run are not in the file.
    async fn gaps(&mut self, run: &RunId) -> Result<(), Failure> {
        let archived = self.store.archived(run).await?.total();
        let all = self.store.tally(Some(run)).await?.total();
        let unreadable = all.saturating_sub(archived + self.chain.counts().payouts);
        let gaps = [
            (archived, "are in the archive; `pagos archive find` shows them"),
            (unreadable, "cannot be read by this version of pagos, or came in meanwhile"),
        ];
        for (payouts, because) in gaps.into_iter().filter(|(payouts, _)| *payouts > 0) {
            self.chain.push(Kind::Gap, &json!({ "payouts": payouts, "because": because }))?;
        }
        Ok(())
    }
}

/// The members of a line about a payout, some of which are JSON already.
struct Line {
    members: Map<String, Value>,
    raw: Vec<(&'static str, Box<RawValue>)>,
    removed: BTreeSet<String>,
}

impl Line {
    fn of(key: &OrderKey) -> Self {
        let members = Map::from_iter([("key".to_owned(), json!(key))]);
        Self { members, raw: Vec::new(), removed: BTreeSet::new() }
    }

    fn set(&mut self, name: &'static str, value: impl serde::Serialize) -> io::Result<()> {
        self.raw.push((name, serde_json::value::to_raw_value(&value)?));
        Ok(())
    }

    fn json(
        &mut self,
        scrub: &Scrub,
        name: &'static str,
        json: serde_json::Result<String>,
        words: Words,
    ) -> io::Result<()> {
        let clean = scrub.json(&json?, words, name, &mut self.removed);
        self.raw.push((name, RawValue::from_string(clean)?));
        Ok(())
    }

    fn end(mut self) -> io::Result<impl serde::Serialize> {
        let removed = std::mem::take(&mut self.removed);
        self.set("removed", removed)?;
        let mut members = Vec::new();
        for (name, value) in self.members {
            members.push((name, serde_json::value::to_raw_value(&value)?));
        }
        members.extend(self.raw.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(Members(members))
    }
}

/// An object whose members keep their order.
struct Members(Vec<(String, Box<RawValue>)>);

impl serde::Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn payout_line(payout: &Payout, scrub: &Scrub) -> Value {
    let (order, progress) = (&payout.order, &payout.progress);
    let person = &order.beneficiary;
    let mut removed =
        BTreeSet::from(["beneficiary.name".to_owned(), "beneficiary.account".to_owned()]);
    let document = person.document.as_ref();
    let optional = [
        ("beneficiary.document", document.is_some()),
        ("beneficiary.email", person.email.is_some()),
        ("beneficiary.phone", person.phone.is_some()),
        ("handle", progress.handle.is_some()),
    ];
    let there = optional.iter().filter(|(_, is_there)| *is_there);
    removed.extend(there.map(|(name, _)| (*name).to_owned()));
    let clean =
        |text: &str, part: &str, removed: &mut BTreeSet<String>| scrub.text(text, part, removed);
    let description =
        order.description.as_deref().map(|text| clean(text, "description", &mut removed));
    let reason = progress.reason().map(|text| clean(&text, "reason", &mut removed));
    json!({
        "key": order.key,
        "account": order.account,
        "amount": order.amount,
        "description": description,
        "beneficiary": {
            "bank": person.bank,
            "account_type": person.account_type,
            "account": tail(person.account_number.as_str()),
            "document_type": document.map(|it| it.kind()),
            "document": document.map(|it| tail(it.number())),
        },
        "submitted": payout.created_at.to_string(),
        "status": progress.word(),
        "reason": reason,
        "reference": progress.standing.reference(),
        "attempts": progress.attempts,
        "reversals": progress.standing.reversals(),
        "attention": progress.attention.as_ref().map(|it| clean(it.because(), "attention", &mut removed)),
        "removed": removed,
    })
}

fn delivery_line(
    key: &OrderKey,
    filed: &Filed,
    scrub: &Scrub,
) -> Result<impl serde::Serialize, Failure> {
    let (item, mut line) = (&filed.item, Line::of(key));
    line.set("number", item.id.0)?;
    line.set("account", &item.account)?;
    line.set("received", item.delivery.received_at.to_string())?;
    line.set("repeats", filed.repeats)?;
    line.set("state", filed.state.word())?;
    let because = scrub.text(&filed.because, "because", &mut line.removed);
    line.set("because", because)?;
    line.json(scrub, "verdict", serde_json::to_string(&item.verdict), Words::Ours)?;
    let names: Vec<&str> = item.delivery.headers.keys().map(http::HeaderName::as_str).collect();
    line.removed.extend(names.iter().map(|name| format!("headers.{name}")));
    line.set("headers", names)?;
    line.set("size_bytes", item.delivery.body.len())?;
    let body = std::str::from_utf8(&item.delivery.body).ok();
    let body = body.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    match body {
        Some(text) => {
            let mut removed = BTreeSet::new();
            let clean = scrub.json(text, Words::Theirs, "body", &mut removed);
            match removed.is_empty() {
                true => line.set("sha256", crate::archive::hex(&digest(text.as_bytes())))?,
                false => drop(line.removed.insert("sha256".to_owned())),
            }
            line.removed.append(&mut removed);
            line.set("body", clean)?;
        }
        None => drop(line.removed.insert("body".to_owned())),
    }
    Ok(line.end()?)
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;

    sha2::Sha256::digest(bytes).into()
}

/// The number of the webhook, if this entry is what it said.
fn told_by(filed: &Filed, entry: &Entry) -> Option<u64> {
    let told = match entry {
        Entry::Observed { observation, .. } | Entry::Contradicted { observation, .. } => {
            observation
        }
        _ => return None,
    };
    match &filed.item.verdict {
        Some(Verdict::Genuine { event }) if event.observation.as_ref() == Some(told) => {
            Some(filed.item.id.0)
        }
        _ => None,
    }
}
