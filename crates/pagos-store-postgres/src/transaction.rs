//! Runs work in a transaction: repeats it when the server goes away or others are in the way, and
//! never assumes a result when the answer to its commit is missing.

use std::time::Duration;

use pagos_engine::StoreError;

use crate::{
    connection::{Commit, Connection, Flown},
    failure::{Failure, Kind},
    flight::Flight,
    pool::{Patience, Pool, Taken},
    schema::{self, Tables},
    target::{Mode, Target},
    writer::{Found, Writer},
};

/// The work of a call. It is repeated from its start if necessary, so it keeps nothing between two
/// runs.
pub(crate) trait Work: Sync {
    type Answer: Send;

    fn run(
        &self,
        connection: &Connection,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

impl Pool {
    /// Opens the first connection, and updates or checks the tables.
    pub(crate) async fn prepare(
        &self,
        tables: &Tables,
        wait_for: Duration,
    ) -> Result<(), StoreError> {
        let mut patience = Patience::begin(wait_for);
        let mut taken = self.take().await?;
        loop {
            match Box::pin(self.prepare_once(&mut taken, tables)).await {
                Ok(()) => return Ok(()),
                // Migrating again is harmless, since no migration is done twice.
                Err(failure) => patience.wait(failure, &taken.slot).await?,
            }
        }
    }

    async fn prepare_once(&self, taken: &mut Taken<'_>, tables: &Tables) -> Result<(), Failure> {
        let connection = taken.connection().await?;
        let Target { mode, schema, .. } = &self.target;
        match mode {
            Mode::Write => schema::migrate(&connection, tables, schema).await?,
            Mode::Read => schema::check(&connection, tables, schema).await?,
        }
        taken.slot.connection = Some(connection);
        Ok(())
    }

    /// Runs `work` in a transaction and returns its answer when that is durable.
    ///
    /// If the connection is lost before the commit is sent, nothing happened, and the work begins
    /// again. If it is lost afterwards, the server is asked what became of the transaction.
    pub(crate) async fn write<W: Work>(&self, work: &W) -> Result<W::Answer, StoreError> {
        self.may_write()?;
        let mut patience = Patience::begin(self.reconnect_for);
        let mut taken = self.take().await?;
        loop {
            match Box::pin(self.attempt(&mut taken, work)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => patience.wait(failure, &taken.slot).await?,
            }
        }
    }

    /// Sends work of one statement in one round trip, and returns its answer when that is durable.
    ///
    /// If the connection is lost before everything is answered, the row of the connection's writer
    /// is read. It says whether the statement happened, and what its answer was; if it did not
    /// happen, it never will, and is sent again.
    pub(crate) async fn fly<W: Flight>(&self, work: &W) -> Result<W::Answer, StoreError> {
        self.may_write()?;
        let mut patience = Patience::begin(self.reconnect_for);
        let mut taken = self.take().await?;
        loop {
            match Box::pin(self.fly_once(&mut taken, work)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => patience.wait(failure, &taken.slot).await?,
            }
        }
    }

    /// Like [`Pool::fly`], but fails at once if others are in the way; then nothing happened.
    pub(crate) async fn fly_undisturbed<W: Flight>(&self, work: &W) -> Result<W::Answer, Failure> {
        self.may_write()?;
        let mut patience = Patience::begin(self.reconnect_for);
        let mut taken = self.take().await?;
        loop {
            let failure = match Box::pin(self.fly_once(&mut taken, work)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match failure.kind {
                Kind::Refused | Kind::Unsettled | Kind::Collision => return Err(failure),
                Kind::Lost => patience.wait_for_server(failure, &taken.slot).await?,
            }
        }
    }

    /// Runs `work` outside a transaction: one statement, or several that may see different states.
    pub(crate) async fn read<W: Work>(&self, work: &W) -> Result<W::Answer, StoreError> {
        self.read_within(work, self.reconnect_for).await
    }

    /// Like [`Pool::read`], but waits for a server that does not answer only so long.
    pub(crate) async fn read_within<W: Work>(
        &self,
        work: &W,
        wait_for: Duration,
    ) -> Result<W::Answer, StoreError> {
        let mut patience = Patience::begin(wait_for);
        let mut taken = self.take().await?;
        loop {
            match Box::pin(read_once(&mut taken, work)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => patience.wait(failure, &taken.slot).await?,
            }
        }
    }

    async fn attempt<W: Work>(
        &self,
        taken: &mut Taken<'_>,
        work: &W,
    ) -> Result<W::Answer, Failure> {
        // Outside the slot while the transaction is open: if this future is dropped, the connection
        // is closed, and its writer is not assumed to be unchanged.
        let (connection, writer) = self.connection_and_writer(taken).await?;
        let begun = writer.begin(&connection).await;
        let done = match &begun {
            Ok(_) => work.run(&connection).await,
            Err(_) => Err(Failure::lost("the transaction did not begin")),
        };
        let (serial, answer) = match (begun, done) {
            (Ok(serial), Ok(answer)) => (serial, answer),
            (Err(failure), _) | (_, Err(failure)) => {
                taken.slot.writer = Some(writer);
                if failure.kind != Kind::Lost && connection.roll_back().await.is_ok() {
                    taken.slot.connection = Some(connection);
                }
                return Err(failure);
            }
        };
        match connection.commit().await {
            Commit::Done => {
                taken.slot.connection = Some(connection);
                taken.slot.writer = Some(writer.after(serial));
                Ok(answer)
            }
            Commit::TakenBack(failure) => {
                taken.slot.writer = Some(writer);
                Err(failure)
            }
            Commit::Unknown(failure) => {
                drop(connection);
                match self.find_out(taken, &writer, serial).await? {
                    Outcome::Happened(_) => {
                        taken.slot.writer = Some(writer.after(serial));
                        Ok(answer)
                    }
                    Outcome::Never => {
                        taken.slot.writer = Some(writer);
                        Err(failure)
                    }
                }
            }
        }
    }

    async fn fly_once<W: Flight>(
        &self,
        taken: &mut Taken<'_>,
        work: &W,
    ) -> Result<W::Answer, Failure> {
        // Outside the slot while it is on its way, as in `attempt`.
        let (connection, writer) = self.connection_and_writer(taken).await?;
        let serial = writer.serial + 1;
        let flown = match work.statement(connection.stripe) {
            Ok(statement) => connection.fly(&statement, &[&writer.id, &writer.serial]).await,
            Err(failure) => Flown::TakenBack(failure),
        };
        match flown {
            Flown::Done(answer) => {
                taken.slot.connection = Some(connection);
                taken.slot.writer = Some(writer.after(serial));
                work.read(&answer)
            }
            Flown::TakenBack(failure) => {
                taken.slot.writer = Some(writer);
                if failure.kind != Kind::Lost && connection.is_at_rest() {
                    taken.slot.connection = Some(connection);
                }
                Err(failure)
            }
            Flown::Unknown(failure) => {
                drop(connection);
                match self.find_out(taken, &writer, serial).await? {
                    Outcome::Happened(answer) => {
                        taken.slot.writer = Some(writer.after(serial));
                        let answer = answer.ok_or_else(|| Failure::unsettled(NO_ANSWER))?;
                        work.read(&answer)
                    }
                    Outcome::Never => {
                        taken.slot.writer = Some(writer);
                        Err(failure)
                    }
                }
            }
        }
    }

    /// A connection and its writer. The first pair of a slot, or after a loss, is new; the old
    /// writer is then compared with the server's row of it.
    async fn connection_and_writer(
        &self,
        taken: &mut Taken<'_>,
    ) -> Result<(Connection, Writer), Failure> {
        let mut connection = taken.connection().await?;
        let known = taken.slot.writer;
        if let Some(writer) = known.filter(|writer| connection.writer == Some(writer.id)) {
            taken.slot.writer = None;
            return Ok((connection, writer));
        }
        // A new row, because the old one may be locked by a transaction that the server does not
        // yet know to be dead. Before the old one is looked at: a former primary that came back
        // misses what its successor has acknowledged, and where commits wait for a standby, its own
        // never end.
        let writer = Writer::register(&mut connection).await?;
        if let Some(known) = known {
            self.check_nothing_is_lost(&connection, &known).await?;
        }
        taken.slot.writer = None;
        Ok((connection, writer))
    }

    /// Checks that what was acknowledged is still there. After a failover to a standby that lagged,
    /// it is not.
    async fn check_nothing_is_lost(
        &self,
        connection: &Connection,
        writer: &Writer,
    ) -> Result<(), Failure> {
        let is_lost = match writer.look(connection).await? {
            Found::Serial(serial) => serial < writer.serial,
            Found::Nothing => !writer.may_be_swept(),
        };
        match is_lost {
            false => Ok(()),
            true => Err(self.close_for_writing(LOST_COMMITS)),
        }
    }

    /// Finds out from the server what became of transaction `serial` of `writer`.
    async fn find_out(
        &self,
        taken: &mut Taken<'_>,
        writer: &Writer,
        serial: i64,
    ) -> Result<Outcome, Failure> {
        let mut patience = Patience::begin(self.reconnect_for);
        loop {
            let failure = match settle(taken, writer).await {
                Ok((Found::Serial(found), answer)) if found == serial => {
                    return Ok(Outcome::Happened(answer));
                }
                Ok((Found::Serial(found), _)) if found == writer.serial => {
                    return Ok(Outcome::Never);
                }
                Ok((Found::Serial(_) | Found::Nothing, _)) => match register_alone(taken).await {
                    Ok(()) => return Err(self.close_for_writing(LOST_COMMITS)),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            let again = match failure.kind {
                Kind::Refused | Kind::Unsettled => Err(failure),
                // The transaction in question is in the way, or the server is away.
                Kind::Collision | Kind::Lost => {
                    patience.wait_for_server(failure, &taken.slot).await
                }
            };
            again.map_err(|failure| Failure {
                kind: Kind::Unsettled,
                error: StoreError::new(UNKNOWN_OUTCOME).with_source(failure.error),
            })?;
        }
    }
}

/// What became of a transaction whose commit was not answered.
enum Outcome {
    /// It happened; the text is the answer that a flight left.
    Happened(Option<String>),
    /// It did not happen and will not.
    Never,
}

const UNKNOWN_OUTCOME: &str = "the server went away during a commit and did not come back in \
    time; whether the step was written is not known; read it again before anything is decided";

const LOST_COMMITS: &str = "the server no longer has transactions that it had acknowledged; was \
    it replaced by a standby that lagged, or by a backup? stop all workers, compare the payouts \
    with the providers' listings, and start again only then";

const NO_ANSWER: &str = "a commit happened and its answer is lost; read again what was written";

async fn settle(
    taken: &mut Taken<'_>,
    writer: &Writer,
) -> Result<(Found, Option<String>), Failure> {
    let connection = taken.connection().await?;
    let found = writer.settle(&connection).await?;
    taken.slot.connection = Some(connection);
    Ok(found)
}

/// Commits something, which a former primary that came back cannot do where commits wait for a
/// standby. What it does not know is then no proof that it was lost.
async fn register_alone(taken: &mut Taken<'_>) -> Result<(), Failure> {
    let mut connection = taken.connection().await?;
    Writer::register(&mut connection).await.map(drop)
}

async fn read_once<W: Work>(taken: &mut Taken<'_>, work: &W) -> Result<W::Answer, Failure> {
    let connection = taken.connection().await?;
    let answer = work.run(&connection).await;
    let is_lost = matches!(&answer, Err(failure) if failure.kind == Kind::Lost);
    if !is_lost && !connection.is_closed() {
        taken.slot.connection = Some(connection);
    }
    answer
}
