//! The lines of statements of [`SqliteStore`]. Chooses the thread for each call; the SQL is
//! elsewhere.

use async_trait::async_trait;
use pagos_core::{BookName, Day, OrderKey};
use pagos_engine::{
    BookLine, BookStore, LineFilter, LineMatch, LineStep, StoreError, check_lines, check_steps,
};

use super::SqliteStore;
use crate::books;

#[async_trait]
impl BookStore for SqliteStore {
    async fn add_lines(&self, lines: Vec<BookLine>) -> Result<Vec<bool>, StoreError> {
        check_lines(&lines)?;
        self.writer()?.call(move |transaction| books::add(transaction.connection, &lines)).await
    }

    async fn lines(
        &self,
        filter: &LineFilter,
        after: Option<(Day, &str)>,
        limit: usize,
    ) -> Result<Vec<BookLine>, StoreError> {
        let (filter, after) = (filter.clone(), after.map(|(day, id)| (day, id.to_owned())));
        self.reader
            .call(move |transaction| {
                let after = after.as_ref().map(|(day, id)| (*day, id.as_str()));
                books::lines(transaction.connection, &filter, after, limit)
            })
            .await
    }

    async fn line(&self, book: &BookName, id: &str) -> Result<Option<BookLine>, StoreError> {
        let (book, id) = (book.clone(), id.to_owned());
        self.reader.call(move |transaction| books::line(transaction.connection, &book, &id)).await
    }

    async fn write_lines(&self, steps: Vec<LineStep>) -> Result<Vec<bool>, StoreError> {
        check_steps(&steps)?;
        self.writer()?.call(move |transaction| books::write(transaction.connection, &steps)).await
    }

    async fn matches(&self, keys: &[OrderKey]) -> Result<Vec<LineMatch>, StoreError> {
        let keys = keys.to_vec();
        self.reader.call(move |transaction| books::matches(transaction.connection, &keys)).await
    }

    async fn matches_of_line(
        &self,
        book: &BookName,
        line: &str,
    ) -> Result<Vec<LineMatch>, StoreError> {
        let (book, line) = (book.clone(), line.to_owned());
        self.reader
            .call(move |transaction| books::matches_of_line(transaction.connection, &book, &line))
            .await
    }
}
