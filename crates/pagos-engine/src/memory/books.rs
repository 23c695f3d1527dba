//! Lines of statements and their matches in memory.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use async_trait::async_trait;
use pagos_core::{BookName, Day, OrderKey};

use super::MemoryStore;
use crate::{
    books::{BookLine, BookStore, LineFilter, LineMatch, LineStep, check_lines, check_steps},
    store::StoreError,
};

/// The lines by their book and id, each with its matches.
#[derive(Debug, Default, Clone)]
pub(super) struct Books {
    lines: BTreeMap<(BookName, String), (BookLine, Vec<LineMatch>)>,
}

#[async_trait]
impl BookStore for MemoryStore {
    async fn add_lines(&self, lines: Vec<BookLine>) -> Result<Vec<bool>, StoreError> {
        check_lines(&lines)?;
        let mut tables = self.tables();
        Ok(lines.into_iter().map(|line| tables.books.add(line)).collect())
    }

    async fn lines(
        &self,
        filter: &LineFilter,
        after: Option<(Day, &str)>,
        limit: usize,
    ) -> Result<Vec<BookLine>, StoreError> {
        let tables = self.tables();
        let is_wanted = |line: &&BookLine| {
            line.book == filter.book
                && filter.state.is_none_or(|state| line.state == state)
                && (filter.from..=filter.through).contains(&line.day)
                && after.is_none_or(|after| place(line) > after)
        };
        let lines = tables.books.lines.values().map(|(line, _)| line);
        let mut lines: Vec<_> = lines.filter(is_wanted).collect();
        lines.sort_by_key(|line| place(line));
        Ok(lines.into_iter().take(limit).cloned().collect())
    }

    async fn line(&self, book: &BookName, id: &str) -> Result<Option<BookLine>, StoreError> {
        let found = self.tables().books.lines.get(&(book.clone(), id.to_owned())).cloned();
        Ok(found.map(|(line, _)| line))
    }

    async fn write_lines(&self, steps: Vec<LineStep>) -> Result<Vec<bool>, StoreError> {
        check_steps(&steps)?;
        let mut tables = self.tables();
        Ok(steps.into_iter().map(|step| tables.books.write(step)).collect())
    }

    async fn matches(&self, keys: &[OrderKey]) -> Result<Vec<LineMatch>, StoreError> {
        let keys: BTreeSet<_> = keys.iter().collect();
        let tables = self.tables();
        let matches = tables.books.lines.values().flat_map(|(_, matches)| matches);
        Ok(matches.filter(|found| keys.contains(&found.key)).cloned().collect())
    }

    async fn matches_of_line(
        &self,
        book: &BookName,
        line: &str,
    ) -> Result<Vec<LineMatch>, StoreError> {
        let found = self.tables().books.lines.get(&(book.clone(), line.to_owned())).cloned();
        Ok(found.map(|(_, matches)| matches).unwrap_or_default())
    }
}

fn place(line: &BookLine) -> (Day, &str) {
    (line.day, &line.id)
}

impl Books {
    fn add(&mut self, line: BookLine) -> bool {
        match self.lines.entry((line.book.clone(), line.id.clone())) {
            btree_map::Entry::Occupied(_) => false,
            btree_map::Entry::Vacant(entry) => {
                entry.insert((BookLine { version: 1, ..line }, Vec::new()));
                true
            }
        }
    }

    fn write(&mut self, step: LineStep) -> bool {
        let LineStep { line, mut matches } = step;
        let Some((stored, stored_matches)) = self.lines.get_mut(&(line.book, line.id)) else {
            return false;
        };
        if stored.version != line.version {
            return false;
        }
        (stored.state, stored.body) = (line.state, line.body);
        stored.version += 1;
        matches.sort_by(|one, other| one.key.cmp(&other.key));
        *stored_matches = matches;
        true
    }
}
