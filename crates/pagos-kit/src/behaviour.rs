//! The words in which kits answer.

use std::time::Duration;

/// What a provider makes of a key that it knows already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It refuses it, so that a lost request can be sent again.
    Refused,
    /// It tells its first answer once more, whatever that was, so that a lost request can be sent again;
    /// once that is so old it pays once more. An error of its own it tells for as long, too.
    FirstAnswerFor(Duration),
    /// It pays once more, so that a lost request is sent again by proof alone, where there is any,
    /// and is otherwise for a person to decide about.
    PaidAgain,
}

/// Whether the events of payouts prove anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// They are signed, and believed.
    Signed,
    /// They are not: each is a reason to ask.
    Unsigned,
}

/// What a delivery is verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryKey {
    /// The account's own secret, which the setting of this name holds.
    Account(&'static str),
    /// The provider's public key.
    Public,
    /// The secret of a payment session; without one nothing is genuine.
    Session,
}

/// What is prepared before a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// Nothing.
    Nothing,
    /// Something is made without asking anybody.
    Offline,
    /// The provider is asked to make something.
    Request,
}

/// What the reply to a first `create` amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateReply {
    /// It tells where the payout stands.
    Tells,
    /// It proves that nothing is under way, so that another attempt follows.
    Proves,
    /// It refuses the order for good.
    Refuses,
    /// It tells nothing, and the bank has the payout, or will have it.
    DoubtAndThere,
    /// It tells nothing, and the bank never had the payout.
    DoubtAndLost,
    /// The same, and a repeat is told nothing either.
    DoubtForGood,
}

/// What the reply to a first `create` amounts to under the faults that providers differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateReplies {
    /// The provider says that it is busy.
    pub busy: CreateReply,
    /// There are too many requests.
    pub throttled: CreateReply,
    /// The order is refused.
    pub refused: CreateReply,
    /// There is not enough money in the account.
    pub balance_exhausted: CreateReply,
}

/// How payments are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentQuery {
    /// By our key.
    ByKey,
    /// By the id of a session, so that nothing can be asked before one is known.
    BySession,
}

/// How a provider collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentKit {
    /// An amount that it accepts, in major units.
    pub amount: &'static str,
    /// The payer, as options of `pagos payment create`.
    pub payer: &'static [&'static str],
    /// Does it accept a key once, so that a session whose reply is lost stays lost?
    pub is_opened_once: bool,
    /// Has the twin a page on which a payer pays?
    pub has_page: bool,
    /// Is the address of the session asked for in a request of its own, which is a query?
    pub is_address_asked: bool,
    /// How payments are asked about.
    pub query: PaymentQuery,
    /// Is a query due before the event settles the payment?
    pub is_asked_while_open: bool,
    /// Whether the events of payments are signed.
    pub events: Events,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// It pays somebody.
    Create,
    /// It asks about payouts.
    Query,
    /// It moves no money and asks about no payout: a login, a balance, a payee.
    Other,
}

/// What a merchant agreed with a provider, where the twin can play it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Did the merchant register for webhooks by hand, where that is how one gets them?
    pub is_subscribed: bool,
    /// From the creation of a payout to its execution; `None` for the next business day.
    pub execution_delay_seconds: Option<u32>,
}

/// As the twins do it by themselves.
impl Default for Terms {
    fn default() -> Self {
        Self { is_subscribed: true, execution_delay_seconds: None }
    }
}

/// What a provider calls things, and which words it documents.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The fields that hold an amount that we ordered.
    pub amounts: &'static [&'static str],
    /// How many hundred-thousandths one unit of `amounts` is, and one minor unit of the currency.
    pub units: [i128; 2],
    /// The fields that hold our key.
    pub keys: &'static [&'static str],
    /// Words that may mean that the money arrived.
    pub paid: &'static [&'static str],
    /// Words that may mean that it does not.
    pub failed: &'static [&'static str],
    /// Words that may mean that there is no such payout. Empty where only an empty list says so.
    pub absent: &'static [&'static str],
    /// The names of fields that a list of payouts has; an empty one where the list is the whole answer.
    pub list: &'static [&'static str],
    /// The HTTP status that refuses the number of a list's page, in any words, where pages may be
    /// counted from 0 or from 1.
    pub page_refused: Option<u16>,
}
