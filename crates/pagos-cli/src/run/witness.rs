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
    words::{Text, file, witness as words},
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
            console::tell(&words::not_named(db.to_string(), known));
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
                return Err(Failure::new(words::cannot_be_used_here(Text::heard(
                    error.to_string(),
                ))));
            }
            Err(error) if away::may_come_back(&error, rules) => {
                console::tell(&file::warning(words::cannot_be_used(Text::heard(
                    error.to_string(),
                ))));
                return Ok(away::witness(self.meant.clone(), self.known));
            }
            Err(error) => {
                return Err(Failure::new(words::cannot_be_used(Text::heard(error.to_string()))));
            }
        };
        match self.known {
            Some(known) if known != witness.identity() && if_lost == IfLost::Refuse => {
                let (found, db) = (witness.identity(), self.db.to_string());
                Err(Failure::new(words::is_another(place.to_string(), found, db, known)))
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
                    console::tell(&file::warning(words::is_not_there(place.to_string(), known)));
                    return Ok(away::witness(self.meant.clone(), self.known));
                }
                (Some(known), WithoutWitness::Stop) => {
                    let (place, db) = (place.to_string(), self.db.to_string());
                    return Err(Failure::new(words::is_lost(place, known, db)));
                }
                (None, _) if has_sent(self.store.as_ref()).await? => {
                    let (place, db) = (place.to_string(), self.db.to_string());
                    return Err(Failure::new(words::there_is_none(place, db)));
                }
                (None, _) => {}
            }
        }
        self.check_disk()?;
        let begun = self.meant.begin().await;
        let witness = begun.map_err(|error| Failure::new(Text::heard(error.to_string())))?;
        console::tell(&words::is_new(place.to_string(), witness.identity()));
        Ok(witness)
    }

    /// What destroys the database must not destroy its witness.
    fn check_disk(&self) -> Result<(), Failure> {
        match self.settings.disk == Disk::MayBeShared || !shares_disk(self.db, &self.settings.place)
        {
            true => Ok(()),
            false => {
                let (place, db) = (self.settings.place.to_string(), self.db.to_string());
                Err(Failure::new(words::shares_the_disk(place, db)))
            }
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
