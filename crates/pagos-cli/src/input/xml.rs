//! The XML of a workbook's part, element by element, without namespaces. It expands only the five
//! entities of XML.

use std::io::BufRead;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

/// The next item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open(String),
    Close(String),
    /// A piece of text; a text with entities comes in several pieces.
    Text(String),
    End,
}

/// The part cannot be read as XML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken;

/// A part that is being read.
pub(super) struct Xml<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
    attributes: Vec<(String, String)>,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(source: R) -> Self {
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), attributes: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Token, Broken> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer).map_err(|_| Broken)?;
            return Ok(match event {
                Event::Start(start) => {
                    let name = start.local_name().into_inner().to_owned();
                    self.attributes = attributes(&start)?;
                    Token::Open(name)
                }
                Event::End(end) => Token::Close(end.local_name().into_inner().to_owned()),
                Event::Text(text) => Token::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Token::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let letter = reference.resolve_char_ref().map_err(|_| Broken)?;
                    let text = match letter {
                        Some(letter) => letter.to_string(),
                        None => resolve_predefined_entity(&reference).ok_or(Broken)?.to_owned(),
                    };
                    Token::Text(text)
                }
                Event::Eof => Token::End,
                Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_) => continue,
            });
        }
    }

    /// An attribute of the element that was opened last.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All text up to the end of the element that was opened last, except the content of elements
    /// named in `without`.
    pub(super) fn text(&mut self, without: &str) -> Result<String, Broken> {
        let (mut text, mut depth, mut hidden) = (String::new(), 1, 0);
        while depth > 0 {
            match self.next()? {
                Token::Open(name) => {
                    depth += 1;
                    hidden += usize::from(hidden > 0 || name == without);
                }
                Token::Close(_) => {
                    depth -= 1;
                    hidden = usize::saturating_sub(hidden, 1);
                }
                Token::Text(piece) if hidden == 0 => text.push_str(&piece),
                Token::Text(_) => {}
                Token::End => return Err(Broken),
            }
        }
        Ok(text)
    }
}

/// Uses local names: `r:id` is `id`.
fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Broken> {
    let read = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let attribute = attribute.map_err(|_| Broken)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Broken)?;
        let name = attribute.key.local_name().into_inner().to_owned();
        Ok((name, value.into_owned()))
    };
    start.attributes().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_with_their_text_and_nothing_is_expanded() {
        let text = "<a x:b='1&amp;2'><!-- no --><t>J&#xF3;<![CDATA[s<]]>&lt;</t><rPh>no</rPh></a>";
        let mut xml = Xml::new(text.as_bytes());
        assert_eq!(xml.next().unwrap(), Token::Open("a".to_owned()));
        assert_eq!(xml.attribute("b"), Some("1&2"));
        assert_eq!(xml.text("rPh").unwrap(), "Jós<<");
        assert_eq!(xml.next().unwrap(), Token::End);
        for broken in ["<a>", "<a></b>", "<a>&lol;</a>", "<a>&#0;</a>", "<a b='1' b='2'></a>"] {
            let mut xml = Xml::new(broken.as_bytes());
            assert!(xml.next().is_err() || xml.text("").is_err(), "{broken}");
        }
    }
}
