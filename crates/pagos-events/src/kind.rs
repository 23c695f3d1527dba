//! The types of events: one table, from which the documentation is checked.

use pagos_core::Status;
use pagos_engine::{Notice, NoticeAbout, NoticeKind, OrderNews};

/// One list makes the enum, [`EventType::ALL`], the words and their meanings.
macro_rules! types {
    ($($name:ident $word:literal $says:literal,)*) => {
        /// The type of an event, as its body names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $(#[doc = $says] $name,)*
        }

        impl EventType {
            /// Every type, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What has happened.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $says,)*
                }
            }
        }
    };
}

types! {
    PayoutCreated "payout.created" "The payout is stored again as not sent: what was sent certainly did not arrive.",
    PayoutUnknown "payout.unknown" "The payout may have been sent, and nobody knows yet. Do not pay it another way.",
    PayoutPending "payout.pending" "The provider accepted the payout and has not finished.",
    PayoutSucceeded "payout.succeeded" "The provider says that the money arrived. A reversal can still follow.",
    PayoutFailed "payout.failed" "The provider says that the money does not arrive; `fail_reason` says why.",
    PayoutReversed "payout.reversed" "A final status turned into its opposite: money moved, or moved back. `was` is what held before.",
    PayoutReturned "payout.returned" "The money came back, in part or in full.",
    PayoutAttention "payout.attention" "A person must look at the payout; `because` says why.",
    PayoutResendWaiting "payout.resend_waiting" "A person decided to send the payout again, and others must approve that.",
    PayoutResendApproved "payout.resend_approved" "Enough people approved that the payout is sent again.",
    PayoutResendRejected "payout.resend_rejected" "Somebody rejected that the payout is sent again; `because` says why.",
    PaymentCreated "payment.created" "No session of the payment is open.",
    PaymentUnknown "payment.unknown" "Nobody knows yet how the payment stands.",
    PaymentPending "payment.pending" "The payer has begun, and the payment has not ended.",
    PaymentSucceeded "payment.succeeded" "The payer has paid.",
    PaymentFailed "payment.failed" "The payment failed; `fail_reason` says why.",
    PaymentReversed "payment.reversed" "A final status of the payment turned into its opposite.",
    PaymentReturned "payment.returned" "The money of the payment went back to the payer, in part or in full.",
    PaymentPaidByLaterTry "payment.paid_by_later_try" "A try of the payer failed, and a later one was paid. Nothing was reversed.",
    PaymentAttention "payment.attention" "A person must look at the payment; `because` says why.",
    DeliveryAttention "delivery.attention" "A person must look at a delivery of a provider; `pagos inbox show` prints it.",
    AccountAttention "account.attention" "The account is out of service, or something of it needs a person.",
    AccountInServiceAgain "account.in_service_again" "The provider accepts the account again.",
    RunWaitingForApproval "run.waiting_for_approval" "The run waits for people to approve it. It is told again if what they approved is void.",
    RunApproved "run.approved" "Enough people approved the run.",
    RunRejected "run.rejected" "Somebody rejected the run; `because` says why.",
    RunBlocked "run.blocked" "Too few people are left who may approve the run.",
    RunWithdrawn "run.withdrawn" "The run was taken back while it waited.",
    EndpointAttention "endpoint.attention" "An endpoint of events was put off, or an event was given up; `because` says what to do.",
    EndpointRecovered "endpoint.recovered" "This endpoint accepts events again. It is the first event after a failure, with the number of events that wait.",
}

impl EventType {
    /// The type of the event that a notice becomes.
    pub fn of(notice: &Notice) -> Self {
        match &notice.about {
            NoticeAbout::Payout(news) => of_payout(&notice.event, news),
            NoticeAbout::Payment(news) => of_payment(&notice.event, news),
            NoticeAbout::Delivery { .. } => Self::DeliveryAttention,
            NoticeAbout::Run(_) => of_run(&notice.event),
            NoticeAbout::Account => match &notice.event {
                NoticeKind::InServiceAgain => Self::AccountInServiceAgain,
                NoticeKind::Attention { .. }
                | NoticeKind::Advanced
                | NoticeKind::Reversed { .. }
                | NoticeKind::Returned
                | NoticeKind::PaidByLaterTry { .. }
                | NoticeKind::WaitingForApproval
                | NoticeKind::Approved
                | NoticeKind::Rejected { .. }
                | NoticeKind::Blocked
                | NoticeKind::Withdrawn => Self::AccountAttention,
            },
            NoticeAbout::Endpoint { .. } => Self::EndpointAttention,
        }
    }
}

/// The kinds that only payments or accounts have say of a payout no more than its status.
fn of_payout(kind: &NoticeKind, news: &OrderNews) -> EventType {
    match kind {
        NoticeKind::Reversed { .. } => EventType::PayoutReversed,
        NoticeKind::Returned => EventType::PayoutReturned,
        NoticeKind::Attention { .. } => EventType::PayoutAttention,
        NoticeKind::WaitingForApproval => EventType::PayoutResendWaiting,
        NoticeKind::Approved => EventType::PayoutResendApproved,
        NoticeKind::Rejected { .. } => EventType::PayoutResendRejected,
        NoticeKind::Advanced
        | NoticeKind::PaidByLaterTry { .. }
        | NoticeKind::InServiceAgain
        | NoticeKind::Blocked
        | NoticeKind::Withdrawn => match news.status {
            Status::Created => EventType::PayoutCreated,
            Status::Unknown => EventType::PayoutUnknown,
            Status::Pending => EventType::PayoutPending,
            Status::Succeeded => EventType::PayoutSucceeded,
            Status::Failed(_) => EventType::PayoutFailed,
        },
    }
}

fn of_payment(kind: &NoticeKind, news: &OrderNews) -> EventType {
    match kind {
        NoticeKind::Reversed { .. } => EventType::PaymentReversed,
        NoticeKind::Returned => EventType::PaymentReturned,
        NoticeKind::PaidByLaterTry { .. } => EventType::PaymentPaidByLaterTry,
        NoticeKind::Attention { .. } => EventType::PaymentAttention,
        NoticeKind::Advanced
        | NoticeKind::InServiceAgain
        | NoticeKind::WaitingForApproval
        | NoticeKind::Approved
        | NoticeKind::Rejected { .. }
        | NoticeKind::Blocked
        | NoticeKind::Withdrawn => match news.status {
            Status::Created => EventType::PaymentCreated,
            Status::Unknown => EventType::PaymentUnknown,
            Status::Pending => EventType::PaymentPending,
            Status::Succeeded => EventType::PaymentSucceeded,
            Status::Failed(_) => EventType::PaymentFailed,
        },
    }
}

fn of_run(kind: &NoticeKind) -> EventType {
    match kind {
        NoticeKind::Approved => EventType::RunApproved,
        NoticeKind::Rejected { .. } => EventType::RunRejected,
        NoticeKind::Blocked => EventType::RunBlocked,
        NoticeKind::Withdrawn => EventType::RunWithdrawn,
        NoticeKind::WaitingForApproval
        | NoticeKind::Advanced
        | NoticeKind::Reversed { .. }
        | NoticeKind::Returned
        | NoticeKind::PaidByLaterTry { .. }
        | NoticeKind::Attention { .. }
        | NoticeKind::InServiceAgain => EventType::RunWaitingForApproval,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_type_and_no_other() {
        let readme = include_str!("../README.md");
        let documented: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
        let listed: Vec<String> = EventType::ALL
            .iter()
            .map(|kind| format!("| `{}` | {} |", kind.word(), kind.meaning()))
            .collect();
        assert_eq!(documented, listed);
    }
}
