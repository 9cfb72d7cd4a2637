//! Requests that two servers may take for different ones: none is carried out, and what is hidden in one is never
//! answered.

use crate::{
    raw::Raw,
    server::{Server, directory},
};

/// A request of its own for whoever takes the one before it to end there.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The heads of requests, each with what makes it one that is refused.
const HEADS: &[(&str, &str)] = &[
    ("both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
    (
        "both lengths, the other way round",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ),
    (
        "both lengths, one of them 0",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
    ),
    ("two lengths", "Content-Length: 5\r\nContent-Length: 6"),
    ("the same length twice", "Content-Length: 5\r\nContent-Length: 5"),
    ("a list of lengths", "Content-Length: 5, 5"),
    ("a length with a sign", "Content-Length: +5"),
    ("a negative length", "Content-Length: -1"),
    ("a length in hexadecimal", "Content-Length: 0x5"),
    ("a length in two parts", "Content-Length: 5 5"),
    ("an empty length", "Content-Length:"),
    (
        "a length beyond all numbers",
        "Content-Length: 99999999999999999999",
    ),
    (
        "a length that overflows to 5",
        "Content-Length: 18446744073709551621",
    ),
    ("a coding that is none", "Transfer-Encoding: identity"),
    ("a coding that looks like one", "Transfer-Encoding: xchunked"),
    ("a coding in quotes", "Transfer-Encoding: \"chunked\""),
    ("a coding after a vertical tab", "Transfer-Encoding:\x0bchunked"),
    (
        "codings that end with another",
        "Transfer-Encoding: chunked, identity",
    ),
    (
        "codings that begin with another",
        "Transfer-Encoding: identity, chunked",
    ),
    (
        "codings on two lines",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ),
    ("a space before the colon", "Transfer-Encoding : chunked"),
    ("a tab before the colon", "Content-Length\t: 5"),
    ("a folded line", "Transfer-Encoding:\r\n chunked"),
    ("a folded line at the beginning", " Content-Length: 5"),
    ("a line that ends with LF", "X: y\nContent-Length: 5"),
    ("a line that ends with CR", "X: y\rContent-Length: 5"),
    ("a NUL", "X: y\0z"),
    ("a NUL in a name", "Content-Length\0: 5"),
    ("a line without a colon", "Content-Length 5"),
    ("a name that is none", "Content(Length): 5"),
    ("an empty name", ": 5"),
    ("Host twice", "Host: localhost"),
    ("Host twice, another one", "Host: evil.example"),
];

/// Whole requests.
const REQUESTS: &[(&str, &str)] = &[
    (
        "lines that end with LF",
        "POST /login HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n",
    ),
    ("no Host", "POST /login HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    (
        "an empty Host",
        "POST /login HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a Host with a path",
        "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    ),
    (
        "two Hosts in one",
        "GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n",
    ),
    (
        "another Host in the target",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        "another Host than in the target",
        "GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ),
    (
        "a target without a path",
        "GET localhost HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        "a tunnel",
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
    ),
    (
        "chunks in HTTP/1.0",
        "POST /login HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("no version", "GET /\r\nHost: localhost\r\n\r\n"),
    ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"),
    ("a space too many", "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n"),
    ("a tab for a space", "GET\t/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\x7c\x03\x03"),
    (
        "a body with GET",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "chunks with GET",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
];

/// Bodies in chunks.
const CHUNKS: &[(&str, &str)] = &[
    ("an extension", "2;a=b\r\n{}\r\n0\r\n\r\n"),
    ("an extension that ends with LF", "2;\n{}\r\n0\r\n\r\n"),
    (
        "a size that overflows to 2",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
    ),
    ("a size beyond all bodies", "7fffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    ("a size with a sign", "+2\r\n{}\r\n0\r\n\r\n"),
    ("a size with 0x", "0x2\r\n{}\r\n0\r\n\r\n"),
    ("a size after a space", " 2\r\n{}\r\n0\r\n\r\n"),
    ("a size before a space", "2 \r\n{}\r\n0\r\n\r\n"),
    ("no size", "\r\n{}\r\n0\r\n\r\n"),
    ("a size that ends with LF", "2\n{}\r\n0\r\n\r\n"),
    ("data that end with LF", "2\r\n{}\n0\r\n\r\n"),
    ("more data than were said", "2\r\n{}{}\r\n0\r\n\r\n"),
    ("less data than were said", "3\r\n{}\r\n0\r\n\r\n"),
    ("a trailer", "2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"),
    ("an end with LF", "2\r\n{}\r\n0\n\n"),
];

/// Sends this, with a request hidden behind it, and the same once more behind a request that is answered.
async fn is_refused(authority: &str, name: &str, request: &str) {
    let before = "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let expected = if name == "a tunnel" { 405 } else { 400 };
    for (before, first) in [("", None), (before, Some(200))] {
        let mut raw = Raw::connect(authority).await;
        raw.say(format!("{before}{request}{HIDDEN}")).await;
        if let Some(status) = first {
            assert_eq!(raw.head().await.unwrap().status, status, "{name}");
        }
        let answers = raw.answers().await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [expected], "{name}: {request:?}");
        answers[0].problem();
    }
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.client();
    let mut cases = 0;
    for (name, fields) in HEADS {
        let request = format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n");
        is_refused(client.authority(), name, &request).await;
        cases += 1;
    }
    for (name, request) in REQUESTS {
        is_refused(client.authority(), name, request).await;
        cases += 1;
    }
    for (name, chunks) in CHUNKS {
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{chunks}"
        );
        is_refused(client.authority(), name, &request).await;
        cases += 1;
    }
    println!("{cases} shapes of requests, each alone and behind another request: all refused");
}

#[tokio::test]
async fn what_can_be_read_in_one_way_only_is_answered_in_order() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut raw = Raw::connect(server.client().authority()).await;
    let json = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let requests = [
        (format!("{json}Content-Length: 2\r\n\r\n{{}}"), 422),
        (
            format!("{json}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n"),
            422,
        ),
        (
            format!("{json}Content-Length: {}\r\n\r\n{HIDDEN}", HIDDEN.len()),
            400,
        ),
        (
            "\r\nGET http://localhost/healthz HTTP/1.1\r\nHost: LocalHost\r\n\r\n".to_owned(),
            200,
        ),
        (
            "GET http://localhost/api/version.php?x HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            200,
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 404),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), 200),
    ];
    let all: String = requests.iter().map(|(request, _)| request.as_str()).collect();
    raw.say(all).await;
    let statuses: Vec<u16> = raw.answers().await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, requests.map(|(_, status)| status));
}
