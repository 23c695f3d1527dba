//! What the merchant is told of payouts and payments: a name to ask about, and nothing else.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{VirtualPos, VirtualPosTwin, settings::Switches};
use crate::{
    notification::{self, Change, Notice},
    scenario::Notified,
    twin::Outgoing,
};

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A payout has changed.
    Payout(u32),
    /// A payment has ended.
    Payment(u32),
}

/// Every word that a payer's click can have for its notification.
pub(super) const NOTICES: [&str; 5] = ["late", "lost", "twice", "out-of-order", "wrong-uuid"];

/// Reads such a word.
pub(super) fn notified(word: &str) -> Option<Notified> {
    match word {
        "wrong-uuid" => Some(Notified::WronglySigned),
        word => Notified::of(word),
    }
}

/// Queues notifications of a change, if there is an address for them. What is asked for wins over what
/// the order asks for.
pub(super) fn tell(twin: &mut VirtualPosTwin, subject: Subject, asked: Notified, at: Timestamp) {
    if url(&twin.settings.switches, &twin.own, subject).is_none() {
        return;
    }
    let Some((key, nth, notified, is_final)) = count(&mut twin.own, subject) else {
        return;
    };
    let notified = if asked == Notified::ByChance { notified } else { asked };
    let delay = twin.settings.timing.faults.webhook_delay;
    let change = Change { key: &key, nth, notified, is_final, delay };
    for planned in notification::plan(&mut twin.faults, change) {
        twin.outbox.post_unsigned(at.plus(planned.after), subject, planned.signature);
    }
}

/// Counts one more notification: key, how many there were before, how they behave, and whether the
/// state is final.
fn count(own: &mut VirtualPos, subject: Subject) -> Option<(Arc<str>, u32, Notified, bool)> {
    let (notices, key, notified, is_final) = match subject {
        Subject::Payout(index) => {
            let payout = own.payouts.get_mut(index)?;
            let key = Arc::clone(&payout.instruction.merchant_id);
            (&mut payout.notices, key, payout.notified, payout.status.is_final())
        }
        Subject::Payment(index) => {
            let payment = own.payments.get_mut(index)?;
            let key = Arc::clone(&payment.draft.code);
            (&mut payment.notices, key, Notified::ByChance, true)
        }
    };
    let nth = *notices;
    *notices = nth.saturating_add(1);
    Some((key, nth, notified, is_final))
}

fn url<'a>(switches: &'a Switches, own: &'a VirtualPos, subject: Subject) -> Option<&'a String> {
    match subject {
        Subject::Payout(_) => switches.callback_url.as_ref(),
        Subject::Payment(index) => own.payments.get(index)?.callback_url.as_ref(),
    }
}

/// The bytes of one sending: a form, as of the sibling API. Source: `virtualpos.md` 4.
pub(super) fn message(
    switches: &Switches,
    own: &VirtualPos,
    number: u64,
    notice: &Notice<Subject>,
) -> Option<Outgoing> {
    let body = match notice.subject {
        subject if notice.is_wrong() => lie(subject).to_owned(),
        Subject::Payout(index) => {
            let payout = own.payouts.get(index)?;
            // Ids and keys are of letters, digits, hyphens and underscores: nothing to escape.
            format!("id={}&merchant_id={}", payout.id, payout.instruction.merchant_id)
        }
        Subject::Payment(index) => format!("uuid={}", own.payments.get(index)?.uuid),
    };
    let url = url(switches, own, notice.subject)?.clone();
    Some(Outgoing::new(number, url, "application/x-www-form-urlencoded", body))
}

/// What somebody else would say: nothing here is signed.
const fn lie(subject: Subject) -> &'static str {
    match subject {
        Subject::Payout(_) => "id=po_0000000000000000&merchant_id=nobody",
        Subject::Payment(_) => "uuid=0000000000000000",
    }
}
