//! Frames that the server sends.

use chat_app::keyed::Standing;
use chat_domain::keyed::DirectoryRecord;
use chat_domain::{Event, EventBody, Message, UserId, event::Person};
use chat_ports::MyRoom;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    keyed::HeadView, message::MessageView, problem::Problem, room::RoomView, schema, user::UserView,
};

/// What is given to those whom it concerns, and null where there is none.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct OrNull<T>(Option<T>);

/// A frame of the server.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// Signed in; what follows is live.
    AuthOk {
        /// Who one is.
        user: UserView<'a>,
        /// One's rooms.
        rooms: Vec<RoomView<'a>>,
        /// Some of those online.
        online: Vec<UserView<'a>>,
        /// How many are online.
        #[schema(value_type = schema::Count)]
        online_count: usize,
        /// For keyed accounts: the directory's head; null: it has no record.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<HeadView>)]
        dir: Option<OrNull<HeadView>>,
        /// For keyed accounts: the version of one's sealed state; null: there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<u64>)]
        state_version: Option<OrNull<u64>>,
    },
    /// The directory of identities has grown; for keyed accounts. Fetch what is new. A head older than one that is known says
    /// nothing.
    Dir {
        /// The head.
        head: HeadView,
    },
    /// Another session of one's has stored the sealed state.
    State {
        /// Its version now.
        version: u64,
    },
    /// The account was opened with its recovery code and has another password; the close follows, but for tokens of programs.
    Recovered {},
    /// A message.
    NewMessage {
        /// The message.
        message: MessageView<'a>,
    },
    /// The client's message is stored for good.
    Ack {
        /// The client's own name for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schema::ClientId>)]
        client_id: Option<&'a str>,
        /// Its id.
        #[schema(value_type = schema::MessageId)]
        id: u64,
        /// Its room.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// Its place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// When it was taken in.
        #[schema(value_type = schema::Moment)]
        created_at: String,
    },
    /// A message was given another text.
    MessageEdited {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// The message as it is now.
        message: MessageView<'a>,
    },
    /// An emoji was put under a message, or taken back.
    Reaction {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// The message.
        #[schema(value_type = schema::MessageId)]
        target_id: u64,
        /// Whose reaction.
        #[schema(value_type = schema::UserId)]
        user_id: u64,
        /// Which emoji.
        #[schema(value_type = schema::Emoji)]
        emoji: &'a str,
        /// Put there, or taken back.
        added: bool,
    },
    /// A message was emptied.
    MessageDeleted {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// The message.
        #[schema(value_type = schema::MessageId)]
        id: u64,
        /// The message's place.
        #[schema(value_type = schema::Seq)]
        target_seq: u64,
        /// `author`, `moderator` or `server`.
        #[schema(value_type = schema::DeletedByName)]
        by: &'static str,
    },
    /// The room's settings were changed.
    RoomChanged {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// The room as it is now, whoever looks at it.
        room: Box<RoomView<'a>>,
    },
    /// Events that are not shown.
    Withheld {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The first of them.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// The last of them.
        #[schema(value_type = schema::Seq)]
        to_seq: u64,
    },
    /// Caught up in a room; live events follow.
    Resumed {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The place up to which everything was sent, or is to be loaded.
        #[schema(value_type = schema::Seq)]
        last_seq: u64,
        /// False: too much was missed to be sent, load the history instead.
        complete: bool,
    },
    /// Somebody types, or has stopped.
    Typing {
        /// Who.
        #[schema(value_type = schema::UserId)]
        user_id: u64,
        /// Who, by name.
        #[schema(value_type = schema::Username)]
        username: &'a str,
        /// Types, or has stopped.
        is_typing: bool,
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
    },
    /// An administrator has cut the connection; the close follows.
    Kicked {
        /// In the administrator's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    /// An administrator has banned the account; the close follows.
    Banned {
        /// In the administrator's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    /// Somebody became a member.
    MemberJoined {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// Who.
        user: UserView<'a>,
        /// Who added them.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schema::UserId>)]
        by: Option<u64>,
    },
    /// Somebody is no longer a member.
    MemberLeft {
        /// Where.
        #[schema(value_type = schema::RoomId)]
        room_id: u64,
        /// The event's place.
        #[schema(value_type = schema::Seq)]
        seq: u64,
        /// Who.
        user: UserView<'a>,
        /// Who removed them.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schema::UserId>)]
        by: Option<u64>,
    },
    /// The first connection of a user came.
    UserJoined {
        /// Who.
        user: UserView<'a>,
        /// How many are online now.
        #[schema(value_type = schema::Count)]
        online_count: usize,
    },
    /// The last connection of a user went.
    UserLeft {
        /// Who.
        user: UserView<'a>,
        /// How many are online now.
        #[schema(value_type = schema::Count)]
        online_count: usize,
    },
    /// Many came and went.
    Presence {
        /// Who came.
        joined: Vec<UserView<'a>>,
        /// Who went.
        left: Vec<UserView<'a>>,
        /// How many are online now.
        #[schema(value_type = schema::Count)]
        online_count: usize,
    },
    /// The answer to a client's `ping`.
    Pong {
        /// The client's own time, given back.
        #[serde(skip_serializing_if = "Option::is_none")]
        t: Option<f64>,
    },
    /// A frame was refused; the connection stays.
    Error {
        /// The stable name of the problem.
        code: &'static str,
        /// What is wrong, for people.
        message: &'a str,
        /// Which message it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<schema::ClientId>)]
        client_id: Option<&'a str>,
        /// Whole seconds until it is worth to try again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The number under which an internal failure is in the log.
        #[serde(skip_serializing_if = "Option::is_none")]
        incident: Option<&'a str>,
    },
}

impl<'a> ServerFrame<'a> {
    /// The frame that tells of an event. With `reader`, as that user sees it; without, as those see it who did not
    /// cause it.
    #[must_use]
    pub fn of_event(event: &'a Event, reader: Option<UserId>) -> Self {
        let (room_id, seq) = (event.room_id.number(), event.seq.number());
        match &event.body {
            EventBody::Posted(message) => Self::NewMessage {
                message: MessageView::of(message, reader),
            },
            EventBody::Edited(message) => Self::MessageEdited {
                room_id,
                seq,
                message: MessageView::of(message, reader),
            },
            EventBody::Reacted {
                target,
                user_id,
                emoji,
                added,
            } => Self::Reaction {
                room_id,
                seq,
                target_id: target.number(),
                user_id: user_id.number(),
                emoji: emoji.as_str(),
                added: *added,
            },
            EventBody::Deleted {
                target,
                target_seq,
                by,
            } => Self::MessageDeleted {
                room_id,
                seq,
                id: target.number(),
                target_seq: target_seq.number(),
                by: by.name(),
            },
            EventBody::Joined { user, by } => Self::MemberJoined {
                room_id,
                seq,
                user: user.into(),
                by: by.map(UserId::number),
            },
            EventBody::Left { user, by } => Self::MemberLeft {
                room_id,
                seq,
                user: user.into(),
                by: by.map(UserId::number),
            },
            EventBody::RoomChanged(room) => Self::RoomChanged {
                room_id,
                seq,
                room: Box::new(RoomView::of(room, None)),
            },
            EventBody::Withheld => Self::Withheld {
                room_id,
                seq,
                to_seq: seq,
            },
        }
    }

    /// Signed in.
    #[must_use]
    pub fn auth_ok(
        user: &'a chat_domain::User,
        rooms: &'a [MyRoom],
        standing: Option<&Standing>,
        online: &'a [Person],
        online_count: usize,
    ) -> Self {
        let dir = |standing: &Standing| OrNull(standing.newest.as_ref().map(HeadView::from));
        Self::AuthOk {
            dir: standing.map(dir),
            state_version: standing.map(|standing| OrNull(standing.state_version)),
            user: user.into(),
            rooms: rooms.iter().map(RoomView::from).collect(),
            online: online.iter().map(UserView::from).collect(),
            online_count,
        }
    }

    /// The directory has this record as its newest.
    #[must_use]
    pub fn dir(newest: &DirectoryRecord) -> Self {
        Self::Dir { head: newest.into() }
    }

    /// The client's message is stored for good.
    #[must_use]
    pub fn ack(message: &'a Message) -> Self {
        Self::Ack {
            client_id: message.client_id.as_ref().map(chat_domain::ClientId::as_str),
            id: message.id.number(),
            room_id: message.room_id.number(),
            seq: message.seq.number(),
            created_at: crate::time::rfc3339(message.at),
        }
    }

    /// A frame was refused.
    #[must_use]
    pub fn error(problem: &'a Problem, client_id: Option<&'a str>) -> Self {
        Self::Error {
            code: problem.code,
            message: &problem.message,
            client_id,
            retry_after: problem.retry_after,
            incident: problem.incident.as_deref(),
        }
    }

    /// The frame as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in a frame can fail to be written: there are no maps with odd keys and no foreign types.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{
        ClientId, Content, EventId, MessageType, RoomId, Seq, Timestamp, Username,
        message::{DeletedBy, MessageBody},
    };

    use super::*;

    fn message() -> Message {
        Message {
            id: EventId::parse(7).unwrap(),
            room_id: RoomId::parse(1).unwrap(),
            seq: Seq::parse(3).unwrap(),
            author: UserId::parse(2).unwrap(),
            username: Username::parse("ada").unwrap(),
            body: MessageBody::Said(Content::parse("<hi> \"there\"".into()).unwrap()),
            message_type: MessageType::Text,
            reply_to: None,
            client_id: ClientId::parse("c1").ok(),
            at: Timestamp::from_millis(1_701_945_000_000),
            edited_at: None,
            reactions: Vec::new(),
        }
    }

    fn event(message: Message) -> Event {
        Event {
            room_id: message.room_id,
            seq: message.seq,
            at: message.at,
            body: EventBody::Posted(message),
        }
    }

    #[test]
    fn the_author_sees_the_client_id() {
        let event = event(message());
        let others = ServerFrame::of_event(&event, None);
        insta::assert_snapshot!(others.to_json(), @r#"{"type":"new_message","message":{"id":7,"room_id":1,"seq":3,"user_id":2,"username":"ada","content":"<hi> \"there\"","message_type":"text","created_at":"2023-12-07T10:30:00.000Z","encrypted":false}}"#);
        let author = ServerFrame::of_event(&event, UserId::parse(2).ok());
        assert!(author.to_json().contains(r#""client_id":"c1""#));
    }

    #[test]
    fn an_emptied_message_says_by_whom() {
        let event = event(Message {
            body: MessageBody::Deleted(DeletedBy::Moderator),
            ..message()
        });
        let json = ServerFrame::of_event(&event, None).to_json();
        assert!(
            json.contains(r#""content":null"#) && json.contains(r#""deleted":{"by":"moderator"}"#),
            "{json}"
        );
    }

    #[test]
    fn other_frames() {
        let message = message();
        insta::assert_snapshot!(ServerFrame::ack(&message).to_json(), @r#"{"type":"ack","client_id":"c1","id":7,"room_id":1,"seq":3,"created_at":"2023-12-07T10:30:00.000Z"}"#);
        insta::assert_snapshot!(ServerFrame::Pong { t: Some(1.5) }.to_json(), @r#"{"type":"pong","t":1.5}"#);
        insta::assert_snapshot!(ServerFrame::State { version: 7 }.to_json(), @r#"{"type":"state","version":7}"#);
        insta::assert_snapshot!(ServerFrame::Recovered {}.to_json(), @r#"{"type":"recovered"}"#);
        let problem = Problem::bad_request("A JSON object is expected.");
        insta::assert_snapshot!(ServerFrame::error(&problem, Some("c1")).to_json(), @r#"{"type":"error","code":"bad_request","message":"A JSON object is expected.","client_id":"c1"}"#);
    }
}
