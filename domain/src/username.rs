//! Names of accounts.

use std::fmt;

use crate::limit;

/// A username as its owner wrote it: 3–50 of `A-Z a-z 0-9 _`. Two names that differ only in case are the same
/// name ([`Username::key`]); the small alphabet leaves no look-alikes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than 3 or more than 50 characters.
    #[error("must have 3 to 50 characters")]
    Length,
    /// Something other than `A-Z a-z 0-9 _`.
    #[error("may hold letters (a to z), numbers and underscores only")]
    Character,
}

impl Username {
    /// Reads a username.
    ///
    /// # Errors
    /// [`UsernameError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(UsernameError::Character);
        }
        if !limit::USERNAME.contains(&text.len()) {
            return Err(UsernameError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lower-case form, under which the name is unique.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        for good in ["ada", "Ada_Lovelace", "___", "x1y", &"a".repeat(50)] {
            assert_eq!(Username::parse(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", UsernameError::Length),
            ("ab", UsernameError::Length),
            (&"a".repeat(51)[..], UsernameError::Length),
            ("ada l", UsernameError::Character),
            ("ада", UsernameError::Character),
            ("ada\u{200b}", UsernameError::Character),
            ("ada.", UsernameError::Character),
            ("ada\0x", UsernameError::Character),
        ] {
            assert_eq!(Username::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_what_it_accepts(text in any::<String>()) {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert!(text.is_ascii());
            }
        }

        #[test]
        fn case_does_not_make_another_name(text in "[A-Za-z0-9_]{3,50}") {
            let (upper, lower) = (text.to_ascii_uppercase(), text.to_ascii_lowercase());
            prop_assert_eq!(Username::parse(&upper).unwrap().key(), Username::parse(&lower).unwrap().key());
        }
    }
}
