//! Finds a secret in bytes, however it may be spelled there.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// How a secret may be spelled, by name.
pub(crate) fn spellings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("raw", secret.to_vec()),
        ("hex", HEXLOWER.encode(secret).into_bytes()),
        ("hex in capitals", HEXUPPER.encode(secret).into_bytes()),
        ("base64", BASE64.encode(secret).into_bytes()),
    ];
    // Within a longer text its letters depend on where in a group of three bytes it begins.
    for before in 0..3 {
        let padded = [vec![0; before], secret.to_vec()].concat();
        let own = |text: String| {
            let begin = [0, 2, 3][before];
            let end = padded.len() / 3 * 4;
            text.into_bytes()[begin..end].to_vec()
        };
        all.push(("base64 within", own(BASE64_NOPAD.encode(&padded))));
        all.push(("base64url within", own(BASE64URL_NOPAD.encode(&padded))));
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        all.extend(spellings_of_text(text));
    }
    all
}

fn spellings_of_text(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let json = serde_json::to_string(text).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let mut ascii = String::new();
    for letter in json.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            write!(ascii, "\\u{unit:04x}").unwrap();
        }
    }
    let percent: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    vec![
        (
            "UTF-16LE",
            units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        ),
        (
            "UTF-16BE",
            units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        ),
        (
            "escaped twice",
            json.replace('\\', "\\\\").replace('"', "\\\"").into_bytes(),
        ),
        ("JSON", json.into_bytes()),
        ("JSON in ASCII", ascii.into_bytes()),
        ("a form", percent.replace('+', "%20").into_bytes()),
        ("a form with +", percent.into_bytes()),
    ]
}

/// Bytes to search through, each of them a letter: what the standard library searches in texts it does fast.
pub(crate) struct Haystack(String);

impl Haystack {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().map(char::from).collect())
    }

    /// The first spelling of the secret that is in it.
    pub(crate) fn spelling_of(&self, secret: &[u8]) -> Option<&'static str> {
        let is_in = |needle: &[u8]| self.0.contains(&Self::new(needle).0);
        let found = spellings(secret).into_iter().find(|(_, needle)| is_in(needle));
        found.map(|(name, _)| name)
    }
}

/// Every file below this directory.
pub(crate) fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            // A socket cannot be read, and a file of the database may have gone meanwhile.
            all.push((path, bytes));
        }
    }
    all
}

/// The test of the test: whatever the spelling and whatever stands around it, it is found.
#[test]
fn what_is_planted_is_found() {
    let secret = "canary \"quoted\\ pässwort 7f3a";
    let is_found = |bytes: &[u8]| Haystack::new(bytes).spelling_of(secret.as_bytes()).is_some();
    for (name, needle) in spellings(secret.as_bytes()) {
        assert!(
            is_found(&[b"before ".to_vec(), needle, b" after".to_vec()].concat()),
            "{name}"
        );
    }
    for before in 0..4 {
        let around = [&[b'x'; 4][..before], secret.as_bytes(), b"yz"].concat();
        for text in [BASE64.encode(&around), BASE64URL_NOPAD.encode(&around)] {
            assert!(is_found(text.as_bytes()), "{text}");
        }
    }
    let json = serde_json::to_string(secret).unwrap();
    assert!(is_found(json.as_bytes()));
    assert!(is_found(serde_json::to_string(&json).unwrap().as_bytes()));
    assert!(!is_found(b"canary quoted passwort 7f3a"));
}
