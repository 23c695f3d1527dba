//! How `pagos pay` and `pagos resolve` are brought to a place. Each place has a row of its own; the
//! next start brings on what the last one left behind.

use std::path::PathBuf;

use pagos_engine::{Phase, Point};

use pagos_kit::{Call, Kit, people::Row};

use super::{Harness, REFUSED};
use crate::{
    failure::Failure,
    sweep::{
        reach::{Place, Way},
        start::{Failpoint, Start},
    },
    trial::{self, payer::Payer, twin_server::TwinServer},
};

/// `sent` is told of one call at a time.
const ONE_BY_ONE: [&str; 2] = ["--concurrency", "1"];

impl Harness {
    /// With a row of its own.
    pub(super) fn pay(&mut self, place: Place, way: Way) -> Result<(), Failure> {
        let row = self.next_row()?;
        let file = self.write(&format!("{}.csv", row.key), [row.clone()])?;
        self.befall(&row.key)?;
        let before = match way {
            Way::Straight => None,
            Way::AfterCrashUnsent => Some((Point::BeginAttempt, Phase::After)),
            Way::AfterCrashAnswered => Some((Point::Create, Phase::After)),
        };
        if let Some((point, phase)) = before {
            let failpoint = self.failpoint(Place { point, phase }, &row.key);
            self.pay_file(&file, &ONE_BY_ONE, &failpoint)?;
        }
        let is_of_news =
            matches!(place.point, Point::Receive | Point::ApplyDelivery | Point::ScheduleQuery);
        if way == Way::AfterCrashAnswered || is_of_news {
            // Only now: what is prepared goes wrong like a query.
            self.silence(&row.key)?;
        }
        let failpoint = self.failpoint(place, &row.key);
        self.pay_file(&file, &ONE_BY_ONE, &failpoint)?;
        self.rows.push(row);
        Ok(())
    }

    /// With a file that has a known key with another amount: all of it is taken back.
    pub(super) fn submit_conflict(&mut self, place: Place) -> Result<(), Failure> {
        let known = self.begin_to_pay()?;
        let stranger = self.next_row()?;
        let name = format!("conflict-{}.csv", stranger.key);
        let file = self.write(&name, [stranger.clone(), known.with_another_amount()])?;
        self.pay_file(&file, &ONE_BY_ONE, &anywhere(place))?;
        let path = file.display().to_string();
        let bank_url = self.payer.bank_url.clone();
        let (code, _) = self.run(&["pay", "--yes", "--json", "--sandbox-url", &bank_url, &path])?;
        if code != REFUSED {
            self.blame(format!("a file with a conflict ended with {code}, not {REFUSED}"));
        }
        Ok(())
    }

    /// With a decision about any payout: ask once more.
    pub(super) fn resolve(&mut self, place: Place) -> Result<(), Failure> {
        let row = self.begin_to_pay()?;
        let failpoint = self.failpoint(place, &row.key);
        let words = ["resolve", &row.key, "--as", "ask", "--note", "sweep: ask again"];
        self.crash(&words, &failpoint)?;
        let (code, _) = self.run(&words)?;
        if code != 0 {
            self.blame(format!("a decision after {failpoint} ended with {code}"));
        }
        Ok(())
    }

    /// With a bank of its own, whose greeting names no order, while the store has nothing to pay.
    pub(super) fn serve(&mut self, place: Place) -> Result<(), Failure> {
        let (bank, payer) = match self.greeter.take() {
            Some(greeter) => greeter,
            None => {
                let folder = self.payer.folder.join("greeted");
                trial::empty(&folder)?;
                let bank = TwinServer::start(&self.payer.program, &folder, &[])?;
                let bank_url = bank.url().to_owned();
                let (program, db) = (self.payer.program.clone(), self.payer.db.clone());
                (
                    bank,
                    Payer {
                        program,
                        folder,
                        file: PathBuf::new(),
                        db,
                        bank_url,
                        config: None,
                        witness: None,
                    },
                )
            }
        };
        let words = ["serve", "--sandbox-url", &payer.bank_url];
        let failpoint = anywhere(place);
        let start = Start::new(&payer, &words, Some(failpoint.clone()))?;
        self.note(start, &failpoint)?;
        self.greeter = Some((bank, payer));
        Ok(())
    }

    /// A row that some process has begun to pay.
    fn begin_to_pay(&mut self) -> Result<Row, Failure> {
        let place = Place { point: Point::BeginAttempt, phase: Phase::Before };
        self.pay(place, Way::Straight)?;
        self.rows.last().cloned().ok_or_else(|| Failure::new("no row was paid"))
    }

    fn pay_file(
        &mut self,
        file: &std::path::Path,
        more: &[&str],
        failpoint: &Failpoint,
    ) -> Result<(), Failure> {
        let (file, bank_url) = (file.display().to_string(), self.payer.bank_url.clone());
        let mut words = vec!["pay", "--yes", "--json", "--sandbox-url", &bank_url];
        words.extend(more);
        words.push(&file);
        self.crash(&words, failpoint).map(drop)
    }

    pub(super) fn next_row(&mut self) -> Result<Row, Failure> {
        self.people.next().ok_or_else(|| Failure::new("a case has too few rows"))
    }

    fn write(&self, name: &str, rows: impl IntoIterator<Item = Row>) -> Result<PathBuf, Failure> {
        let file = self.payer.folder.join(name);
        trial::write_payouts(&file, rows)?;
        Ok(file)
    }

    /// At `place`, for the order, where the point knows orders.
    pub(super) fn failpoint(&self, place: Place, key: &str) -> Failpoint {
        if !is_about_one_order(place.point) {
            return anywhere(place);
        }
        let is_sent = place.phase == Phase::Sent;
        let path_part = path_part(place.point, self.provider).filter(|_| is_sent);
        Failpoint { place, key: Some(key.to_owned()), path_part, nth: 1 }
    }
}

fn anywhere(place: Place) -> Failpoint {
    Failpoint { place, key: None, path_part: None, nth: 1 }
}

/// Where the engine names no order: many are meant, or none that is known yet.
fn is_about_one_order(point: Point) -> bool {
    let names_none = matches!(
        point,
        Point::Bind
            | Point::TakeTurn
            | Point::KeepWitness
            | Point::Resume
            | Point::Submit
            | Point::Release
            | Point::Withdraw
            | Point::EndClaims
            | Point::Claim
            | Point::Receive
            | Point::DeferDelivery
            | Point::CloseDelivery
            | Point::ClaimPayments
    );
    !names_none
}

/// The request that counts, where a call can make several: a login moves no money.
fn path_part(point: Point, provider: Kit) -> Option<&'static str> {
    match point {
        Point::Create => provider.path_part(Call::Create),
        Point::Query => provider.path_part(Call::Query),
        _ => None,
    }
}
