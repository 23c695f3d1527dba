//! What somebody else says about payouts, beside what is stored: the provider's list, its answer
//! about one payout, a bank's statement. Nothing here sends money.

use pagos_core::{AccountName, Lookup, Observation, OrderKey, Window};

use crate::{
    decide::Rules,
    engine::{Engine, EngineError},
    history::Entry,
    point::Point,
    record::Writer,
    service::Told,
    store::Payout,
};

/// A row of a provider's list beside what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the provider says.
    pub row: Observation,
    /// The payout that it names, as it stands after the row was learned; `None` if nothing of ours
    /// has this key or reference. It may belong to another account, or never have been sent.
    pub payout: Option<Payout>,
}

/// What a provider answered about one payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has the payout.
    Found {
        /// What it says.
        seen: Box<Observation>,
        /// The payout as it stands after that was learned. A contradiction of a final status may
        /// need to be confirmed first, so the two can differ.
        payout: Box<Payout>,
    },
    /// It says that it has no such payout. That is noted nowhere: what it proves, and when, is
    /// decided by the queries that the engine sends by itself.
    Absent,
    /// It has more than one; the payout was put into quarantine.
    Ambiguous(String),
    /// It does not say; the reason.
    CannotTell(String),
}

impl Engine {
    /// Whether the account's provider has a list of payouts.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(!engine.lists(&scene::account()));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn lists(&self, account: &AccountName) -> bool {
        self.providers.to(account).is_some_and(|provider| provider.has_list())
    }

    /// Reads the provider's list of an account, learns what it says as a row of a list is always
    /// learned, and gives each row to `each` beside the payout that it names. A payout can appear
    /// twice. Takes turns of the account's rate for queries.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_core::Window;
    /// use pagos_engine::EngineError;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let now = scene::timer().now();
    /// let window = Window { from: now, until: now };
    /// let mut rows = 0;
    /// let read = engine.read_list(&scene::account(), window, &mut |_| rows += 1).await;
    /// assert!(matches!(read, Err(EngineError::Refused(_)))); // this provider has no list
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::Refused`] if the list could not be read to its end, with the reason; what was
    /// read until then is learned. The error of the store.
    pub async fn read_list(
        &self,
        account: &AccountName,
        window: Window,
        each: &mut (dyn FnMut(Listed) + Send),
    ) -> Result<(), EngineError> {
        self.walk_list(account, window, each).await?.map_err(|because| {
            EngineError::Refused(format!(
                "the list of {account} was not read to its end: {because}"
            ))
        })
    }

    /// Queries the provider about one payout now, and learns its answer. Waits for a turn of the
    /// account's rate for queries.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::Answer;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// assert!(matches!(engine.query_now(&key).await?, Answer::CannotTell(_))); // not sent yet
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoPayout`] for an unknown key; the error of the store. That the provider gives
    /// no answer is [`Answer::CannotTell`].
    pub async fn query_now(&self, key: &OrderKey) -> Result<Answer, EngineError> {
        let payout = self.load(key).await?;
        let account = payout.order.account.clone();
        if payout.progress.attempts == 0 {
            return Ok(Answer::CannotTell("it was never sent".to_owned()));
        }
        if !self.await_turn_to_ask(&account).await {
            return Ok(Answer::CannotTell("the provider asked for quiet".to_owned()));
        }
        let answer = self.query(&payout).await;
        let told = match &answer {
            Ok(Lookup::CannotTell(_)) => Told::Nothing,
            answer => Told::by(answer),
        };
        self.note_service(&account, told).await?;
        match answer {
            Ok(Lookup::Found(seen)) => {
                self.learn(Point::RecordAnswer, payout, Writer::Anyone, &seen).await?;
                let payout = Box::new(self.load(key).await?);
                Ok(Answer::Found { seen: Box::new(seen), payout })
            }
            Ok(Lookup::Absent) => Ok(Answer::Absent),
            Ok(Lookup::Ambiguous(because)) => {
                let decide = |payout: &Payout, rules: &Rules<'_>| {
                    Some(rules.ambiguous(&payout.progress, because.clone()))
                };
                self.write(Point::RecordAmbiguity, payout, Writer::Anyone, decide).await?;
                Ok(Answer::Ambiguous(because))
            }
            Ok(Lookup::CannotTell(because)) => Ok(Answer::CannotTell(because)),
            Err(error) => {
                self.heed_quiet(&account, &error);
                Ok(Answer::CannotTell(error.to_string()))
            }
        }
    }

    /// Puts a payout into quarantine because a statement contradicts what Pagos says: nothing is
    /// sent or queried until a person decides, and its status stays as it is. The same reason is told
    /// once, even after somebody has decided. Returns whether it is told now.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let key = order.key.clone();
    /// engine.pay(order).await?;
    /// let because = "the statement of 12 May shows it paid";
    /// assert!(engine.report_difference(&key, because).await?);
    /// assert!(!engine.report_difference(&key, because).await?);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoPayout`] for an unknown key; the error of the store.
    pub async fn report_difference(
        &self,
        key: &OrderKey,
        because: &str,
    ) -> Result<bool, EngineError> {
        let payout = self.load(key).await?;
        let is_told = |entry: &Entry| matches!(entry, Entry::Attention { because: told, .. } if told == because);
        if self.store.store().history(key).await?.iter().any(is_told) {
            return Ok(false);
        }
        let hold = |payout: &Payout, rules: &Rules<'_>| {
            Some(rules.ambiguous(&payout.progress, because.to_owned()))
        };
        let written = self.write(Point::RecordDifference, payout, Writer::Anyone, hold).await?;
        Ok(written.is_some())
    }
}
