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
    /// ```
    /// use pagos_http::Exchange;
    ///
    /// # let folder = std::env::temp_dir().join(format!("pagos-doc-exchange-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let request = "GET http://127.0.0.1:4010/banks HTTP/1.1\r\n\r\n";
    /// std::fs::write(folder.join("1-request.http"), request)?;
    /// std::fs::write(folder.join("1-response.http"), "HTTP/1.1 200 OK\r\n\r\n[]")?;
    /// let exchanges = Exchange::read_all(&folder)?;
    /// assert_eq!(exchanges[0].response.body(), "[]");
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
