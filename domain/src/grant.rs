//! What a sign-in is good for: everything, what a token's scopes name, or one room.

use std::fmt;

use crate::{Refusal, RoomId, Timestamp, limit, room};

/// What somebody may do who shows the token of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Whatever the account may: the password was proved.
    Full,
    /// What the account may and the scopes name: its owner has made the token for a program.
    Token {
        /// What for.
        scopes: Scopes,
        /// When it ends; `None`: when it is revoked.
        ends_at: Option<Timestamp>,
    },
    /// To post into one room, by the address of a webhook.
    Webhook {
        /// Which room.
        room: RoomId,
    },
}

/// What a call needs of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A scope.
    Scope(Scope),
    /// That the password was proved.
    Full,
}

impl Grant {
    /// Lets through who has what is needed.
    ///
    /// # Errors
    /// [`Refusal::InsufficientScope`].
    pub const fn allow(self, need: Need) -> Result<(), Refusal> {
        let is_allowed = match (self, need) {
            (Self::Full, _) => true,
            (Self::Token { scopes, .. }, Need::Scope(scope)) => scopes.include(scope),
            (Self::Token { .. }, Need::Full) | (Self::Webhook { .. }, _) => false,
        };
        if is_allowed {
            return Ok(());
        }
        Err(Refusal::InsufficientScope(need))
    }
}

/// Part of what can be done by programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read rooms, messages and members, and hear what happens.
    Read,
    /// Say, edit, delete and react.
    Write,
    /// Make rooms, enter and leave them, change them and who is in them.
    Rooms,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Rooms];

    /// Its name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Rooms => "rooms",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Rooms => 4,
        }
    }
}

/// At least one scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

/// Why names may not be scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopesError {
    /// No name at all.
    #[error("must name at least one of read, write and rooms")]
    Empty,
    /// A name that is none.
    #[error("must be of read, write and rooms")]
    Unknown,
}

impl Scopes {
    /// Reads names, in any order; one that is there twice counts once.
    ///
    /// # Errors
    /// [`ScopesError`].
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopesError> {
        let mut bits = 0;
        for name in names {
            let scope = Scope::ALL.into_iter().find(|scope| scope.name() == name);
            bits |= scope.ok_or(ScopesError::Unknown)?.bit();
        }
        if bits == 0 {
            return Err(ScopesError::Empty);
        }
        Ok(Self(bits))
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn include(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Their names, always in the same order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let included = Scope::ALL.into_iter().filter(move |scope| self.include(*scope));
        included.map(Scope::name)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// What an owner calls a token, to know it again: 1–80 bytes, and nothing that could pass for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

/// Why a text may not be a token's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenNameError {
    /// Not 1–80 bytes, or only white space.
    #[error("must have 1 to 80 bytes")]
    Length,
    /// A control, line-breaking or direction-changing character.
    #[error("must not hold control or direction characters")]
    Character,
}

impl TokenName {
    /// Reads a name; white space around it is dropped.
    ///
    /// # Errors
    /// [`TokenNameError`].
    pub fn parse(text: &str) -> Result<Self, TokenNameError> {
        let text = text.trim();
        if !limit::TOKEN_NAME_BYTES.contains(&text.len()) {
            return Err(TokenNameError::Length);
        }
        if text.chars().any(room::is_deceptive) {
            return Err(TokenNameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(names: &[&str]) -> Grant {
        Grant::Token {
            scopes: Scopes::parse(names.iter().copied()).unwrap(),
            ends_at: None,
        }
    }

    #[test]
    fn a_token_is_good_for_what_its_scopes_name() {
        let read = token(&["read"]);
        assert_eq!(read.allow(Need::Scope(Scope::Read)), Ok(()));
        for need in [Need::Scope(Scope::Write), Need::Scope(Scope::Rooms), Need::Full] {
            assert_eq!(read.allow(need), Err(Refusal::InsufficientScope(need)));
        }
        let all = token(&["rooms", "write", "read", "read"]);
        for scope in Scope::ALL {
            assert_eq!(all.allow(Need::Scope(scope)), Ok(()));
            assert_eq!(Grant::Full.allow(Need::Scope(scope)), Ok(()));
        }
        assert!(all.allow(Need::Full).is_err() && Grant::Full.allow(Need::Full).is_ok());
    }

    #[test]
    fn a_webhook_is_good_for_nothing_else() {
        let webhook = Grant::Webhook {
            room: RoomId::parse(1).unwrap(),
        };
        assert!(webhook.allow(Need::Full).is_err());
        for scope in Scope::ALL {
            assert!(webhook.allow(Need::Scope(scope)).is_err());
        }
    }

    #[test]
    fn scopes_have_names() {
        let scopes = Scopes::parse(["write", "read"]).unwrap();
        assert_eq!(scopes.names().collect::<Vec<_>>(), ["read", "write"]);
        assert_eq!(Scopes::parse([]), Err(ScopesError::Empty));
        for bad in ["", "Read", "admin", "read write"] {
            assert_eq!(Scopes::parse([bad]), Err(ScopesError::Unknown), "{bad:?}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(TokenName::parse(" deploy bot ").unwrap().as_str(), "deploy bot");
        assert!(TokenName::parse(&"x".repeat(80)).is_ok());
        for bad in ["", "  ", &"x".repeat(81)] {
            assert_eq!(TokenName::parse(bad), Err(TokenNameError::Length));
        }
        assert_eq!(TokenName::parse("a\nb"), Err(TokenNameError::Character));
    }
}
