//! The application that reads the notices: it ends between reading and acknowledging as often as not,
//! and begins again where the store says that it was.

use pagos_engine::Store;
use pagos_twin::SplitMix64;

use crate::drive::finish;

/// A named reader of the outbox, through all its lives.
#[derive(Debug)]
pub(super) struct Reader {
    chance: SplitMix64,
    /// The numbers of what it was told, in order.
    told: Vec<u64>,
}

impl Reader {
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: SplitMix64::for_occasion(seed, "reader", "", 0), told: Vec::new() }
    }

    /// Reads a page now and then, and acknowledges it or ends before.
    pub(super) fn read(&mut self, store: &dyn Store) {
        if self.chance.below(8) > 0 {
            return;
        }
        let most = 1 + usize::try_from(self.chance.below(5)).unwrap();
        let is_ended = self.chance.below(3) == 0;
        self.read_page(store, most, is_ended);
    }

    fn read_page(&mut self, store: &dyn Store, most: usize, is_ended: bool) -> bool {
        let after = finish(store.reader(NAME)).unwrap().unwrap_or(0);
        let page = finish(store.outbox(after, most)).unwrap();
        self.told.extend(page.iter().map(|(number, _)| number));
        if let Some((number, _)) = page.last().filter(|_| !is_ended) {
            finish(store.acknowledge(NAME, *number)).unwrap();
        }
        !page.is_empty()
    }

    /// The store went to another state, where this reader had read so far, and gives other numbers to
    /// other notices.
    pub(super) fn go_back(&mut self, store: &dyn Store) {
        let position = finish(store.reader(NAME)).unwrap().unwrap_or(0);
        self.told = (1..=position).collect();
    }

    /// Was it told everything, in order, at least once?
    pub(super) fn judge(&mut self, store: &dyn Store) -> Result<(), String> {
        while self.read_page(store, 100, false) {}
        let newest = finish(store.newest_notice()).map_err(|error| error.to_string())?;
        let mut next = 1;
        for number in &self.told {
            if *number > next {
                return Err(format!("the reader was told notice {number} before {next}"));
            }
            if *number == next {
                next += 1;
            }
        }
        match next == newest + 1 {
            true => Ok(()),
            false => Err(format!("the reader was told {} of {newest} notices", next - 1)),
        }
    }
}

const NAME: &str = "application";
