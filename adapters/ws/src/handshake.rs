//! The opening handshake (RFC 6455, section 4.2), with what tungstenite does not check.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use tungstenite::handshake::derive_accept_key;

/// A request that is no proper opening handshake, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoHandshake {
    pub(crate) status: StatusCode,
    pub(crate) detail: &'static str,
}

/// Checks the request and returns what goes into `Sec-WebSocket-Accept`.
pub(crate) fn accept<B>(request: &Request<B>) -> Result<HeaderValue, NoHandshake> {
    let refuse = |detail| {
        Err(NoHandshake {
            status: StatusCode::BAD_REQUEST,
            detail,
        })
    };
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(NoHandshake {
            status: StatusCode::METHOD_NOT_ALLOWED,
            detail: "The handshake is a GET.",
        });
    }
    if request.version() < Version::HTTP_11 {
        return refuse("The handshake needs HTTP/1.1.");
    }
    if !has_token(headers, &header::UPGRADE, "websocket")
        || !has_token(headers, &header::CONNECTION, "upgrade")
    {
        return Err(NoHandshake {
            status: StatusCode::UPGRADE_REQUIRED,
            detail: "This address speaks WebSocket: upgrade the connection.",
        });
    }
    if single(headers, "sec-websocket-version").map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(NoHandshake {
            status: StatusCode::UPGRADE_REQUIRED,
            detail: "Sec-WebSocket-Version must be 13.",
        });
    }
    let key = single(headers, "sec-websocket-key").filter(|key| is_key(key.as_bytes()));
    let Some(key) = key else {
        return refuse("Sec-WebSocket-Key must be 16 bytes in base64, once.");
    };
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| NoHandshake {
        status: StatusCode::BAD_REQUEST,
        detail: "Sec-WebSocket-Key is not right.",
    })
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    let values = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// 16 bytes in base64: 22 characters of the alphabet and `==`.
fn is_key(key: &[u8]) -> bool {
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/';
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(alphabet))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let request = headers
            .iter()
            .fold(Request::get("/ws"), |request, (name, value)| {
                request.header(*name, *value)
            });
        request.body(()).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(accept(&request(&GOOD)).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused() {
        for name in [
            "upgrade",
            "connection",
            "sec-websocket-version",
            "sec-websocket-key",
        ] {
            let without: Vec<_> = GOOD.into_iter().filter(|(n, _)| *n != name).collect();
            assert!(accept(&request(&without)).is_err(), "{name}");
        }
        for (name, value) in [
            ("sec-websocket-version", "12"),
            ("sec-websocket-key", "short=="),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"),
            ("sec-websocket-key", "d*hlIHNhbXBsZSBub25jZQ=="),
            ("upgrade", "h2c"),
            ("connection", "close"),
        ] {
            let with: Vec<_> = GOOD
                .into_iter()
                .map(|(n, v)| (n, if n == name { value } else { v }))
                .collect();
            assert!(accept(&request(&with)).is_err(), "{name}: {value}");
        }
        let twice = [&GOOD[..], &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]].concat();
        assert!(accept(&request(&twice)).is_err());
    }
}
