//! One request with its answer, as a pair of texts. Not the sending, and not the comparison.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::message;

/// One request and the answer that it got.
#[derive(Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: http::Request<Bytes>,
    /// What came back.
    pub response: http::Response<Bytes>,
}

impl Exchange {
    /// Reads `1-request.http`, `1-response.http`, `2-request.http` ... from `folder`, as long as
    /// the next pair exists. A request without an answer (it was lost) ends the list.
    ///
    /// # Errors
    /// If a file cannot be read or is not an HTTP/1.1 message.
    pub fn read_all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut exchanges = Vec::new();
        for number in 1.. {
            let request = request_path(folder, number);
            let response = response_path(folder, number);
            if !request.exists() || !response.exists() {
                break;
            }
            exchanges.push(Self {
                request: message::parse_request(&std::fs::read(&request)?)
                    .map_err(|error| in_file(&request, error))?,
                response: message::parse_response(&std::fs::read(&response)?)
                    .map_err(|error| in_file(&response, error))?,
            });
        }
        Ok(exchanges)
    }
}

/// Shows the method and the status only: the rest is about people and secrets.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", self.request.method())
            .field("status", &self.response.status())
            .finish_non_exhaustive()
    }
}

pub(crate) fn request_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number}-request.http"))
}

pub(crate) fn response_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number}-response.http"))
}

fn in_file(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
