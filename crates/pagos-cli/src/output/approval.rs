//! Approvals as people and scripts read them: of runs, and of payouts that are to be sent once more.

use pagos_engine::{Actor, Approval, ApprovalState, Resend, RunApproval};
use serde_json::{Value, json};

use crate::words::{Text, payout};

/// What a run that waits looks like to whoever is to approve it.
pub(crate) fn approval_lines(approval: &RunApproval) -> Vec<Text> {
    let mut lines = vec![payout::run_is(&approval.run.0, state(approval.state))];
    lines.extend(approval.totals.iter().map(|total| {
        payout::run_total(total.account.as_str(), total.count, total.amount.to_string())
    }));
    let submitters = names(approval.submitters.iter());
    lines.push(match approval.has_unknown_submitter {
        true => payout::submitted_unproven(submitters),
        false => payout::submitted_by(submitters),
    });
    let approvers = names(approval.approvals.iter().map(|it| &it.by));
    lines.push(payout::approved_by(approvers, approval.missing()));
    if let Some(no) = &approval.rejection {
        lines.push(payout::rejected_by(no.by.as_str(), &no.note));
    }
    lines.push(payout::digest(approval.digest.to_string()));
    lines
}

/// Why a run waits in vain, and what to do.
pub(crate) fn blocked_line(approval: &RunApproval) -> Text {
    let run = &approval.run.0;
    match approval.has_unknown_submitter {
        true => payout::nobody_can_approve(run),
        false => payout::too_few_can_approve(run, approval.missing()),
    }
}

fn state(state: ApprovalState) -> Text {
    match state {
        ApprovalState::Waiting => payout::state_waiting(),
        ApprovalState::Approved => payout::state_approved(),
        ApprovalState::Rejected => payout::state_rejected(),
        ApprovalState::Released => payout::state_released(),
        ApprovalState::Withdrawn => payout::state_withdrawn(),
    }
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

fn names<'a>(actors: impl Iterator<Item = &'a Actor>) -> Text {
    let names: Vec<&str> = actors.map(Actor::as_str).collect();
    if names.is_empty() { payout::nobody() } else { names.join(", ").into() }
}
