//! Messages: what may be said, and what becomes of it.

use std::fmt;

use crate::{EventId, Refusal, RoomId, Seq, Timestamp, UserId, Username, event::Emoji, limit, room::MayPost};

/// The text of a message, as it was written: not empty, and of so many bytes as the operator allows. It is never HTML: clients show it as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(String);

/// Why a text may not be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More than so many bytes.
    #[error("must have 1 to {0} bytes")]
    TooLong(usize),
}

impl Content {
    /// Reads a message's text, under the highest limit that there is.
    ///
    /// # Errors
    /// [`ContentError`] says what is wrong with it.
    pub fn parse(text: String) -> Result<Self, ContentError> {
        Self::within(limit::CONTENT_BYTES, text)
    }

    /// Reads a message's text of at most so many bytes.
    ///
    /// # Errors
    /// [`ContentError`] says what is wrong with it.
    pub fn within(most: usize, text: String) -> Result<Self, ContentError> {
        let most = most.min(limit::CONTENT_BYTES);
        if text.len() > most {
            return Err(ContentError::TooLong(most));
        }
        if text.trim().is_empty() {
            return Err(ContentError::Empty);
        }
        Ok(Self(text))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Message text belongs to those who talk, not to log files.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.0.len())
    }
}

/// A client's own name for a message: 1–64 of `A-Z a-z 0-9 _ -`. The same one from the same user in the same
/// room is one message for ever, so a client may send again until it has an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

/// Not 1–64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 letters, numbers, underscores and hyphens")]
pub struct ClientIdError;

impl ClientId {
    /// Reads a client's message id.
    ///
    /// # Errors
    /// [`ClientIdError`].
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if limit::CLIENT_ID.contains(&text.len()) && text.bytes().all(alphabet) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientIdError)
        }
    }

    /// As the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// Text.
    Text,
    /// A file, with the text as its caption.
    File,
    /// A picture, with the text as its caption.
    Image,
    /// Said by the server.
    System,
    /// An envelope that the server cannot open.
    E2ee,
}

impl MessageType {
    /// Its name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File => "file",
            Self::Image => "image",
            Self::System => "system",
            Self::E2ee => "e2ee",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Text, Self::File, Self::Image, Self::System, Self::E2ee]
            .into_iter()
            .find(|t| t.name() == name)
    }
}

/// A message that the rules have let through and that nobody has stored yet. Only [`draft`] makes one, so a
/// store cannot be handed a message by who may not post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it goes.
    pub room_id: RoomId,
    /// Who says it.
    pub author: UserId,
    /// The author's name, to show.
    pub username: Username,
    /// What is said.
    pub said: Utterance,
    /// When it was taken in.
    pub at: Timestamp,
    made_here: MadeHere,
}

/// Cannot be made elsewhere, so that [`draft`] is the only way to a [`Draft`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MadeHere;

/// What a client asks to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// What is said.
    pub content: Content,
    /// What it is made of.
    pub message_type: MessageType,
    /// The message that it answers.
    pub reply_to: Option<EventId>,
    /// The client's own name for it.
    pub client_id: Option<ClientId>,
}

impl Utterance {
    /// Whether this is what `earlier` was sent as, sent again under the same client id: the same text, type and
    /// answer. What was done to the message since does not matter: who sends again has not seen it yet. Whether an
    /// edited message had this text at first is for the store to say in `was_first`, as far as it is still known; what
    /// is not known any more, and the text of a deleted message, which is gone, counts as the same.
    #[must_use]
    pub fn repeats(&self, earlier: &Message, was_first: Option<bool>) -> bool {
        let same_text = match (&earlier.body, earlier.edited_at) {
            (MessageBody::Said(content), None) => *content == self.content,
            (MessageBody::Said(_), Some(_)) => was_first.unwrap_or(true),
            (MessageBody::Deleted(_), _) => true,
        };
        same_text && earlier.message_type == self.message_type && earlier.reply_to == self.reply_to
    }
}

/// Turns what a client asks to say into a draft of a room of mode `server`. That the author may post there is
/// proved by `may_post`; that `reply_to` is a message of the room, and that the client id is new, is for the
/// store to say, in the transaction that writes.
///
/// # Errors
/// [`Refusal::Forbidden`] for a type that clients do not write.
pub fn draft(may_post: &MayPost<'_>, said: Utterance, at: Timestamp) -> Result<Draft, Refusal> {
    match said.message_type {
        MessageType::Text | MessageType::File | MessageType::Image => {}
        MessageType::System => return Err(Refusal::Forbidden),
        MessageType::E2ee => return Err(Refusal::RoomIsPlain),
    }
    Ok(Draft {
        room_id: may_post.room().id,
        author: may_post.user().id,
        username: may_post.user().username.clone(),
        said,
        at,
        made_here: MadeHere,
    })
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Unique in the installation.
    pub id: EventId,
    /// Where it was said.
    pub room_id: RoomId,
    /// Its place among the room's events.
    pub seq: Seq,
    /// Who said it.
    pub author: UserId,
    /// The author's name.
    pub username: Username,
    /// What was said, as edited last; or who emptied it.
    pub body: MessageBody,
    /// What it is made of.
    pub message_type: MessageType,
    /// The message of the same room that it answers.
    pub reply_to: Option<EventId>,
    /// The author's own name for it, for the author's eyes.
    pub client_id: Option<ClientId>,
    /// When it was taken in.
    pub at: Timestamp,
    /// When it was given its present text, if that is not its first.
    pub edited_at: Option<Timestamp>,
    /// What others think of it: each emoji once, in the order of its first use.
    pub reactions: Vec<Reaction>,
}

/// An emoji that stands under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// Whose, in the order in which they came.
    pub by: Vec<UserId>,
}

/// What is left of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageBody {
    /// Its text.
    Said(Content),
    /// Nothing: the row stays, so that the sequence has no gap.
    Deleted(DeletedBy),
}

/// Who emptied a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedBy {
    /// Its author.
    Author,
    /// A moderator or an administrator.
    Moderator,
    /// The server itself: retention, erasure of an account.
    Server,
}

impl DeletedBy {
    /// Its name on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Server => "server",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Author, Self::Moderator, Self::Server]
            .into_iter()
            .find(|by| by.name() == name)
    }
}

impl Message {
    /// The same message for the eyes of `reader`: a client id is its author's own business.
    #[must_use]
    pub fn seen_by(mut self, reader: UserId) -> Self {
        if self.author != reader {
            self.client_id = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn content_at_its_limits() {
        assert_eq!(Content::parse(String::new()), Err(ContentError::Empty));
        assert_eq!(Content::parse(" \n\t".into()), Err(ContentError::Empty));
        assert!(Content::parse("x".into()).is_ok());
        assert!(Content::parse("x".repeat(65_536)).is_ok());
        let too_long = Err(ContentError::TooLong(65_536));
        assert_eq!(Content::parse("x".repeat(65_537)), too_long);
        assert_eq!(Content::within(100_000, "x".repeat(65_537)), too_long);
        assert!(Content::within(4, "éé".into()).is_ok());
        assert_eq!(Content::within(4, "ééé".into()), Err(ContentError::TooLong(4)));
    }

    #[test]
    fn content_is_not_printed() {
        let shown = format!("{:?}", Content::parse("a secret of ours".into()).unwrap());
        assert_eq!(shown, "Content(16 bytes)");
    }

    #[test]
    fn client_ids() {
        for good in ["a", "A-z_09", &"x".repeat(64)] {
            assert_eq!(ClientId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "é", "a/b", &"x".repeat(65)] {
            assert_eq!(ClientId::parse(bad), Err(ClientIdError), "{bad:?}");
        }
    }

    #[test]
    fn what_repeats_a_message() {
        let content = |text: &str| Content::parse(text.into()).unwrap();
        let said = Utterance {
            content: content("hi"),
            message_type: MessageType::Text,
            reply_to: None,
            client_id: None,
        };
        let message = |body, edited_at| Message {
            id: EventId::parse(9).unwrap(),
            room_id: RoomId::parse(1).unwrap(),
            seq: Seq::ZERO.next(),
            author: UserId::parse(1).unwrap(),
            username: Username::parse("ada").unwrap(),
            body,
            message_type: MessageType::Text,
            reply_to: None,
            client_id: None,
            at: Timestamp::default(),
            edited_at,
            reactions: Vec::new(),
        };
        let now = Some(Timestamp::from_millis(5));
        let (same, other) = (MessageBody::Said(content("hi")), MessageBody::Said(content("ho")));
        let gone = MessageBody::Deleted(DeletedBy::Author);
        for (body, edited_at, was_first, repeats) in [
            (&same, None, None, true),
            (&other, None, None, false),
            (&other, now, Some(true), true),
            (&same, now, Some(false), false),
            (&other, now, None, true),
            (&gone, None, None, true),
            (&gone, now, None, true),
        ] {
            let earlier = message(body.clone(), edited_at);
            let case = format!("{body:?} {edited_at:?} {was_first:?}");
            assert_eq!(said.repeats(&earlier, was_first), repeats, "{case}");
            let answer = Utterance {
                reply_to: Some(earlier.id),
                ..said.clone()
            };
            assert!(
                !answer.repeats(&earlier, was_first),
                "{case}: it answers something"
            );
            let picture = Utterance {
                message_type: MessageType::Image,
                ..said.clone()
            };
            assert!(!picture.repeats(&earlier, was_first), "{case}: it is a picture");
        }
    }

    proptest! {
        #[test]
        fn content_is_kept_to_the_byte(text in any::<String>()) {
            if let Ok(content) = Content::parse(text.clone()) {
                prop_assert_eq!(content.as_str(), text);
            }
        }
    }

    #[test]
    fn names_of_types_are_their_own_inverse() {
        for name in ["text", "file", "image", "system", "e2ee"] {
            assert_eq!(MessageType::of_name(name).unwrap().name(), name);
        }
        assert_eq!(MessageType::of_name("html"), None);
    }
}
