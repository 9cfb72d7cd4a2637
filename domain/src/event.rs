//! Events: everything lasting that happens in a room, in one sequence.

use crate::{
    EventId, Room, RoomId, Seq, Timestamp, UserId, Username, limit,
    message::{DeletedBy, Message},
};

/// Something lasting that happened in a room. Events of a room are numbered 1, 2, 3 … without a gap; none is
/// ever removed or renumbered. What is true for a moment only (typing, presence) is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where.
    pub room_id: RoomId,
    /// Its place in the room.
    pub seq: Seq,
    /// When it was taken in.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// Something was said.
    Posted(Message),
    /// A message was given another text. This is the message as it is *now*: who reads an old edit sees the newest
    /// text, and nothing of a message that was deleted since.
    Edited(Message),
    /// A reaction was added or taken back.
    Reacted {
        /// The message.
        target: EventId,
        /// Who reacted.
        user_id: UserId,
        /// With what.
        emoji: Emoji,
        /// Added, or taken back.
        added: bool,
    },
    /// A message was emptied.
    Deleted {
        /// The message.
        target: EventId,
        /// Its place.
        target_seq: Seq,
        /// By whom.
        by: DeletedBy,
    },
    /// Somebody became a member.
    Joined {
        /// Who.
        user: Person,
        /// Who added them, if they did not join by themselves.
        by: Option<UserId>,
    },
    /// Somebody is no longer a member.
    Left {
        /// Who.
        user: Person,
        /// Who removed them, if they did not leave by themselves.
        by: Option<UserId>,
    },
    /// The room's settings were changed; they are now these.
    RoomChanged(Box<Room>),
    /// Something that cannot be shown, because the store cannot read it any more. Its place stays, so that what comes
    /// after it is not held up.
    Withheld,
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// For ever.
    pub id: UserId,
    /// As its owner wrote it.
    pub username: Username,
    /// Whether they administer the server.
    pub is_admin: bool,
}

impl From<&crate::User> for Person {
    fn from(user: &crate::User) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            is_admin: user.is_admin,
        }
    }
}

/// A reaction's emoji: a short text without letters, white space or control characters. Which pictures exist
/// changes every year and is the clients' business.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Emoji(String);

/// Not a short text of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one emoji")]
pub struct EmojiError;

impl Emoji {
    /// Reads a reaction's emoji.
    ///
    /// # Errors
    /// [`EmojiError`].
    pub fn parse(text: &str) -> Result<Self, EmojiError> {
        let pictorial = |c: char| !(c.is_alphabetic() || c.is_whitespace() || c.is_control());
        let drawn = !text.is_ascii();
        if text.is_empty() || text.len() > limit::EMOJI_BYTES || !drawn || !text.chars().all(pictorial) {
            return Err(EmojiError);
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

    #[test]
    fn emoji() {
        for good in ["👍", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤️", "1️⃣"]
        {
            assert_eq!(Emoji::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "ok", "👍 👍", "<b>", ":)", "\n", &"👍".repeat(17)] {
            assert_eq!(Emoji::parse(bad), Err(EmojiError), "{bad:?}");
        }
    }
}
