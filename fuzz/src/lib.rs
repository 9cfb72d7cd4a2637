//! The parsers of everything that others send, by name. Whatever bytes they get, they neither panic nor take two
//! spellings of one thing: what was parsed and is written again is the same bytes.

use chat_e2ee::at_rest::Record;
use chat_e2ee::content::Content;
use chat_e2ee::encoding::Unreadable;
use chat_e2ee::envelope::{Envelope, Tombstone};
use chat_e2ee::header::{Header, Kind};
use chat_e2ee::identity::Statement;
use chat_e2ee::log::Entry;
use chat_e2ee::pkcs8;
use chat_e2ee::recovery::RecoveryCode;
use chat_e2ee::report::{Item, Report};
use chat_e2ee::secret::SigningSeed;
use chat_e2ee::trust::{InviteAnchor, QrCode};

/// The names, as the folders of the corpus have them.
pub const PARSERS: [&str; 14] = [
    "entry",
    "statement",
    "header",
    "envelope",
    "tombstone",
    "content",
    "redaction",
    "reaction",
    "report",
    "recovery",
    "pkcs8",
    "at_rest",
    "qr",
    "invite",
];

/// Parses; the code of the refusal.
///
/// # Errors
/// The code, as the vectors have it.
///
/// # Panics
/// If what was parsed is written in another way.
pub fn parse(name: &str, bytes: &[u8]) -> Result<(), &'static str> {
    match name {
        "entry" => Entry::parse(bytes)
            .map(|entry| assert_eq!(entry.encode(), bytes))
            .map_err(unreadable),
        "statement" => Statement::parse(bytes)
            .map(|statement| assert_eq!(statement.encode(), bytes))
            .map_err(unreadable),
        "header" => Header::parse(bytes)
            .map(|header| assert_eq!(header.encode(), bytes))
            .map_err(unreadable),
        "envelope" => text(bytes).and_then(|text| {
            let envelope = Envelope::parse(text).map_err(unreadable)?;
            assert_eq!(Envelope::parse(&envelope.to_json()).as_ref(), Ok(&envelope));
            Ok(())
        }),
        "tombstone" => text(bytes).and_then(|text| {
            let tombstone = Tombstone::parse(text).map_err(unreadable)?;
            assert_eq!(Tombstone::parse(&tombstone.to_json()).as_ref(), Ok(&tombstone));
            Ok(())
        }),
        "content" => content(Kind::Message, bytes),
        "redaction" => content(Kind::Redaction, bytes),
        "reaction" => content(Kind::Reaction, bytes),
        "report" => report(bytes),
        "recovery" => text(bytes)
            .ok()
            .and_then(|text| RecoveryCode::parse(text).ok())
            .map(|code| assert_eq!(RecoveryCode::parse(&code.to_text()), Ok(code)))
            .ok_or("bad_recovery_code"),
        "pkcs8" => pkcs8::parse::<SigningSeed>(pkcs8::Kind::Ed25519, bytes)
            .map(|seed| assert_eq!(pkcs8::encode(pkcs8::Kind::Ed25519, &seed), bytes))
            .map_err(|_| "bad_key"),
        "at_rest" => Record::parse(bytes).map(drop).map_err(|_| "bad_record"),
        "qr" => text(bytes).and_then(|text| {
            let code = QrCode::parse(text).map_err(unreadable)?;
            assert_eq!(code.to_text(), text);
            Ok(())
        }),
        "invite" => text(bytes).and_then(|text| {
            let anchor = InviteAnchor::parse(text).map_err(unreadable)?;
            assert_eq!(anchor.to_fragment(), text);
            Ok(())
        }),
        _ => panic!("no parser {name:?}"),
    }
}

fn unreadable(error: Unreadable) -> &'static str {
    match error {
        Unreadable::Malformed => "malformed",
        Unreadable::UnsupportedSuite => "unsupported_suite",
    }
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "malformed")
}

/// The files of a content are given by the header: here every content may name what it likes.
fn content(kind: Kind, bytes: &[u8]) -> Result<(), &'static str> {
    Content::parse(kind, &[], bytes)
        .map(drop)
        .map_err(|_| "bad_content")
}

fn report(bytes: &[u8]) -> Result<(), &'static str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Item::parse(text);
    }
    let report = Report::parse(bytes).map_err(|_| "not_authentic")?;
    let read_again = report.encode().map(|written| Report::parse(&written));
    assert_eq!(read_again, Ok(Ok(report)));
    Ok(())
}
