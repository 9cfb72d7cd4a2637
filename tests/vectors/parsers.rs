//! The kept corpus of the fuzzer, and random changes of it, read by both implementations: what one takes and the other
//! refuses would be a message for some members of a room and none for others.

use std::io::Write;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::bytes::hex;

#[expect(unreachable_pub, reason = "a library of its own")]
#[path = "../../fuzz/src/lib.rs"]
mod fuzzed;

/// What JavaScript has a parser for as well.
const SHARED: [&str; 9] = [
    "entry",
    "statement",
    "header",
    "envelope",
    "tombstone",
    "content",
    "redaction",
    "reaction",
    "recovery",
];

fn corpus(parser: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(parser);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    files.sort();
    files
}

/// The whole corpus, through every parser there is.
pub(crate) fn read_all() -> usize {
    let mut count = 0;
    for parser in fuzzed::PARSERS {
        for bytes in corpus(parser) {
            let _ = fuzzed::parse(parser, &bytes);
            count += 1;
        }
    }
    count
}

/// Writes the corpus and so many changed inputs of each parser, a line each, with what became of it here.
pub(crate) fn write_for_javascript(to: &mut impl Write, changed: u64, rng: &mut Rng) -> std::io::Result<u64> {
    let mut count = 0;
    for parser in SHARED {
        let corpus = corpus(parser);
        let mut line = |bytes: &[u8]| {
            count += 1;
            writeln!(to, "{}", judged(parser, bytes))
        };
        for bytes in &corpus {
            line(bytes)?;
        }
        for _ in 0..changed {
            let mut bytes = corpus[rng.usize(0..corpus.len())].clone();
            for _ in 0..=rng.u8(0..3) {
                change(rng, &corpus, &mut bytes);
            }
            line(&bytes)?;
        }
    }
    Ok(count)
}

fn judged(parser: &str, bytes: &[u8]) -> Value {
    let want = fuzzed::parse(parser, bytes).map_or_else(|code| code, |()| "ok");
    json!({ "parser": parser, "bytes": hex(bytes), "want": want })
}

/// What texts stumble over.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "-0",
    "1e0",
    "1.0",
    "01",
    "9007199254740992",
    "\\u0000",
    "\\ud83d",
    "\\ud83d\\ude00",
    "\\/",
    "\u{feff}",
    "\u{2028}",
    "é",
    "{}",
    "[]",
    "\"v\":1,",
    "\"t\":\"text\",",
    ",",
    ":",
    "\"",
    "\\",
    "=",
    "__proto__",
];

fn change(rng: &mut Rng, corpus: &[Vec<u8>], bytes: &mut Vec<u8>) {
    let at = rng.usize(0..=bytes.len());
    match rng.u8(0..7) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.u8(..)),
        2 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(0..8),
        3 if at < bytes.len() => drop(bytes.remove(at)),
        4 => {
            let word = WORDS[rng.usize(0..WORDS.len())];
            bytes.splice(at..at, word.bytes());
        }
        5 => {
            let other = &corpus[rng.usize(0..corpus.len())];
            let from = rng.usize(0..=other.len());
            let length = rng.usize(0..=(other.len() - from).min(40));
            bytes.splice(at..at, other[from..from + length].iter().copied());
        }
        _ => {
            let upto = (at + rng.usize(0..8)).min(bytes.len());
            bytes.drain(at..upto);
        }
    }
}
