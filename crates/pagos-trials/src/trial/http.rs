//! One HTTP/1.1 exchange with a twin on loopback. Not a client for anything else: no TLS, no
//! redirects, no chunked bodies, one connection for each call.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::failure::Failure;

const WAIT_MAX: Duration = Duration::from_secs(60);

/// Sends a call and returns the body of a 200.
pub(crate) fn call(origin: &str, method: &str, path: &str, body: &str) -> Result<String, Failure> {
    let authority = origin.trim_end_matches('/').strip_prefix("http://");
    let authority =
        authority.ok_or_else(|| Failure::new(format!("{origin:?} is not http://HOST:PORT")))?;
    let what = format!("{method} {path}");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let response = exchange(authority, &request).map_err(Failure::while_doing(&what))?;
    parse(&response).map_err(Failure::while_doing(&what))
}

/// Opens a page as a browser does that follows no redirect.
pub(crate) fn visit(origin: &str, path: &str) -> Result<(), Failure> {
    match call(origin, "GET", path, "") {
        Err(failure) if failure.to_string().contains(" 302 ") => Ok(()),
        outcome => outcome.map(drop),
    }
}

fn exchange(authority: &str, request: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    stream.set_write_timeout(Some(WAIT_MAX))?;
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(response)
}

fn parse(response: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(response).map_err(Failure::while_doing("not text"))?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Err(Failure::new("the answer has no end of its head"));
    };
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(Failure::new(format!("{status}: {}", body.trim())));
    }
    let fields = lines.filter_map(|line| line.split_once(':'));
    for (name, value) in fields.map(|(name, value)| (name.trim(), value.trim())) {
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Failure::new("a chunked answer, which this client does not read"));
        }
        if name.eq_ignore_ascii_case("content-length") && value != body.len().to_string() {
            return Err(Failure::new(format!("{} bytes of {value}", body.len())));
        }
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_is_read() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";
        assert_eq!(parse(answer), Ok("[]".to_owned()));
    }

    #[test]
    fn torn_refused_and_chunked_answers_are_failures() {
        for bad in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[]",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(call("https://localhost", "GET", "/", "").is_err());
    }
}
