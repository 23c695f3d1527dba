//! The styles of a workbook's cells: which are struck through, and their number formats.

use std::{collections::HashMap, io::BufRead, sync::Arc};

use crate::input::{
    number_format::NumberFormat,
    xml::{Broken, Token, Xml},
};

/// The style of a cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    pub(super) is_struck: bool,
    pub(super) format: Arc<NumberFormat>,
}

/// The styles that cells refer to by number.
#[derive(Debug, Default)]
pub(super) struct Styles {
    of_cells: Vec<Style>,
    /// For each format of a condition, whether it strikes through.
    conditional: Vec<bool>,
}

impl Styles {
    pub(super) fn read(mut xml: Xml<impl BufRead>) -> Result<Self, Broken> {
        let mut styles = Self::default();
        let mut fonts: Vec<bool> = Vec::new();
        let mut formats: HashMap<String, Arc<NumberFormat>> = HashMap::new();
        // Conditions contain fonts and formats too, but cells do not refer to those.
        let (mut is_cells, mut is_condition) = (false, false);
        loop {
            match xml.next()? {
                Token::Open(name) if name == "numFmt" && !is_condition => {
                    let id = xml.attribute("numFmtId").unwrap_or_default().to_owned();
                    let code = xml.attribute("formatCode").unwrap_or_default();
                    formats.insert(id, Arc::new(NumberFormat::parse(code)));
                }
                Token::Open(name) if name == "dxf" => {
                    is_condition = true;
                    styles.conditional.push(false);
                }
                Token::Close(name) if name == "dxf" => is_condition = false,
                Token::Open(name) if name == "font" && !is_condition => fonts.push(false),
                Token::Open(name) if name == "strike" && is_on(&xml) => {
                    let list = if is_condition { &mut styles.conditional } else { &mut fonts };
                    list.last_mut().into_iter().for_each(|is_struck| *is_struck = true);
                }
                Token::Open(name) if name == "cellXfs" => is_cells = true,
                Token::Close(name) if name == "cellXfs" => is_cells = false,
                Token::Open(name) if name == "xf" && is_cells => {
                    let font = xml.attribute("fontId").unwrap_or("0").parse::<usize>();
                    let font = font.ok().and_then(|font| fonts.get(font));
                    let id = xml.attribute("numFmtId").unwrap_or_default();
                    let format = match formats.get(id) {
                        Some(format) => Arc::clone(format),
                        None => {
                            let format = Arc::new(NumberFormat::built_in(id));
                            formats.insert(id.to_owned(), Arc::clone(&format));
                            format
                        }
                    };
                    let is_struck = font.copied().unwrap_or(false);
                    styles.of_cells.push(Style { is_struck, format });
                }
                Token::Open(_) | Token::Close(_) | Token::Text(_) => {}
                Token::End => return Ok(styles),
            }
        }
    }

    /// The style of a cell; a cell without a number has the first style.
    pub(super) fn of_cell(&self, number: Option<&str>) -> Option<&Style> {
        self.of_cells.get(number.unwrap_or("0").trim().parse::<usize>().ok()?)
    }

    /// Whether this format of a condition strikes through.
    pub(super) fn strikes(&self, number: Option<&str>) -> bool {
        let place = number.and_then(|number| number.trim().parse::<usize>().ok());
        place.and_then(|place| self.conditional.get(place)).copied().unwrap_or(false)
    }
}

/// Whether the property that was opened last is switched on, which is the default.
pub(super) fn is_on(xml: &Xml<impl BufRead>) -> bool {
    !matches!(xml.attribute("val"), Some("0" | "false" | "off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_13_fonts_that_are_struck_through_are_found_by_their_cells() {
        let text = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='0%'/></numFmts><fonts><font/>\
                    <font><strike/></font><font><strike val='0'/></font></fonts><cellStyleXfs>\
                    <xf fontId='1'/></cellStyleXfs><cellXfs><xf/><xf fontId='1' numFmtId='14'/>\
                    <xf fontId='2' numFmtId='164'/></cellXfs><dxfs><dxf/><dxf><font><strike/></font>\
                    <numFmt numFmtId='164' formatCode='0'/></dxf></dxfs></styleSheet>";
        let Ok(styles) = Styles::read(Xml::new(text.as_bytes())) else { panic!("no styles") };
        let is_struck = |number| styles.of_cell(number).unwrap().is_struck;
        assert!(!is_struck(None) && is_struck(Some("1")) && !is_struck(Some("2")));
        assert!(styles.of_cell(Some("1")).unwrap().format.is_date());
        assert!(styles.of_cell(Some("3")).is_none() && styles.of_cell(Some("x")).is_none());
        assert!(!styles.strikes(Some("0")) && styles.strikes(Some("1")) && !styles.strikes(None));
    }
}
