//! Reads lists that come in pages, to their end or to a moment.

use std::collections::BTreeSet;

use pagos_conekta::{Conekta, EventRecord, Listed};
use pagos_core::{Error, ErrorKind, Timestamp};

/// The maximum number of pages; each has up to 250 rows. Our choice.
const PAGES_MAX: usize = 400;

/// Every row of a list.
///
/// # Errors
/// Those of a page; `Unknown` for a list that repeats itself or does not end.
pub(crate) async fn all<T>(
    mut page: impl AsyncFnMut(Option<&str>) -> Result<Listed<T>, Error>,
) -> Result<Vec<T>, Error> {
    let mut walk = Walk::default();
    while walk.goes_on() {
        let page = page(walk.cursor.as_deref()).await?;
        walk.take(page)?;
    }
    Ok(walk.rows)
}

/// Events down to the first page on which all are older than `since`. Some of them may be older or
/// have no time: truncated times were seen, so no event is dropped because of its time.
///
/// # Errors
/// The same as [`all`].
pub(crate) async fn events(conekta: &Conekta, since: Timestamp) -> Result<Vec<EventRecord>, Error> {
    let is_new = |event: &EventRecord| event.created_at.is_some_and(|at| at >= since);
    let mut walk = Walk::default();
    while walk.goes_on() {
        let mut page = conekta.events(walk.cursor.as_deref()).await?;
        if !page.items.iter().any(is_new) {
            page.next = None;
        }
        walk.take(page)?;
    }
    Ok(walk.rows)
}

/// The progress through a list.
struct Walk<T> {
    rows: Vec<T>,
    /// The cursor of the next page; `None` before the first page and after the last.
    cursor: Option<String>,
    /// Every cursor so far.
    seen: BTreeSet<String>,
    is_begun: bool,
}

impl<T> Default for Walk<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), cursor: None, seen: BTreeSet::new(), is_begun: false }
    }
}

impl<T> Walk<T> {
    fn goes_on(&self) -> bool {
        !self.is_begun || self.cursor.is_some()
    }

    fn take(&mut self, page: Listed<T>) -> Result<(), Error> {
        self.is_begun = true;
        self.rows.extend(page.items);
        self.cursor = page.next;
        let Some(cursor) = &self.cursor else { return Ok(()) };
        if !self.seen.insert(cursor.clone()) {
            return Err(Error::new(ErrorKind::Unknown, "the list goes in circles"));
        }
        if self.seen.len() >= PAGES_MAX {
            let because = format!("the list has more than {PAGES_MAX} pages");
            return Err(Error::new(ErrorKind::Unknown, because));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages by their cursor: `a` to `b` and so on.
    fn read(pages: usize, circle: Option<&str>) -> Result<Vec<usize>, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(all(async |cursor: Option<&str>| {
            let number: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
            let next = (number + 1 < pages).then(|| (number + 1).to_string());
            let next = next.map(|next| circle.map_or(next, str::to_owned));
            Ok(Listed { items: vec![number], next })
        }))
    }

    #[test]
    fn lists_end() {
        assert_eq!(read(1, None).unwrap(), [0]);
        assert_eq!(read(3, None).unwrap(), [0, 1, 2]);
        assert_eq!(read(PAGES_MAX, None).unwrap().len(), PAGES_MAX);
        assert!(read(PAGES_MAX + 1, None).unwrap_err().to_string().contains("400 pages"));
        assert!(read(9, Some("1")).unwrap_err().to_string().contains("in circles"));
    }
}
