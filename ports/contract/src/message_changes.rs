//! What [`chat_ports::MessageStore`] promises of edits, deletions and reactions.

use chat_domain::{
    Content, EventBody, EventId, Message, Refusal, Seq, User,
    change::{self, Edit},
    event::{Emoji, Event},
    limit,
    message::{DeletedBy, MessageBody},
    room::Member,
};
use chat_ports::{Conflict, Page, StoreError};

use crate::{
    Store,
    world::{START, draft, group, in_room, member, member_of, plain_room, say},
};

async fn said<S: Store>(store: &S, author: &User, text: &str) -> Message {
    let draft = draft(store, author, say(text)).await;
    store.append_message(draft).await.unwrap().message
}

async fn as_member<S: Store>(store: &S, user: &User) -> Member {
    let room = plain_room(store).await;
    in_room(store, user, room.id).await
}

fn edit(member: &Member, message: &Message, text: &str) -> Edit {
    change::edit(member, message, Content::parse(text.into()).unwrap(), START).unwrap()
}

async fn react<S: Store>(
    store: &S,
    user: &User,
    message: &Message,
    emoji: &str,
    added: bool,
) -> Result<Option<Event>, StoreError> {
    let member = as_member(store, user).await;
    let emoji = Emoji::parse(emoji).unwrap();
    let change = change::react(&member, message, emoji, added, START).unwrap();
    store.react(change).await
}

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

fn text(message: &Message) -> Option<&str> {
    match &message.body {
        MessageBody::Said(content) => Some(content.as_str()),
        MessageBody::Deleted(_) => None,
    }
}

/// The text is the new one everywhere, and the event has the next place.
pub async fn an_edit_is_read_everywhere<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = said(store, &ada, "hi").await;
    let me = as_member(store, &ada).await;
    let event = store
        .edit_message(edit(&me, &first, "ho"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((event.seq, event.at), (first.seq.next(), START));
    let EventBody::Edited(told) = &event.body else {
        panic!("{event:?}")
    };
    let read = store.message(first.id).await.unwrap().unwrap();
    assert_eq!(*told, read);
    assert_eq!(
        (text(&read), read.edited_at, read.seq),
        (Some("ho"), Some(START), first.seq)
    );
    let room = first.room_id;
    let page = store
        .page_messages(room, Page::Newest { offset: 0, most: 9 })
        .await
        .unwrap();
    assert_eq!(page.messages, std::slice::from_ref(&read));
    let events = store.events_after(room, Seq::parse(1).unwrap(), 9).await.unwrap();
    assert_eq!(
        events,
        [
            Event {
                body: EventBody::Posted(read),
                ..posted(&first)
            },
            event
        ]
    );
}

fn posted(message: &Message) -> Event {
    Event {
        room_id: message.room_id,
        seq: message.seq,
        at: message.at,
        body: EventBody::Posted(message.clone()),
    }
}

/// Who sends an edit again, because its answer was lost, makes no second one.
pub async fn the_same_edit_again_is_nothing<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = said(store, &ada, "hi").await;
    let me = as_member(store, &ada).await;
    assert!(
        store
            .edit_message(edit(&me, &first, "ho"))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.edit_message(edit(&me, &first, "ho")).await.unwrap(), None);
    assert_eq!(
        store
            .edit_message(edit(&me, &first, "ho!"))
            .await
            .unwrap()
            .unwrap()
            .seq
            .number(),
        4
    );
}

/// Authorship, place and membership are checked again by the write.
pub async fn only_what_is_there_is_edited<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = said(store, &ada, "hi").await;
    let me = as_member(store, &ada).await;
    let lawful = edit(&me, &first, "ho");
    let mut forged = lawful.clone();
    forged.author = bea.id;
    assert_eq!(
        conflict(store.edit_message(forged).await),
        Conflict::UnknownTarget
    );
    let mut nowhere = lawful.clone();
    nowhere.target = EventId::parse(9_999).unwrap();
    assert_eq!(
        conflict(store.edit_message(nowhere).await),
        Conflict::UnknownTarget
    );
    let elsewhere = group(store, &ada, "elsewhere").await;
    let mut moved = lawful.clone();
    moved.room_id = elsewhere.room.id;
    assert_eq!(conflict(store.edit_message(moved).await), Conflict::UnknownTarget);
    let deletion = change::delete(&me, &first, START).unwrap();
    store.delete_message(deletion).await.unwrap().unwrap();
    assert_eq!(
        conflict(store.edit_message(lawful).await),
        Conflict::UnknownTarget
    );
}

/// The text and what stood under it are gone from every answer; the place stays, and says by whom.
pub async fn a_deleted_message_is_empty_everywhere<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = said(store, &ada, "hi").await;
    let me = as_member(store, &ada).await;
    store
        .edit_message(edit(&me, &first, "ho"))
        .await
        .unwrap()
        .unwrap();
    react(store, &bea, &first, "👍", true).await.unwrap().unwrap();
    let deletion = change::delete(&me, &first, START).unwrap();
    let event = store.delete_message(deletion.clone()).await.unwrap().unwrap();
    assert_eq!(
        event.body,
        EventBody::Deleted {
            target: first.id,
            target_seq: first.seq,
            by: DeletedBy::Author
        }
    );
    let read = store.message(first.id).await.unwrap().unwrap();
    assert_eq!(read.body, MessageBody::Deleted(DeletedBy::Author));
    assert!(read.reactions.is_empty());
    let page = store
        .page_messages(first.room_id, Page::Newest { offset: 0, most: 9 })
        .await
        .unwrap();
    assert!(page.messages.is_empty());
    let events = store.events_after(first.room_id, first.seq, 9).await.unwrap();
    let EventBody::Edited(edited) = &events[0].body else {
        panic!("{events:?}")
    };
    assert_eq!(
        edited.body, read.body,
        "the old text does not come back with the old edit"
    );
    assert_eq!(
        store.delete_message(deletion).await.unwrap(),
        None,
        "once is enough"
    );
}

/// Who deletes for others must still look after the room when it is written.
pub async fn a_lost_role_deletes_nothing<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = said(store, &ada, "hi").await;
    let me = as_member(store, &ada).await;
    let mut forged = change::delete(&me, &first, START).unwrap();
    forged.user_id = bea.id;
    assert_eq!(conflict(store.delete_message(forged).await), Conflict::NotAllowed);
    let theirs = as_member(store, &bea).await;
    assert_eq!(change::delete(&theirs, &first, START), Err(Refusal::Forbidden));
}

/// In the order of the first that stands, each emoji once, each user once.
pub async fn reactions_stand_under_their_message<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = said(store, &ada, "hi").await;
    let event = react(store, &ada, &first, "👍", true).await.unwrap().unwrap();
    let thumb = Emoji::parse("👍").unwrap();
    assert_eq!(
        event.body,
        EventBody::Reacted {
            target: first.id,
            user_id: ada.id,
            emoji: thumb,
            added: true
        }
    );
    react(store, &bea, &first, "🎉", true).await.unwrap().unwrap();
    react(store, &bea, &first, "👍", true).await.unwrap().unwrap();
    assert_eq!(react(store, &bea, &first, "👍", true).await.unwrap(), None);
    let standing = |message: Message| -> Vec<(String, Vec<u64>)> {
        let one = |r: &chat_domain::message::Reaction| {
            (
                r.emoji.as_str().to_owned(),
                r.by.iter().map(|u| u.number()).collect(),
            )
        };
        message.reactions.iter().map(one).collect()
    };
    let (a, b) = (ada.id.number(), bea.id.number());
    let read = store.message(first.id).await.unwrap().unwrap();
    assert_eq!(
        standing(read),
        [("👍".into(), vec![a, b]), ("🎉".into(), vec![b])]
    );
    react(store, &ada, &first, "👍", false).await.unwrap().unwrap();
    assert_eq!(react(store, &ada, &first, "👍", false).await.unwrap(), None);
    let page = store
        .page_messages(first.room_id, Page::Newest { offset: 0, most: 9 })
        .await
        .unwrap();
    assert_eq!(
        standing(page.messages[0].clone()),
        [("🎉".into(), vec![b]), ("👍".into(), vec![b])]
    );
}

/// A wall of emoji has an end.
pub async fn reactions_are_bounded<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = said(store, &ada, "hi").await;
    let emoji = |n: usize| {
        char::from_u32(0x1f600 + u32::try_from(n).unwrap())
            .unwrap()
            .to_string()
    };
    for n in 0..limit::REACTIONS_PER_MESSAGE {
        react(store, &ada, &first, &emoji(n), true)
            .await
            .unwrap()
            .unwrap();
    }
    let more = react(store, &ada, &first, &emoji(30), true).await;
    assert_eq!(conflict(more), Conflict::TooManyReactions);
    assert!(
        react(store, &bea, &first, &emoji(0), true)
            .await
            .unwrap()
            .is_some()
    );
}

/// Who was removed changes nothing any more.
pub async fn who_has_left_changes_nothing<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let mine = group(store, &ada, "mine").await;
    let them = member_of(store, &bea, mine.room.id).await;
    let may_post = chat_domain::room::may_post(&them).unwrap();
    let draft = chat_domain::message::draft(&may_post, say("hi"), START).unwrap();
    let message = store.append_message(draft).await.unwrap().message;
    let emoji = Emoji::parse("👍").unwrap();
    let (edit, reaction, deletion) = (
        edit(&them, &message, "ho"),
        change::react(&them, &message, emoji, true, START).unwrap(),
        change::delete(&them, &message, START).unwrap(),
    );
    let leaving = chat_domain::membership::leave(&them, START).unwrap();
    store.exit(leaving).await.unwrap();
    assert_eq!(conflict(store.edit_message(edit).await), Conflict::NotMember);
    assert_eq!(conflict(store.react(reaction).await), Conflict::NotMember);
    assert_eq!(
        conflict(store.delete_message(deletion).await),
        Conflict::NotMember
    );
}
