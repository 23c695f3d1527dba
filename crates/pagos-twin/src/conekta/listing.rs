//! Lists: newest first, a page at a time, each page naming the one behind it.
//! Not what is in a list.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{
    refusal::Refusal,
    settings::Switches,
    wire::{self, ListShown},
};
use crate::{
    book::{Book, Entry},
    twin::{Reply, Request},
    web,
};

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    limit: usize,
    /// Only what is older than this.
    next: Option<String>,
    /// Only what is younger than this.
    previous: Option<String>,
}

/// The page, by place in the order of creation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Newest first.
    pub(super) places: Vec<u32>,
    has_older: bool,
    has_younger: bool,
}

impl Query {
    /// Source: `openapi: parameters/commons/query`, 1 to 250 and 20 if nothing is said. That
    /// anything else is refused is inferred.
    pub(super) fn of(request: &Request) -> Result<Self, Refusal> {
        let limit = web::parameter(request, "limit").map_or(Ok(LIMIT_USUAL), |it| it.parse());
        let limit = limit.ok().filter(|it| (1..=LIMIT_MAX).contains(it));
        let debug = "The limit must be between 1 and 250.";
        let spanish = "El límite debe estar entre 1 y 250.";
        Ok(Self {
            limit: limit.ok_or_else(|| Refusal::invalid("limit", "invalid", debug, spanish))?,
            next: web::parameter(request, "next"),
            previous: web::parameter(request, "previous"),
        })
    }

    /// Looks through `count` things. A page that begins at an id of nobody is refused. `[sim]`
    pub(super) fn page(
        &self,
        count: u32,
        place_of: impl Fn(&str) -> Option<u32>,
        is_shown: impl Fn(u32) -> bool,
    ) -> Result<Page, Refusal> {
        let place = |name: &str, id: &Option<String>| {
            let unknown = || Refusal::invalid(name, "not_found", "No such cursor.", "No existe.");
            id.as_deref().map(|id| place_of(id).ok_or_else(unknown)).transpose()
        };
        if let Some(first) = place("previous", &self.previous)? {
            let younger = (first.saturating_add(1)..count).filter(|it| is_shown(*it));
            let mut places: Vec<u32> = younger.take(self.limit + 1).collect();
            let has_younger = places.len() > self.limit;
            places.truncate(self.limit);
            places.reverse();
            return Ok(Page { places, has_older: true, has_younger });
        }
        let last = place("next", &self.next)?;
        let older = (0..last.unwrap_or(count)).rev().filter(|it| is_shown(*it));
        let mut places: Vec<u32> = older.take(self.limit + 1).collect();
        let has_older = places.len() > self.limit;
        places.truncate(self.limit);
        Ok(Page { places, has_older, has_younger: last.is_some() })
    }

    /// The page of what a book holds.
    pub(super) fn list<'a, E: Entry, T: Serialize>(
        &self,
        book: &'a Book<E>,
        is_shown: impl Fn(&E) -> bool,
        show: impl Fn(&'a E) -> Option<T>,
        address: &Address,
    ) -> Result<Reply, Refusal> {
        let page = self.page(
            book.count(),
            |id| book.by_reference(id),
            |place| book.get(place).is_some_and(&is_shown),
        )?;
        let listed = page.places.iter().filter_map(|place| book.get(*place));
        let rows = listed.filter_map(|it| Some((it.reference().to_string(), show(it)?)));
        Ok(self.answer(&page, rows.collect(), address))
    }

    /// The answer. `rows` are those of the page, each with its id.
    ///
    /// Source: `docs: reference/next`, the last id of a page begins the next one.
    pub(super) fn answer<T: Serialize>(
        &self,
        page: &Page,
        rows: Vec<(String, T)>,
        address: &Address,
    ) -> Reply {
        let url = |is_there: bool, name: &str, row: Option<&(String, T)>| {
            let (id, _) = row.filter(|_| is_there)?;
            Some(format!("{}?{}limit={}&{name}={id}", address.url, address.filters, self.limit))
        };
        wire::answer(&ListShown {
            next_page_url: url(page.has_older, "next", rows.last()),
            previous_page_url: url(page.has_younger, "previous", rows.first()),
            has_more: page.has_older,
            object: "list",
            data: rows.into_iter().map(|(_, row)| row).collect(),
        })
    }
}

/// Where a list lies, and what it leaves out.
#[derive(Debug)]
pub(super) struct Address {
    url: String,
    /// `type=payout&`, or nothing.
    filters: String,
}

impl Address {
    /// Where the caller found it, or on a host of nobody.
    pub(super) fn of(request: &Request, switches: &Switches) -> Self {
        let is_foreign = switches.foreign_next_page;
        let origin = if is_foreign { FOREIGN_ORIGIN.to_owned() } else { web::origin(request) };
        Self { url: format!("{origin}{}", request.uri().path()), filters: String::new() }
    }

    pub(super) fn filtered(mut self, name: &str, value: &str) -> Self {
        let value = utf8_percent_encode(value, RESERVED);
        self.filters.push_str(&format!("{name}={value}&"));
        self
    }
}

/// All but letters, digits and underscores.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');

const LIMIT_USUAL: usize = 20;
const LIMIT_MAX: usize = 250;

/// Source: `mock: GET /transfers` for the trap; the name is `[sim]`.
const FOREIGN_ORIGIN: &str = "https://api-core.conekta.invalid";

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn check(query: &str, expected: Result<(&[u32], bool, bool), ()>) {
        let request = http::Request::get(format!("/x?{query}")).body(Bytes::new()).unwrap();
        let page =
            Query::of(&request).and_then(|it| it.page(6, |id| id.parse().ok(), |place| place != 3));
        let found = page.as_ref().map(|it| (&it.places[..], it.has_older, it.has_younger));
        assert_eq!(found.map_err(|_| ()), expected, "{query}");
    }

    #[test]
    fn pages_lead_to_each_other() {
        check("", Ok((&[5, 4, 2, 1, 0], false, false)));
        check("limit=2", Ok((&[5, 4], true, false)));
        check("limit=2&next=4", Ok((&[2, 1], true, true)));
        check("limit=2&next=1", Ok((&[0], false, true)));
        check("limit=2&next=0", Ok((&[], false, true)));
        check("limit=2&previous=2", Ok((&[5, 4], true, false)));
        check("limit=2&previous=1", Ok((&[4, 2], true, true)));
        for bad in ["limit=0", "limit=251", "limit=x", "next=x", "previous=x"] {
            check(bad, Err(()));
        }
    }
}
