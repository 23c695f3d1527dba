//! XML as small trees: events of a narrow reader, kept for one element of a statement at a time. Only
//! the five entities of XML are expanded, and a document type is refused.

use std::io::BufRead;

use quick_xml::{
    Reader, XmlVersion,
    errors::Error,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

use crate::{
    Problem,
    decode::{Decoded, unreadable},
    problem::AGAIN,
};

/// What came next. Names are without their prefix.
#[derive(Debug)]
pub(crate) enum Token {
    /// An element begins; its name and attributes are in `Xml::name` and `Xml::attributes`.
    Open,
    Close,
    /// A piece of text, in `Xml::text`.
    Text,
    End,
}

/// A file that is being read.
pub(crate) struct Xml<R> {
    reader: Reader<Decoded<R>>,
    buffer: Vec<u8>,
    pub(crate) name: String,
    pub(crate) text: String,
    /// The attribute `Ccy`.
    pub(crate) currency: String,
    /// Whatever `xmlns` the element declares, joined.
    pub(crate) namespaces: String,
    depth: usize,
}

impl<R: BufRead> Xml<R> {
    pub(crate) fn open(source: R) -> Result<Self, Problem> {
        let mut reader = Reader::from_reader(Decoded::open(source)?);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            name: String::new(),
            text: String::new(),
            currency: String::new(),
            namespaces: String::new(),
            depth: 0,
        })
    }

    pub(crate) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    pub(crate) fn next(&mut self) -> Result<Token, Problem> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().allow();
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = self.reader.read_event_into(&mut buffer);
            // The event borrows the buffer, which therefore is not that of `self`.
            let token = match read {
                Ok(event) => self.accept(event),
                Err(error) => Err(broken(self.line(), &error)),
            };
            self.buffer = buffer;
            if let Some(token) = token? {
                return Ok(token);
            }
        }
    }

    fn accept(&mut self, event: Event<'_>) -> Result<Option<Token>, Problem> {
        match event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(refused(self.line(), "elements are nested more than 64 deep"));
                }
                self.open_element(&start)?;
                Ok(Some(Token::Open))
            }
            Event::End(_) => {
                self.depth -= 1;
                Ok(Some(Token::Close))
            }
            Event::Text(text) => self.accept_text(&text.xml10_content()),
            Event::CData(text) => self.accept_text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref();
                let letter = letter.map_err(|error| broken(self.line(), &error))?;
                match letter {
                    Some(letter) => self.accept_text(letter.encode_utf8(&mut [0; 4])),
                    None => match resolve_predefined_entity(&reference) {
                        Some(text) => self.accept_text(text),
                        None => Err(refused(self.line(), "an entity other than XML's five")),
                    },
                }
            }
            Event::DocType(_) => Err(refused(self.line(), "a document type (DOCTYPE)")),
            Event::Eof if self.depth > 0 => Err(refused(self.line(), "the file breaks off")),
            Event::Eof => Ok(Some(Token::End)),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(None),
        }
    }

    fn accept_text(&mut self, text: &str) -> Result<Option<Token>, Problem> {
        self.text.clear();
        self.text.push_str(text);
        Ok(Some(Token::Text))
    }

    fn open_element(&mut self, start: &BytesStart<'_>) -> Result<(), Problem> {
        self.name.clear();
        self.name.push_str(start.local_name().into_inner());
        self.currency.clear();
        self.namespaces.clear();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| broken(self.line(), &error.into()))?;
            let name = attribute.key.into_inner();
            let target = match name {
                "Ccy" => &mut self.currency,
                "xmlns" => &mut self.namespaces,
                _ if name.starts_with("xmlns:") => &mut self.namespaces,
                _ => continue,
            };
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let line = self.reader.get_ref().line();
            target.push_str(&value.map_err(|_| refused(line, "an attribute cannot be read"))?);
            target.push(' ');
        }
        Ok(())
    }
}

fn broken(line: u64, error: &Error) -> Problem {
    match error {
        Error::Io(error) => unreadable(line, error),
        _ => refused(line, "the XML is not well-formed"),
    }
}

fn refused(line: u64, because: &str) -> Problem {
    Problem::new(line, because, AGAIN)
}

const DEPTH_MAX: usize = 64;

/// An element with everything in it, in the order of the file. One tree is used again and again.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Names, currencies and texts, one after the other.
    text: String,
    open: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    line: u64,
    name: (usize, usize),
    currency: (usize, usize),
    text: (usize, usize),
    /// The node behind everything in this one.
    end: usize,
}

impl Tree {
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn open(&mut self, name: &str, currency: &str, line: u64) -> Result<(), Problem> {
        if self.nodes.len() >= NODES_MAX {
            return Err(refused(line, "an entry has more than 20,000 elements"));
        }
        let name = self.keep(name);
        let currency = self.keep(currency.trim());
        let empty = (self.text.len(), self.text.len());
        self.open.push(self.nodes.len());
        self.nodes.push(Node { line, name, currency, text: empty, end: usize::MAX });
        Ok(())
    }

    /// Text counts only before an element inside: mixed content does not occur in statements.
    pub(crate) fn add_text(&mut self, text: &str, line: u64) -> Result<(), Problem> {
        if self.text.len() + text.len() > TEXT_BYTES_MAX {
            return Err(refused(line, "an entry has more than 4 MiB of text"));
        }
        let is_last = self.open.last().is_some_and(|open| open + 1 == self.nodes.len());
        if let Some(node) = self.nodes.last_mut().filter(|_| is_last) {
            self.text.push_str(text);
            node.text.1 = self.text.len();
        }
        Ok(())
    }

    /// Closes the element that was opened last, and returns it.
    pub(crate) fn close(&mut self) -> Option<usize> {
        let index = self.open.pop()?;
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(index) {
            node.end = end;
        }
        Some(index)
    }

    pub(crate) fn element(&self, index: usize) -> Option<Element<'_>> {
        self.nodes.get(index).map(|node| Element { tree: self, node, index })
    }

    /// Forgets the element and everything after it.
    pub(crate) fn forget(&mut self, index: usize) {
        if let Some(node) = self.nodes.get(index) {
            self.text.truncate(node.name.0);
        }
        self.nodes.truncate(index);
    }

    /// The name of the element that is `above` levels above the innermost open one.
    pub(crate) fn name_open(&self, above: usize) -> &str {
        let index = self.open.len().checked_sub(above + 1).and_then(|at| self.open.get(at));
        index.and_then(|index| self.element(*index)).map_or("", |element| element.name())
    }

    fn keep(&mut self, text: &str) -> (usize, usize) {
        let start = self.text.len();
        self.text.push_str(text);
        (start, self.text.len())
    }
}

/// An element of a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    tree: &'a Tree,
    node: &'a Node,
    index: usize,
}

impl<'a> Element<'a> {
    fn slice(self, (start, end): (usize, usize)) -> &'a str {
        self.tree.text.get(start..end).unwrap_or_default()
    }

    pub(crate) fn name(self) -> &'a str {
        self.slice(self.node.name)
    }

    pub(crate) fn text(self) -> &'a str {
        self.slice(self.node.text).trim()
    }

    pub(crate) fn currency(self) -> &'a str {
        self.slice(self.node.currency)
    }

    pub(crate) fn line(self) -> u64 {
        self.node.line
    }

    pub(crate) fn children(self) -> impl Iterator<Item = Element<'a>> {
        let (end, mut next) = (self.node.end.min(self.tree.nodes.len()), self.index + 1);
        std::iter::from_fn(move || {
            let child = self.tree.element(next).filter(|_| next < end)?;
            next = child.node.end;
            Some(child)
        })
    }

    pub(crate) fn all(self, name: &'static str) -> impl Iterator<Item = Element<'a>> {
        self.children().filter(move |child| child.name() == name)
    }

    /// The first element at a path such as `Refs/EndToEndId`.
    pub(crate) fn at(self, path: &str) -> Option<Element<'a>> {
        path.split('/')
            .try_fold(self, |element, name| element.children().find(|child| child.name() == name))
    }

    /// The text at a path, unless it is empty.
    pub(crate) fn text_at(self, path: &str) -> Option<&'a str> {
        self.at(path).map(Element::text).filter(|text| !text.is_empty())
    }
}

const NODES_MAX: usize = 20_000;
const TEXT_BYTES_MAX: usize = 4 * 1_024 * 1_024;
