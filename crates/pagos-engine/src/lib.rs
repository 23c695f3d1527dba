//! Durable payouts: a payout is stored before it is sent and never sent twice.
