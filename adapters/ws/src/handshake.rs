//! The opening handshake (RFC 6455, section 4.2), with what tungstenite does not check.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use tungstenite::handshake::derive_accept_key;

/// A request that is no proper opening handshake, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoHandshake {
    pub(crate) status: StatusCode,
    pub(crate) detail: &'static str,
}

/// The coding of frames that there is, as a subprotocol; who offers none gets the same.
const JSON: &str = "chat.v1.json";

/// Checks the request and returns the fields of the answer. No extension is taken up, and no subprotocol that is not
/// known here.
pub(crate) fn accept<B>(request: &Request<B>) -> Result<HeaderMap, NoHandshake> {
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
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| NoHandshake {
        status: StatusCode::BAD_REQUEST,
        detail: "Sec-WebSocket-Key is not right.",
    })?;
    let mut fields = HeaderMap::from_iter([(header::SEC_WEBSOCKET_ACCEPT, accept)]);
    if items(headers, &header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == JSON) {
        fields.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(JSON));
    }
    Ok(fields)
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    items(headers, name).any(|item| item.eq_ignore_ascii_case(token))
}

/// What a list says, on however many lines.
fn items<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// 16 bytes in base64: 22 characters of the alphabet, the last of them with no bit that means nothing, and `==`.
fn is_key(key: &[u8]) -> bool {
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/';
    let digits = key.strip_suffix(b"==").filter(|digits| digits.len() == 22);
    digits.is_some_and(|digits| {
        digits.iter().all(alphabet) && digits.last().is_some_and(|last| b"AQgw".contains(last))
    })
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
        let fields = accept(&request(&GOOD)).unwrap();
        assert_eq!(fields["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(fields.len(), 1);
    }

    #[test]
    fn the_one_subprotocol_is_taken_up_if_it_is_offered() {
        for (offered, taken) in [
            (&["chat.v1.json"][..], true),
            (&["chat.v2, chat.v1.json"], true),
            (&["chat.v2", " chat.v1.json "], true),
            (&["chat.v1.compact"], false),
            (&["CHAT.V1.JSON"], false),
            (&["chat.v1.json.x"], false),
            (&[""], false),
        ] {
            let lines = offered.iter().map(|line| ("sec-websocket-protocol", *line));
            let fields = accept(&request(&GOOD.into_iter().chain(lines).collect::<Vec<_>>())).unwrap();
            let answer = fields.get("sec-websocket-protocol").map(HeaderValue::as_bytes);
            assert_eq!(answer, taken.then_some(&b"chat.v1.json"[..]), "{offered:?}");
        }
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
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZR=="),
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
