//! Approvals as people and scripts read them: of runs, and of payouts that are to be sent once more.

use pagos_engine::{Actor, Approval, Resend, RunApproval};
use serde_json::{Value, json};

/// What a run that waits looks like to whoever is to approve it.
pub(crate) fn approval_lines(approval: &RunApproval) -> Vec<String> {
    let mut lines = vec![format!("run {} is {}", approval.run.0, approval.state.word())];
    lines.extend(
        approval
            .totals
            .iter()
            .map(|total| format!("  {}: {} payouts, {}", total.account, total.count, total.amount)),
    );
    let unproven = if approval.has_unknown_submitter { ", which is not proven" } else { "" };
    lines.push(format!("  submitted by {}{unproven}", names(approval.submitters.iter())));
    lines.push(format!(
        "  approved by {}; {} more needed",
        names(approval.approvals.iter().map(|it| &it.by)),
        approval.missing()
    ));
    if let Some(no) = &approval.rejection {
        lines.push(format!("  rejected by {}: {}", no.by, no.note));
    }
    lines.push(format!("  digest {}", approval.digest));
    lines
}

/// Why a run waits in vain, and what to do.
pub(crate) fn blocked_line(approval: &RunApproval) -> String {
    let run = &approval.run.0;
    if approval.has_unknown_submitter {
        return format!(
            "nobody can approve run {run}, because it is not proven who submitted it: \
             `pagos withdraw {run}`, and pay the file again with PAGOS_TOKEN set"
        );
    }
    format!(
        "too few people are left who can approve run {run}: {} more must, and they need tokens, \
         which `pagos token create --name NAME --scope approve` makes",
        approval.missing()
    )
}

/// The approval as JSON, with what follows from it.
pub(crate) fn approval_json(approval: &RunApproval) -> Value {
    with_missing(json!(approval), approval.missing())
}

/// What a decision to send again looks like to whoever is to approve it.
pub(crate) fn resend_lines(resend: &Resend) -> Vec<String> {
    let Resend { key, attempt, amount, decided: Approval { by, note, .. }, .. } = resend;
    vec![
        format!("payout {key} of {amount} is to be sent again after attempt {attempt}"),
        format!("  decided by {by}: {note}"),
        format!(
            "  approved by {}; {} more needed: `pagos approve --resend {key}`",
            names(resend.approvals.iter().map(|it| &it.by)),
            resend.missing()
        ),
    ]
}

/// The decision to send again as JSON, with what follows from it.
pub(crate) fn resend_json(resend: &Resend) -> Value {
    with_missing(json!(resend), resend.missing())
}

fn with_missing(mut json: Value, missing: u32) -> Value {
    if let Some(fields) = json.as_object_mut() {
        fields.insert("missing".to_owned(), missing.into());
    }
    json
}

fn names<'a>(actors: impl Iterator<Item = &'a Actor>) -> String {
    let names: Vec<&str> = actors.map(Actor::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
