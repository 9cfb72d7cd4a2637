//! RFC 6455, section 4.2: which request opens a socket, and how the others are refused.

use crate::{
    raw::{Answer, Raw},
    server::{Server, directory},
};

/// The key of RFC 6455, section 1.3, and what belongs to it.
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const START: &str = "GET /ws HTTP/1.1\r\nHost: localhost";
const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade";
const VERSION: &str = "Sec-WebSocket-Version: 13";

/// A request that opens a socket.
pub(crate) fn opening() -> String {
    request([START, UPGRADE, VERSION, KEY])
}

fn request(lines: [&str; 4]) -> String {
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    format!("{}\r\n\r\n", lines.join("\r\n"))
}

/// How a request begins, and the status of the answer.
const STARTS: &[(&str, u16)] = &[
    (START, 101),
    ("GET /ws?x=y HTTP/1.1\r\nHost: localhost", 101),
    ("GET http://localhost/ws HTTP/1.1\r\nHost: localhost", 101),
    ("POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", 405),
    ("HEAD /ws HTTP/1.1\r\nHost: localhost", 405),
    ("PUT /ws HTTP/1.1\r\nHost: localhost", 405),
    ("GET /ws HTTP/1.0\r\nHost: localhost", 400),
    ("GET /ws HTTP/1.1", 400),
    ("GET /ws HTTP/1.1\r\nHost: localhost\r\nHost: localhost", 400),
    ("GET /ws HTTP/1.1\r\nHost: evil.example", 421),
    ("GET /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1", 400),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost",
        101,
    ),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example",
        403,
    ),
    ("GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: null", 403),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost.evil.example",
        403,
    ),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example@localhost",
        403,
    ),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:81",
        403,
    ),
    (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: null",
        403,
    ),
];

/// How it asks for an upgrade.
const UPGRADES: &[(&str, u16)] = &[
    ("UPGRADE: WEBSOCKET\r\nCONNECTION: UPGRADE", 101),
    ("Upgrade: h2c, websocket\r\nConnection: keep-alive , Upgrade", 101),
    (
        "Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: upgrade",
        101,
    ),
    ("", 426),
    ("Connection: Upgrade", 426),
    ("Upgrade: websocket", 426),
    ("Upgrade: h2c\r\nConnection: Upgrade", 426),
    ("Upgrade: websocketx\r\nConnection: Upgrade", 426),
    ("Upgrade: websocket\r\nConnection: close", 426),
    ("Upgrade: websocket\r\nConnection: upgraded", 426),
];

/// Versions that are not spoken here.
const VERSIONS: &[&str] = &[
    "",
    "Sec-WebSocket-Version:",
    "Sec-WebSocket-Version: 8",
    "Sec-WebSocket-Version: 14",
    "Sec-WebSocket-Version: 013",
    "Sec-WebSocket-Version: 13, 8",
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8",
];

/// Keys that are not 16 bytes in base64, once.
const KEYS: &[&str] = &[
    "",
    "Sec-WebSocket-Key:",
    "Sec-WebSocket-Key: c2hvcnQ=",
    "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1",
    "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc=",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j_Q==",
    "Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jQ==",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// What is offered beside, and the subprotocol that is taken up. Extensions never are.
const OFFERS: &[(&str, Option<&str>)] = &[
    ("Sec-WebSocket-Protocol: chat.v1.json", Some("chat.v1.json")),
    (
        "Sec-WebSocket-Protocol: chat.v9, chat.v1.json",
        Some("chat.v1.json"),
    ),
    (
        "Sec-WebSocket-Protocol: chat.v9\r\nSec-WebSocket-Protocol: chat.v1.json",
        Some("chat.v1.json"),
    ),
    ("Sec-WebSocket-Protocol: chat.v1.compact", None),
    ("Sec-WebSocket-Protocol: chat", None),
    (
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        None,
    ),
    ("Sec-WebSocket-Extensions: x-unknown", None),
];

/// What every answer has, and what it must not have.
fn is_proper(request: &str, answer: &Answer) {
    let names = |field: &str, item: &str| answer.items(field).iter().any(|it| it == item);
    let speaks = names("upgrade", "websocket") && names("connection", "upgrade");
    match answer.status {
        101 => {
            assert!(speaks, "{request}");
            assert_eq!(answer.field("sec-websocket-accept"), Some(ACCEPT), "{request}");
            for absent in ["sec-websocket-extensions", "content-length", "transfer-encoding"] {
                assert_eq!(answer.field(absent), None, "{request}");
            }
        }
        426 => {
            assert!(speaks, "{request}: it says what it speaks");
            assert_eq!(answer.field("sec-websocket-version"), Some("13"), "{request}");
        }
        _ => assert_eq!(answer.field("sec-websocket-accept"), None, "{request}"),
    }
}

#[tokio::test]
async fn every_handshake_is_taken_as_the_rfc_says() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("MAX_SOCKETS_PER_ADDRESS", "10000")]);
    let client = server.client();
    let starts = STARTS
        .iter()
        .map(|(start, status)| ([*start, UPGRADE, VERSION, KEY], *status, None));
    let upgrades = UPGRADES
        .iter()
        .map(|(upgrade, status)| ([START, *upgrade, VERSION, KEY], *status, None));
    let versions = VERSIONS
        .iter()
        .map(|version| ([START, UPGRADE, *version, KEY], 426, None));
    let keys = KEYS
        .iter()
        .map(|key| ([START, UPGRADE, VERSION, *key], 400, None));
    let offers: Vec<(String, _)> = OFFERS
        .iter()
        .map(|(offer, taken)| (format!("{KEY}\r\n{offer}"), *taken))
        .collect();
    let offers = offers
        .iter()
        .map(|(key, taken)| ([START, UPGRADE, VERSION, key.as_str()], 101, *taken));
    let mut cases = 0;
    for (lines, status, protocol) in starts.chain(upgrades).chain(versions).chain(keys).chain(offers) {
        let request = request(lines);
        let mut raw = Raw::connect(client.authority()).await;
        raw.say(&request).await;
        let answer = raw.head().await.expect(&request);
        assert_eq!(
            (answer.status, answer.field("sec-websocket-protocol")),
            (status, protocol),
            "{request}"
        );
        is_proper(&request, &answer);
        cases += 1;
    }
    println!("RFC 6455: {cases} cases of handshakes, 0 failed");
}
