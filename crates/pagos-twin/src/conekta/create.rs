//! From a valid create to a transfer, through whatever goes wrong on the way, and the questions
//! about transfers. Not what becomes of one; see `life`.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;

use super::{
    ConektaTwin,
    access::Language,
    identifier,
    life::Coming,
    listing::Question,
    refusal::{self, Refusal},
    route::reply_of,
    transfer::{Order, Status, Transfer},
    wire, wish,
};
use crate::{
    call::{Course, Delays, Effect, Funds},
    fate::{self, Fate},
    scenario::Scenario,
    twin::Reply,
};

impl ConektaTwin {
    /// `POST /transfers`. Source: manual.
    ///
    /// There is neither a key nor a rule against a second one: a repeat is paid again.
    pub(super) fn create_transfer(
        &mut self,
        request: &http::Request<Bytes>,
        language: Language,
    ) -> Result<Reply, Refusal> {
        let (order, scenario) = self.read_transfer(request)?;
        let now = self.now;
        let nth = self.transfers.count_create(&order.key);
        let timing = self.settings.timing;
        let delays = Delays { late_apply: timing.late_apply, slow_reply: timing.slow_reply };
        let course = Course::of(&mut self.faults, &order.key, nth, scenario.as_ref(), delays);
        let answer = match course.effect {
            Effect::Now(funds) => Some(reply_of(self.apply(order, scenario, now, funds), language)),
            Effect::Late => {
                let coming = Coming::Create(Box::new((order, scenario)));
                self.agenda.add(now.plus(course.late), coming);
                None
            }
            Effect::Never => None,
        };
        Ok(course.reply(answer, refusal::complaints(language)))
    }

    /// Creates the transfer and answers as if nothing went wrong.
    pub(super) fn apply(
        &mut self,
        order: Order,
        scenario: Option<Scenario>,
        at: Timestamp,
        funds: Funds,
    ) -> Result<Reply, Refusal> {
        let total_minor = order.amount_minor.saturating_add(self.fee_minor());
        if funds == Funds::Exhausted || !self.purse.debit(total_minor) {
            return Err(Refusal::insufficient_funds());
        }
        let transfer = self.new_transfer(order, scenario.as_ref(), at);
        let index = self.transfers.add(transfer).ok_or_else(Refusal::runtime_error)?;
        self.start(index, at);
        let transfer = self.transfers.get(index).ok_or_else(Refusal::runtime_error)?;
        Ok(wire::answer(&transfer.accepted()))
    }

    /// `GET /transfers/{id}`. Source: `openapi: resources/transfers/transfer`.
    pub(super) fn show_transfer(&mut self, id: &str, language: Language) -> Result<Reply, Refusal> {
        let Some(index) = self.transfers.by_reference(id) else {
            return self.ask_of_route("transfer", language, |_| Err(Refusal::not_found()));
        };
        let key = self.transfers.get(index).map(|it| Arc::clone(&it.order.key)).unwrap_or_default();
        let nth = self.transfers.count_query(&key);
        Ok(self.ask(&key, nth, language, |twin| {
            let transfer = twin.transfers.get(index).ok_or_else(Refusal::not_found);
            let shape = twin.settings.switches.shape;
            reply_of(transfer.map(|it| wire::answer(&it.found(shape))), language)
        }))
    }

    /// `GET /transfers`. Source: `openapi: resources/transfers/transfers`. There is no filter.
    pub(super) fn list_transfers(
        &mut self,
        request: &http::Request<Bytes>,
        language: Language,
    ) -> Result<Reply, Refusal> {
        let question = Question::of(request)?;
        let address = self.address(request);
        self.ask_of_route("transfers", language, |twin| {
            let (now, shape) = (twin.now, twin.settings.switches.shape);
            let is_listed = |it: &Transfer| it.listed_at <= now;
            let show = |it| Some(Transfer::told(it, it.status, shape));
            question.list(&twin.transfers, is_listed, show, &address)
        })
    }

    fn fee_minor(&self) -> i64 {
        self.settings.switches.fee_minor.max(0)
    }

    fn new_transfer(
        &mut self,
        order: Order,
        scenario: Option<&Scenario>,
        at: Timestamp,
    ) -> Transfer {
        let key = Arc::clone(&order.key);
        let nth = u32::try_from(self.transfers.by_key(&key).len()).unwrap_or(u32::MAX);
        let has_triggers = self.settings.switches.amount_triggers;
        let forced = wish::ending_of_amount(order.amount_minor).filter(|_| has_triggers);
        let forced = forced.map(|it| (it, ""));
        let fate = Fate::settle(&mut self.faults, &key, nth, scenario, forced);
        let lag = self.settings.timing.listing_lag;
        let mut chance = self.faults.chance("transfer", &key, self.transfers.count());
        let reference = u32::try_from(chance.below(10_000_000)).unwrap_or(0);
        Transfer {
            id: identifier::object_id(at, chance),
            fee_minor: self.fee_minor(),
            status: Status::Pending,
            ending: fate.ending,
            steps: 0,
            is_retried: false,
            is_stuck: fate.is_stuck || (has_triggers && wish::is_stuck(order.amount_minor)),
            created_at: at,
            listed_at: at.plus(fate::listing_lag(&mut self.faults, &key, nth, lag)),
            statement_reference: reference,
            notices: 0,
            notified: fate.notified,
            echoes_other_amount: fate.echoes_other_amount,
            last_event: None,
            order,
        }
    }
}
