//! Which column of a table is which, found in its header row.

use crate::{
    Mapping, Problem, Row,
    fold::fold,
    mapping::{Column, Rule},
};

/// Positions of columns from 0, and the rules about rows by them.
pub(super) struct Columns<'a> {
    positions: Vec<(&'a Column, usize)>,
    pub(super) skip: Vec<(usize, &'a Rule)>,
    pub(super) end: Vec<(usize, &'a Rule)>,
}

/// Whether a row has all names of the header.
pub(super) fn is_header(mapping: &Mapping, row: &Row) -> bool {
    let is_in = |name: &String| row.cells.iter().any(|cell| fold(cell) == *name);
    !mapping.header.is_empty() && mapping.header.iter().all(is_in)
}

/// A cell; a row that is too short has empty ones. An apostrophe around it is a sign of spreadsheets
/// that it is text, and no part of it.
pub(super) fn cell(row: &Row, position: usize) -> &str {
    row.cells.get(position).map_or("", |cell| cell.trim().trim_matches('\''))
}

impl<'a> Columns<'a> {
    /// Of a table without a header row. A name among the columns was refused with the mapping.
    pub(super) fn by_number(mapping: &'a Mapping) -> Self {
        let position = |column: &Column| match column {
            Column::Number(number) => number - 1,
            Column::Name { .. } => usize::MAX,
        };
        Self::at(mapping, mapping.columns().map(|it| (it, position(it))).collect())
    }

    pub(super) fn find(mapping: &'a Mapping, header: &Row) -> Result<Self, Problem> {
        let cells: Vec<String> = header.cells.iter().map(|cell| fold(cell)).collect();
        let refused = |column: &Column, because: &str| {
            let remedy = "correct the name in the mapping, or export the file anew";
            Problem::new(header.place, because, remedy).of(column.label())
        };
        let mut positions = Vec::new();
        for column in mapping.columns() {
            let position = match column {
                Column::Number(number) => number - 1,
                Column::Name { folded, .. } => {
                    let mut found = cells.iter().enumerate().filter(|(_, cell)| *cell == folded);
                    match (found.next(), found.next()) {
                        (Some((position, _)), None) => position,
                        (None, _) => {
                            return Err(refused(column, "the header row has no such column"));
                        }
                        _ => return Err(refused(column, "the header row has two such columns")),
                    }
                }
            };
            positions.push((column, position));
        }
        Ok(Self::at(mapping, positions))
    }

    fn at(mapping: &'a Mapping, positions: Vec<(&'a Column, usize)>) -> Self {
        let place = |column: &Column| {
            let found = positions.iter().find(|(known, _)| *known == column);
            found.map_or(usize::MAX, |(_, position)| *position)
        };
        let skip = mapping.skip.iter().map(|rule| (place(&rule.column), rule)).collect();
        let end = mapping.end.iter().map(|rule| (place(&rule.column), rule)).collect();
        Self { positions, skip, end }
    }

    /// The cell of a column.
    pub(super) fn cell<'r>(&self, row: &'r Row, column: &Column) -> &'r str {
        let found = self.positions.iter().find(|(known, _)| *known == column);
        found.map_or("", |(_, position)| cell(row, *position))
    }
}
