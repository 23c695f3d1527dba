//! The lines of statements of [`PostgresStore`]. Maps each call to its work; the SQL is elsewhere.

use async_trait::async_trait;
use pagos_core::{BookName, Day, OrderKey};
use pagos_engine::{
    BookLine, BookStore, LineFilter, LineMatch, LineStep, StoreError, check_lines, check_steps,
};

use super::PostgresStore;
use crate::books;

#[async_trait]
impl BookStore for PostgresStore {
    async fn add_lines(&self, lines: Vec<BookLine>) -> Result<Vec<bool>, StoreError> {
        check_lines(&lines)?;
        self.pool.write(&books::AddLines { lines: &lines }).await
    }

    async fn lines(
        &self,
        filter: &LineFilter,
        after: Option<(Day, &str)>,
        limit: usize,
    ) -> Result<Vec<BookLine>, StoreError> {
        self.pool.read(&books::ReadLines { filter, after, limit }).await
    }

    async fn line(&self, book: &BookName, id: &str) -> Result<Option<BookLine>, StoreError> {
        self.pool.read(&books::ReadLine { book, id }).await
    }

    async fn write_lines(&self, steps: Vec<LineStep>) -> Result<Vec<bool>, StoreError> {
        check_steps(&steps)?;
        self.pool.write(&books::WriteLines { steps: &steps }).await
    }

    async fn matches(&self, keys: &[OrderKey]) -> Result<Vec<LineMatch>, StoreError> {
        self.pool.read(&books::ReadMatches { keys }).await
    }

    async fn matches_of_line(
        &self,
        book: &BookName,
        line: &str,
    ) -> Result<Vec<LineMatch>, StoreError> {
        self.pool.read(&books::ReadMatchesOfLine { book, line }).await
    }
}
