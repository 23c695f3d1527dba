//! Random operations on payments, compared between a store and memory.

use pagos_core::{
    Currency, FailReason, Money, OrderKey, PaymentOrder, ProviderRef, Secret, Status,
};

use super::{ACCOUNTS, Pair, WORDS};
use crate::{
    delivery::InboxId,
    payment::{
        Payment,
        store::{OpenedSession, PaymentStep, SubmittedPayment},
    },
    progress::Attention,
    store::{ClaimRequest, Lease, Work},
    suite::{
        payment_sample::{self, payment_notice, reference, with_session},
        random::Random,
        sample::{account, asked, at, key, shares},
        session::plain,
    },
};

impl Pair {
    /// Some of these keys name payouts too.
    fn payment_key(&mut self) -> OrderKey {
        payment_key(self.random.below(PAYMENTS))
    }

    fn payment_order(&mut self) -> PaymentOrder {
        let number = self.random.below(PAYMENTS);
        // The account belongs to the key, so that only a slip makes a conflict.
        let slip = i64::from(self.random.once_in(20));
        PaymentOrder {
            account: account(Random::new(number).pick(&ACCOUNTS)),
            amount: Money::new(slip, Currency::Mxn),
            ..payment_sample::order(payment_key(number).as_str())
        }
    }

    pub(super) async fn submit_payment(&mut self) {
        let order = self.payment_order();
        match both!(self, submit_payment(order.clone(), at(self.now_ms)))
            .expect("memory never fails")
        {
            SubmittedPayment::New(payment) | SubmittedPayment::Existing(payment) => {
                self.seen_payments.push(payment)
            }
            SubmittedPayment::Conflict => {}
        }
    }

    pub(super) async fn commit_payment(&mut self) {
        let wanted = self.payment_key();
        if let Some(payment) = both!(self, payment(&wanted)).expect("memory never fails") {
            self.seen_payments.push(payment);
        }
        if self.seen_payments.is_empty() {
            return;
        }
        let newest = &self.seen_payments[self.seen_payments.len().saturating_sub(2)..];
        let payment = if self.random.once_in(4) {
            self.random.pick(&self.seen_payments)
        } else {
            self.random.pick(newest)
        };
        let step = self.payment_step(&payment);
        let _ = both!(self, commit_payment(step.clone()));
        let Some(opened) = step.opens else { return };
        self.compare_sessions(&opened.reference).await;
    }

    fn payment_step(&mut self, payment: &Payment) -> PaymentStep {
        let statuses = [
            Status::Pending,
            Status::Succeeded,
            Status::Failed(FailReason::Expired),
            Status::Failed(FailReason::Declined),
        ];
        let status = self.random.pick(&statuses);
        let name = format!("s{}", self.random.below(SESSIONS));
        let (mut progress, entry) = with_session(&payment.progress, &name, status, self.now_ms);
        progress.attention = match self.random.below(6) {
            0 => Some(Attention::Surplus("paid 2 times".to_owned())),
            1 => Some(Attention::Quarantine("another amount".to_owned())),
            _ => None,
        };
        let wait_ms = i64::try_from(self.random.below(40)).expect("below 40");
        let told = payment.order.key.as_str();
        let notices = (0..self.random.below(3)).map(|_| payment_notice(told, self.now_ms));
        let notices = notices.collect();
        let secret = format!("secret {}", self.random.below(100));
        let opened = OpenedSession {
            reference: reference(&name),
            secret: (!self.random.once_in(3)).then(|| Secret::new(secret)),
        };
        PaymentStep {
            progress,
            lease: self.random.pick(&[Lease::Keep, Lease::End]),
            opens: self.random.once_in(2).then_some(opened),
            due_at: (!self.random.once_in(4)).then(|| at(self.now_ms + wait_ms)),
            entries: vec![entry, asked(self.now_ms, "absent")],
            notices,
            applies: self.random.once_in(4).then(|| InboxId(self.random.below(12))),
            ..payment_sample::step(payment)
        }
    }

    pub(super) async fn read_payments(&mut self) {
        let status = self.random.once_in(2).then(|| self.random.pick(&WORDS));
        let after = self.random.once_in(2).then(|| self.payment_key());
        let limit = usize::try_from(self.random.below(6)).expect("below 6");
        let _ = both!(self, payments(status, after.as_ref(), limit));
        let shares = shares(&ACCOUNTS, &[Work::Follow], limit);
        let request = ClaimRequest { now: at(self.now_ms), shares };
        let claimed = both!(self, claim_payments(request.clone())).expect("memory never fails");
        self.seen_payments.extend(claimed);
        let lanes = self.lanes();
        let _ = both!(self, next_due(&lanes));
        let wanted = self.payment_key();
        let _ = both!(self, payment_history(&wanted));
    }

    /// The sessions of this id, with their secrets, which `Debug` does not show.
    async fn compare_sessions(&mut self, name: &ProviderRef) {
        for of in ACCOUNTS.map(account) {
            let ours = both!(self, session(&of, name)).expect("memory never fails");
            let theirs = self.store.session(&of, name).await.expect("it did not fail before");
            assert_eq!(
                plain(theirs.as_ref()),
                plain(ours.as_ref()),
                "{}: {of}, {name}",
                self.place
            );
        }
    }

    pub(super) async fn compare_payments(&mut self) {
        let all = both!(self, payments(None, None, usize::MAX)).expect("memory");
        for payment in all {
            let _ = both!(self, payment_history(&payment.order.key));
        }
        for word in WORDS {
            let _ = both!(self, payments(Some(word), None, usize::MAX));
        }
        let shares = shares(&ACCOUNTS, &[Work::Follow], usize::MAX);
        let request = ClaimRequest { now: at(i64::from(i32::MAX)), shares };
        let _ = both!(self, claim_payments(request.clone()));
        for number in 0..SESSIONS {
            self.compare_sessions(&reference(&format!("s{number}"))).await;
        }
    }
}

fn payment_key(number: u64) -> OrderKey {
    key(&format!("k{}", number + 15))
}

const PAYMENTS: u64 = 20;

/// Few, so that payments meet in them.
const SESSIONS: u64 = 30;
