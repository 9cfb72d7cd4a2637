//! Where one request ends and the next one begins, read strictly and before hyper reads it.
//!
//! A server and a proxy before it that disagree about this can be made to take one client's bytes for another's
//! request (request smuggling). RFC 9112 lets a server be lenient in several places, and hyper is: it takes a line
//! feed alone for the end of a line, `Transfer-Encoding` beside `Content-Length`, codings other than `chunked`, and
//! extensions of chunks. No client that is in use needs any of this, so nothing of it is let through.

use std::mem;

use chat_domain::limit;
use chat_wire::Problem;
use http::{Method, Uri, uri::Authority};
use httparse::{EMPTY_HEADER, Error, Header, Request, Status};

/// Reads what a client sends on a connection and says how much of it may be passed on.
#[derive(Debug, Default)]
pub(crate) struct Boundaries(Part);

/// What the next byte belongs to.
#[derive(Debug)]
enum Part {
    /// A head; so many bytes of it hold no end of it.
    Head { looked_at: usize },
    /// A body of which so much is still to come.
    Sized(u64),
    /// A body in chunks.
    Chunked(Chunk),
}

impl Default for Part {
    fn default() -> Self {
        Self::Head { looked_at: 0 }
    }
}

/// What the next byte of a body in chunks belongs to (RFC 9112, section 7.1).
#[derive(Debug, Clone, Copy)]
enum Chunk {
    Size { size: u64, digits: u8 },
    SizeEnd(u64),
    Data(u64),
    DataEnd { seen: u8 },
    Trailer,
    TrailerEnd,
    Over,
}

impl Chunk {
    const FIRST: Self = Self::Size { size: 0, digits: 0 };
}

impl Boundaries {
    /// How many of these bytes, counted from the first, may be passed on: a head as a whole, a body as it comes; 0
    /// if more has to come first. What was passed on is not to be shown again; what was not, is.
    ///
    /// # Errors
    /// What the client is to be told. Nothing that it sends can be made sense of from here on.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Result<usize, Problem> {
        match &mut self.0 {
            Part::Head { looked_at } => match end_of_head(bytes, looked_at)? {
                Some((begin, end)) => {
                    self.0 = body_after(bytes.get(begin..end).unwrap_or_default())?;
                    Ok(end)
                }
                None => Ok(0),
            },
            Part::Sized(left) => {
                let passed = take(left, bytes);
                if *left == 0 {
                    self.0 = Part::default();
                }
                Ok(passed)
            }
            Part::Chunked(chunk) => {
                let passed = chunk.pass(bytes)?;
                if matches!(chunk, Chunk::Over) {
                    self.0 = Part::default();
                }
                Ok(passed)
            }
        }
    }

    /// Whether a body is under way.
    pub(crate) const fn is_in_body(&self) -> bool {
        matches!(self.0, Part::Sized(_) | Part::Chunked(_))
    }
}

/// Takes as many of the bytes as are still to come.
fn take(left: &mut u64, bytes: &[u8]) -> usize {
    let here = bytes.len() as u64;
    if here < *left {
        *left -= here;
        bytes.len()
    } else {
        // Not more than there are here, so it is a length.
        usize::try_from(mem::take(left)).unwrap_or(bytes.len())
    }
}

/// Where the head begins (after empty lines, RFC 9112, section 2.2) and ends, once it is whole.
fn end_of_head(bytes: &[u8], looked_at: &mut usize) -> Result<Option<(usize, usize)>, Problem> {
    let mut begin = 0;
    while bytes.get(begin..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
        begin += 2;
    }
    // Whoever speaks TLS, or anything else, to this port need not wait for a line to end.
    let first = bytes.get(begin).copied();
    if first.is_some_and(|byte| byte != b'\r' && !is_token(byte)) {
        return refuse("This is no HTTP request.");
    }
    let from = mem::replace(looked_at, bytes.len());
    for at in from.max(begin)..bytes.len() {
        if bytes.get(at) != Some(&b'\n') {
            continue;
        }
        let line = bytes.get(begin..=at).unwrap_or_default();
        if !line.ends_with(b"\r\n") {
            return refuse("A line of the head does not end with CR LF.");
        }
        if line.ends_with(b"\r\n\r\n") {
            return if at < limit::HEAD_BYTES {
                Ok(Some((begin, at + 1)))
            } else {
                Err(head_too_large())
            };
        }
    }
    if bytes.len() > limit::HEAD_BYTES {
        return Err(head_too_large());
    }
    Ok(None)
}

/// What follows a head, which has to be one that everybody reads alike.
fn body_after(head: &[u8]) -> Result<Part, Problem> {
    let mut fields = [EMPTY_HEADER; limit::HEAD_FIELDS];
    let mut request = Request::new(&mut fields);
    match request.parse(head) {
        Ok(Status::Complete(length)) if length == head.len() => {}
        Err(Error::TooManyHeaders) => return Err(head_too_large()),
        Ok(_) | Err(_) => return refuse("The head of the request is not as RFC 9112 wants it."),
    }
    let method = Method::from_bytes(request.method.unwrap_or_default().as_bytes());
    let method = method.or_else(|_| refuse("The method is none."))?;
    let is_old = request.version == Some(0);
    let target = target(request.path.unwrap_or_default(), &method)?;
    is_one_host(request.headers, target.as_ref(), is_old)?;
    let part = length(request.headers, is_old)?;
    // RFC 9110, section 9.3.1: such content means nothing, and is a way to smuggle something past who ignores it.
    if !matches!(part, Part::Head { .. }) && matches!(method, Method::GET | Method::HEAD) {
        return refuse("A request that only reads has no body.");
    }
    Ok(part)
}

/// The authority of a target in absolute form, if it is in that one (RFC 9112, section 3.2).
fn target(text: &str, method: &Method) -> Result<Option<Authority>, Problem> {
    if text.len() > limit::TARGET_BYTES {
        let detail = format!("The address may have {} bytes at most.", limit::TARGET_BYTES);
        return Err(Problem::new(414, "target_too_long", detail));
    }
    if *method == Method::CONNECT {
        return Err(Problem::new(
            405,
            "method_not_allowed",
            "This server is no proxy.",
        ));
    }
    let uri: Uri = text.parse().or_else(|_| refuse("The address is none."))?;
    let is_everything = text == "*" && *method == Method::OPTIONS;
    if text.starts_with('/') || is_everything {
        return Ok(None);
    }
    match uri.into_parts() {
        http::uri::Parts {
            scheme: Some(_),
            authority: Some(authority),
            ..
        } => Ok(Some(authority)),
        _ => refuse("The address is neither a path nor a URL."),
    }
}

/// RFC 9112, section 3.2: one `Host`, and where the target names a host as well, the same.
fn is_one_host(fields: &[Header<'_>], target: Option<&Authority>, is_old: bool) -> Result<(), Problem> {
    let mut hosts = values(fields, "host");
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if is_old => return Ok(()),
        (None, _) => return refuse("Host is missing."),
        (Some(host), None) => host,
        (Some(_), Some(_)) => return refuse("Host is there twice."),
    };
    let host = Authority::try_from(host).or_else(|_| refuse("Host is not the name of a host."))?;
    if target.is_some_and(|target| *target != host) {
        return refuse("Host and address name different hosts.");
    }
    Ok(())
}

/// RFC 9112, section 6.3, without what it leaves to a server's mercy.
fn length(fields: &[Header<'_>], is_old: bool) -> Result<Part, Problem> {
    let mut codings = values(fields, "transfer-encoding");
    let mut lengths = values(fields, "content-length");
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Part::default()),
        (Some(_), Some(_)) => refuse("The body has two lengths."),
        (Some(coding), None) => {
            if is_old || codings.next().is_some() || !coding.eq_ignore_ascii_case(b"chunked") {
                return refuse("The one transfer coding here is chunked, of HTTP/1.1.");
            }
            Ok(Part::Chunked(Chunk::FIRST))
        }
        (None, Some(length)) => {
            let digits = std::str::from_utf8(length)
                .ok()
                .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
            let length = digits.and_then(|digits| digits.parse::<i64>().ok());
            match (
                length.and_then(|length| u64::try_from(length).ok()),
                lengths.next(),
            ) {
                (Some(0), None) => Ok(Part::default()),
                (Some(length), None) => Ok(Part::Sized(length)),
                _ => refuse("Content-Length is not one number."),
            }
        }
    }
}

fn values<'a>(fields: &'a [Header<'_>], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    let named = fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value.trim_ascii())
}

impl Chunk {
    /// How many of the bytes belong to the body.
    fn pass(&mut self, bytes: &[u8]) -> Result<usize, Problem> {
        let mut passed = 0;
        while let Some(&byte) = bytes.get(passed) {
            match self {
                Self::Over => break,
                Self::Data(left) => {
                    passed += take(left, bytes.get(passed..).unwrap_or_default());
                    if *left == 0 {
                        *self = Self::DataEnd { seen: 0 };
                    }
                }
                Self::Size { .. }
                | Self::SizeEnd(_)
                | Self::DataEnd { .. }
                | Self::Trailer
                | Self::TrailerEnd => {
                    let next = self.after(byte);
                    *self =
                        next.map_or_else(|| refuse("The body's chunks are not as RFC 9112 wants them."), Ok)?;
                    passed += 1;
                }
            }
        }
        Ok(passed)
    }

    /// What comes after a byte that is no data; `None` if it must not be there.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size { digits: 1.., size }, b'\r') => Self::SizeEnd(size),
            // Fifteen digits: there is no such body, and no number here overflows.
            (
                Self::Size {
                    digits: digits @ ..15,
                    size,
                },
                _,
            ) => {
                let digit = char::from(byte).to_digit(16)?;
                Self::Size {
                    size: size * 16 + u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Self::SizeEnd(0), b'\n') => Self::Trailer,
            (Self::SizeEnd(size), b'\n') => Self::Data(size),
            (Self::DataEnd { seen: 0 }, b'\r') => Self::DataEnd { seen: 1 },
            (Self::DataEnd { seen: 1 }, b'\n') => Self::FIRST,
            (Self::Trailer, b'\r') => Self::TrailerEnd,
            (Self::TrailerEnd, b'\n') => Self::Over,
            _ => return None,
        })
    }
}

/// A character of a method's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn refuse<T>(detail: &str) -> Result<T, Problem> {
    Err(Problem::bad_request(detail))
}

fn head_too_large() -> Problem {
    let detail = format!(
        "The head of a request may have {} bytes and {} fields at most.",
        limit::HEAD_BYTES,
        limit::HEAD_FIELDS
    );
    Problem::new(431, "headers_too_large", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of bytes that arrive in pieces of this size: how much is passed on and whether a body is under way
    /// then, or the status of the refusal.
    fn arrive(bytes: &[u8], piece: usize) -> Result<(usize, bool), u16> {
        let mut boundaries = Boundaries::default();
        let (mut here, mut passed) = (0, 0);
        while here < bytes.len() {
            here = (here + piece).min(bytes.len());
            while passed < here {
                match boundaries.pass(&bytes[passed..here]) {
                    Ok(0) => break,
                    Ok(more) => passed += more,
                    Err(problem) => return Err(problem.status),
                }
            }
        }
        Ok((passed, boundaries.is_in_body()))
    }

    fn whole(bytes: &[u8]) -> Result<(usize, bool), u16> {
        let at_once = arrive(bytes, bytes.len());
        for piece in [1, 2, 3, 7] {
            assert_eq!(
                arrive(bytes, piece),
                at_once,
                "{:?} in pieces of {piece}",
                bytes.escape_ascii()
            );
        }
        at_once
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn sound_requests_pass_as_they_are() {
        for request in [
            GET,
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "GET http://a/b?c HTTP/1.1\r\nhost: A\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost:a:80\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:  Chunked \r\n\r\n3\r\nabc\r\n0a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n000\r\n\r\n",
        ] {
            assert_eq!(
                whole(request.as_bytes()),
                Ok((request.len(), false)),
                "{request:?}"
            );
            let two = format!("{request}{request}");
            assert_eq!(whole(two.as_bytes()), Ok((two.len(), false)), "twice {request:?}");
        }
    }

    #[test]
    fn what_is_not_whole_waits() {
        let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc";
        assert_eq!(whole(body.as_bytes()), Ok((body.len(), true)));
        let chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc";
        assert_eq!(whole(chunks.as_bytes()), Ok((chunks.len(), true)));
        for head in ["G", "\r", "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r", "GET / HT"] {
            assert_eq!(whole(head.as_bytes()), Ok((0, false)), "{head:?}");
        }
        let second = format!("{GET}GET /half");
        assert_eq!(whole(second.as_bytes()), Ok((GET.len(), false)));
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_refused() {
        for (head, status) in [
            ("POST / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400),
            ("\x16\x03\x01\x02", 400),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: \r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400,
            ),
        ] {
            assert_eq!(whole(head.as_bytes()), Err(status), "{head:?}");
        }
    }

    #[test]
    fn a_body_has_one_length() {
        let both = "Content-Length: 5\r\nTransfer-Encoding: chunked";
        for fields in [
            both,
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: -5",
            "Content-Length: 0x5",
            "Content-Length: 5 5",
            "Content-Length: 5.0",
            "Content-Length:",
            "Content-Length: 18446744073709551621",
            "Content-Length: 9223372036854775808",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding:\x0bchunked",
            "Transfer-Encoding:",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
            assert_eq!(whole(request.as_bytes()), Err(400), "{fields:?}");
        }
        let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(whole(old.as_bytes()), Err(400));
    }

    #[test]
    fn chunks_have_one_length_as_well() {
        for chunks in [
            "3;a=b\r\nabc\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            " 3\r\nabc\r\n0\r\n\r\n",
            "0x3\r\nabc\r\n0\r\n\r\n",
            "+3\r\nabc\r\n0\r\n\r\n",
            "\r\nabc\r\n0\r\n\r\n",
            "g\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nab\r\n0\r\n\r\n",
            "1000000000000003\r\nabc\r\n0\r\n\r\n",
            "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
            "3\r\nabc\r\n0\n\n",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
            assert_eq!(whole(request.as_bytes()), Err(400), "{chunks:?}");
        }
    }

    #[test]
    fn heads_have_limits() {
        let head = |target: usize, fields: usize, padding: usize| {
            let more = "X: y\r\n".repeat(fields);
            let request = format!("GET /{} HTTP/1.1\r\nHost: a\r\n{more}", "a".repeat(target));
            format!("{request}P: {}\r\n\r\n", "p".repeat(padding)).into_bytes()
        };
        let room = limit::HEAD_BYTES - head(0, 0, 0).len();
        for (bytes, status) in [
            (head(limit::TARGET_BYTES - 1, 0, 0), None),
            (head(limit::TARGET_BYTES, 0, 0), Some(414)),
            (head(0, limit::HEAD_FIELDS - 2, 0), None),
            (head(0, limit::HEAD_FIELDS - 1, 0), Some(431)),
            (head(0, 0, room), None),
            (head(0, 0, room + 1), Some(431)),
            (head(0, 0, 10_000_000), Some(431)),
            (vec![b'x'; limit::HEAD_BYTES], None),
            (vec![b'x'; limit::HEAD_BYTES + 1], Some(431)),
            (b"\r\n".repeat(limit::HEAD_BYTES), Some(431)),
        ] {
            let said = arrive(&bytes, 1_000).err();
            assert_eq!(said, status, "{} bytes", bytes.len());
        }
    }
}
