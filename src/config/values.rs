//! Values as operators write them.

use serde::Deserialize;

/// On or off, in one of the ways in which that is written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "must be on or off")]
pub(super) enum Switch {
    Bool(bool),
    Number(Digit),
    Word(Word),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u8")]
pub(super) struct Digit(bool);

impl TryFrom<u8> for Digit {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            _ => Err("0 or 1"),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    On,
    Off,
    Yes,
    No,
    True,
    False,
}

impl Switch {
    pub(super) const fn is_on(self) -> bool {
        match self {
            Self::Bool(is_on) | Self::Number(Digit(is_on)) => is_on,
            Self::Word(word) => matches!(word, Word::On | Word::Yes | Word::True),
        }
    }
}

/// A list: in a file as one, in the environment and on one line with commas or spaces between.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "must be a list, or a text with commas between")]
pub(super) enum List {
    Items(Vec<String>),
    Line(String),
}

impl List {
    pub(super) fn items(&self) -> Vec<&str> {
        match self {
            Self::Items(items) => items.iter().map(String::as_str).collect(),
            Self::Line(line) => {
                let items = line.split([',', ' ']);
                items.filter(|item| !item.is_empty()).collect()
            }
        }
    }
}

/// A text that is not printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Hidden(String);

impl Hidden {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
