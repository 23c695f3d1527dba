//! The header row: delimiter, which column stands where, and what is wrong with it. No rows.

use crate::input::Problem;
use crate::input::column::Column;
use crate::input::field;
use crate::input::record::Record;
use crate::near::distance;

/// What separates the fields of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Comma,
    Semicolon,
}

impl Delimiter {
    /// Whichever the first line has more of; a comma if it has none.
    pub(crate) fn detect(text: &[u8]) -> Self {
        let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or(&[]);
        let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
        match count(b';') > count(b',') {
            true => Delimiter::Semicolon,
            false => Delimiter::Comma,
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
        }
    }

    /// The word for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
        }
    }
}

/// Where each column stands in a row of this file.
#[derive(Debug)]
pub(crate) struct Layout {
    places: [Option<usize>; Column::COUNT],
    width: usize,
}

impl Layout {
    /// Reads the header row.
    ///
    /// # Errors
    /// Everything that is wrong with it, in one go.
    pub(crate) fn read(header: &Record) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut places = [None; Column::COUNT];
        for place in 0..header.len() {
            let name = String::from_utf8_lossy(header.field(place)).into_owned();
            let Some(column) = Column::from_name(&name) else {
                problems.push(unknown(header.line, place, &name));
                continue;
            };
            // `column.place()` is below COUNT by definition of the enum.
            if let Some(slot) = places.get_mut(column.place()) {
                if slot.is_some() {
                    problems.push(repeated(header.line, &name));
                }
                *slot = Some(place);
            }
        }
        for (column, place) in Column::ALL.into_iter().zip(places) {
            if column.is_required() && place.is_none() {
                problems.push(missing(header.line, column));
            }
        }
        match problems.is_empty() {
            true => Ok(Self { places, width: header.len() }),
            false => Err(problems),
        }
    }

    /// How many fields each row has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The bytes of a column; empty if the file does not have it.
    pub(crate) fn bytes<'a>(&self, record: &'a Record, column: Column) -> &'a [u8] {
        match self.places.get(column.place()).copied().flatten() {
            Some(place) => record.field(place),
            None => &[],
        }
    }
}

/// The file has no header at all.
pub(crate) fn absent() -> Problem {
    Problem::of_line(1, "the file is empty", format!("begin with a header: {}", all_names()))
}

fn unknown(line: u64, place: usize, name: &str) -> Problem {
    let number = place + 1;
    let (because, remedy) = if name.trim().is_empty() {
        (format!("column {number} has no name"), "remove the empty column".to_owned())
    } else if name.contains('\t') {
        let remedy = "save it with commas or semicolons".to_owned();
        ("the file is separated by tabs".to_owned(), remedy)
    } else if let Some(near) = near_miss(name) {
        ("is not a column that Pagos knows".to_owned(), format!("write {:?}", near.name()))
    } else {
        let remedy = format!("remove it; the columns are {}", all_names());
        ("is not a column that Pagos knows".to_owned(), remedy)
    };
    let shown = (!name.trim().is_empty()).then(|| field::printable(name, 32));
    Problem { line, column: shown, value: None, because, remedy }
}

fn repeated(line: u64, name: &str) -> Problem {
    let column = Some(name.to_owned());
    let (because, remedy) = ("stands in the header twice".to_owned(), "remove one".to_owned());
    Problem { line, column, value: None, because, remedy }
}

fn missing(line: u64, column: Column) -> Problem {
    let remedy = format!("add it to the header; the columns are {}", all_names());
    let column = Some(column.name().to_owned());
    Problem { line, column, value: None, because: "is missing in the header".to_owned(), remedy }
}

fn all_names() -> String {
    Column::ALL.map(Column::name).join(", ")
}

/// What people write instead, in Spanish and in other exports.
const ALIASES: [(&str, Column); 24] = [
    ("id", Column::Key),
    ("reference", Column::Key),
    ("referencia", Column::Key),
    ("clave", Column::Key),
    ("proveedor", Column::Provider),
    ("monto", Column::Amount),
    ("valor", Column::Amount),
    ("importe", Column::Amount),
    ("moneda", Column::Currency),
    ("nombre", Column::Name),
    ("beneficiary", Column::Name),
    ("tipo_documento", Column::DocumentType),
    ("id_type", Column::DocumentType),
    ("documento", Column::Document),
    ("cedula", Column::Document),
    ("banco", Column::Bank),
    ("bank_id", Column::Bank),
    ("tipo_cuenta", Column::AccountType),
    ("cuenta", Column::Account),
    ("account_number", Column::Account),
    ("correo", Column::Email),
    ("telefono", Column::Phone),
    ("celular", Column::Phone),
    ("descripcion", Column::Description),
];

fn near_miss(name: &str) -> Option<Column> {
    let plain: String = name.trim().to_lowercase().replace([' ', '-'], "_");
    let alias = ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, column)| *column);
    let nearest = || {
        let distances = Column::ALL.map(|column| (distance(&plain, column.name()), column));
        let nearest = distances.into_iter().min_by_key(|(distance, _)| *distance);
        nearest.filter(|(distance, _)| *distance <= 2).map(|(_, column)| column)
    };
    alias.or_else(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_recognised() {
        let cases = [
            ("Amount", Some(Column::Amount)),
            ("amuont", Some(Column::Amount)),
            ("Account Type", Some(Column::AccountType)),
            ("monto", Some(Column::Amount)),
            ("e-mail", Some(Column::Email)),
            ("salary_grade", None),
        ];
        for (name, expected) in cases {
            assert_eq!(near_miss(name), expected, "{name}");
        }
    }
}
