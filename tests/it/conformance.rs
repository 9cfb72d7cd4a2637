//! RFC 6455, every "MUST" of it that binds a server once a socket is open, byte by byte.

use serde_json::{Value, json};

use crate::{
    handshake,
    raw::Raw,
    server::{Server, directory},
};

const TEXT: u8 = 0x81;
const TEXT_BEGIN: u8 = 0x01;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// The largest message.
const LARGEST: usize = 128 * 1024;

/// A frame of a client's.
fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = match payload.len() {
        length @ 0..=125 => vec![0x80 | u8::try_from(length).unwrap()],
        length @ 126..=0xffff => [&[0xfe][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
        length => [&[0xff][..], &(length as u64).to_be_bytes()].concat(),
    };
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let masked: Vec<u8> = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    [&[first][..], &length, &mask, &masked].concat()
}

fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(TEXT, payload)
}

/// A message that is answered with its number.
fn numbered(number: u32) -> String {
    json!({ "type": "ping", "t": number }).to_string()
}

/// The same, padded to so many bytes.
fn padded(number: u32, bytes: usize) -> String {
    let text = numbered(number);
    format!("{text}{}", " ".repeat(bytes - text.len()))
}

fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    frame(CLOSE, [&code.to_be_bytes()[..], reason.as_ref()].concat())
}

fn text_close(code: u16, reason: &str) -> Heard {
    Heard::Close([&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    /// The answer to a message with this number.
    Number(u32),
    /// A text of this type.
    Other(String),
    Pong(Vec<u8>),
    Ping,
    /// A close with this payload.
    Close(Vec<u8>),
    /// A close with this code, whatever the reason.
    Closed(u16),
}

/// Reads a frame as strictly as the RFC lets a client: whole, unmasked, without extensions, its length as short as can
/// be. `None` at the connection's end.
async fn hear(raw: &mut Raw) -> Option<Heard> {
    let head = raw.take(2).await;
    let [first, second] = *head else {
        assert!(head.is_empty(), "half a header");
        return None;
    };
    assert_eq!(
        first & 0xf0,
        0x80,
        "one whole frame without extensions: {first:#x}"
    );
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let length = match second {
        126 => usize::from(u16::from_be_bytes(raw.take(2).await.try_into().unwrap())),
        127 => usize::try_from(u64::from_be_bytes(raw.take(8).await.try_into().unwrap())).unwrap(),
        length => usize::from(length),
    };
    assert!(second != 126 || length > 125, "as short as can be");
    assert!(second != 127 || length > 0xffff, "as short as can be");
    let payload = raw.take(length).await;
    assert_eq!(payload.len(), length, "half a frame");
    assert!(first < CLOSE || length <= 125, "a control frame is short");
    Some(match first {
        TEXT => {
            let said: Value = serde_json::from_slice(&payload).unwrap();
            match said["t"].as_f64() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a small number"
                )]
                Some(number) => Heard::Number(number as u32),
                None => Heard::Other(said["type"].as_str().unwrap().to_owned()),
            }
        }
        CLOSE => {
            assert_ne!(length, 1, "a close has a whole code or none");
            assert!(std::str::from_utf8(payload.get(2..).unwrap_or_default()).is_ok());
            Heard::Close(payload)
        }
        PING => Heard::Ping,
        PONG => Heard::Pong(payload),
        other => panic!("a frame of an unknown kind: {other:#x}"),
    })
}

/// A socket that has signed in and heard its greeting.
async fn open(authority: &str, token: &str) -> Raw {
    let mut raw = Raw::connect(authority).await;
    // The first frame need not wait for the answer.
    let auth = json!({ "type": "auth", "token": token }).to_string();
    raw.say([handshake::opening().as_bytes(), &text(auth)].concat())
        .await;
    assert_eq!(raw.head().await.unwrap().status, 101);
    assert_eq!(hear(&mut raw).await, Some(Heard::Other("auth_ok".to_owned())));
    raw
}

/// A case: its name, what the client sends, and what it hears. Where that does not end with a close the connection
/// stays.
struct Case(&'static str, Vec<u8>, Vec<Heard>);

impl Case {
    /// Sends it in pieces of this size and compares.
    async fn run(&self, authority: &str, token: &str, piece: usize) {
        let Self(name, bytes, expected) = self;
        let mut raw = open(authority, token).await;
        for piece in bytes.chunks(piece) {
            // Who is hung up on finds that out while they still send.
            if !raw.say(piece).await {
                break;
            }
        }
        let closes = matches!(expected.last(), Some(Heard::Close(_) | Heard::Closed(_)));
        if !closes {
            raw.say(text(numbered(u32::MAX))).await;
        }
        for expected in expected {
            let heard = hear(&mut raw).await;
            match (&heard, expected) {
                (Some(Heard::Close(payload)), Heard::Closed(code)) => {
                    assert_eq!(
                        payload.get(..2),
                        Some(&code.to_be_bytes()[..]),
                        "{name}, in pieces of {piece}"
                    );
                }
                _ => assert_eq!(heard.as_ref(), Some(expected), "{name}, in pieces of {piece}"),
            }
        }
        let last = hear(&mut raw).await;
        if closes {
            assert_eq!(
                last, None,
                "{name}: nothing comes after the close, and the connection ends"
            );
        } else {
            assert_eq!(
                last,
                Some(Heard::Number(u32::MAX)),
                "{name}, in pieces of {piece}: it goes on"
            );
        }
    }
}

fn violation() -> Vec<Heard> {
    vec![Heard::Closed(1002)]
}

fn messages() -> Vec<Case> {
    let n = numbered;
    let strange = "{\"type\":\"ping\",\"t\":1,\"x\":\"\u{fc}\u{20ac}\u{1d11e}\"}";
    let at = |needle: char| strange.find(needle).unwrap();
    let split = |byte: usize| {
        let (begin, end) = strange.as_bytes().split_at(byte);
        [frame(TEXT_BEGIN, begin), frame(LAST, end)].concat()
    };
    let each_byte: Vec<u8> = strange.bytes().flat_map(|byte| frame(MORE, [byte])).collect();
    let hundred: Vec<u8> = (0..100).flat_map(|number| text(n(number))).collect();
    let quiet = [0x81, 0x80, 0, 0, 0, 0];
    vec![
        Case("a message", text(n(1)), vec![Heard::Number(1)]),
        Case("an empty message", text(""), vec![Heard::Other("error".into())]),
        Case(
            "an empty message with a mask of zeros",
            quiet.to_vec(),
            vec![Heard::Other("error".into())],
        ),
        Case("125 bytes", text(padded(1, 125)), vec![Heard::Number(1)]),
        Case("126 bytes", text(padded(1, 126)), vec![Heard::Number(1)]),
        Case("127 bytes", text(padded(1, 127)), vec![Heard::Number(1)]),
        Case("128 bytes", text(padded(1, 128)), vec![Heard::Number(1)]),
        Case("65,535 bytes", text(padded(1, 0xffff)), vec![Heard::Number(1)]),
        Case("65,536 bytes", text(padded(1, 0x1_0000)), vec![Heard::Number(1)]),
        Case(
            "the largest message",
            text(padded(1, LARGEST)),
            vec![Heard::Number(1)],
        ),
        Case("many messages", hundred, (0..100).map(Heard::Number).collect()),
        Case(
            "characters of two, three and four bytes",
            text(strange),
            vec![Heard::Number(1)],
        ),
        Case("two fragments", split(3), vec![Heard::Number(1)]),
        Case("an empty first fragment", split(0), vec![Heard::Number(1)]),
        Case(
            "an empty last fragment",
            split(strange.len()),
            vec![Heard::Number(1)],
        ),
        Case(
            "fragments within a character of two bytes",
            split(at('\u{fc}') + 1),
            vec![Heard::Number(1)],
        ),
        Case(
            "fragments within a character of three bytes",
            split(at('\u{20ac}') + 2),
            vec![Heard::Number(1)],
        ),
        Case(
            "fragments within a character of four bytes",
            split(at('\u{1d11e}') + 3),
            vec![Heard::Number(1)],
        ),
        Case(
            "a fragment for each byte",
            [frame(TEXT_BEGIN, ""), each_byte, frame(LAST, "")].concat(),
            vec![Heard::Number(1)],
        ),
        Case(
            "fragments that are the largest message together",
            [
                frame(TEXT_BEGIN, padded(1, LARGEST / 2)),
                frame(LAST, " ".repeat(LARGEST / 2)),
            ]
            .concat(),
            vec![Heard::Number(1)],
        ),
        Case(
            "two fragmented messages",
            [split(5), split(9)].concat(),
            vec![Heard::Number(1), Heard::Number(1)],
        ),
    ]
}

fn control() -> Vec<Case> {
    let n = numbered;
    let (begin, end) = ("{\"type\":\"ping\",", "\"t\":1}");
    let between = |control: Vec<u8>| [frame(TEXT_BEGIN, begin), control, frame(LAST, end)].concat();
    let hundred: Vec<u8> = (0..100u8).flat_map(|number| frame(PING, [number])).collect();
    let longest = vec![0xab; 125];
    let reason = "x".repeat(123);
    let pong = |payload: &[u8]| Heard::Pong(payload.to_vec());
    vec![
        Case("a ping", frame(PING, ""), vec![pong(b"")]),
        Case(
            "a ping with a word",
            frame(PING, "are you there"),
            vec![pong(b"are you there")],
        ),
        Case(
            "a ping with bytes",
            frame(PING, [0, 0xff, 0xfe, 0x80]),
            vec![pong(&[0, 0xff, 0xfe, 0x80])],
        ),
        Case("the longest ping", frame(PING, &longest), vec![pong(&longest)]),
        Case(
            "many pings",
            hundred,
            (0..100u8).map(|number| pong(&[number])).collect(),
        ),
        Case("a pong that nobody asked for", frame(PONG, ""), vec![]),
        Case("a pong with a payload", frame(PONG, &longest), vec![]),
        Case(
            "a ping after a pong",
            [frame(PONG, "a"), frame(PING, "b")].concat(),
            vec![pong(b"b")],
        ),
        Case(
            "a ping between fragments",
            between(frame(PING, "now")),
            vec![pong(b"now"), Heard::Number(1)],
        ),
        Case(
            "a pong between fragments",
            between(frame(PONG, "now")),
            vec![Heard::Number(1)],
        ),
        Case(
            "pings between fragments",
            between([frame(PING, "1"), frame(PING, "2")].concat()),
            vec![pong(b"1"), pong(b"2"), Heard::Number(1)],
        ),
        Case(
            "a close between fragments",
            between(close(1000, "")),
            vec![text_close(1000, "")],
        ),
        Case("a close", frame(CLOSE, ""), vec![Heard::Close(Vec::new())]),
        Case(
            "a close with a reason",
            close(1000, "that is all"),
            vec![text_close(1000, "that is all")],
        ),
        Case(
            "a close with the longest reason",
            close(1000, &reason),
            vec![text_close(1000, &reason)],
        ),
        Case(
            "a close after a message",
            [text(n(7)), close(1000, "")].concat(),
            vec![Heard::Number(7), text_close(1000, "")],
        ),
        Case(
            "a message after a close",
            [close(1000, ""), text(n(7))].concat(),
            vec![text_close(1000, "")],
        ),
        Case(
            "a ping after a close",
            [close(1000, ""), frame(PING, "x")].concat(),
            vec![text_close(1000, "")],
        ),
        Case(
            "two closes",
            [close(1000, ""), close(1001, "")].concat(),
            vec![text_close(1000, "")],
        ),
        Case(
            "nonsense after a close",
            [close(1000, ""), vec![0xff; 40]].concat(),
            vec![text_close(1000, "")],
        ),
    ]
}

fn close_codes() -> Vec<Case> {
    let good = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let bad = [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 0xffff,
    ];
    let good = good.map(|code| {
        Case(
            "a close code that is one",
            close(code, ""),
            vec![text_close(code, "")],
        )
    });
    let bad = bad.map(|code| Case("a close code that is none", close(code, "x"), violation()));
    good.into_iter().chain(bad).collect()
}

fn violations() -> Vec<Case> {
    let n = numbered;
    let begin = || frame(TEXT_BEGIN, "{\"type\":");
    let unmasked =
        |first: u8, payload: &[u8]| [&[first, u8::try_from(payload.len()).unwrap()], payload].concat();
    vec![
        Case(
            "a text that is not masked",
            unmasked(TEXT, n(1).as_bytes()),
            violation(),
        ),
        Case(
            "an empty text that is not masked",
            unmasked(TEXT, b""),
            violation(),
        ),
        Case("a ping that is not masked", unmasked(PING, b"x"), violation()),
        Case(
            "a close that is not masked",
            unmasked(CLOSE, &[3, 0xe8]),
            violation(),
        ),
        Case(
            "a header of a large text that is not masked",
            vec![TEXT, 127],
            violation(),
        ),
        Case(
            "a message, and then one that is not masked",
            [text(n(1)), unmasked(TEXT, b"{}")].concat(),
            vec![Heard::Number(1), Heard::Closed(1002)],
        ),
        Case("a continuation of nothing", frame(LAST, n(1)), violation()),
        Case(
            "a continuation of nothing that goes on",
            frame(MORE, "x"),
            violation(),
        ),
        Case(
            "a continuation of a message that is over",
            [text(n(1)), frame(LAST, "x")].concat(),
            vec![Heard::Number(1), Heard::Closed(1002)],
        ),
        Case(
            "a continuation of a fragmented message that is over",
            [frame(TEXT_BEGIN, n(1)), frame(LAST, ""), frame(LAST, "x")].concat(),
            vec![Heard::Number(1), Heard::Closed(1002)],
        ),
        Case(
            "a text within a message",
            [begin(), text(n(1))].concat(),
            violation(),
        ),
        Case(
            "the beginning of a text within a message",
            [begin(), begin()].concat(),
            violation(),
        ),
        Case(
            "a binary message within a message",
            [begin(), frame(BINARY, "x")].concat(),
            violation(),
        ),
    ]
}

fn broken_headers() -> Vec<Case> {
    let begin = || frame(TEXT_BEGIN, "{\"type\":");
    let mut cases = vec![
        Case("a fragmented ping", frame(0x09, "x"), violation()),
        Case("a fragmented pong", frame(0x0a, "x"), violation()),
        Case("a fragmented close", frame(0x08, [3, 0xe8]), violation()),
        Case("a ping of 126 bytes", frame(PING, [0; 126]), violation()),
        Case("a pong of 126 bytes", frame(PONG, [0; 126]), violation()),
        Case("a close of 126 bytes", frame(CLOSE, [b'x'; 126]), violation()),
        Case("the header of a ping of 64 bits", vec![PING, 0xff], violation()),
        Case("a close of one byte", frame(CLOSE, [3]), violation()),
        Case(
            "125 bytes, said in 16 bits",
            vec![TEXT, 0xfe, 0, 125],
            violation(),
        ),
        Case("no bytes, said in 16 bits", vec![TEXT, 0xfe, 0, 0], violation()),
        Case(
            "125 bytes, said in 64 bits",
            vec![TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0, 125],
            violation(),
        ),
        Case(
            "65,535 bytes, said in 64 bits",
            vec![TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
            violation(),
        ),
        Case(
            "a length of 2^63",
            vec![TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0],
            violation(),
        ),
        Case(
            "a length of 2^64-1",
            [vec![TEXT, 0xff], vec![0xff; 8]].concat(),
            violation(),
        ),
    ];
    for reserved in [0x40, 0x20, 0x10, 0x70] {
        for first in [TEXT, TEXT_BEGIN, PING, PONG, CLOSE] {
            cases.push(Case(
                "a reserved bit",
                frame(first | reserved, [3, 0xe8]),
                violation(),
            ));
        }
        let later = [begin(), frame(LAST | reserved, "\"ping\"}")].concat();
        cases.push(Case("a reserved bit in a continuation", later, violation()));
    }
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        cases.push(Case("a reserved opcode", frame(0x80 | opcode, "x"), violation()));
        cases.push(Case(
            "a reserved opcode that goes on",
            frame(opcode, ""),
            violation(),
        ));
        let within = [begin(), frame(0x80 | opcode, "")].concat();
        cases.push(Case("a reserved opcode within a message", within, violation()));
    }
    cases
}

fn not_utf8() -> Vec<Case> {
    let mut cases = Vec::new();
    for bad in [
        &[0x80][..],
        &[0xbf],
        &[0xc0, 0x80],
        &[0xc1, 0xbf],
        &[0xe0, 0x80, 0x80],
        &[0xed, 0xa0, 0x80],
        &[0xed, 0xbf, 0xbf],
        &[0xf0, 0x80, 0x80, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xf5, 0x80, 0x80, 0x80],
        &[0xfe],
        &[0xff],
        &[0xc3],
        &[0xe2, 0x82],
        &[0xf0, 0x9d, 0x84],
        &[0xc3, 0x28],
    ] {
        let no = || vec![Heard::Closed(1007)];
        let around = [b"{\"x\":\"", bad, b"\"}"].concat();
        let (begin, end) = around.split_at(6 + bad.len() / 2);
        cases.push(Case("a text", text(&around), no()));
        cases.push(Case("the end of a text", text([b"x", bad].concat()), no()));
        cases.push(Case(
            "fragments",
            [frame(TEXT_BEGIN, begin), frame(LAST, end)].concat(),
            no(),
        ));
        cases.push(Case(
            "the last fragment",
            [frame(TEXT_BEGIN, "{"), frame(LAST, bad)].concat(),
            no(),
        ));
        cases.push(Case("a reason", close(1000, bad), no()));
    }
    cases
}

fn refusals() -> Vec<Case> {
    let too_big = || vec![Heard::Closed(1009)];
    let unsupported = || vec![Heard::Closed(1003)];
    let beyond = |length: u64| [&[TEXT, 0xff][..], &length.to_be_bytes()].concat();
    let half = || frame(TEXT_BEGIN, "x".repeat(LARGEST / 2));
    vec![
        Case("a message too large", text("x".repeat(LARGEST + 1)), too_big()),
        Case(
            "the header of a message too large",
            beyond(LARGEST as u64 + 1),
            too_big(),
        ),
        Case(
            "the header of a message of 2^62 bytes",
            beyond(1 << 62),
            too_big(),
        ),
        Case(
            "the header of a message of 2^63-1 bytes",
            beyond((1 << 63) - 1),
            too_big(),
        ),
        Case(
            "fragments too large together",
            [half(), frame(MORE, "x".repeat(LARGEST / 2)), frame(LAST, "x")].concat(),
            too_big(),
        ),
        Case(
            "fragments without end",
            [frame(TEXT_BEGIN, ""), frame(MORE, "").repeat(20_000)].concat(),
            too_big(),
        ),
        Case("a binary message", frame(BINARY, "x"), unsupported()),
        Case("an empty binary message", frame(BINARY, ""), unsupported()),
        Case(
            "the beginning of a binary message",
            frame(0x02, "x"),
            unsupported(),
        ),
        Case(
            "a message, and then a binary one",
            [text(numbered(1)), frame(BINARY, "x")].concat(),
            vec![Heard::Number(1), Heard::Closed(1003)],
        ),
    ]
}

#[tokio::test]
async fn every_frame_is_taken_as_the_rfc_says() {
    let directory = directory();
    let limits = [
        ("MAX_SOCKETS_PER_USER", "10000"),
        ("MAX_SOCKETS_PER_ADDRESS", "10000"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "10000"),
    ];
    let server = Server::start_with(directory.path(), &[], &limits);
    let ada = server.user("ada").await;
    let (authority, token) = (ada.authority(), ada.token().unwrap());
    let (mut cases, mut runs) = (0, 0);
    let all = [
        messages(),
        control(),
        close_codes(),
        violations(),
        broken_headers(),
        not_utf8(),
        refusals(),
    ];
    for case in all.iter().flatten() {
        // What is large comes in larger pieces, for the sake of time.
        let small = if case.1.len() > 4_096 { 1_021 } else { 1 };
        for piece in [usize::MAX, small] {
            case.run(authority, token, piece).await;
            runs += 1;
        }
        cases += 1;
    }
    println!("RFC 6455: {cases} cases of frames, each at once and in pieces: {runs} runs, 0 failed");
}

#[tokio::test]
async fn who_does_not_hang_up_after_the_close_is_hung_up_on() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    for offence in [frame(BINARY, "x"), close(1000, "")] {
        let mut raw = open(ada.authority(), ada.token().unwrap()).await;
        raw.say(offence).await;
        assert!(matches!(hear(&mut raw).await, Some(Heard::Close(_))));
        assert_eq!(hear(&mut raw).await, None, "the server says nothing more");
        // And in the end it does not listen any more either.
        while raw.say(frame(PING, "")).await {
            tokio::task::yield_now().await;
        }
    }
}
