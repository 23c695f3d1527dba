//! The conformance suite of [`Store`]: the promises of the trait as cases that any store can run.
//!
//! It tests what is visible through the trait. Durability, several processes and speed are tested
//! by each store.
//!
//! To run it, a store's crate writes one function that makes an empty store and runs a case on it.
//! The macro then makes one `#[test]` per case:
//!
//! ```
//! # use std::sync::Arc;
//! # use pagos_engine::{MemoryStore, suite::Case};
//! fn run(case: &Case) {
//!     let store = Arc::new(MemoryStore::new());
//!     futures_util::future::FutureExt::now_or_never((case.run)(store)).expect("never waits");
//! }
//! pagos_engine::store_suite!(run);
//! ```

// Cases are tests: a broken promise panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod agreement;
mod books;
mod claim;
mod commit;
mod hooked;
mod inbox;
mod list;
mod payment_commit;
mod payment_query;
mod payment_sample;
mod payment_submit;
mod query;
mod random;
mod records;
mod retention;
mod sample;
mod session;
mod submit;
pub mod witness;

use std::{fmt, future::Future, sync::Arc};

use futures_util::future::BoxFuture;

pub use self::{
    agreement::agrees_with_memory,
    hooked::{Call, Done, Hook, HookedStore},
};
use crate::{intent::Permit, store::Store};

/// One promise of [`Store`], as a test on an empty store.
#[derive(Clone, Copy)]
pub struct Case {
    /// The promise, as a function name.
    pub name: &'static str,
    /// Panics if the promise is broken.
    pub run: fn(Arc<dyn Store>) -> BoxFuture<'static, ()>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All cases. Name `CASES.len()` when you publish the result for a store.
pub const CASES: &[Case] = crate::store_suite!(@cases);

/// Runs every case on a fresh store that `fresh` makes, and returns how many ran.
///
/// # Panics
/// At the first broken promise.
pub async fn run_all<F, Making>(fresh: F) -> usize
where
    F: Fn() -> Making,
    Making: Future<Output = Arc<dyn Store>>,
{
    for case in CASES {
        (case.run)(fresh().await).await;
    }
    CASES.len()
}

/// A permit to release a run with this number of members, for tests of stores. A program gets one
/// from nobody: [`crate::Engine::release`] makes its own.
pub fn permit(expected: u64) -> Permit {
    Permit::for_members(expected)
}

/// The case with this name.
///
/// # Panics
/// If there is no such case.
pub fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).expect("a case of this name")
}

/// Defines one `#[test]` per case; each calls the given `fn(&Case)`.
#[macro_export]
macro_rules! store_suite {
    (@cases) => { $crate::store_suite!(@each cases ()) };
    (@cases () $($room:ident { $($case:ident)+ })+) => {
        &[$($(Case { name: stringify!($case), run: |store| Box::pin($room::$case(store)) },)+)+]
    };
    (@tests ($run:path) $($room:ident { $($case:ident)+ })+) => {
        $($(
            #[test]
            fn $case() {
                $run($crate::suite::case(stringify!($case)));
            }
        )+)+
    };
    (@each $mode:ident $extra:tt) => {
        $crate::store_suite! { @$mode $extra
            submit {
                bind_keeps_the_first_world_of_an_account
                submit_stores_new_intents
                submit_returns_the_outcomes_in_order
                submit_again_yields_what_is_stored
                submit_of_another_body_is_a_conflict
                submit_with_a_conflict_stores_nothing
                submit_of_one_key_twice_in_a_batch_stores_it_once
                submit_of_one_key_with_two_bodies_in_a_batch_is_a_conflict
                submit_holds_until_the_run_is_released
                a_payout_can_be_a_member_of_many_runs
                the_members_of_a_released_run_are_fixed
                release_wants_as_many_members_as_are_expected
                submit_again_changes_no_version
                submit_keeps_every_field_of_an_order
                release_is_of_one_run_and_happens_once
                withdraw_takes_back_what_is_held
                withdraw_leaves_what_another_run_has
                withdraw_leaves_what_has_a_history
                withdraw_forgets_the_key
                closing_a_run_fixes_its_members_and_makes_nothing_due
                a_closed_run_can_be_withdrawn_and_comes_back_as_another
                a_run_knows_who_submitted_to_it
                runs_are_listed_newest_first
                held_members_are_those_that_no_run_released
            }
            claim {
                claim_takes_the_earliest_due_first
                claim_takes_no_more_than_the_limit
                claim_is_of_the_named_lanes_only
                claim_knows_what_is_to_be_sent_from_what_is_to_be_asked
                claim_leaves_out_what_is_due_later
                claim_leaves_out_what_has_nothing_due
                claim_holds_until_the_lease_ends
                claim_raises_the_epoch_and_not_the_version
                claim_by_two_workers_at_once_shares_no_payout
                claim_begins_the_attempt
                claim_to_ask_raises_nothing_and_keeps_others_away
                end_claims_frees_everything_at_once
                end_claims_fences_off_the_old_claims
            }
            commit {
                commit_writes_the_whole_step
                commit_of_an_older_version_writes_nothing
                commit_of_an_unknown_payout_is_a_conflict
                commit_of_an_older_epoch_writes_nothing
                commit_under_an_expired_claim_stands_until_the_next_claim
                commit_without_a_fence_ignores_claims
                commit_that_keeps_the_claim_leaves_it_as_it_was
                commit_that_keeps_an_expired_claim_does_not_revive_it
                commit_that_ends_the_claim_frees_the_payout
                commit_does_not_release_a_held_payout
                commit_of_two_at_once_lets_one_through
                commit_closes_the_delivery_that_it_applies
                commit_with_an_unknown_delivery_writes_nothing
                commit_numbers_notices_without_gaps
                versions_and_epochs_are_drawn_and_not_counted
            }
            query {
                payout_of_finds_by_the_providers_id
                history_is_complete_and_in_order
                payout_of_an_unknown_key_is_none
                tally_sums_by_account_currency_and_status
                tally_counts_what_is_at_rest_and_what_needs_attention
                tally_counts_a_payout_in_each_of_its_runs
                tally_is_exact_beyond_64_bits
                next_due_of_an_empty_store_is_none
                next_due_is_the_earliest_of_payouts_and_claims
                next_due_minds_the_inbox
                outbox_is_read_from_any_place
                readers_have_names_and_never_go_back
                an_account_is_halted_and_resumed_once
                a_part_of_a_list_is_noted_by_whoever_was_faster
            }
            list {
                list_pages_in_the_order_of_keys
                list_gives_the_newest_first
                list_filters_by_status_word
                list_filters_by_run
                list_filters_by_account
                list_filters_by_the_providers_id
                list_filters_by_the_moment_of_submission
                list_filters_by_everything_at_once
                list_goes_on_where_its_page_ended
                list_of_doubts_begins_with_the_first_submitted
                list_keeps_its_place_when_a_payout_is_submitted_anew
            }
            inbox {
                receive_keeps_the_bytes_and_headers_exactly
                receive_keeps_the_verdict_exactly
                receive_of_a_repeat_stores_it_once
                receive_tells_accounts_bodies_and_signatures_apart
                receive_of_a_repeat_is_due_again_within_a_rate
                receive_of_a_repeat_of_an_orphan_is_due_again
                receive_of_many_at_once_loses_none
                inbox_gives_the_oldest_first
                inbox_keeps_hints_apart_from_what_was_verified
                inbox_is_of_the_named_accounts_only
                inbox_waits_for_what_was_put_off
                file_tells_once_and_closes_for_good
                file_of_an_unknown_delivery_is_an_error
                deliveries_are_listed_by_state
                reopen_makes_it_due_whatever_it_was
                orphans_are_due_again_when_their_order_is_known
                refused_deliveries_are_counted_by_reason
            }
            payment_submit {
                ask_for_stores_a_new_payment
                ask_for_again_yields_what_is_stored
                ask_for_of_another_body_is_a_conflict
                ask_for_keeps_every_field_of_an_order
                ask_for_by_many_at_once_stores_it_once
                payments_and_payouts_of_one_key_do_not_meet
                payments_are_not_claimed_listed_or_counted_as_payouts
            }
            payment_commit {
                commit_payment_writes_the_whole_step
                commit_payment_of_an_older_version_writes_nothing
                commit_payment_of_an_unknown_payment_is_a_conflict
                commit_payment_of_two_at_once_lets_one_through
                commit_payment_closes_the_delivery_that_it_applies
                commit_payment_with_an_unknown_delivery_writes_nothing
                commit_payment_numbers_notices_with_those_of_payouts
            }
            session {
                session_is_found_by_its_id
                session_of_an_unknown_id_is_none
                session_keeps_its_secret_exactly
                session_without_a_secret_has_none
                session_of_another_account_is_another_session
                session_of_another_payment_is_taken
                session_may_be_opened_again_by_its_payment
                session_opened_by_two_payments_at_once_is_of_one
                session_of_a_refused_step_is_not_stored
            }
            payment_query {
                payment_of_an_unknown_key_is_none
                payments_page_in_the_order_of_keys
                payments_filter_by_status_word
                payments_of_a_status_are_paged_too
                due_payments_give_the_earliest_first
                due_payments_leave_out_what_is_due_later
                a_claimed_payment_is_one_workers_until_the_lease_ends
                payment_history_is_complete_and_in_order
                next_due_minds_payments
                next_due_is_the_earliest_of_everything
            }
            retention {
                candidates_come_in_the_order_of_coming_in
                settled_candidates_are_final_and_at_rest
                seal_takes_everything_out_but_the_key
                a_sealed_key_is_never_stored_again
                another_body_under_a_sealed_key_is_a_conflict
                a_run_counts_its_archived_members
                an_archived_payout_joins_and_leaves_a_run_once
                seal_of_what_was_changed_changes_nothing
                applied_deliveries_are_forgotten_and_no_others
                notices_are_forgotten_behind_the_slowest_reader
            }
            records {
                a_record_is_kept_word_for_word
                a_record_is_written_over_the_version_that_was_read
                a_record_by_two_at_once_is_written_by_one
                versions_of_records_are_drawn_and_not_counted
                records_are_listed_by_name
                a_records_notices_are_told_with_it
            }
            books {
                a_line_is_kept_word_for_word
                a_line_that_is_known_stays_as_it_is
                equal_ids_in_two_books_are_two_lines
                an_id_is_1_to_64_visible_characters
                lines_are_listed_by_day_and_id
                lines_are_filtered_by_state_and_days
                many_lines_are_read_in_pages
                a_line_is_written_over_the_version_that_was_read
                a_line_by_two_at_once_is_written_by_one
                a_write_changes_neither_day_nor_amount
                the_matches_of_a_line_are_replaced
                matches_are_found_by_their_payouts
                a_write_that_contradicts_itself_is_refused
            }
            agreement {
                random_operations_agree_with_memory
            }
        }
    };
    ($run:path) => { $crate::store_suite! { @each tests ($run) } };
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::memory::MemoryStore;

    fn run(case: &Case) {
        (case.run)(Arc::new(MemoryStore::new())).now_or_never().expect("memory never waits");
    }

    crate::store_suite!(run);

    #[test]
    fn all_cases_run_by_one_call() {
        let fresh = async || {
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            store
        };
        let ran = run_all(fresh).now_or_never().expect("memory never waits");
        assert_eq!(ran, CASES.len());
        assert!(ran >= 90, "{ran}");
    }

    #[test]
    fn memory_agrees_with_memory() {
        for seed in 0..50 {
            agrees_with_memory(Arc::new(MemoryStore::new()), seed, 300)
                .now_or_never()
                .expect("memory never waits");
        }
    }
}
