//! A few people and a room, for the promises to be tried on.

use chat_domain::{
    AccountKind, Content, Draft, EventId, Grant, Join, MessageType, Mode, PasswordHash, Room, RoomId,
    RoomKind, RoomName, Scopes, Timestamp, TokenHash, TokenName, User, UserId, Username,
    message::Utterance,
    moderation::Actor,
    room::{self, Member},
};
use chat_ports::{MyRoom, NewRoom, NewSession, NewUser};

use crate::Store;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).unwrap(),
        kind: AccountKind::Basic,
        password: Some(PasswordHash::from_phc(format!("$plain${name}"))),
        is_admin: false,
        joins: None,
        made_by: None,
        awaited: None,
        at: START,
    }
}

pub(crate) async fn plain_room<S: Store>(store: &S) -> Room {
    store.ensure_plain_room(new_room("plain")).await.unwrap()
}

/// Makes a member of the plain room.
pub(crate) async fn member<S: Store>(store: &S, name: &str) -> User {
    let room = plain_room(store).await;
    let new = NewUser {
        joins: Some(room.id),
        ..new_user(name)
    };
    store.register(new).await.unwrap().user
}

pub(crate) fn new_session(user_id: UserId, token: u8) -> NewSession {
    NewSession {
        user_id,
        token: TokenHash::from_bytes([token; 32]),
        at: START,
        address: "192.0.2.1".to_owned(),
        agent: "a browser".to_owned(),
        grant: Grant::Full,
        name: None,
        made_by: None,
    }
}

/// A token for a program, until `ends_at`.
pub(crate) fn new_token(user_id: UserId, token: u8, ends_at: Option<Timestamp>) -> NewSession {
    NewSession {
        grant: Grant::Token {
            scopes: Scopes::parse(["read", "rooms"]).unwrap(),
            ends_at,
        },
        name: Some(TokenName::parse("ärger & co").unwrap()),
        ..new_session(user_id, token)
    }
}

/// A webhook, made by the command line.
pub(crate) fn new_webhook(user_id: UserId, token: u8, room: RoomId) -> NewSession {
    NewSession {
        grant: Grant::Webhook { room },
        made_by: Some(Actor::Shell),
        ..new_session(user_id, token)
    }
}

pub(crate) fn say(text: &str) -> Utterance {
    Utterance {
        content: Content::parse(text.to_owned()).unwrap(),
        message_type: MessageType::Text,
        reply_to: None,
        client_id: None,
    }
}

pub(crate) fn say_as(text: &str, client_id: &str) -> Utterance {
    Utterance {
        client_id: Some(chat_domain::ClientId::parse(client_id).unwrap()),
        ..say(text)
    }
}

pub(crate) fn answer(text: &str, to: EventId) -> Utterance {
    Utterance {
        reply_to: Some(to),
        ..say(text)
    }
}

/// What the rules make of it when this member says it in the plain room.
pub(crate) async fn draft<S: Store>(store: &S, author: &User, said: Utterance) -> Draft {
    let room = plain_room(store).await;
    let found = store.room_of(author.id, room.id).await.unwrap();
    let member = room::may_read(author.clone(), found).unwrap();
    let may_post = room::may_post(&member).unwrap();
    chat_domain::message::draft(&may_post, said, START).unwrap()
}

pub(crate) fn new_room(name: &str) -> NewRoom {
    NewRoom {
        name: RoomName::parse(name).unwrap(),
        kind: RoomKind::Group,
        mode: Mode::Server,
        join: Join::Open,
        at: START,
    }
}

/// Makes an open group.
pub(crate) async fn group<S: Store>(store: &S, owner: &User, name: &str) -> MyRoom {
    store.create_room(new_room(name), owner.into()).await.unwrap().0
}

/// What the rules make of a member of a room.
pub(crate) async fn in_room<S: Store>(store: &S, user: &User, room: RoomId) -> Member {
    let found = store.room_of(user.id, room).await.unwrap();
    room::may_read(user.clone(), found).unwrap()
}

/// Has a user join an open group.
pub(crate) async fn member_of<S: Store>(store: &S, user: &User, room: RoomId) -> Member {
    let found = store.room(room).await.unwrap().unwrap();
    let entry = chat_domain::membership::join(user, &found, START).unwrap();
    store.enter(entry).await.unwrap();
    in_room(store, user, room).await
}
