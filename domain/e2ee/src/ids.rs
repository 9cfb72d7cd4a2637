//! Names of things, as the protocol writes them.

use crate::encoding::{MAX_INTEGER, Unreadable};

/// Sixteen or eight random bytes that name something.
macro_rules! random_ids {
    ($($(#[$meta:meta])* $name:ident[$n:literal],)*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $n]);

        impl $name {
            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $n] { &self.0 }
        }
    )* };
}

random_ids! {
    /// A server's installation: made at setup, pinned by its clients.
    InstanceId[16],
    /// A message: drawn by its author's client, unique in its room.
    Mid[16],
    /// A tab, or a run of a program.
    Sid[8],
    /// An encrypted file.
    FileId[16],
    /// A report.
    ReportId[16],
}

impl Mid {
    /// No message: in a header whose kind has no target.
    pub const NONE: Self = Self([0; 16]);
}

/// An integer of the server's choice that JavaScript counts exactly.
macro_rules! integer_ids {
    ($($(#[$meta:meta])* $name:ident,)*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            /// Checks that the protocol can carry it.
            ///
            /// # Errors
            /// [`Unreadable::Malformed`] above 2⁵³ − 1.
            pub const fn new(id: u64) -> Result<Self, Unreadable> {
                if id > MAX_INTEGER { Err(Unreadable::Malformed) } else { Ok(Self(id)) }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 { self.0 }
        }
    )* };
}

integer_ids! {
    /// An account.
    UserId,
    /// A room.
    RoomId,
}

/// A username as derivations and statements carry it: lower-case ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Usr(String);

impl Usr {
    /// Reads the lower-case form.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`] unless it is 3 to 50 of `[a-z0-9_]`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let lawful = (3..=50).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Malformed)?;
        if lawful {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unreadable::Malformed)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
