//! Messages on the wire.

use chat_domain::{
    Message, MessageType, UserId,
    message::{MessageBody, Reaction},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A message as a member of its room sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageView<'a> {
    /// Unique in the installation.
    #[schema(value_type = schema::MessageId)]
    pub id: u64,
    /// Where.
    #[schema(value_type = schema::RoomId)]
    pub room_id: u64,
    /// Its place among the room's events.
    #[schema(value_type = schema::Seq)]
    pub seq: u64,
    /// Who.
    #[schema(value_type = schema::UserId)]
    pub user_id: u64,
    /// Who, by name.
    #[schema(value_type = schema::Username)]
    pub username: &'a str,
    /// What was said; null once it was deleted.
    #[schema(value_type = Option<schema::Content>, required = true)]
    pub content: Option<&'a str>,
    /// `text`, `file`, `image`, `system` or `e2ee`.
    #[schema(value_type = schema::AnyType)]
    pub message_type: &'static str,
    /// When, RFC 3339.
    #[schema(value_type = schema::Moment)]
    pub created_at: String,
    /// Whether it is an envelope.
    pub encrypted: bool,
    /// The author's own name for it, for the author's eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ClientId>)]
    pub client_id: Option<&'a str>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::MessageId>)]
    pub reply_to: Option<u64>,
    /// When it was given its present text, if that is not its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Moment>)]
    pub edited_at: Option<String>,
    /// What stands under it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionView<'a>>,
    /// Who emptied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deleted>,
}

/// An emoji that stands under a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReactionView<'a> {
    /// Which.
    #[schema(value_type = schema::Emoji)]
    pub emoji: &'a str,
    /// Whose, in the order in which they came.
    #[schema(value_type = Vec<schema::UserId>)]
    pub user_ids: Vec<u64>,
}

/// Who emptied a message.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Deleted {
    /// `author`, `moderator` or `server`.
    #[schema(value_type = schema::DeletedByName)]
    pub by: &'static str,
}

impl<'a> MessageView<'a> {
    /// The message for the eyes of `reader`; without one, for those who are not its author.
    #[must_use]
    pub fn of(message: &'a Message, reader: Option<UserId>) -> Self {
        let (content, deleted) = match &message.body {
            MessageBody::Said(content) => (Some(content.as_str()), None),
            MessageBody::Deleted(by) => (None, Some(Deleted { by: by.name() })),
        };
        let own = reader == Some(message.author);
        Self {
            id: message.id.number(),
            room_id: message.room_id.number(),
            seq: message.seq.number(),
            user_id: message.author.number(),
            username: message.username.as_str(),
            content,
            message_type: message.message_type.name(),
            created_at: crate::time::rfc3339(message.at),
            encrypted: message.message_type == MessageType::E2ee,
            client_id: message
                .client_id
                .as_ref()
                .filter(|_| own)
                .map(chat_domain::ClientId::as_str),
            reply_to: message.reply_to.map(chat_domain::EventId::number),
            edited_at: message.edited_at.map(crate::time::rfc3339),
            reactions: message.reactions.iter().map(ReactionView::from).collect(),
            deleted,
        }
    }
}

impl<'a> From<&'a Reaction> for ReactionView<'a> {
    fn from(reaction: &'a Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str(),
            user_ids: reaction.by.iter().map(|user| user.number()).collect(),
        }
    }
}
