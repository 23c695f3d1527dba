//! Opens an `.xlsx` workbook: finds its first sheet, and the parts that its cells refer to.
//!
//! We use a strict reader of our own. Libraries that accept everything called a workbook take a
//! formula without a result for an empty cell, an unreadable index for the first of all texts, and
//! as much memory as a small file asks for. Source of the format: ECMA-376, parts 1 and 2.

use std::io::{BufRead, BufReader, Cursor, Read};

use zip::ZipArchive;

use crate::{
    input::{
        Problem,
        style::{self, Styles},
        xml::{Broken, Token, Xml},
    },
    words::file,
};

/// The largest part after decompression. A payroll of some 400,000 rows fits.
const PART_SIZE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// An open workbook.
pub(super) struct Book {
    archive: ZipArchive<Cursor<Vec<u8>>>,
    /// The name of its first sheet.
    pub(super) name: String,
    pub(super) is_hidden: bool,
    /// How many sheets it has.
    pub(super) sheets: usize,
    /// The sheet that a spreadsheet program shows on opening, if that is another one.
    pub(super) shown: Option<String>,
    /// Whether its days are counted from 1904.
    pub(super) is_1904: bool,
    part: String,
    /// The texts that cells refer to by number.
    texts: Vec<RichText>,
    styles: Styles,
}

#[derive(Debug, Default)]
struct Named {
    name: String,
    id: String,
    is_hidden: bool,
}

/// What the workbook says about its sheets.
#[derive(Debug, Default)]
struct Sheets {
    sheets: Vec<Named>,
    /// The position of the one that is shown on opening.
    open: usize,
    is_1904: bool,
}

/// A relation between parts: id, kind, target.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

impl Book {
    /// Opens a workbook and reads everything except its cells.
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Problem> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
        let roots = relations(&mut archive, "")?;
        let main = find(&roots, "officeDocument").ok_or_else(unreadable)?;
        let Sheets { sheets, open, is_1904 } = read_sheets(&mut archive, &main)?;
        let relations = relations(&mut archive, &main)?;
        let Some(first) = sheets.first() else {
            return Err(Problem::of_line(1, file::has_no_sheet(), file::add_the_table()));
        };
        let relation = relations.iter().find(|relation| relation.id == first.id);
        let Some(relation) = relation.filter(|relation| relation.kind == "worksheet") else {
            let because = file::first_sheet_is_no_table();
            return Err(Problem::of_line(1, because, file::move_to_first_sheet()));
        };
        let part = beside(&main, &relation.target);
        // A workbook may lack either. A cell that refers to a missing part is refused.
        let further = |kind| {
            let name = beside(&main, &find(&relations, kind)?);
            place(&archive, &name).map(|_| name)
        };
        let (texts, styles) = (further("sharedStrings"), further("styles"));
        let texts = texts.map(|name| read_texts(&mut archive, &name)).transpose()?;
        let styles = match styles {
            Some(name) => Styles::read(open_part(&mut archive, &name)?)?,
            None => Styles::default(),
        };
        let texts = texts.unwrap_or_default();
        Ok(Self {
            name: first.name.clone(),
            is_hidden: first.is_hidden,
            sheets: sheets.len(),
            shown: sheets.get(open).filter(|_| open > 0).map(|sheet| sheet.name.clone()),
            is_1904,
            archive,
            part,
            texts,
            styles,
        })
    }

    /// The XML of the first sheet.
    pub(super) fn sheet(&mut self) -> Result<(Xml<impl BufRead + '_>, Lookup<'_>), Problem> {
        let lookup = Lookup { texts: &self.texts, styles: &self.styles };
        Ok((open_part(&mut self.archive, &self.part)?, lookup))
    }
}

/// What the cells of a sheet refer to.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) texts: &'a [RichText],
    pub(super) styles: &'a Styles,
}

/// A text, and whether a part of it is struck through.
#[derive(Debug, Clone, Default)]
pub(super) struct RichText {
    pub(super) text: String,
    pub(super) is_struck: bool,
}

pub(super) fn unreadable() -> Problem {
    Problem::of_line(1, file::is_no_workbook(), file::save_as_xlsx_again())
}

impl From<Broken> for Problem {
    fn from(_: Broken) -> Self {
        unreadable()
    }
}

/// The position of a part in the archive. Names of parts ignore case.
fn place(archive: &ZipArchive<Cursor<Vec<u8>>>, name: &str) -> Option<usize> {
    let wanted = name.trim_start_matches('/').as_bytes();
    archive.file_names_raw().position(|known| known.eq_ignore_ascii_case(wanted))
}

fn open_part<'a>(
    archive: &'a mut ZipArchive<Cursor<Vec<u8>>>,
    name: &str,
) -> Result<Xml<impl BufRead + 'a>, Problem> {
    let place = place(archive, name).ok_or_else(unreadable)?;
    let part = archive.by_index(place).map_err(|_| unreadable())?;
    if part.size() > PART_SIZE_BYTES_MAX {
        return Err(Problem::of_line(1, file::book_is_large(), file::export_as_csv()));
    }
    // Its stated size does not matter: a truncated part is no valid XML, and so is refused.
    Ok(Xml::new(BufReader::new(part.take(PART_SIZE_BYTES_MAX))))
}

/// The relations of a part, or of the workbook itself.
fn relations(
    archive: &mut ZipArchive<Cursor<Vec<u8>>>,
    part: &str,
) -> Result<Vec<Relation>, Problem> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let mut xml = open_part(archive, &format!("{folder}/_rels/{name}.rels"))?;
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Token::Open(name) if name == "Relationship" => {
                let text = |name| xml.attribute(name).unwrap_or_default().to_owned();
                let kind = text("Type");
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                relations.push(Relation { id: text("Id"), kind, target: text("Target") });
            }
            Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
            Token::End => return Ok(relations),
        }
    }
}

fn find(relations: &[Relation], kind: &str) -> Option<String> {
    relations.iter().find(|relation| relation.kind == kind).map(|relation| relation.target.clone())
}

/// A target relative to a part.
fn beside(part: &str, target: &str) -> String {
    if target.starts_with('/') {
        return target.to_owned();
    }
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/') {
        match name {
            "." | "" => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names.join("/")
}

/// The sheets in order, and the index of the one that is shown.
fn read_sheets(archive: &mut ZipArchive<Cursor<Vec<u8>>>, part: &str) -> Result<Sheets, Problem> {
    let mut xml = open_part(archive, part)?;
    let mut found = Sheets::default();
    loop {
        match xml.next()? {
            Token::Open(name) if name == "sheet" => {
                let text = |name| xml.attribute(name).unwrap_or_default().to_owned();
                let is_hidden = !matches!(xml.attribute("state"), None | Some("visible"));
                found.sheets.push(Named { name: text("name"), id: text("id"), is_hidden });
            }
            Token::Open(name) if name == "workbookView" => {
                let tab = xml.attribute("activeTab").and_then(|tab| tab.parse().ok());
                found.open = tab.unwrap_or(0);
            }
            Token::Open(name) if name == "workbookPr" => {
                found.is_1904 = matches!(xml.attribute("date1904"), Some("1" | "true"));
            }
            Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
            Token::End => return Ok(found),
        }
    }
}

fn read_texts(
    archive: &mut ZipArchive<Cursor<Vec<u8>>>,
    part: &str,
) -> Result<Vec<RichText>, Problem> {
    let mut xml = open_part(archive, part)?;
    let mut texts = Vec::new();
    loop {
        match xml.next()? {
            Token::Open(name) if name == "si" => texts.push(rich_text(&mut xml)?),
            Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
            Token::End => return Ok(texts),
        }
    }
}

/// The text of an element with `t` or runs of `t` in it, without pronunciation.
pub(super) fn rich_text(xml: &mut Xml<impl BufRead>) -> Result<RichText, Broken> {
    let (mut text, mut depth) = (String::new(), 1);
    // A run has its font before its text.
    let (mut is_run_struck, mut is_struck) = (false, false);
    while depth > 0 {
        match xml.next()? {
            Token::Open(name) if name == "t" => {
                let piece = xml.text("")?;
                is_struck |= is_run_struck && !piece.trim().is_empty();
                text.push_str(&piece);
            }
            Token::Open(name) if name == "rPh" => drop(xml.text("")?),
            Token::Open(name) => {
                depth += 1;
                is_run_struck |= name == "strike" && style::is_on(xml);
            }
            Token::Close(name) => {
                depth -= 1;
                is_run_struck &= name != "r";
            }
            // Only white space for indentation is between elements.
            Token::Text(_) => {}
            Token::End => return Err(Broken),
        }
    }
    Ok(RichText { text: unescaped(&text), is_struck })
}

/// Decodes `_x000D_`, a workbook's notation for characters that XML does not have.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split("_x");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.get(..4).filter(|_| piece.get(4..5) == Some("_"));
        let letter = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        match letter.and_then(char::from_u32) {
            Some(letter) => {
                plain.push(letter);
                plain.push_str(piece.get(5..).unwrap_or_default());
            }
            None => {
                plain.push_str("_x");
                plain.push_str(piece);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_13_a_run_that_is_struck_through_is_seen() {
        for (runs, expected) in [
            ("<t>123</t>", false),
            ("<r><t>1</t></r><r><rPr><strike/></rPr><t>2</t></r><r><t>3</t></r>", true),
            ("<r><rPr><strike val='1'/></rPr><t>123</t></r>", true),
            ("<r><rPr><strike val='0'/></rPr><t>12</t></r><r><t>3</t></r>", false),
            ("<r><rPr><strike/></rPr><t> </t></r><r><t>123</t></r>", false),
        ] {
            let text = format!("<si>{runs}</si>");
            let mut xml = Xml::new(text.as_bytes());
            assert!(xml.next().is_ok());
            let Ok(found) = rich_text(&mut xml) else { panic!("{runs}") };
            assert_eq!((found.text.trim(), found.is_struck), ("123", expected), "{runs}");
        }
    }

    #[test]
    fn targets_and_escapes_are_read() {
        assert_eq!(beside("xl/workbook.xml", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(beside("xl/workbook.xml", "/xl/s.xml"), "/xl/s.xml");
        assert_eq!(beside("workbook.xml", "./a/../b.xml"), "b.xml");
        assert_eq!(unescaped("a_x000D_b_xZZZZ_c_x41"), "a\rb_xZZZZ_c_x41");
    }
}
