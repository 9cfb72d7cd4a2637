//! Why a connection ends, as the contract numbers it.

/// A close code of RFC 6455, section 7.4, or of the contract (4000–4999).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// The peer said so, and gets its own answer.
    Normal,
    /// The server shuts down.
    GoingAway,
    /// A violation of RFC 6455.
    Protocol,
    /// A binary message: the frames here are text.
    Unsupported,
    /// Text that is no UTF-8.
    NotUtf8,
    /// A message above the limit.
    TooBig,
    /// Not signed in, or not any more.
    Unauthenticated,
    /// Cut by an administrator; may come back.
    Kicked,
    /// The account is banned.
    Banned,
    /// Goes on although it is refused.
    RateLimitIgnored,
    /// Reads too slowly; may come back.
    TooSlow,
}

impl CloseCode {
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Unauthenticated => 4001,
            Self::Kicked => 4003,
            Self::Banned => 4004,
            Self::RateLimitIgnored => 4008,
            Self::TooSlow => 4009,
        }
    }

    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::GoingAway => "the server is shutting down",
            Self::Protocol => "not RFC 6455",
            Self::Unsupported => "frames are text here",
            Self::NotUtf8 => "not UTF-8",
            Self::TooBig => "too big",
            Self::Unauthenticated => "not signed in",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::RateLimitIgnored => "too many refused frames",
            Self::TooSlow => "too slow: come back",
        }
    }
}
