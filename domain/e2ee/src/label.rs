//! Labels: every string that is hashed, signed or put into a key derivation begins with exactly one of them, so
//! that a value made for one purpose is worth nothing for another.

/// The names in use; a name is never used for a second purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The key of a column, from the key of the keyring.
    AtRest,
    /// The key of the keyring, from a text that the operator keeps.
    AtRestEnv,
    /// What a sealed record is bound to.
    AtRestAad,
}

impl Label {
    /// All of them: the registry is closed.
    pub const ALL: [Self; 3] = [Self::AtRest, Self::AtRestEnv, Self::AtRestAad];

    /// The name in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtRest => "at-rest",
            Self::AtRestEnv => "at-rest-env",
            Self::AtRestAad => "at-rest-aad",
        }
    }

    /// `L(name)`: the length-prefixed ASCII of the protocol's name and the label's.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        length_prefixed(&mut bytes, format!("e2ee-chat/1 {}", self.name()).as_bytes());
        bytes
    }
}

/// Appends `LP(value)`: four bytes of length, big-endian, and the value.
pub fn length_prefixed(bytes: &mut Vec<u8>, value: &[u8]) {
    // A value of 4 GiB does not reach this function: everything that comes from outside is bounded far below.
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding() {
        assert_eq!(Label::AtRest.encode(), b"\0\0\0\x13e2ee-chat/1 at-rest");
    }

    #[test]
    fn the_registry_is_closed_and_without_doubles() {
        let names = Label::ALL.map(Label::name);
        assert_eq!(names, ["at-rest", "at-rest-env", "at-rest-aad"]);
    }
}
