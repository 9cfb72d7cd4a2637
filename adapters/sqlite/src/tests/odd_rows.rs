//! Rows that somebody else wrote into the database, or spoiled: they hide nothing that stands beside them.

use chat_domain::{
    Event, EventBody, Message, Role, RoomId, Seq, User, change, event::Person, membership, message::Reaction,
};
use chat_ports::{Conflict, MessageStore, Page, RoomStore, StoreError};

use super::sample::{START, Sample};

/// Messages in the room, and the place of the first and the last one that is spoiled.
const MESSAGES: usize = 12;
const ODD: std::ops::RangeInclusive<usize> = 3..=6;

/// What is done to messages of the room, at `@at`.
const SPOILED: [&str; 18] = [
    "UPDATE messages SET content = x'00' WHERE @at",
    "UPDATE messages SET content = (SELECT content FROM messages WHERE seq = 2 AND room_id = 1) WHERE @at",
    "UPDATE messages SET content = CAST('messages.content#' || id || ':' AS BLOB) WHERE @at",
    "UPDATE messages SET content = CAST('messages.content#' || id || ':' || x'ff' AS BLOB) WHERE @at",
    "UPDATE messages SET content = NULL WHERE @at",
    "UPDATE messages SET message_type = 'html' WHERE @at",
    "UPDATE messages SET message_type = NULL WHERE @at",
    "UPDATE messages SET client_id = 'two words ' || id WHERE @at",
    "UPDATE messages SET client_id = CAST(x'ff' || id AS TEXT) WHERE @at",
    "UPDATE messages SET reply_to = -1 WHERE @at",
    "UPDATE messages SET created_at = -1 WHERE @at",
    "UPDATE messages SET edited_at = -1 WHERE @at",
    "UPDATE messages SET user_id = 9999 WHERE @at",
    "UPDATE messages SET event = 'poll' WHERE @at",
    "UPDATE messages SET event = 'edit', target_id = 9999 WHERE @at",
    "UPDATE messages SET seq = -seq WHERE @at",
    "UPDATE messages SET seq = seq + (1 << 60) WHERE @at",
    "DELETE FROM messages WHERE @at",
];

/// A room in which two people have said something in turn.
async fn talk() -> (Sample, RoomId, User, Vec<Message>) {
    let sample = Sample::new();
    let (ada, bea) = (sample.user("ada").await, sample.user("bea").await);
    let room = sample.room(&ada, "tides").await;
    sample.join(&bea, room).await;
    let mut messages = Vec::new();
    for n in 0..MESSAGES {
        let author = if n % 2 == 0 { &ada } else { &bea };
        let (text, id) = (format!("message {n}"), format!("c{n}"));
        messages.push(sample.say(author, room, &text, &id).await.unwrap());
    }
    (sample, room, ada, messages)
}

/// Everything that was said, page by page, from new to old.
async fn read_in_pages_of(sample: &Sample, room: RoomId, most: u32) -> Vec<Message> {
    let mut read: Vec<Message> = Vec::new();
    let mut page = Page::Newest { offset: 0, most };
    loop {
        let found = sample.store.page_messages(room, page).await.unwrap();
        assert!(found.messages.len() <= most as usize);
        assert!(found.messages.len() == most as usize || !found.has_more);
        read.splice(0..0, found.messages);
        if !found.has_more {
            return read;
        }
        page = Page::Before {
            before: read[0].seq,
            most,
        };
    }
}

/// Everything that happened, in steps of `most`.
async fn read_on_in_steps_of(sample: &Sample, room: RoomId, most: u32) -> Vec<Event> {
    let mut read = Vec::<Event>::new();
    loop {
        let after = read.last().map_or(Seq::ZERO, |event| event.seq);
        let events = sample.store.events_after(room, after, most).await.unwrap();
        assert!(events.len() <= most as usize);
        if events.is_empty() {
            return read;
        }
        read.extend(events);
    }
}

/// All but those that are odd are read, whichever way, and in every odd one's place stands that it is withheld.
async fn the_others_are_read(
    sample: &Sample,
    room: RoomId,
    messages: &[Message],
    odd: &[&Message],
    case: &str,
) {
    let readable: Vec<&Message> = messages.iter().filter(|message| !odd.contains(message)).collect();
    for most in [1, 2, 3, 5, 50] {
        let read = read_in_pages_of(sample, room, most).await;
        assert_eq!(
            read.iter().collect::<Vec<_>>(),
            readable,
            "pages of {most}: {case}"
        );
    }
    let last = sample.store.room(room).await.unwrap().unwrap().last_seq.number();
    for most in [1, 2, 3, 5, 50] {
        let events = read_on_in_steps_of(sample, room, most).await;
        let places: Vec<u64> = events.iter().map(|event| event.seq.number()).collect();
        assert_eq!(places, (1..=last).collect::<Vec<_>>(), "steps of {most}: {case}");
        for message in messages {
            let told = &events.iter().find(|event| event.seq == message.seq).unwrap().body;
            let expected = if odd.contains(&message) {
                EventBody::Withheld
            } else {
                EventBody::Posted(message.clone())
            };
            assert_eq!(*told, expected, "steps of {most}: {case}");
        }
    }
    for message in messages {
        let found = sample.store.message(message.id).await.unwrap();
        let expected = Some(message).filter(|message| !odd.contains(message));
        assert_eq!(found.as_ref(), expected, "{case}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_hides_nothing_that_was_said_before_or_after() {
    for spoil in SPOILED {
        let (sample, room, ada, messages) = talk().await;
        let (from, to) = (&messages[*ODD.start()], &messages[*ODD.end()]);
        let at = format!("room_id = {room} AND seq BETWEEN {} AND {}", from.seq, to.seq);
        sample.write(&spoil.replace("@at", &at));
        let odd: Vec<&Message> = messages[ODD].iter().collect();
        the_others_are_read(&sample, room, &messages, &odd, spoil).await;
        // The room goes on.
        let mut messages = messages.clone();
        let next = sample.say(&ada, room, "and on", "next").await.unwrap();
        messages.push(next);
        the_others_are_read(&sample, room, &messages, &odd, spoil).await;
    }
}

/// Nothing is known of what it was sent as; but it was sent, and is not stored a second time.
#[tokio::test]
async fn what_cannot_be_read_is_not_sent_twice() {
    let (sample, room, ada, messages) = talk().await;
    let odd = &messages[4];
    sample.write(&format!(
        "UPDATE messages SET content = x'00' WHERE id = {}",
        odd.id
    ));
    let again = sample.say(&ada, room, "message 4", "c4").await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Conflict::ClientIdReused { stored })) if stored == odd.id),
        "{again:?}"
    );
}

/// It cannot be changed either, and whoever tries is told that there is no such message.
#[tokio::test]
async fn what_cannot_be_read_is_not_there_to_be_changed() {
    let (sample, room, ada, messages) = talk().await;
    let odd = &messages[4];
    let me = sample.member(&ada, room).await;
    let content = chat_domain::Content::parse("ho".to_owned()).unwrap();
    let emoji = chat_domain::event::Emoji::parse("👍").unwrap();
    let edit = change::edit(&me, odd, content, START).unwrap();
    let reaction = change::react(&me, odd, emoji, true, START).unwrap();
    let deletion = change::delete(&me, odd, START).unwrap();
    sample.write(&format!(
        "UPDATE messages SET content = x'00' WHERE id = {}",
        odd.id
    ));
    for refused in [
        sample.store.edit_message(edit).await,
        sample.store.react(reaction).await,
        sample.store.delete_message(deletion).await,
    ] {
        assert!(
            matches!(refused, Err(StoreError::Conflict(Conflict::UnknownTarget))),
            "{refused:?}"
        );
    }
}

/// What is told of a message that cannot be read is withheld; what follows is not.
#[tokio::test]
async fn changes_of_what_cannot_be_read_are_withheld() {
    let (sample, room, ada, messages) = talk().await;
    let odd = &messages[4];
    sample.edit(&ada, odd, "ho").await;
    sample.edit(&ada, &messages[6], "ho").await;
    sample.write(&format!(
        "UPDATE messages SET content = x'00' WHERE id = {}",
        odd.id
    ));
    let last = messages.last().unwrap().seq;
    let events = sample.store.events_after(room, last, 9).await.unwrap();
    assert_eq!(events[0].body, EventBody::Withheld);
    assert!(matches!(&events[1].body, EventBody::Edited(message) if message.id == messages[6].id));
}

/// The reaction is missing, and nothing else.
#[tokio::test]
async fn a_reaction_that_is_none_stands_under_nothing() {
    let (sample, room, ada, messages) = talk().await;
    let me = sample.member(&ada, room).await;
    let emoji = chat_domain::event::Emoji::parse("👍").unwrap();
    let reaction = change::react(&me, &messages[4], emoji.clone(), true, START).unwrap();
    sample.store.react(reaction).await.unwrap().unwrap();
    sample.write("INSERT INTO reactions SELECT message_id, 'words', user_id, 0 FROM reactions");
    let read = sample.store.message(messages[4].id).await.unwrap().unwrap();
    let by = vec![ada.id];
    assert_eq!(read.reactions, [Reaction { emoji, by }]);
}

/// A name that nobody could have chosen: its owner and what they said are passed over, and nobody else.
#[tokio::test]
async fn a_user_who_cannot_be_read_hides_nobody() {
    let (sample, room, ada, messages) = talk().await;
    let mut names = vec!["ada", "bea"];
    for name in ["cid", "dan", "eve"] {
        let user = sample.user(name).await;
        sample.join(&user, room).await;
        names.push(name);
    }
    sample.write("UPDATE users SET username = 'two words' WHERE username_key = 'bea'");
    names.remove(1);
    let odd: Vec<&Message> = messages
        .iter()
        .filter(|message| message.author != ada.id)
        .collect();
    the_others_are_read(&sample, room, &messages, &odd, "an odd name").await;
    for most in 1..=6 {
        let mut read: Vec<(Person, Role)> = Vec::new();
        loop {
            let after = read.last().map(|(person, _)| person.id);
            let page = sample.store.members(room, after, most).await.unwrap();
            let is_last = page.len() < most as usize;
            read.extend(page);
            if is_last {
                break;
            }
        }
        let found: Vec<&str> = read.iter().map(|(person, _)| person.username.as_str()).collect();
        assert_eq!(found, names, "pages of {most}");
    }
    let mine = sample.store.rooms_of(ada.id).await.unwrap();
    assert_eq!(mine.iter().map(|mine| mine.room.id).collect::<Vec<_>>(), [room]);
}

/// My other rooms are there, and so are the other rooms that I may join.
#[tokio::test]
async fn a_room_that_cannot_be_read_hides_no_other() {
    for spoil in [
        "UPDATE rooms SET name = '' WHERE name = 'odd'",
        "UPDATE rooms SET name = 'a' || char(10) || 'b' WHERE name = 'odd'",
        "UPDATE rooms SET mode = 'open' WHERE name = 'odd'",
        "UPDATE rooms SET slow_mode = -1 WHERE name = 'odd'",
        "UPDATE rooms SET slow_mode = 999999 WHERE name = 'odd'",
        "UPDATE rooms SET topic = char(10) || 'b' || char(10) || 'c' WHERE name = 'odd'",
        "UPDATE rooms SET last_seq = -1 WHERE name = 'odd'",
        "UPDATE rooms SET created_at = -1 WHERE name = 'odd'",
        "UPDATE room_members SET role = 'king' WHERE room_id = (SELECT id FROM rooms WHERE name = 'odd')",
        "UPDATE room_members SET read_seq = -1 WHERE room_id = (SELECT id FROM rooms WHERE name = 'odd')",
    ] {
        let sample = Sample::new();
        let (ada, eve) = (sample.user("ada").await, sample.user("eve").await);
        let mut rooms = Vec::new();
        for name in ["one", "odd", "two"] {
            rooms.push(sample.room(&ada, name).await);
        }
        let odd = rooms.remove(1);
        sample.write(spoil);
        let mine = sample.store.rooms_of(ada.id).await.unwrap();
        assert_eq!(
            mine.iter().map(|mine| mine.room.id).collect::<Vec<_>>(),
            rooms,
            "{spoil}"
        );
        if spoil.contains("UPDATE rooms ") {
            let open = sample.store.open_rooms(eve.id, None, 2).await.unwrap();
            assert_eq!(
                open.iter().map(|(room, _)| room.id).collect::<Vec<_>>(),
                rooms,
                "{spoil}"
            );
        } else {
            let members = sample.store.members(odd, None, 9).await.unwrap();
            assert!(members.len() <= 1, "{spoil}");
        }
    }
}

/// A direct room whose other one cannot be read is passed over, and no other room.
#[tokio::test]
async fn a_pair_that_cannot_be_read_hides_no_other_room() {
    let sample = Sample::new();
    let (ada, bea, cid) = (
        sample.user("ada").await,
        sample.user("bea").await,
        sample.user("cid").await,
    );
    let mut rooms = Vec::new();
    for other in [&bea, &cid] {
        let pair = membership::pair(&ada, other).unwrap();
        let (mine, _) = sample.store.direct_room(pair, ada.id, START).await.unwrap();
        rooms.push(mine.room.id);
    }
    sample.write("UPDATE users SET username = 'two words' WHERE username_key = 'bea'");
    let mine = sample.store.rooms_of(ada.id).await.unwrap();
    assert_eq!(
        mine.iter().map(|mine| mine.room.id).collect::<Vec<_>>(),
        rooms[1..]
    );
}
