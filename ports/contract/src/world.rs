//! A few people and a room, for the promises to be tried on.

use chat_domain::{
    AccountKind, Content, Draft, EventId, Join, MessageType, Mode, PasswordHash, Room, RoomKind, RoomName,
    Timestamp, TokenHash, User, UserId, Username, message::Utterance, room,
};
use chat_ports::{NewRoom, NewSession, NewUser};

use crate::Store;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).unwrap(),
        kind: AccountKind::Basic,
        password: Some(PasswordHash::from_phc(format!("$plain${name}"))),
        is_admin: false,
        joins: None,
        at: START,
    }
}

pub(crate) async fn plain_room<S: Store>(store: &S) -> Room {
    let new = NewRoom {
        name: RoomName::parse("plain").unwrap(),
        kind: RoomKind::Group,
        mode: Mode::Server,
        join: Join::Open,
        at: START,
    };
    store.ensure_plain_room(new).await.unwrap()
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
