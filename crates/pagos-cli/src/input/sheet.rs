//! Reads the rows of a workbook's first sheet as records. Text cells stay text; it does not guess
//! what a number was before a spreadsheet made it a number.

use std::io::BufRead;

use pagos_core::Day;

use crate::{
    input::{
        Problem, Purpose,
        book::{self, Book, Lookup, RichText},
        field, header,
        look::Look,
        number_format::NumberFormat,
        record::{self, Cell, CellKind, FIELDS_MAX, RECORD_SIZE_BYTES_MAX, Record},
        style::Style,
        xml::{Broken, Token, Xml},
    },
    words::{Text, file},
};

/// Every smaller whole number is exact in a cell.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Of rows in points, of columns in characters.
const SIZE_MIN: f64 = 0.5;
/// 1 March 1900, and the last day of the year 9999.
const DAYS_MIN: i32 = 61;
const DAYS_MAX: i32 = 2_958_465;
/// The limit for all cells together.
const CELLS_SIZE_BYTES_MAX: usize = 512 * 1024 * 1024;

/// The rows of a sheet that have content.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// Its name, for people.
    pub(crate) name: String,
    /// The sheet that a spreadsheet program shows on opening, if that is another one.
    pub(crate) shown: Option<String>,
    pub(crate) records: Vec<Record>,
    /// The lines of rows that have content and are hidden, by a filter for example.
    pub(crate) hidden: Vec<u64>,
    /// For each column, whether it is hidden; missing ones are not.
    pub(crate) hidden_columns: Vec<bool>,
    /// Whether a condition strikes cells through, so that their content determines which.
    pub(crate) strikes_by_condition: bool,
}

impl Sheet {
    /// Reads the first sheet of a workbook.
    ///
    /// # Errors
    /// The one message about a workbook that cannot be read.
    pub(super) fn read(bytes: Vec<u8>, purpose: Purpose) -> Result<Self, Problem> {
        let mut book = Book::open(bytes)?;
        let name = field::printable(&book.name, 64);
        if book.is_hidden {
            let because = file::first_sheet_is_hidden(name);
            return Err(Problem::of_line(1, because, file::move_to_first_sheet()));
        }
        let shown = book.shown.as_ref().map(|shown| field::printable(shown, 64));
        if purpose == Purpose::Statement && book.sheets > 1 {
            let because = file::has_several_sheets(book.sheets);
            return Err(Problem::of_line(1, because, file::save_one_sheet()));
        }
        let days_from = match purpose {
            Purpose::Payroll => None,
            Purpose::Statement => Some(epoch(book.is_1904)),
        };
        let (mut xml, lookup) = book.sheet()?;
        let mut reader = Reader {
            lookup,
            days_from,
            records: Vec::new(),
            hidden: Vec::new(),
            hidden_columns: Vec::new(),
            strikes_by_condition: false,
            size_bytes: 0,
        };
        reader.read(&mut xml)?;
        let Reader { records, hidden, hidden_columns, strikes_by_condition, .. } = reader;
        if purpose == Purpose::Payroll {
            header::check_first(records.iter().map(|record| (record.line, record)))?;
        }
        Ok(Self { name, shown, records, hidden, hidden_columns, strikes_by_condition })
    }
}

/// A cell with its position in a row, from 0.
struct Placed {
    place: usize,
    cell: Cell,
}

struct Reader<'a> {
    lookup: Lookup<'a>,
    /// The day with the number 0, if cells may be days.
    days_from: Option<Day>,
    records: Vec<Record>,
    hidden: Vec<u64>,
    hidden_columns: Vec<bool>,
    strikes_by_condition: bool,
    size_bytes: usize,
}

impl Reader<'_> {
    fn read(&mut self, xml: &mut Xml<impl BufRead>) -> Result<(), Problem> {
        let mut line = 0;
        loop {
            match xml.next()? {
                Token::Open(name) if name == "row" => {
                    let before = line;
                    line = match xml.attribute("r") {
                        Some(number) => number.trim().parse().map_err(|_| book::unreadable())?,
                        None => before + 1,
                    };
                    if line <= before {
                        return Err(out_of_order(before));
                    }
                    let is_hidden = is_hidden(xml, "ht");
                    let cells = self.read_row(xml, line)?;
                    self.keep(line, cells, is_hidden)?;
                }
                Token::Open(name) if name == "col" && is_hidden(xml, "width") => {
                    self.hide_columns(xml.attribute("min"), xml.attribute("max"));
                }
                Token::Open(name) if name == "cfRule" => {
                    self.strikes_by_condition |= self.lookup.styles.strikes(xml.attribute("dxfId"));
                }
                Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
                Token::End => return Ok(()),
            }
        }
    }

    /// Hides a range of columns, which are numbered from 1.
    fn hide_columns(&mut self, first: Option<&str>, last: Option<&str>) {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok());
        let (Some(first), Some(last)) = (number(first), number(last)) else { return };
        let last = last.min(FIELDS_MAX);
        if self.hidden_columns.len() < last {
            self.hidden_columns.resize(last, false);
        }
        let columns = self.hidden_columns.iter_mut().take(last);
        columns.skip(first.saturating_sub(1)).for_each(|is_hidden| *is_hidden = true);
    }

    fn read_row(&self, xml: &mut Xml<impl BufRead>, line: u64) -> Result<Vec<Placed>, Problem> {
        let mut cells: Vec<Placed> = Vec::new();
        let mut next = 0;
        loop {
            match xml.next()? {
                Token::Open(name) if name == "c" => {
                    let place = match xml.attribute("r") {
                        Some(address) => place_of(address, line).ok_or_else(book::unreadable)?,
                        None => next,
                    };
                    if place < next {
                        return Err(out_of_order(line));
                    }
                    next = place + 1;
                    if let Some(cell) = self.read_cell(xml, place, line)? {
                        check_size(place, line, &cell.text)?;
                        cells.push(Placed { place, cell });
                    }
                }
                Token::Close(name) if name == "row" => return Ok(cells),
                Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
                Token::End => return Err(book::unreadable()),
            }
        }
    }

    /// The content of a cell; `None` for an empty one.
    fn read_cell(
        &self,
        xml: &mut Xml<impl BufRead>,
        place: usize,
        line: u64,
    ) -> Result<Option<Cell>, Problem> {
        let kind = xml.attribute("t").unwrap_or("n").to_owned();
        let style = self.lookup.styles.of_cell(xml.attribute("s"));
        let (mut value, mut has_formula) = (None, false);
        loop {
            match xml.next()? {
                Token::Open(name) if name == "v" => value = Some(plain(xml.text("")?)),
                Token::Open(name) if name == "is" => value = Some(book::rich_text(xml)?),
                Token::Open(name) if name == "f" => {
                    xml.text("")?;
                    has_formula = true;
                }
                Token::Close(name) if name == "c" => break,
                Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
                Token::End => return Err(book::unreadable()),
            }
        }
        // Only a formula that results in text can result in an empty one.
        if has_formula && kind != "str" && value.as_ref().is_none_or(|it| it.text.is_empty()) {
            return Err(without_result(place, line));
        }
        let Some(value) = value else { return Ok(None) };
        let cell = self.read_value(&kind, style, value)?;
        Ok(Some(cell).filter(|cell| !cell.text.is_empty()))
    }

    fn read_value(
        &self,
        kind: &str,
        style: Option<&Style>,
        value: RichText,
    ) -> Result<Cell, Broken> {
        let format = style.map(|style| style.format.as_ref());
        let is_date = format.is_some_and(NumberFormat::is_date);
        let (mut looks, shown) = (Vec::new(), |shown: Vec<_>| shown.into_iter().map(Look::Shown));
        looks.extend(style.filter(|style| style.is_struck).map(|_| Look::Struck));
        let (kind, text) = match kind {
            "s" => {
                let number = value.text.trim().parse::<usize>().map_err(|_| Broken)?;
                let rich = self.lookup.texts.get(number).ok_or(Broken)?;
                looks.extend(rich.is_struck.then_some(Look::PartStruck));
                looks.extend(format.into_iter().map(NumberFormat::of_text).flat_map(shown));
                (CellKind::Text, rich.text.clone())
            }
            // Its text, such as #N/A, is reported like that of a text file.
            "str" | "inlineStr" | "e" => {
                looks.extend(value.is_struck.then_some(Look::PartStruck));
                looks.extend(format.into_iter().map(NumberFormat::of_text).flat_map(shown));
                (CellKind::Text, value.text)
            }
            "n" if value.text.trim().is_empty() => (CellKind::Number, String::new()),
            "n" if !is_date => {
                let number = value.text.trim().parse::<f64>().map_err(|_| Broken)?;
                let text = number_text(number);
                let of_number = |format: &NumberFormat| format.of_number(number, &text);
                looks.extend(format.into_iter().map(of_number).flat_map(shown));
                (CellKind::Number, text)
            }
            "n" => match self.days_from.and_then(|zero| day_text(zero, &value.text)) {
                Some(day) => (CellKind::Text, day),
                None => (CellKind::Other, "?".to_owned()),
            },
            // Truth values, and dates of another form.
            _ => (CellKind::Other, "?".to_owned()),
        };
        Ok(Cell { kind, text, looks })
    }

    /// Keeps a row with content, as wide as the header or its own last cell.
    fn keep(&mut self, line: u64, cells: Vec<Placed>, is_hidden: bool) -> Result<(), Problem> {
        let end = cells.last().map_or(0, |cell| cell.place + 1);
        let width = self.records.first().map_or(end, |header| header.len().max(end));
        let mut row = vec![Cell::empty(); end];
        for Placed { place, cell } in cells {
            if let Some(slot) = row.get_mut(place) {
                *slot = cell;
            }
        }
        let record = Record::of_cells(line, width, row.into_iter());
        if record.is_blank() {
            return Ok(());
        }
        self.size_bytes += record.size_bytes();
        if self.size_bytes > CELLS_SIZE_BYTES_MAX {
            return Err(Problem::of_line(line, file::cells_are_many(), file::export_as_csv()));
        }
        if is_hidden {
            self.hidden.push(line);
        }
        self.records.push(record);
        Ok(())
    }
}

/// The day with the number 0. Programs count a 29 February 1900 that never was, so what is from
/// March 1900 on counts from a day earlier than the first of January 1900 suggests. Source: ECMA-376,
/// part 1, 18.17.4.1.
fn epoch(is_1904: bool) -> Day {
    let day = if is_1904 { Day::new(1904, 1, 1) } else { Day::new(1899, 12, 30) };
    // Both are days of the calendar.
    day.unwrap_or(Day::MIN)
}

/// The day of a cell, such as `2026-01-31`, without its time; `None` for a number that is no day since
/// March 1900.
fn day_text(zero: Day, number: &str) -> Option<String> {
    let whole = number.trim().split('.').next()?;
    let days: i32 = whole.parse().ok().filter(|days| (DAYS_MIN..=DAYS_MAX).contains(days))?;
    Some(zero.plus(days).to_string())
}

fn plain(text: String) -> RichText {
    RichText { text, is_struck: false }
}

/// Whether a row or a column is hidden, or is too small for anything to be seen.
fn is_hidden(xml: &Xml<impl BufRead>, size: &str) -> bool {
    let is_flat = |size: &str| size.trim().parse::<f64>().is_ok_and(|size| size < SIZE_MIN);
    matches!(xml.attribute("hidden"), Some("1" | "true"))
        || xml.attribute(size).is_some_and(is_flat)
}

/// The column of an address such as `J12`, from 0, if the address is in that row.
fn place_of(address: &str, line: u64) -> Option<usize> {
    let letters = address.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let row: u64 = address.get(letters.len()..)?.parse().ok()?;
    let is_address = row == line && (1..=3).contains(&letters.len());
    let value = |letter: char| letter.is_ascii_alphabetic().then(|| letter.to_digit(36)).flatten();
    let place = letters.chars().try_fold(0_usize, |place, letter| {
        // In base 36, letters are the digits from 10 to 35.
        Some(place * 26 + usize::try_from(value(letter)? - 9).ok()?)
    })?;
    place.checked_sub(1).filter(|_| is_address)
}

fn check_size(place: usize, line: u64, text: &str) -> Result<(), Problem> {
    if place < FIELDS_MAX && text.len() <= RECORD_SIZE_BYTES_MAX {
        return Ok(());
    }
    let because = file::cell_is_far(FIELDS_MAX, RECORD_SIZE_BYTES_MAX);
    Err(in_cell(place, line, because, file::remove_it()))
}

fn without_result(place: usize, line: u64) -> Problem {
    in_cell(place, line, file::formula_without_result(), file::save_in_excel())
}

fn out_of_order(line: u64) -> Problem {
    Problem::of_line(line, file::cells_are_out_of_order(), file::save_in_excel())
}

fn in_cell(place: usize, line: u64, because: Text, remedy: Text) -> Problem {
    let cell = Some(record::address(place, line).into());
    Problem { cell, ..Problem::of_line(line, because, remedy) }
}

/// All digits of a number, without an exponent. A number that is too large to be exact keeps a mark
/// that makes it unreadable as an amount.
fn number_text(number: f64) -> String {
    match number.abs() < WHOLE_MAX {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_as_spreadsheets_count() {
        let day = |is_1904, number| day_text(epoch(is_1904), number);
        // As LibreOffice and Excel show them.
        for (number, expected) in [
            ("61", Some("1900-03-01")),
            ("45658", Some("2025-01-01")),
            ("46053.75", Some("2026-01-31")),
            ("2958465", Some("9999-12-31")),
            ("60", None),
            ("-1", None),
            ("2958466", None),
            ("1e5", None),
            ("", None),
        ] {
            assert_eq!(day(false, number).as_deref(), expected, "{number}");
        }
        assert_eq!(day(true, "44591").as_deref(), Some("2026-01-31"));
    }

    #[test]
    fn addresses_have_a_column_and_the_row_that_they_are_in() {
        for (address, expected) in [
            ("A12", Some(0)),
            ("J12", Some(9)),
            ("AA12", Some(26)),
            ("XFD12", Some(16_383)),
            ("a12", Some(0)),
            ("A13", None),
            ("12", None),
            ("A", None),
            ("AAAA12", None),
            ("Ñ12", None),
            ("A-12", None),
        ] {
            assert_eq!(place_of(address, 12), expected, "{address}");
        }
    }
}
