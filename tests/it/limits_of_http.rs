//! What strangers may send, and how long they may take.

use tokio::time::timeout;

use crate::{
    raw::{PATIENCE, Raw},
    server::{Server, directory},
};

/// A request whose head has so many bytes and fields.
fn head(bytes: usize, fields: usize) -> String {
    let more = "X: y\r\n".repeat(fields - 2);
    let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{more}P: \r\n\r\n");
    let padding = bytes.saturating_sub(head.len());
    head.replace("P: ", &format!("P: {}", "p".repeat(padding)))
}

/// A request for an address of so many bytes.
fn target(bytes: usize) -> String {
    format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(bytes - 1)
    )
}

/// A request with a body of so many bytes, in chunks or not.
fn body(bytes: usize, chunked: bool) -> String {
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let body = format!("{{}}{}", " ".repeat(bytes - 2));
    if chunked {
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n{body}\r\n0\r\n\r\n")
    } else {
        format!("{head}Content-Length: {bytes}\r\n\r\n{body}")
    }
}

#[tokio::test]
async fn every_limit_has_its_answer_and_no_other() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.client();
    for (name, request, status, code) in [
        ("fields", head(0, 100), 200, ""),
        ("a field too many", head(0, 101), 431, "headers_too_large"),
        ("two thousand fields", head(0, 2_000), 431, "headers_too_large"),
        ("a large head", head(32 * 1024, 3), 200, ""),
        (
            "a head too large",
            head(32 * 1024 + 1, 3),
            431,
            "headers_too_large",
        ),
        (
            "a head far too large",
            head(20_000_000, 3),
            431,
            "headers_too_large",
        ),
        ("a long address", target(8 * 1024), 404, "not_found"),
        (
            "an address too long",
            target(8 * 1024 + 1),
            414,
            "target_too_long",
        ),
        (
            "an address longer than any head",
            target(100_000),
            431,
            "headers_too_large",
        ),
        (
            "a line that does not end",
            "x".repeat(100_000),
            431,
            "headers_too_large",
        ),
        ("a large body", body(128 * 1024, false), 422, "invalid"),
        ("a large body in chunks", body(128 * 1024, true), 422, "invalid"),
        (
            "a body too large",
            body(128 * 1024 + 1, false),
            413,
            "payload_too_large",
        ),
        (
            "a body too large in chunks",
            body(128 * 1024 + 1, true),
            413,
            "payload_too_large",
        ),
    ] {
        let mut raw = Raw::connect(client.authority()).await;
        // Who is hung up on finds that out while they still send.
        raw.say(request).await;
        let answer = raw.answer().await.expect(name);
        assert_eq!(answer.status, status, "{name}");
        if !code.is_empty() {
            assert_eq!(answer.problem(), code, "{name}");
        }
        if matches!(status, 413 | 414 | 431) {
            assert_eq!(raw.rest().await, b"", "{name}: the connection ends");
        }
    }
}

#[tokio::test]
async fn no_address_takes_in_a_body_without_end() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.client();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    for (method, path, statuses) in [
        ("GET", "/", &[400][..]),
        ("GET", "/api/messages", &[400]),
        ("HEAD", "/", &[400]),
        ("POST", "/", &[405]),
        ("POST", "/nothing", &[404]),
        ("PUT", "/api/rooms", &[405]),
        ("DELETE", "/api/rooms/1/members/1", &[413]),
        ("POST", "/login", &[413, 415]),
        ("POST", "/register", &[413, 415]),
        ("POST", "/api/send-message", &[413, 415]),
        ("OPTIONS", "/ws", &[405]),
    ] {
        for kind in ["Content-Type: application/json\r\n", ""] {
            let mut raw = Raw::connect(client.authority()).await;
            let begin = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{kind}");
            raw.say(format!("{begin}Transfer-Encoding: chunked\r\n\r\n"))
                .await;
            let flood = async {
                let mut sent = 0;
                while sent < 1_024 && raw.say(&chunk).await {
                    sent += 1;
                }
                sent
            };
            let sent = timeout(PATIENCE, flood).await.expect("it is taken in for ever");
            assert!(sent < 64, "{method} {path}: {sent} MiB were taken");
            let answer = raw.answer().await.expect(path);
            assert!(
                statuses.contains(&answer.status),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    // Who says beforehand how large it is, and waits for leave, need not send it.
    let mut raw = Raw::connect(client.authority()).await;
    raw.say(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(raw.answer().await.unwrap().status, 413);
}

/// The real deadlines: ten seconds pass here.
#[tokio::test]
async fn who_does_not_finish_a_request_is_hung_up_on() {
    let directory = directory();
    let server = Server::start(directory.path());
    let address = server.client().authority().to_owned();
    let mut silent = Raw::connect(&address).await;
    let mut half = Raw::connect(&address).await;
    half.say("GET / HTTP/1.1\r\nHost: localhost\r\n").await;
    let mut idle = Raw::connect(&address).await;
    assert_eq!(idle.get("/healthz").await, Some(200));
    let mut body = Raw::connect(&address).await;
    body.say("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        .await;
    for (name, raw) in [("silent", &mut silent), ("half", &mut half), ("idle", &mut idle)] {
        assert_eq!(raw.rest().await, b"", "{name}");
    }
    let answers = body.answers().await;
    assert_eq!((answers.len(), answers[0].status), (1, 400));
}
