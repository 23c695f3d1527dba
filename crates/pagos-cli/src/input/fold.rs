//! Groups problems for people: a problem of many rows is shown once, with all of its lines.

use std::{collections::HashMap, fmt::Write};

use crate::{
    input::Problem,
    words::{Text, file},
};

/// The maximum number of different problems that are shown; others are counted. A script gets all
/// of them.
const KINDS_MAX: usize = 100;
/// The maximum number of line spans that are named for each problem.
const SPANS_MAX: usize = 8;

/// The problems of a file, grouped by what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    places: HashMap<(Option<String>, Text), usize>,
    kinds: Vec<Kind>,
    more: u64,
}

/// One kind of problem, with all of its lines.
#[derive(Debug)]
struct Kind {
    first: Problem,
    count: u64,
    /// The first and last lines of the spans after the first.
    spans: Vec<(u64, u64)>,
    has_more: bool,
}

impl Folded {
    /// Adds a problem; usually in the order of lines.
    pub(crate) fn add(&mut self, problem: Problem) {
        let key = (problem.column.clone(), problem.because.clone());
        if let Some(kind) = self.places.get(&key).and_then(|place| self.kinds.get_mut(*place)) {
            kind.repeat(problem.line);
            return;
        }
        if self.kinds.len() >= KINDS_MAX {
            self.more += 1;
            return;
        }
        self.places.insert(key, self.kinds.len());
        self.kinds.push(Kind { first: problem, count: 1, spans: Vec::new(), has_more: false });
    }

    /// One line for each kind of problem.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let more = match self.more {
            0 => None,
            1 => Some(file::one_more_problem().into()),
            more => Some(file::more_problems(more).into()),
        };
        self.kinds.iter().map(Kind::text).chain(more)
    }
}

impl Kind {
    fn repeat(&mut self, line: u64) {
        let last = self.spans.last().map_or(self.first.line, |(_, to)| *to);
        if line == last {
            return;
        }
        self.count += 1;
        if let Some(last) = self.spans.last_mut().filter(|(_, to)| to + 1 == line) {
            last.1 = line;
            return;
        }
        match self.spans.len() < SPANS_MAX {
            true => self.spans.push((line, line)),
            false => self.has_more = true,
        }
    }

    fn text(&self) -> String {
        let mut text = self.first.to_string();
        if self.count == 1 {
            return text;
        }
        let others = self.count - 1;
        let spans = self.spans.iter().map(|(from, to)| match from == to {
            true => from.to_string(),
            false => format!("{from}-{to}"),
        });
        let spans: Vec<String> = spans.collect();
        let mut lines = Text::from(spans.join(", "));
        if self.has_more {
            lines = file::and_more(lines);
        }
        let others = match others {
            1 => file::in_one_other_line(lines),
            _ => file::in_other_lines(others, lines),
        };
        // Writing to a string does not fail.
        let _ = write!(text, " {others}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_13_what_is_wrong_in_every_row_is_said_once() {
        let mut folded = Folded::default();
        for line in [2, 3, 4, 7, 9] {
            folded.add(Problem::of_line(line, "has a decimal comma", "write a dot"));
        }
        folded.add(Problem::of_line(5, "is empty", "fill it in"));
        let lines: Vec<String> = folded.lines().collect();
        assert_eq!(
            lines,
            [
                "line 2: has a decimal comma; write a dot (and in 4 other lines: 3-4, 7, 9)",
                "line 5: is empty; fill it in",
            ]
        );
    }

    #[test]
    fn world_13_the_number_of_things_to_say_has_a_limit() {
        let mut folded = Folded::default();
        for line in 1..=150 {
            folded.add(Problem::of_line(line, format!("is odd {line}"), "look"));
            folded.add(Problem::of_line(line * 2, "is even", "look"));
        }
        let lines: Vec<String> = folded.lines().collect();
        assert_eq!(lines.len(), KINDS_MAX + 1);
        assert!(
            lines[1].contains("(and in 149 other lines: 4, 6, 8, 10, 12, 14, 16, 18 and more)")
        );
        assert!(lines[KINDS_MAX].starts_with("... and 51 more problems"));
    }
}
