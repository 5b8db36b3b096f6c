//! HTTP/1.1 on a plain socket, because faults need the socket: requests with a length or in chunks, several on a connection,
//! `Expect: 100-continue`, and a limit on everything.

use core::time::Duration;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::fault::Pace;
use crate::http::{Length, Request, Response, Trouble, length, start};

/// Longest head of a request, and the most fields in it.
const HEAD: u64 = 64 * 1024;
const FIELDS: usize = 200;
/// The longest time without bytes, within a request and between two.
const QUIET: Duration = Duration::from_secs(60);

pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(QUIET))?;
        stream.set_write_timeout(Some(QUIET))?;
        let reader = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, reader })
    }

    /// The head of the next request; none if the peer has closed the connection between two requests.
    pub(crate) fn head(&mut self) -> Result<Option<Request>, Trouble> {
        let mut left = HEAD;
        let Some(first) = self.line(&mut left)? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Trouble::Refuse(400, "the first line is no request line"));
        };
        let mut headers = Vec::new();
        loop {
            let line = self
                .line(&mut left)?
                .ok_or(ErrorKind::UnexpectedEof)
                .map_err(io::Error::from)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or(Trouble::Refuse(400, "a header without a colon"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            if headers.len() > FIELDS {
                return Err(Trouble::Refuse(431, "too many headers"));
            }
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            length: Length::Known(0),
            keeps: false,
        };
        request.length = length(&request)?;
        let closes = request
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        request.keeps = version == "HTTP/1.1" && !closes;
        Ok(Some(request))
    }

    /// The body as it was sent, at most `most` bytes.
    pub(crate) fn body(
        &mut self,
        request: &Request,
        most: u64,
        pace: Option<Pace>,
    ) -> Result<Vec<u8>, Trouble> {
        if request.header("expect").is_some() {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut body = Vec::new();
        match request.length {
            Length::Known(length) => self.take(length, most, pace, &mut body)?,
            Length::Chunked => loop {
                let mut left = HEAD;
                let line = self.line(&mut left)?.unwrap_or_default();
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16)
                    .map_err(|_| Trouble::Refuse(400, "a chunk without a size"))?;
                self.take(size, most, pace, &mut body)?;
                // After a chunk there is an empty line; after the last chunk trailers, then an empty line.
                while self.line(&mut left)?.is_some_and(|line| !line.is_empty()) {}
                if size == 0 {
                    break;
                }
            },
        }
        Ok(body)
    }

    pub(crate) fn response(&mut self, response: &Response, keeps: bool) -> io::Result<()> {
        self.stream
            .write_all(&start(response, response.body.len(), keeps))?;
        self.stream.write_all(&response.body)
    }

    /// Closes the connection so that the peer can still read the response: if bytes in the socket are unread, the system sends a reset
    /// and the response is lost.
    pub(crate) fn end(&mut self) {
        drop(self.stream.shutdown(Shutdown::Write));
        drop(
            self.stream
                .set_read_timeout(Some(Duration::from_millis(500))),
        );
        drop(io::copy(
            &mut self.reader.by_ref().take(8 * 1024 * 1024),
            &mut io::sink(),
        ));
    }

    fn take(
        &mut self,
        length: u64,
        most: u64,
        pace: Option<Pace>,
        body: &mut Vec<u8>,
    ) -> Result<(), Trouble> {
        let before = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if before.saturating_add(length) > most {
            return Err(Trouble::Refuse(413, "the body is too large"));
        }
        let mut left = length;
        while left > 0 {
            let piece = pace.map_or(left, |pace| pace.bytes.min(left));
            let read = self.reader.by_ref().take(piece).read_to_end(body)?;
            if u64::try_from(read) != Ok(piece) {
                return Err(Trouble::Gone(ErrorKind::UnexpectedEof.into()));
            }
            left -= piece;
            pace.into_iter().for_each(|pace| thread::sleep(pace.pause));
        }
        Ok(())
    }

    fn line(&mut self, left: &mut u64) -> Result<Option<String>, Trouble> {
        let mut line = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(*left)
            .read_until(b'\n', &mut line)?;
        *left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        match line.pop() {
            None => Ok(None),
            Some(b'\n') => {
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                Ok(Some(String::from_utf8_lossy(line).into_owned()))
            }
            Some(_) if *left == 0 => Err(Trouble::Refuse(431, "the head is too long")),
            Some(_) => Err(Trouble::Gone(ErrorKind::UnexpectedEof.into())),
        }
    }
}
