//! The tests of the twins: what a merchant sees, what the bank books, and what a control call tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

mod cashypro_life;
mod cashypro_requests;
mod conekta_life;
mod conekta_lists;
mod conekta_requests;
mod conekta_webhooks;
mod etpay_control;
mod etpay_notifications;
mod etpay_payments;
mod etpay_payout_life;
mod etpay_payout_requests;
mod fintoc_life;
mod fintoc_requests;
#[cfg(feature = "server")]
mod server;
mod virtualpos_control;
mod virtualpos_payments;
mod virtualpos_payout_life;
mod virtualpos_payout_requests;
mod virtualpos_signatures;
mod world;
