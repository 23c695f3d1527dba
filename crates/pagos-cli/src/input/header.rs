//! The header row: the delimiter, the position of each column, and its problems.

use strsim::levenshtein;

use crate::{
    input::{Problem, column::Column, field, problem, record::Record},
    words::{Text, file},
};

/// What separates the fields of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Pipe,
}

impl Delimiter {
    const ALL: [Delimiter; 4] =
        [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe];

    pub(crate) fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Pipe => b'|',
        }
    }

    /// The word for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
            Delimiter::Tab => "tab",
            Delimiter::Pipe => "pipe",
        }
    }

    /// The delimiter that occurs most often in a line; a comma if there is none.
    fn of_line(line: &[u8]) -> Self {
        let count = |wanted: Self| line.iter().filter(|byte| **byte == wanted.byte()).count();
        let most = Self::ALL.into_iter().rev().max_by_key(|delimiter| count(*delimiter));
        most.unwrap_or(Delimiter::Comma)
    }
}

/// The number of lines at the start of a file in which a header is searched for.
const LINES_SEARCHED_MAX: usize = 25;
const LINES_SURVEYED: usize = 200;
/// A row with this many names of columns is the header.
const NAMES_MIN: usize = 3;

/// The beginning of a text.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) delimiter: Delimiter,
    /// The length of a line `sep=;`, which belongs to Excel and is no row.
    pub(crate) skipped_bytes: usize,
}

/// Examines the start of a text, which begins in `line`.
///
/// # Errors
/// The one message about a text with a title above its header.
pub(crate) fn begin(text: &[u8], line: u64) -> Result<Beginning, Problem> {
    let is_break = |byte: &u8| match text.contains(&b'\n') {
        true => *byte == b'\n',
        false => *byte == b'\r',
    };
    let mut lines = text.split(is_break).take(LINES_SEARCHED_MAX).enumerate().peekable();
    let first =
        lines.peek().map_or(&[][..], |(_, first)| first.strip_suffix(b"\r").unwrap_or(first));
    if let Some(named) = separator(first) {
        let delimiter = Delimiter::ALL.into_iter().find(|delimiter| [delimiter.byte()] == *named);
        return match delimiter {
            Some(delimiter) => Ok(Beginning { delimiter, skipped_bytes: first.len() }),
            None => {
                let (because, remedy) = (file::unknown_separator(), file::save_with_separators());
                Err(Problem::of_line(line, because, remedy))
            }
        };
    }
    let mut is_first = true;
    for (number, row) in lines {
        if row.iter().all(|byte| byte.is_ascii_whitespace() || b",;|\"".contains(byte)) {
            continue;
        }
        for delimiter in Delimiter::ALL {
            if count_names(row.split(|byte| *byte == delimiter.byte())) < NAMES_MIN {
                continue;
            }
            return match is_first {
                true => Ok(Beginning { delimiter, skipped_bytes: 0 }),
                false => Err(title(line, line + number as u64)),
            };
        }
        is_first = false;
    }
    Ok(Beginning { delimiter: Delimiter::of_line(first), skipped_bytes: 0 })
}

/// Examines the start of a text whose header can be anywhere: the delimiter is what most lines have, and
/// of several the one that no amount has.
pub(crate) fn begin_anywhere(text: &[u8]) -> Beginning {
    let lines = || text.split(|byte| matches!(byte, b'\n' | b'\r')).take(LINES_SURVEYED);
    let named = lines().next().and_then(separator);
    let is_named = |delimiter: &Delimiter| named.is_some_and(|it| [delimiter.byte()] == *it);
    if let Some(delimiter) = Delimiter::ALL.into_iter().find(is_named) {
        let skipped_bytes = lines().next().map_or(0, <[u8]>::len);
        return Beginning { delimiter, skipped_bytes };
    }
    let count =
        |delimiter: Delimiter| lines().filter(|line| line.contains(&delimiter.byte())).count();
    let unused_by_amounts =
        [Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe, Delimiter::Comma];
    let most = unused_by_amounts.into_iter().rev().max_by_key(|it| count(*it));
    Beginning { delimiter: most.unwrap_or(Delimiter::Comma), skipped_bytes: 0 }
}

/// The separator that a line `sep=;` names.
fn separator(line: &[u8]) -> Option<&[u8]> {
    let bare = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (word, named) = bare.split_at_checked(4)?;
    let (first, rest) = named.split_at_checked(1)?;
    // A table that was saved again has the separators of its other columns after it.
    let is_it = word.eq_ignore_ascii_case(b"sep=") && rest.iter().all(|byte| [*byte] == *first);
    is_it.then_some(first)
}

/// Checks that the first row of a sheet is its header, or finds a later one.
///
/// # Errors
/// The same as [`begin`].
pub(crate) fn check_first<'a>(
    rows: impl Iterator<Item = (u64, &'a Record)>,
) -> Result<(), Problem> {
    let mut first = None;
    for (line, row) in rows.take(LINES_SEARCHED_MAX) {
        let above = *first.get_or_insert(line);
        if count_names(row.fields()) >= NAMES_MIN {
            return if above == line { Ok(()) } else { Err(title(above, line)) };
        }
    }
    Ok(())
}

fn title(line: u64, header: u64) -> Problem {
    Problem::of_line(line, file::header_is_below(header), file::delete_above(header))
}

/// Whether the row names columns, as a header does.
pub(crate) fn is_header(row: &Record) -> bool {
    count_names(row.fields()) > NAMES_MIN
}

/// How many fields of a row name a column, in any case and in Spanish.
fn count_names<'a>(fields: impl Iterator<Item = &'a [u8]>) -> usize {
    let is_name = |field: &&[u8]| {
        let name = String::from_utf8_lossy(field);
        let name = plain_name(name.trim().trim_matches('"'));
        Column::from_name(&name).or_else(|| from_alias(&name)).is_some()
    };
    fields.filter(is_name).count()
}

/// The position of each column in a row of this file.
#[derive(Debug)]
pub(crate) struct Layout {
    places: [Option<usize>; Column::COUNT],
    /// Columns without a name, which should be empty.
    unnamed: Vec<usize>,
    width: usize,
}

impl Layout {
    /// Reads the header row.
    ///
    /// # Errors
    /// All problems of it, at once.
    pub(crate) fn read(header: &Record) -> Result<Self, Vec<Problem>> {
        if let Some(stray) = header.stray_quote {
            let (because, remedy) = stray.kind.explain();
            return Err(vec![Problem::of_line(stray.line, file::a_name(because), remedy)]);
        }
        let mut problems = Vec::new();
        let mut places = [None; Column::COUNT];
        let (mut meant, mut unknown, mut unnamed) = (Vec::new(), Vec::new(), Vec::new());
        for place in 0..header.len() {
            let name = String::from_utf8_lossy(header.field(place)).into_owned();
            if name.trim().is_empty() {
                unnamed.push(place);
                continue;
            }
            let Some(column) = Column::from_name(&name) else {
                match near_miss(&name) {
                    Some(near) => meant.push((name, near)),
                    None => unknown.push(name),
                }
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
        if places.iter().flatten().count() < NAMES_MIN && meant.len() < NAMES_MIN {
            return Err(vec![no_header(header)]);
        }
        // A name similar to that of an existing column means another column.
        let is_there = |column: &Column| places.get(column.place()).is_some_and(Option::is_some);
        let (there, meant): (Vec<_>, Vec<_>) =
            meant.into_iter().partition(|(_, column)| is_there(column));
        unknown.extend(there.into_iter().map(|(name, _)| name));
        let is_meant = |wanted: &Column| meant.iter().any(|(_, column)| column == wanted);
        let absent = Column::ALL
            .into_iter()
            .zip(places)
            .filter(|(column, place)| column.is_required() && place.is_none() && !is_meant(column));
        let absent: Vec<Column> = absent.map(|(column, _)| column).collect();
        problems.extend(missing(header.line, &absent));
        problems.extend(misspelt(header.line, &meant));
        problems.extend(not_known(header.line, &unknown));
        match problems.is_empty() {
            true => Ok(Self { places, unnamed, width: header.len() }),
            false => Err(problems),
        }
    }

    /// The number of fields in each row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The positions of columns without a name.
    pub(crate) fn unnamed(&self) -> &[usize] {
        &self.unnamed
    }

    /// The column at a position.
    pub(crate) fn column_at(&self, place: usize) -> Option<Column> {
        let is_there = |column: &Column| self.place(*column) == Some(place);
        Column::ALL.into_iter().find(is_there)
    }

    /// The position of a column, if the file has it.
    pub(crate) fn place(&self, column: Column) -> Option<usize> {
        self.places.get(column.place()).copied().flatten()
    }

    /// The bytes of a column; empty if the file does not have it.
    pub(crate) fn bytes<'a>(&self, record: &'a Record, column: Column) -> &'a [u8] {
        match self.place(column) {
            Some(place) => record.field(place),
            None => &[],
        }
    }
}

/// The problem of a file without any header.
pub(crate) fn absent() -> Problem {
    Problem::of_line(1, file::file_is_empty(), file::begin_with_header(all_names()))
}

/// The problem of a first row that names no column at all, in place of a dozen problems.
fn no_header(header: &Record) -> Problem {
    let is_number = |field: &[u8]| {
        field.len() > 3 && field.iter().all(|byte| byte.is_ascii_digit() || b".,-".contains(byte))
    };
    let because = if header.cell(0).is_some() {
        file::first_row_is_no_header()
    } else if header.len() == 1 {
        file::row_is_no_header()
    } else if header.fields().any(is_number) {
        file::begins_with_values()
    } else {
        file::no_name_is_known()
    };
    Problem::of_line(header.line, because, file::begin_with_header(all_names()))
}

/// The problem of unknown names, all at once.
fn not_known(line: u64, names: &[String]) -> Option<Problem> {
    let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
    match names.as_slice() {
        [] => None,
        [name] => {
            let (because, remedy) =
                (file::is_no_column(), file::remove_it_columns_are(all_names()));
            Some(Problem { column: Some(name.clone()), ..Problem::of_line(line, because, remedy) })
        }
        _ => {
            let because = file::are_no_columns(names.join(", "));
            let remedy = file::remove_them_columns_are(all_names());
            Some(Problem::of_line(line, because, remedy))
        }
    }
}

/// A name for a message. A header may contain a value, which can be private.
fn shown(name: &str) -> String {
    match name.contains('@') || problem::has_many_digits(name) {
        true => "...".to_owned(),
        false => field::printable(name, 32),
    }
}

fn repeated(line: u64, name: &str) -> Problem {
    let column = Some(name.to_owned());
    Problem { column, ..Problem::of_line(line, file::is_twice_in_header(), file::remove_one()) }
}

/// The problem of names that are nearly those of columns, or their Spanish names, all at once.
fn misspelt(line: u64, names: &[(String, Column)]) -> Option<Problem> {
    match names {
        [] => None,
        [(name, near)] => {
            let (because, remedy) = (file::is_no_column(), file::write_quoted(near.name()));
            Some(Problem { column: Some(shown(name)), ..Problem::of_line(line, because, remedy) })
        }
        _ => {
            let because = file::names_are_no_columns(names.len());
            let pair =
                |(name, near): &(String, Column)| file::name_for_name(near.name(), shown(name));
            let pairs: Vec<Text> = names.iter().map(pair).collect();
            Some(Problem::of_line(line, because, file::write(Text::list(&pairs))))
        }
    }
}

fn missing(line: u64, columns: &[Column]) -> Option<Problem> {
    let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
    match names.as_slice() {
        [] => None,
        [name] => {
            let column = Some((*name).to_owned());
            let (because, remedy) =
                (file::is_missing_in_header(), file::add_it_columns_are(all_names()));
            Some(Problem { column, ..Problem::of_line(line, because, remedy) })
        }
        _ => {
            let because = file::are_missing_in_header(names.join(", "));
            Some(Problem::of_line(line, because, file::add_them_columns_are(all_names())))
        }
    }
}

fn all_names() -> String {
    Column::ALL.map(Column::name).join(", ")
}

/// Names that people use instead, in Spanish and in other exports.
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

fn plain_name(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn from_alias(plain: &str) -> Option<Column> {
    ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, column)| *column)
}

fn near_miss(name: &str) -> Option<Column> {
    let plain = plain_name(name);
    let nearest = || {
        let distances = Column::ALL.map(|column| (levenshtein(&plain, column.name()), column));
        let nearest = distances.into_iter().min_by_key(|(distance, _)| *distance);
        // In a short word, two letters are most of it.
        let most = if plain.chars().count() <= 4 { 1 } else { 2 };
        nearest.filter(|(distance, _)| *distance <= most).map(|(_, column)| column)
    };
    from_alias(&plain).or_else(nearest)
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
