//! HTTP/1.1 on a plain socket, as far as a trial needs it: whole messages, passed on byte by byte.
//! Reads bodies of a stated length only.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const HEAD_BYTES_MAX: usize = 64 * 1024;
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The first line and the headers, with the empty line behind them.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Takes the first message out of `bytes`; `None` while it is not whole.
    fn take(bytes: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let Some(head_end) = bytes.windows(4).position(|it| it == b"\r\n\r\n").map(|at| at + 4)
        else {
            return if bytes.len() > HEAD_BYTES_MAX { Err(broken()) } else { Ok(None) };
        };
        let head = bytes.get(..head_end).unwrap_or_default().to_vec();
        let length = header(&head, "content-length").unwrap_or_else(|| "0".to_owned());
        let length: usize = length.parse().map_err(|_| broken())?;
        if length > BODY_BYTES_MAX {
            return Err(broken());
        }
        let Some(body) = bytes.get(head_end..head_end + length) else { return Ok(None) };
        let message = Self { head, body: body.to_vec() };
        bytes.drain(..head_end + length);
        Ok(Some(message))
    }

    /// The number of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first_line().split(' ').nth(1)?.parse().ok()
    }

    /// Is it the last one on its connection?
    pub(crate) fn closes(&self) -> bool {
        header(&self.head, "connection").is_some_and(|word| word.eq_ignore_ascii_case("close"))
    }

    /// Method and path of a request.
    pub(crate) fn target(&self) -> Option<(String, String)> {
        let line = self.first_line();
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    }

    fn first_line(&self) -> String {
        let end = self.head.windows(2).position(|it| it == b"\r\n").unwrap_or(self.head.len());
        String::from_utf8_lossy(self.head.get(..end).unwrap_or_default()).into_owned()
    }

    /// What whoever asked can tell apart: all of it but the date, whatever the order of the headers.
    pub(crate) fn told(&self) -> Vec<String> {
        let head = String::from_utf8_lossy(&self.head).into_owned();
        let is_date = |line: &&str| line.to_ascii_lowercase().starts_with("date:");
        let mut told: Vec<String> =
            head.lines().filter(|line| !is_date(line)).map(str::to_owned).collect();
        told.sort();
        told.push(String::from_utf8_lossy(&self.body).into_owned());
        told
    }

    pub(crate) fn write_to(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(&[self.head.as_slice(), self.body.as_slice()].concat())
    }
}

/// One end of a connection that is waited on, for `wait_max` at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, wait_max: Duration) -> io::Result<Self> {
        Self::over(TcpStream::connect_timeout(&address, wait_max)?, wait_max)
    }

    pub(crate) fn over(stream: TcpStream, wait_max: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(wait_max))?;
        stream.set_write_timeout(Some(wait_max))?;
        Ok(Self { stream, unread: Vec::new() })
    }

    pub(crate) fn write(&mut self, message: &Message) -> io::Result<()> {
        message.write_to(&mut self.stream)
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next message; `None` if the other side closed in good order.
    pub(crate) fn read(&mut self) -> io::Result<Option<Message>> {
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            if let Some(message) = Message::take(&mut self.unread)? {
                return Ok(Some(message));
            }
            match self.stream.read(&mut chunk)? {
                0 if self.unread.is_empty() => return Ok(None),
                0 => return Err(broken()),
                count => self.unread.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn exchange(&mut self, request: &Message) -> io::Result<Message> {
        self.write(request)?;
        self.read()?.ok_or_else(broken)
    }
}

/// One exchange on a connection of its own.
pub(crate) fn exchange(
    address: SocketAddr,
    request: &Message,
    wait_max: Duration,
) -> io::Result<Message> {
    Connection::open(address, wait_max)?.exchange(request)
}

/// A POST with these further header lines, each with its line end.
pub(crate) fn post(path: &str, headers: &str, body: Vec<u8>) -> Message {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: siege.invalid\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    Message { head: head.into_bytes(), body }
}

/// A GET with these further header lines, each with its line end.
pub(crate) fn get(path: &str, headers: &str) -> Message {
    let head = format!("GET {path} HTTP/1.1\r\nHost: siege.invalid\r\n{headers}\r\n");
    Message { head: head.into_bytes(), body: Vec::new() }
}

/// An answer without a body.
pub(crate) fn answer(status: &str) -> Message {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    Message { head: head.into_bytes(), body: Vec::new() }
}

/// The value of a header.
fn header(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

fn broken() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_whole_and_one_by_one() {
        let whole = post("/webhooks/a", "Sign: x\r\n", b"{}".to_vec());
        let mut bytes = [whole.head.clone(), whole.body.clone()].concat();
        let last = bytes.pop().unwrap();
        assert_eq!(Message::take(&mut bytes).unwrap(), None);
        bytes.push(last);
        bytes.extend_from_slice(&answer("429 Too Many Requests").head);
        assert_eq!(Message::take(&mut bytes).unwrap(), Some(whole.clone()));
        assert_eq!(whole.target(), Some(("POST".to_owned(), "/webhooks/a".to_owned())));
        let second = Message::take(&mut bytes).unwrap().unwrap();
        assert_eq!(second.status(), Some(429));
        assert!(bytes.is_empty());
    }

    #[test]
    fn the_date_and_the_order_of_headers_tell_nothing() {
        let message = |head: &str, body: &str| Message {
            head: head.as_bytes().to_vec(),
            body: body.as_bytes().to_vec(),
        };
        let first = message("HTTP/1.1 200 OK\r\nDate: Mon\r\na: 1\r\nb: 2\r\n\r\n", "x");
        let second = message("HTTP/1.1 200 OK\r\nb: 2\r\nA: 1\r\ndate: Tue\r\n\r\n", "x");
        assert_ne!(first.told(), second.told(), "the spelling of a header does tell");
        let second = message("HTTP/1.1 200 OK\r\nb: 2\r\na: 1\r\ndate: Tue\r\n\r\n", "x");
        assert_eq!(first.told(), second.told());
        let other = message("HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\n\r\n", "y");
        assert_ne!(first.told(), other.told());
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let mut endless = vec![b'a'; HEAD_BYTES_MAX + 1];
        assert!(Message::take(&mut endless).is_err());
        let mut wrong = b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n".to_vec();
        assert!(Message::take(&mut wrong).is_err());
    }
}
