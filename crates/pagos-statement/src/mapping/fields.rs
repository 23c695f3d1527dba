//! A table of TOML whose fields are taken one by one: what nobody takes is unknown and refused, with
//! the name that it may have meant.

use toml::{Table, Value};

use crate::Problem;

/// A table, and what is wrong with it.
pub(super) struct Fields<'a> {
    path: String,
    table: &'a Table,
    asked: Vec<&'static str>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: String, table: &'a Table) -> Self {
        Self { path, table, asked: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn refuse(&mut self, name: &str, because: impl Into<String>, remedy: &'static str) {
        let column = format!("{}.{name}", self.path);
        self.problems.push(Problem::new(0, because, remedy).of(column));
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.table.get(name)
    }

    /// A field that must be there.
    pub(super) fn require(&mut self, name: &'static str) -> Option<&'a Value> {
        let value = self.take(name);
        if value.is_none() {
            self.refuse(name, "it is missing", SEE);
        }
        value
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.take(name)?;
        let text = value.as_str();
        if text.is_none() {
            self.refuse(name, "it is no text", SEE);
        }
        text
    }

    pub(super) fn require_text(&mut self, name: &'static str) -> Option<&'a str> {
        if !self.has(name) {
            self.require(name);
            return None;
        }
        self.text(name)
    }

    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        let Some(value) = self.take(name) else { return false };
        let flag = value.as_bool();
        if flag.is_none() {
            self.refuse(name, "it is neither true nor false", SEE);
        }
        flag.unwrap_or_default()
    }

    /// One text, or a list of them.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<&'a str> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::String(text)) => vec![text.as_str()],
            Some(Value::Array(list)) if list.iter().all(Value::is_str) => {
                list.iter().filter_map(Value::as_str).collect()
            }
            Some(_) => {
                self.refuse(name, "it is neither a text nor a list of texts", SEE);
                Vec::new()
            }
        }
    }

    /// A table inside this one, read by `read`.
    pub(super) fn inner<T>(
        &mut self,
        name: &'static str,
        table: &'a Table,
        read: impl FnOnce(&mut Fields<'a>) -> T,
    ) -> T {
        let mut inner = Fields::new(format!("{}.{name}", self.path), table);
        let value = read(&mut inner);
        self.problems.append(&mut inner.finish());
        value
    }

    /// Every problem, with those of fields that nobody asked for.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for name in self.table.keys().filter(|name| !self.asked.contains(&name.as_str())) {
            let distance = |known: &&&str| strsim::levenshtein(name, known);
            let nearest = self.asked.iter().min_by_key(distance).filter(|it| distance(it) <= 2);
            let because = match nearest {
                Some(near) => format!("{name:?} has no meaning; did you mean {near:?}?"),
                None => format!("{name:?} has no meaning"),
            };
            let problem = Problem::new(0, because, "correct or remove it").of(self.path.clone());
            self.problems.push(problem);
        }
        self.problems
    }
}

/// Where the form is explained.
pub(super) const SEE: &str = "see \"Mappings\" in the README of pagos-statement";
