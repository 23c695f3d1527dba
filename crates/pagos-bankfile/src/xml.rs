//! XML as banks write it: a narrow writer, and a reader that refuses what these files never need
//! (document types, entities of their own) and limits what they can.

use quick_xml::{
    Reader, XmlVersion,
    escape::{escape, resolve_predefined_entity},
    events::{BytesRef, BytesStart, Event},
};

use crate::Problem;

/// Larger than the answer to any file.
const SIZE_BYTES_MAX: usize = 64 << 20;
/// Deeper than any of these files.
const DEPTH_MAX: usize = 32;

/// Writes elements, one on a line.
#[derive(Debug)]
pub(crate) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    pub(crate) fn open(&mut self, name: &'static str) {
        self.indent();
        self.out.push_str(&format!("<{name}>\n"));
        self.open.push(name);
    }

    pub(crate) fn open_with(&mut self, name: &'static str, attribute: &str, value: &str) {
        self.indent();
        self.out.push_str(&format!("<{name} {attribute}=\"{}\">\n", escape(value)));
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.out.push_str(&format!("</{name}>\n"));
        }
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.indent();
        self.out.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
    }

    pub(crate) fn text_with(&mut self, name: &str, attribute: &str, value: &str, text: &str) {
        self.indent();
        let (value, text) = (escape(value), escape(text));
        self.out.push_str(&format!("<{name} {attribute}=\"{value}\">{text}</{name}>\n"));
    }

    pub(crate) fn end(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    fn indent(&mut self) {
        self.out.push_str(&" ".repeat(self.open.len()));
    }
}

/// What a reader comes across.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// An element begins; the path ends with its name.
    Open { path: &'a [&'a str], attributes: &'a [(String, String)] },
    /// An element ends, with its own text.
    Close { path: &'a [&'a str], text: &'a str },
}

/// An element that is open.
struct Level {
    name: String,
    text: String,
}

fn broken(place: impl Into<String>, because: &str) -> Result<(), Problem> {
    Err(Problem::new(place, because, "fetch the file again, and take it as it comes"))
}

/// Reads a file from start to end. Names are without their prefixes.
pub(crate) fn read(bytes: &[u8], mut visit: impl FnMut(Node<'_>)) -> Result<(), Problem> {
    if bytes.len() > SIZE_BYTES_MAX {
        return broken("the file", "it is larger than 64 MiB");
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return broken("the file", "it is not UTF-8");
    };
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut levels, mut roots) = (Vec::<Level>::new(), 0);
    loop {
        let event = reader.read_event();
        let line = || line_of(text, reader.buffer_position());
        let Ok(event) = event else { return broken(line(), "it is not well-formed XML") };
        match event {
            Event::Start(start) => {
                roots += usize::from(levels.is_empty());
                if roots > 1 || levels.len() >= DEPTH_MAX {
                    return broken(line(), "it has a second root, or is too deep");
                }
                let Some(attributes) = attributes(&start) else {
                    return broken(line(), "an attribute is not well-formed");
                };
                let name = start.local_name().into_inner().to_owned();
                levels.push(Level { name, text: String::new() });
                visit(Node::Open { path: &path(&levels), attributes: &attributes });
            }
            Event::End(_) => {
                let text = levels.last_mut().map(|level| std::mem::take(&mut level.text));
                let text = text.unwrap_or_default();
                visit(Node::Close { path: &path(&levels), text: text.trim() });
                levels.pop();
            }
            Event::Text(piece) => push(&mut levels, &piece.xml10_content()),
            Event::CData(piece) => push(&mut levels, &piece.xml10_content()),
            Event::GeneralRef(reference) => match entity(&reference) {
                Some(text) => push(&mut levels, &text),
                None => return broken(line(), "it has an entity of its own"),
            },
            Event::DocType(_) => return broken(line(), "it has a document type, which is refused"),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (levels.is_empty(), roots) {
        (true, 1) => Ok(()),
        (true, _) => broken("the file", "there is no XML in it"),
        (false, _) => broken("the file", "it is cut off"),
    }
}

/// A character by its number, or one of the five entities of XML.
fn entity(reference: &BytesRef<'_>) -> Option<String> {
    let letter = reference.resolve_char_ref().ok()?.map(|letter| letter.to_string());
    letter.or_else(|| resolve_predefined_entity(reference).map(str::to_owned))
}

fn path(levels: &[Level]) -> Vec<&str> {
    levels.iter().map(|level| level.name.as_str()).collect()
}

/// Text outside of the root is no element's.
fn push(levels: &mut [Level], text: &str) {
    if let Some(level) = levels.last_mut() {
        level.text.push_str(text);
    }
}

fn attributes(start: &BytesStart<'_>) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        found.push((attribute.key.local_name().into_inner().to_owned(), value));
    }
    Some(found)
}

/// The value of an attribute, without the blanks around it.
pub(crate) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

fn line_of(text: &str, position: u64) -> String {
    let before = usize::try_from(position).ok().and_then(|end| text.as_bytes().get(..end));
    let feeds = before.unwrap_or(text.as_bytes()).iter().filter(|byte| **byte == b'\n').count();
    format!("line {}", feeds + 1)
}
