//! Statements (camt.053) and notifications (camt.054) of ISO 20022, versions .02 to .13, as far as
//! reconciling needs them. An intraday report (camt.052) is refused: its entries may still change.

mod codes;
mod details;
mod entry;
mod message;
mod statement;
mod summary;

use std::io::BufRead;

use crate::{
    Counts, Part, Problem,
    problem::{AGAIN, Problems},
    sum::Once,
    xml::{Token, Tree, Xml},
};
use message::Message;
use statement::Statement;

/// Reads camt.053 and camt.054, entry by entry.
///
/// A notification (camt.054) tells entries that the statement of the day tells again. Both are the same
/// line if the bank gives them the same reference (`AcctSvcrRef`); see `Line::fingerprint`.
///
/// A file with a problem gives `Err` at its end, after parts of it went into the sink: use none of
/// them. Either read the file twice, first into a sink that does nothing, or keep what the sink gets
/// until the end.
///
/// ```
/// let xml = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/camt.xml"));
/// let mut lines = Vec::new();
/// let counts = pagos_statement::read_camt(xml.as_bytes(), &mut |part| {
///     if let pagos_statement::Part::Line(line) = part {
///         lines.push(line);
///     }
/// });
/// assert_eq!(counts.unwrap().lines, 1);
/// assert_eq!(lines[0].change().to_string(), "-150000.00 COP");
/// ```
///
/// # Errors
/// Every problem of the file, up to 1,000. A broken XML is the last one that is found.
pub fn read_camt(source: impl BufRead, sink: &mut dyn FnMut(Part)) -> Result<Counts, Vec<Problem>> {
    let xml = Xml::open(source).map_err(|problem| vec![problem])?;
    let mut file = File {
        xml,
        tree: Tree::default(),
        place: Place::Outside,
        skipped: 0,
        has_document: false,
        once: Once::default(),
        problems: Problems::default(),
        counts: Counts::default(),
    };
    if let Err(problem) = file.read(sink) {
        file.problems.add(problem);
    }
    file.problems.finish(file.counts)
}

struct File<R> {
    xml: Xml<R>,
    tree: Tree,
    place: Place,
    /// Elements that are open and of no interest.
    skipped: usize,
    has_document: bool,
    once: Once,
    problems: Problems,
    counts: Counts,
}

/// Where in the file the reader is.
#[derive(Debug)]
enum Place {
    /// Before or behind a document; an envelope may be around it.
    Outside,
    Document(Message),
    Message(Message),
    Statement(Box<Statement>, Message),
}

impl<R: BufRead> File<R> {
    fn read(&mut self, sink: &mut dyn FnMut(Part)) -> Result<(), Problem> {
        while !self.problems.is_full() {
            match self.xml.next()? {
                Token::Open => self.open()?,
                Token::Close => self.close(sink)?,
                Token::Text if self.tree.is_open() => {
                    self.tree.add_text(&self.xml.text, self.xml.line())?;
                }
                Token::Text => {}
                Token::End if self.has_document => return Ok(()),
                Token::End => return Err(Problem::new(1, "no camt document", AS_CAMT)),
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Problem> {
        let (name, line) = (self.xml.name.as_str(), self.xml.line());
        if self.tree.is_open() {
            return self.tree.open(name, &self.xml.currency, line);
        }
        if self.skipped > 0 {
            self.skipped += 1;
            return Ok(());
        }
        match &self.place {
            // What is around a document is an envelope.
            Place::Outside if name == "Document" => {
                self.place = Place::Document(Message::of(&self.xml.namespaces, line)?);
                self.has_document = true;
            }
            Place::Outside => {}
            Place::Document(message) if name == message.root() => {
                self.place = Place::Message(*message);
            }
            Place::Document(message) => {
                let because = format!("the document holds no {}", message.root());
                return Err(Problem::new(line, because, AGAIN));
            }
            Place::Message(message) if name == message.statement() => {
                self.place = Place::Statement(
                    Box::new(Statement::new(line, self.problems.count())),
                    *message,
                );
            }
            Place::Message(_) => self.skipped = 1,
            Place::Statement(..) => self.tree.open(name, "", line)?,
        }
        Ok(())
    }

    fn close(&mut self, sink: &mut dyn FnMut(Part)) -> Result<(), Problem> {
        if self.tree.is_open() {
            return self.close_element(sink);
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        self.place = match std::mem::replace(&mut self.place, Place::Outside) {
            Place::Outside | Place::Document(_) => Place::Outside,
            Place::Message(message) => Place::Document(message),
            Place::Statement(statement, message) => {
                statement.finish(
                    message,
                    &mut self.once,
                    &mut self.problems,
                    &mut self.counts,
                    sink,
                );
                Place::Message(message)
            }
        };
        Ok(())
    }

    /// An element inside a statement ends. The details of a batch are reduced one by one, so that a
    /// batch of any size is read in little memory.
    fn close_element(&mut self, sink: &mut dyn FnMut(Part)) -> Result<(), Problem> {
        let Place::Statement(statement, _) = &mut self.place else { return Ok(()) };
        let is_details = self.tree.depth() == 3 && self.tree.name_open(0) == "TxDtls";
        let Some(index) = self.tree.close() else { return Ok(()) };
        if is_details {
            if let Some(element) = self.tree.element(index) {
                statement.add_details(element, &mut self.problems)?;
            }
            self.tree.forget(index);
        }
        if self.tree.is_open() {
            return Ok(());
        }
        if let Some(element) = self.tree.element(index) {
            statement.accept(element, &mut self.problems, &mut self.counts, sink);
        }
        self.tree.forget(0);
        Ok(())
    }
}

const AS_CAMT: &str = "ask the bank for camt.053 (statements) or camt.054 (notifications); a workbook \
                       in XML has to be saved as .xlsx";
