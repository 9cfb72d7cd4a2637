//! What is wrong with a configuration, in one line.

use std::fmt::Write as _;

use figment::{
    Figment, Metadata, Source,
    error::{Actual, Kind},
};

use super::sources::{self, KEYS};

/// A configuration that cannot be used: one line that names the key, its source and what is allowed. A value that is
/// secret does not stand in it.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(super) fn unreadable(what: &str, error: &impl std::fmt::Display) -> Self {
        Self(format!("{what}: {}", one_line(&error.to_string())))
    }

    /// A value against a rule: `key must be …`.
    pub(super) fn value(figment: &Figment, key: &str, allowed: &str) -> Self {
        let source = figment.find_metadata(key).map(source_of);
        Self(named(key, source.as_deref(), &one_line(allowed)))
    }

    /// What figment has found, the first of it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's errors, of which more may come"
    )]
    pub(super) fn of(figment: &Figment, error: &figment::Error) -> Self {
        let source = error.metadata.as_ref().map(source_of);
        let key = error.path.join(".");
        let told = match &error.kind {
            Kind::UnknownField(unknown, _) => {
                let source = figment.find_metadata(unknown).map(source_of).or(source);
                return Self(unknown_key(unknown, source.as_deref()));
            }
            kind if sources::is_secret(&key) => match kind {
                Kind::InvalidType(_, expected) => format!("must be {}", in_words(expected)),
                _ => "cannot be used".to_owned(),
            },
            Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
                format!("is {}, and must be {}", shown(found), in_words(expected))
            }
            Kind::UnknownVariant(found, allowed) => {
                format!("is \"{found}\", and must be {}", allowed.join(" or "))
            }
            Kind::Message(message) if key.is_empty() => {
                let source = source.unwrap_or_else(|| "the file given by --config".to_owned());
                return Self(format!("{source}: {}", one_line(message)));
            }
            Kind::Message(message) if message.starts_with("must ") => message.clone(),
            Kind::Message(message) => format!("cannot be used: {message}"),
            kind => format!("cannot be used: {kind}"),
        };
        Self(named(&key, source.as_deref(), &one_line(&told)))
    }
}

/// What an unknown key may have been meant to be.
pub(super) fn unknown_key(unknown: &str, source: Option<&str>) -> String {
    let near = KEYS
        .iter()
        .map(|key| (strsim::jaro_winkler(key, &unknown.to_lowercase()), *key))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut told = named(unknown, source, "is no key");
    if let Some((_, near)) = near {
        // Writing to a text does not fail.
        let _ = write!(told, "; did you mean {near}?");
    }
    told
}

fn named(key: &str, source: Option<&str>, told: &str) -> String {
    match source {
        Some(source) => format!("{key} ({source}) {told}"),
        None => format!("{key} {told}"),
    }
}

/// Where a value comes from, in words.
pub(super) fn source_of(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    }
}

/// What was found, without the library's words for it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all others are named well enough by the library"
)]
fn shown(found: &Actual) -> String {
    match found {
        Actual::Unsigned(number) => number.to_string(),
        Actual::Signed(number) => number.to_string(),
        Actual::Str(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// What was expected, for who does not write Rust.
fn in_words(expected: &str) -> String {
    match expected {
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number that is not negative".to_owned(),
        other => other.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
