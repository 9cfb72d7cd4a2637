//! Identifiers: positive integers that a JavaScript number holds exactly, never given twice.

use std::fmt;

/// The largest identifier and sequence number, 2⁵³−1: beyond it a JavaScript number is no longer exact.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// A number that is no identifier: zero, or above [`MAX_ID`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9007199254740991")]
pub struct IdOutOfRange;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Takes `1..=`[`MAX_ID`].
            ///
            /// # Errors
            /// [`IdOutOfRange`] for every other number.
            pub const fn parse(number: u64) -> Result<Self, IdOutOfRange> {
                if number == 0 || number > MAX_ID { Err(IdOutOfRange) } else { Ok(Self(number)) }
            }

            /// The number itself.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identifier!(
    /// A user, for ever: never given to another account, also not after an erasure or a restore.
    UserId
);
identifier!(
    /// A room.
    RoomId
);
identifier!(
    /// An event of any room (a message, an edit, a deletion …): unique in the whole installation.
    EventId
);
identifier!(
    /// A signed-in browser or program. Not the token: knowing it opens nothing.
    SessionId
);
identifier!(
    /// A line of the audit log.
    AuditId
);

/// A place in a room's sequence of events: the first event is 1, the next is one more, without gaps, for ever.
/// [`Seq::ZERO`] stands before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// Takes `0..=`[`MAX_ID`].
    ///
    /// # Errors
    /// [`IdOutOfRange`] above it.
    pub const fn parse(number: u64) -> Result<Self, IdOutOfRange> {
        if number > MAX_ID {
            Err(IdOutOfRange)
        } else {
            Ok(Self(number))
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_what_javascript_holds() {
        assert_eq!(UserId::parse(0), Err(IdOutOfRange));
        assert_eq!(UserId::parse(1).unwrap().number(), 1);
        assert_eq!(UserId::parse(MAX_ID).unwrap().number(), MAX_ID);
        assert_eq!(UserId::parse(MAX_ID + 1), Err(IdOutOfRange));
        assert_eq!(Seq::parse(0), Ok(Seq::ZERO));
        assert_eq!(Seq::parse(MAX_ID + 1), Err(IdOutOfRange));
    }
}
