//! The list of faults and the occasions they meet. Not how often they happen.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong. In JSON the names are in snake case (`"lose_request"`).
///
/// All faults are inventions of the twins (`[sim]`): no provider documents its bad days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Create: the request never arrives; the connection closes.
    LoseRequest,
    /// Create: applied, and the connection closes without an answer.
    LoseReply,
    /// Create: applied, and answered with the provider's internal error.
    ErrorAfter,
    /// Create: not applied, and answered with the provider's internal error.
    ErrorBefore,
    /// Create: not applied, and answered with the provider's "busy".
    Busy,
    /// Create: the connection closes, and the request is applied minutes later.
    LateApply,
    /// Create: applied, and the answer breaks off in its body.
    Torn,
    /// Create: an HTML 502 comes from a gateway, and nothing was applied.
    HtmlBefore,
    /// Create: applied, and an HTML 502 comes from a gateway.
    HtmlAfter,
    /// Create: HTTP 429, and nothing was applied.
    Throttle,
    /// Create: refused for good in the provider's words for a wrong field, and nothing was applied.
    Refuse,
    /// Create: applied and answered, seconds later.
    SlowReply,
    /// Create: the merchant's balance does not cover the order.
    BalanceExhausted,
    /// Query: the connection closes without an answer.
    QueryLost,
    /// Query: the provider's internal error.
    QueryError,
    /// Query: the answer breaks off in its body.
    QueryTorn,
    /// Query: an HTML 502 comes from a gateway.
    QueryHtml,
    /// Query: HTTP 429.
    QueryThrottle,
    /// Query: the answer tells each status in a word that nobody documented.
    OddWord,
    /// Webhook: never sent.
    WebhookLost,
    /// Webhook: sent twice.
    WebhookDuplicated,
    /// Webhook: sent minutes late, behind others if there are any.
    WebhookDelayed,
    /// Webhook: the first sending carries a wrong signature; retries are right.
    WebhookBadSign,
    /// Life: the order ends as failed, with a reason of the provider.
    Decline,
    /// Life: the order ends as cancelled.
    Cancel,
    /// Life: paid, and later taken back.
    SuccessThenFail,
    /// Life: failed, and later paid after all.
    FailThenSuccess,
    /// Listing: an order shows in lists of the provider minutes after it came into being.
    ListingLags,
}

impl Fault {
    /// Where this fault can strike.
    #[must_use]
    pub const fn occasion(self) -> Occasion {
        match self {
            Self::LoseRequest
            | Self::LoseReply
            | Self::ErrorAfter
            | Self::ErrorBefore
            | Self::Busy
            | Self::LateApply
            | Self::Torn
            | Self::HtmlBefore
            | Self::HtmlAfter
            | Self::Throttle
            | Self::Refuse
            | Self::SlowReply
            | Self::BalanceExhausted => Occasion::Create,
            Self::QueryLost
            | Self::QueryError
            | Self::QueryTorn
            | Self::QueryHtml
            | Self::QueryThrottle
            | Self::OddWord => Occasion::Query,
            Self::WebhookLost
            | Self::WebhookDuplicated
            | Self::WebhookDelayed
            | Self::WebhookBadSign => Occasion::Webhook,
            Self::Decline | Self::Cancel | Self::SuccessThenFail | Self::FailThenSuccess => {
                Occasion::Life
            }
            Self::ListingLags => Occasion::Listing,
        }
    }
}

/// When a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A valid request that creates an order.
    Create,
    /// A valid request that only asks.
    Query,
    /// A notice is about to be sent for the first time.
    Webhook,
    /// An order comes into being and its outcome is drawn.
    Life,
    /// An order comes into being, and a list will have to show it.
    Listing,
}

impl Occasion {
    pub(crate) const ALL: [Self; 5] =
        [Self::Create, Self::Query, Self::Webhook, Self::Life, Self::Listing];

    /// The name that goes into the seed of a draw.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Query => "query",
            Self::Webhook => "webhook",
            Self::Life => "life",
            Self::Listing => "listing",
        }
    }
}
