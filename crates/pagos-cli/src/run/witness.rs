//! The witness of a database: where it is, when it may be begun, and what was found with it.

mod away;
mod open;
mod told;
mod watch;

use std::sync::Arc;

use pagos_engine::{Engine, Store, StoreError, WithoutWitness, Witness, WitnessRules};

use crate::{
    config::{Disk, WitnessPlace, WitnessSettings},
    console,
    exit::Failure,
    run::database::Database,
};

pub(crate) use open::Meant;
pub(crate) use told::{forgotten_line, lines};
pub(crate) use watch::{away_too_long, tell_outages};

/// What to do if the witness of a database is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfLost {
    /// Say what to do, and end.
    Refuse,
    /// `--new-witness`: go on with another one.
    BeginAnother,
}

impl From<bool> for IfLost {
    fn from(new_witness: bool) -> Self {
        if new_witness { Self::BeginAnother } else { Self::Refuse }
    }
}

/// A witness, and how it is used.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) witness: Arc<dyn Witness>,
    pub(crate) rules: WitnessRules,
}

/// Whether real money is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Money {
    Real,
    Invented,
}

/// Connects the witness of a database from which payouts are to be sent. `known` is the identity of
/// the one that it was last compared with.
///
/// # Errors
/// If it is not there, is no witness of this database, or lies on its disk: what to do.
pub(crate) async fn connect(
    db: &Database,
    store: &Arc<dyn Store>,
    known: Option<String>,
    (settings, money): (Option<&WitnessSettings>, Money),
    if_lost: IfLost,
) -> Result<Option<Connected>, Failure> {
    let Some(settings) = settings else {
        if let Some(known) = known {
            console::tell(&format!(
                "warning: {db} has the witness {known}, and none is named here: what is sent now is known \
                 to the database only; name it in pagos.toml or with --witness"
            ));
        }
        return Ok(None);
    };
    let rules = rules_of(settings, money);
    let settings = heeded(settings, money);
    let meant = Meant::by(&settings, store.as_ref()).await?;
    let case = Case { db, store, settings: &settings, known: known.as_deref(), meant };
    let witness = if case.meant.is_there().await {
        case.check_disk()?;
        case.open(if_lost, rules).await?
    } else {
        case.begin(if_lost, rules).await?
    };
    Ok(Some(Connected { witness, rules }))
}

/// The settings as they count for this money: a witness of invented money may be anywhere.
pub(crate) fn heeded(settings: &WitnessSettings, money: Money) -> WitnessSettings {
    let disk = match money {
        Money::Real => settings.disk,
        Money::Invented => Disk::MayBeShared,
    };
    WitnessSettings { disk, ..settings.clone() }
}

fn rules_of(settings: &WitnessSettings, money: Money) -> WitnessRules {
    let without = settings.without.unwrap_or(match money {
        Money::Real => WithoutWitness::Stop,
        Money::Invented => WithoutWitness::GoOn,
    });
    WitnessRules { without, deadline: settings.deadline, ..WitnessRules::STRICT }
}

/// One attempt to connect.
struct Case<'a> {
    db: &'a Database,
    store: &'a Arc<dyn Store>,
    settings: &'a WitnessSettings,
    /// The witness that the database was last compared with.
    known: Option<&'a str>,
    meant: Meant,
}

impl Case<'_> {
    async fn open(
        &self,
        if_lost: IfLost,
        rules: WitnessRules,
    ) -> Result<Arc<dyn Witness>, Failure> {
        let place = &self.settings.place;
        let witness = match self.meant.open().await {
            Ok(witness) => witness,
            Err(error) if self.meant.is_on_server_of_database().await => {
                return Err(Failure::new(format!(
                    "the witness cannot be used: {error}, or write same_disk = true in [witness]"
                )));
            }
            Err(error) if away::may_come_back(&error, rules) => {
                console::tell(&format!("warning: the witness cannot be used: {error}"));
                return Ok(away::witness(self.meant.clone(), self.known));
            }
            Err(error) => return Err(Failure::new(format!("the witness cannot be used: {error}"))),
        };
        match self.known {
            Some(known) if known != witness.identity() && if_lost == IfLost::Refuse => {
                Err(Failure::new(format!(
                    "{place}: this is the witness {}, and {} has the witness {known}: bring that one back, or \
                     say --new-witness to go on with this one, which may not know everything that was sent",
                    witness.identity(),
                    self.db
                )))
            }
            _ => Ok(witness),
        }
    }

    async fn begin(
        &self,
        if_lost: IfLost,
        rules: WitnessRules,
    ) -> Result<Arc<dyn Witness>, Failure> {
        let place = &self.settings.place;
        if if_lost == IfLost::Refuse {
            match (self.known, rules.without) {
                (Some(known), WithoutWitness::GoOn) => {
                    console::tell(&format!("warning: {place}: the witness {known} is not there"));
                    return Ok(away::witness(self.meant.clone(), self.known));
                }
                (Some(known), WithoutWitness::Stop) => {
                    return Err(Failure::new(format!(
                        "{place}: the witness {known} of {} is not there: mount its disk or bring it back; if it is \
                         lost, say --new-witness to begin another one, which knows only what is sent from now on: \
                         should the database go back to an earlier state, what it sent before is known to nobody",
                        self.db
                    )));
                }
                (None, _) if has_sent(self.store.as_ref()).await? => {
                    return Err(Failure::new(format!(
                        "{place}: there is no witness, and {} has sent payouts without one: say --new-witness to \
                         begin one, which knows only what is sent from now on",
                        self.db
                    )));
                }
                (None, _) => {}
            }
        }
        self.check_disk()?;
        let begun = self.meant.begin().await;
        let witness = begun.map_err(|error| Failure::new(error.to_string()))?;
        console::tell(&format!("{place}: a new witness, {}", witness.identity()));
        Ok(witness)
    }

    /// What destroys the database must not destroy its witness.
    fn check_disk(&self) -> Result<(), Failure> {
        match self.settings.disk == Disk::MayBeShared || !shares_disk(self.db, &self.settings.place)
        {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "{}: this is the file system of {}, and what destroys one destroys the other: name a place on \
                 another disk, or write same_disk = true in [witness]",
                self.settings.place, self.db
            ))),
        }
    }
}

/// Whether payouts were sent from a database.
pub(crate) async fn has_sent(store: &dyn Store) -> Result<bool, StoreError> {
    let tally = store.tally(None).await?;
    Ok(tally.rows.iter().any(|row| row.count > 0 && row.status != "created"))
}

/// Whether a file of the witness is on the file system of the database.
pub(crate) fn shares_disk(db: &Database, place: &WitnessPlace) -> bool {
    match (db, place) {
        (Database::File(db), WitnessPlace::File(witness)) => {
            let disks = (open::disk_of(db), open::disk_of(witness));
            matches!(disks, (Some(one), Some(other)) if one == other)
        }
        _ => false,
    }
}

/// Tells what the comparison of the database with its witness found, if it found anything.
pub(crate) fn tell_comparison(engine: &Engine) {
    if let Some(found) = engine.comparison() {
        lines(&found).iter().for_each(|line| console::tell(line));
    }
}
