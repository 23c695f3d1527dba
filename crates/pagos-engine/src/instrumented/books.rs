//! The lines of statements in the instrumented store.

use pagos_core::{BookName, Day, OrderKey};

use super::InstrumentedStore;
use crate::{
    books::{BookLine, LineFilter, LineMatch, LineStep},
    point::Point,
    store::StoreError,
};

impl InstrumentedStore {
    /// [`crate::BookStore::add_lines`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn add_lines(&self, lines: Vec<BookLine>) -> Result<Vec<bool>, StoreError> {
        self.write(Point::AddLines, None, self.store.add_lines(lines)).await
    }

    /// [`crate::BookStore::write_lines`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn write_lines(&self, steps: Vec<LineStep>) -> Result<Vec<bool>, StoreError> {
        self.write(Point::WriteLines, None, self.store.write_lines(steps)).await
    }

    /// [`crate::BookStore::lines`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn lines(
        &self,
        filter: &LineFilter,
        after: Option<(Day, &str)>,
        limit: usize,
    ) -> Result<Vec<BookLine>, StoreError> {
        self.store.lines(filter, after, limit).await
    }

    /// [`crate::BookStore::line`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn line(&self, book: &BookName, id: &str) -> Result<Option<BookLine>, StoreError> {
        self.store.line(book, id).await
    }

    /// [`crate::BookStore::matches`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn matches(&self, keys: &[OrderKey]) -> Result<Vec<LineMatch>, StoreError> {
        self.store.matches(keys).await
    }

    /// [`crate::BookStore::matches_of_line`].
    ///
    /// # Errors
    /// The error of the store.
    pub async fn matches_of_line(
        &self,
        book: &BookName,
        line: &str,
    ) -> Result<Vec<LineMatch>, StoreError> {
        self.store.matches_of_line(book, line).await
    }
}
