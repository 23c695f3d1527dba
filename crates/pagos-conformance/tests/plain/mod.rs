//! A client of HTTP over one plain socket a request: careful, or helpful in one way.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use pagos_conformance::transport::Limits;
use pagos_core::{Departure, Reached, Transport, TransportError};

/// In which way it is helpful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    Careful,
    FollowsRedirects,
    RepeatsLostRequests,
    RepeatsWhatIsThrottled,
    Unpacks,
    ReadsEverything,
    CutsWhatIsTooLarge,
    TakesTornForWhole,
    CallsLostUndelivered,
    CallsRefusedDelivered,
    ShowsTheAddress,
    DropsTheSensitive,
    TidiesTheTarget,
    WaitsForEver,
}

/// The client.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) limits: Limits,
    pub(crate) manners: Manners,
}

#[async_trait]
impl Transport for Plain {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut answer = self.call(&request);
        let is_lost = answer.as_ref().is_err_and(|error| error.reached == Reached::Maybe);
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let is_again = match self.manners {
            Manners::RepeatsLostRequests => is_lost,
            Manners::RepeatsWhatIsThrottled => status == 429,
            Manners::FollowsRedirects => status == 307,
            _ => false,
        };
        if is_again {
            answer = self.call(&request);
        }
        answer
    }
}

impl Plain {
    fn call(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(&authority).map_err(|error| {
            let is_shy = self.manners == Manners::CallsRefusedDelivered;
            let reached = if is_shy { Reached::Maybe } else { Reached::No };
            TransportError::new(reached, "no connection").with_source(error)
        })?;
        self.exchange(&mut stream, request).map_err(|error| {
            let is_bold = self.manners == Manners::CallsLostUndelivered;
            let reached = if is_bold { Reached::No } else { Reached::Maybe };
            let message = match self.manners {
                Manners::ShowsTheAddress => format!("no answer from {}", request.uri()),
                _ => "no answer".to_owned(),
            };
            TransportError::new(reached, message).with_source(error)
        })
    }

    fn exchange(
        &self,
        stream: &mut TcpStream,
        request: &Request<Bytes>,
    ) -> io::Result<Response<Bytes>> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let target = match self.manners {
            Manners::TidiesTheTarget => target.trim_end_matches("&c="),
            _ => target,
        };
        let mut head = format!("{} {target} HTTP/1.1\r\nhost: loopback\r\n", request.method());
        for (name, value) in request.headers() {
            if !(value.is_sensitive() && self.manners == Manners::DropsTheSensitive) {
                head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
            }
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", request.body().len()));
        stream.write_all(&[head.as_bytes(), request.body()].concat())?;
        self.read(stream)
    }

    fn read(&self, stream: &mut TcpStream) -> io::Result<Response<Bytes>> {
        let until = Instant::now() + self.limits.total_timeout;
        let mut bytes = Vec::new();
        loop {
            if let Some(response) = self.parse(&bytes, false)? {
                return Ok(response);
            }
            let left = match self.manners {
                Manners::WaitsForEver => Duration::from_secs(10),
                _ => until.saturating_duration_since(Instant::now()),
            };
            stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            let mut block = [0; 1024];
            match stream.read(&mut block)? {
                0 => return self.parse(&bytes, true)?.ok_or_else(|| torn("no whole answer")),
                count => bytes.extend_from_slice(&block[..count]),
            }
        }
    }

    /// A whole response, or `None` where more must come.
    fn parse(&self, bytes: &[u8], is_end: bool) -> io::Result<Option<Response<Bytes>>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = status.and_then(|status| status.get(..3)?.parse::<u16>().ok());
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status.and_then(|it| it.try_into().ok()).ok_or(torn("head"))?;
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name: HeaderName = name.parse().map_err(|_| torn("head"))?;
            response.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        let Some(body) = self.body(&response, &bytes[end + 4..], is_end)? else { return Ok(None) };
        *response.body_mut() = Bytes::from(body);
        if self.manners == Manners::Unpacks
            && response.headers_mut().remove("content-encoding").is_some()
        {
            *response.body_mut() = Bytes::from_static(b"unpacked");
        }
        Ok(Some(response))
    }

    /// Chunks are as many as this client reads: one.
    fn body(
        &self,
        response: &Response<Bytes>,
        bytes: &[u8],
        is_end: bool,
    ) -> io::Result<Option<Vec<u8>>> {
        let is_chunked = response.headers().contains_key("transfer-encoding");
        let length = response.headers().get("content-length");
        let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let (body, is_whole) = match (is_chunked, length) {
            (true, _) => {
                let from = bytes.windows(2).position(|it| it == b"\r\n").map_or(0, |at| at + 2);
                let to = bytes.len().saturating_sub(b"\r\n0\r\n\r\n".len()).max(from);
                let is_whole = bytes.ends_with(b"\r\n0\r\n\r\n");
                (&bytes[from..if is_whole { to } else { bytes.len() }], is_whole)
            }
            (false, Some(length)) => (&bytes[..bytes.len().min(length)], bytes.len() >= length),
            (false, None) => (bytes, is_end),
        };
        let max = self.limits.body_size_bytes_max;
        let is_taken = is_end && self.manners == Manners::TakesTornForWhole;
        match (body.len() > max, self.manners) {
            (true, Manners::CutsWhatIsTooLarge) => Ok(Some(body[..max].to_vec())),
            (false, _) | (true, Manners::ReadsEverything) => {
                Ok((is_whole || is_taken).then(|| body.to_vec()))
            }
            (true, _) => Err(torn("too large")),
        }
    }
}

fn torn(because: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, because)
}
