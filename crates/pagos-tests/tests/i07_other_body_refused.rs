//! I7: the same key with another body is refused; with the same body it is the same payout.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_core::{AccountName, AccountNumber, PayoutOrder, Status};
use pagos_engine::{EngineError, Submitted};
use pagos_tests::{Answer, CAREFUL, Reply, ScriptedHarness, finish, key, order, run};

fn other_bodies() -> Vec<PayoutOrder> {
    let mut bodies = vec![order("a"); 6];
    bodies[0].amount.minor += 1;
    bodies[1].beneficiary.account_number = AccountNumber::new("00012345679").unwrap();
    bodies[2].beneficiary.name.push('z');
    bodies[3].beneficiary.document = None;
    bodies[4].description = Some(String::new());
    bodies[5].account = AccountName::new("cashypro-mx").unwrap();
    bodies
}

#[test]
fn i07_the_same_key_with_another_body_is_refused_at_every_stage_of_its_life() {
    for is_sent in [false, true] {
        let replies = [Reply::Says(Status::Pending)];
        let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
        let scripted = scripted.with_payout("a");
        let engine = scripted.engine();
        if is_sent {
            scripted.work_for(&engine, Duration::from_secs(60));
        }
        let before = scripted.payout("a");
        for other in other_bodies() {
            let refused = finish(engine.submit(&run(), vec![other])).unwrap_err();
            match refused {
                EngineError::Conflict(keys) => assert_eq!(keys, [key("a")]),
                EngineError::NoAccount(account) => assert_eq!(account.as_str(), "cashypro-mx"),
                other => panic!("{other:?}"),
            }
            assert_eq!(scripted.payout("a"), before);
        }
    }
}

#[test]
fn i07_the_same_body_again_is_the_same_payout_and_is_sent_once() {
    let replies = [Reply::Says(Status::Pending)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let engine = scripted.engine();
    for round in 0..4 {
        let submitted = finish(engine.submit(&run(), vec![order("a")])).unwrap();
        let is_new = matches!(submitted[..], [Submitted::New]);
        assert_eq!(is_new, round == 0);
        finish(engine.release(&run(), 1)).unwrap();
        scripted.work_for(&engine, Duration::from_secs(3_600));
    }
    assert_eq!(scripted.provider.creates(), 1);
    let submitted = finish(engine.submit(&run(), vec![order("a")])).unwrap();
    assert_eq!(submitted, [Submitted::Existing { status: Status::Succeeded }]);
    assert!(finish(scripted.store.payout(&key("b"))).unwrap().is_none());
}
