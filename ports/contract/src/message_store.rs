//! What [`chat_ports::MessageStore`] promises.

use chat_domain::{
    Content, EventBody, EventId, Message, MessageType, Seq, User, change,
    message::{DeletedBy, MessageBody, Utterance},
};
use chat_ports::{Appended, Conflict, Page, StoreError};

use crate::{
    Store,
    user_store::futures,
    world::{START, answer, draft, group, in_room, member, member_of, new_user, plain_room, say, say_as},
};

async fn append<S: Store>(store: &S, author: &User, said: Utterance) -> Result<Appended, StoreError> {
    let draft = draft(store, author, said).await;
    store.append_message(draft).await
}

/// Which message has the client id.
fn reused(appended: Result<Appended, StoreError>) -> EventId {
    match appended {
        Err(StoreError::Conflict(Conflict::ClientIdReused { stored })) => stored,
        other => panic!("no conflict: {other:?}"),
    }
}

fn text(message: &Message) -> &str {
    match &message.body {
        MessageBody::Said(content) => content.as_str(),
        MessageBody::Deleted(_) => "",
    }
}

/// What was said is what is read, whatever it was.
pub async fn a_message_is_kept_to_the_byte<S: Store>(store: &S) {
    let ada = member(store, "Ada").await;
    let room = plain_room(store).await;
    for said in [
        "hi",
        "<b>&amp;</b>",
        "שלום 👩‍👩‍👧",
        "a\u{0}b\r\n'; DROP TABLE messages; --",
        &"x".repeat(16_384),
    ] {
        let Appended { message, fresh } = store
            .append_message(draft(store, &ada, say_as(said, &format!("c{}", said.len()))).await)
            .await
            .unwrap();
        assert!(fresh);
        assert_eq!(
            (text(&message), message.author, message.at),
            (said, ada.id, START)
        );
        assert_eq!(message.username.as_str(), "Ada");
        let page = store
            .page_messages(room.id, Page::Newest { offset: 0, most: 1 })
            .await
            .unwrap();
        assert_eq!(page.messages, vec![message]);
    }
}

/// 1, 2, 3 … and the room knows the last.
pub async fn numbers_are_dense<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let mut last = Seq::parse(1).unwrap();
    for _ in 0..10 {
        let message = store
            .append_message(draft(store, &ada, say("hi")).await)
            .await
            .unwrap()
            .message;
        assert_eq!(message.seq, last.next());
        last = message.seq;
    }
    assert_eq!(store.rooms_of(ada.id).await.unwrap()[0].room.last_seq, last);
}

/// The same under concurrency, and ids as well as places are unique.
pub async fn of_many_writers_each_gets_a_place_of_its_own<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let mut drafts = Vec::new();
    for i in 0..50 {
        drafts.push(draft(store, &ada, say(&format!("message {i}"))).await);
    }
    let stored = futures(50, |i| store.append_message(drafts[i].clone())).await;
    let mut places: Vec<u64> = stored
        .iter()
        .map(|a| a.as_ref().unwrap().message.seq.number())
        .collect();
    let mut ids: Vec<EventId> = stored.iter().map(|a| a.as_ref().unwrap().message.id).collect();
    places.sort_unstable();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(places, (2..=51).collect::<Vec<_>>());
    assert_eq!(ids.len(), 50);
}

/// Sent again, it is the first one.
pub async fn the_same_client_id_is_one_message<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = store
        .append_message(draft(store, &ada, say_as("hi", "one")).await)
        .await
        .unwrap();
    let again = store
        .append_message(draft(store, &ada, say_as("hi", "one")).await)
        .await
        .unwrap();
    assert!(first.fresh && !again.fresh);
    assert_eq!(first.message, again.message);
}

/// Also when all attempts come at once.
pub async fn the_same_client_id_in_parallel_is_one_message<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let draft = draft(store, &ada, say_as("hi", "one")).await;
    let stored = futures(20, |_| store.append_message(draft.clone())).await;
    let fresh = stored.iter().filter(|a| a.as_ref().unwrap().fresh).count();
    assert_eq!(fresh, 1);
    let ids: Vec<_> = stored.iter().map(|a| a.as_ref().unwrap().message.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
}

/// Another content under the same id is a mistake that is said aloud.
pub async fn the_same_client_id_with_another_content_is_refused<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = store
        .append_message(draft(store, &ada, say_as("hi", "one")).await)
        .await
        .unwrap();
    let other = store
        .append_message(draft(store, &ada, say_as("ho", "one")).await)
        .await;
    let Err(StoreError::Conflict(Conflict::ClientIdReused { stored })) = other else {
        panic!("{other:?}")
    };
    assert_eq!(stored, first.message.id);
}

/// The same text as another type, or as an answer, is another content.
pub async fn the_same_client_id_with_another_type_or_answer_is_refused<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let target = append(store, &ada, say("well?")).await.unwrap().message;
    let first = append(store, &ada, say_as("hi", "one")).await.unwrap().message;
    let picture = Utterance {
        message_type: MessageType::Image,
        ..say_as("hi", "one")
    };
    let reply = Utterance {
        reply_to: Some(target.id),
        ..say_as("hi", "one")
    };
    for other in [picture, reply] {
        assert_eq!(reused(append(store, &ada, other).await), first.id);
    }
}

/// Who sends again has not seen that the message was edited meanwhile, elsewhere: it is known by what it was sent as,
/// and comes back as it is now. Another text is another content, also the one that it has now.
pub async fn an_edited_message_is_known_by_its_first_text<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = append(store, &ada, say_as("hi", "one")).await.unwrap().message;
    for text in ["ho", "hu", "hi", "ho"] {
        let me = in_room(store, &ada, first.room_id).await;
        let edit = change::edit(&me, &first, Content::parse(text.into()).unwrap(), START).unwrap();
        store.edit_message(edit).await.unwrap().unwrap();
        let now = store.message(first.id).await.unwrap();
        let again = append(store, &ada, say_as("hi", "one")).await.unwrap();
        assert_eq!((again.fresh, Some(again.message)), (false, now.clone()), "{text}");
        let found = store
            .sent_before(first.room_id, ada.id, say_as("hi", "one"))
            .await;
        assert_eq!(found.unwrap(), now, "{text}");
        for other in ["ho", "hu", "hey"] {
            assert_eq!(reused(append(store, &ada, say_as(other, "one")).await), first.id);
        }
    }
}

/// Nothing of its text is kept to compare with, so whatever is sent under its client id is taken for it.
pub async fn a_deleted_message_is_known_by_its_client_id<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    for (id, edited) in [("one", false), ("two", true)] {
        let first = append(store, &ada, say_as("hi", id)).await.unwrap().message;
        let me = in_room(store, &ada, first.room_id).await;
        if edited {
            let edit = change::edit(&me, &first, Content::parse("ho".into()).unwrap(), START).unwrap();
            store.edit_message(edit).await.unwrap().unwrap();
        }
        let deletion = change::delete(&me, &first, START).unwrap();
        store.delete_message(deletion).await.unwrap().unwrap();
        for text in ["hi", "ho", "hey"] {
            let again = append(store, &ada, say_as(text, id)).await.unwrap();
            assert_eq!((again.fresh, again.message.id), (false, first.id));
            assert_eq!(again.message.body, MessageBody::Deleted(DeletedBy::Author));
        }
    }
}

/// What is sent again is known also when its author could say nothing new any more, or what it answers is gone.
pub async fn what_was_said_stays_said<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let room = group(store, &ada, "tides").await.room;
    let them = member_of(store, &bea, room.id).await;
    let say_there = |said| {
        let may_post = chat_domain::room::may_post(&them).unwrap();
        chat_domain::message::draft(&may_post, said, START).unwrap()
    };
    let target = store
        .append_message(say_there(say("well?")))
        .await
        .unwrap()
        .message;
    let reply = Utterance {
        reply_to: Some(target.id),
        ..say_as("hi", "one")
    };
    let first = store
        .append_message(say_there(reply.clone()))
        .await
        .unwrap()
        .message;
    let deletion = change::delete(&them, &target, START).unwrap();
    store.delete_message(deletion).await.unwrap().unwrap();
    let leaving = chat_domain::membership::leave(&them, START).unwrap();
    store.exit(leaving).await.unwrap();
    let again = store.append_message(say_there(reply.clone())).await.unwrap();
    assert_eq!((again.fresh, &again.message), (false, &first));
    let new = Utterance {
        client_id: None,
        ..reply
    };
    let refused = store.append_message(say_there(new)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::NotMember))),
        "{refused:?}"
    );
}

/// Two people may have the same idea.
pub async fn a_client_id_is_its_authors_own<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let first = store
        .append_message(draft(store, &ada, say_as("hi", "one")).await)
        .await
        .unwrap();
    let second = store
        .append_message(draft(store, &bea, say_as("ho", "one")).await)
        .await
        .unwrap();
    assert!(second.fresh);
    assert_ne!(first.message.id, second.message.id);
}

/// Membership is checked again by the write itself: here the author of a lawful draft is swapped for a stranger.
pub async fn a_stranger_posts_nothing<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let eve = store.register(new_user("eve")).await.unwrap().user;
    let mut forged = draft(store, &ada, say("hi")).await;
    forged.author = eve.id;
    let refused = store.append_message(forged).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::NotMember))),
        "{refused:?}"
    );
}

/// `reply_to` names a message of this room.
pub async fn an_answer_needs_a_message_of_the_room<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let first = store
        .append_message(draft(store, &ada, say("hi")).await)
        .await
        .unwrap()
        .message;
    let reply = store
        .append_message(draft(store, &ada, answer("ho", first.id)).await)
        .await
        .unwrap()
        .message;
    assert_eq!(reply.reply_to, Some(first.id));
    let nowhere = EventId::parse(9_999).unwrap();
    let refused = store
        .append_message(draft(store, &ada, answer("ho", nowhere)).await)
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::UnknownTarget))),
        "{refused:?}"
    );
}

/// A conflict leaves no gap behind.
pub async fn a_refused_message_takes_no_number<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let nowhere = EventId::parse(9_999).unwrap();
    let (good, bad) = (
        draft(store, &ada, say("hi")).await,
        draft(store, &ada, answer("ho", nowhere)).await,
    );
    let stored = futures(30, |i| {
        store.append_message(if i % 3 == 0 { good.clone() } else { bad.clone() })
    })
    .await;
    let mut places: Vec<u64> = stored.iter().flatten().map(|a| a.message.seq.number()).collect();
    places.sort_unstable();
    assert_eq!(places, (2..=11).collect::<Vec<_>>());
}

/// From the newest page back to the first message, none twice and none left out.
pub async fn pages_run_from_new_to_old<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let room = plain_room(store).await;
    for i in 0..23 {
        store
            .append_message(draft(store, &ada, say(&i.to_string())).await)
            .await
            .unwrap();
        if i == 11 {
            member(store, "bea").await;
        }
    }
    let mut page = store
        .page_messages(room.id, Page::Newest { offset: 0, most: 5 })
        .await
        .unwrap();
    let mut read: Vec<Message> = Vec::new();
    loop {
        assert!(page.messages.len() <= 5);
        read.splice(0..0, page.messages);
        if !page.has_more {
            break;
        }
        page = store
            .page_messages(
                room.id,
                Page::Before {
                    before: read[0].seq,
                    most: 5,
                },
            )
            .await
            .unwrap();
    }
    let texts: Vec<_> = read.iter().map(text).collect();
    assert_eq!(texts, (0..23).map(|i: u32| i.to_string()).collect::<Vec<_>>());
}

/// The reference document's way of paging.
pub async fn the_offset_counts_from_the_newest<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let room = plain_room(store).await;
    for i in 0..10 {
        store
            .append_message(draft(store, &ada, say(&i.to_string())).await)
            .await
            .unwrap();
    }
    let page = store
        .page_messages(room.id, Page::Newest { offset: 3, most: 4 })
        .await
        .unwrap();
    assert_eq!(
        page.messages.iter().map(text).collect::<Vec<_>>(),
        ["3", "4", "5", "6"]
    );
    assert!(page.has_more);
    let page = store
        .page_messages(room.id, Page::Newest { offset: 6, most: 4 })
        .await
        .unwrap();
    assert_eq!((page.messages.len(), page.has_more), (4, false));
    let page = store
        .page_messages(room.id, Page::Newest { offset: 10, most: 4 })
        .await
        .unwrap();
    assert_eq!((page.messages.len(), page.has_more), (0, false));
}

/// Joins stand between the messages; nothing is left out.
pub async fn events_are_all_there_in_order<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let room = plain_room(store).await;
    store
        .append_message(draft(store, &ada, say("hi")).await)
        .await
        .unwrap();
    let bea = member(store, "bea").await;
    store
        .append_message(draft(store, &bea, say("ho")).await)
        .await
        .unwrap();
    let events = store.events_after(room.id, Seq::ZERO, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|e| e.seq.number()).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert!(matches!(&events[0].body, EventBody::Joined { user, .. } if user.id == ada.id));
    assert!(matches!(&events[1].body, EventBody::Posted(message) if text(message) == "hi"));
    assert!(matches!(&events[2].body, EventBody::Joined { user, .. } if user.username == bea.username));
    assert!(matches!(&events[3].body, EventBody::Posted(message) if text(message) == "ho"));
    assert_eq!(
        store
            .events_after(room.id, Seq::parse(1).unwrap(), 2)
            .await
            .unwrap(),
        events[1..3]
    );
    assert!(
        store
            .events_after(room.id, Seq::parse(4).unwrap(), 2)
            .await
            .unwrap()
            .is_empty()
    );
}

/// By author, room and client id, as it is now.
pub async fn what_was_sent_before_is_found<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let room = plain_room(store).await.id;
    let elsewhere = group(store, &ada, "elsewhere").await.room.id;
    let before = |room, user: &User, said| store.sent_before(room, user.id, said);
    let said = say_as("hi", "one");
    assert_eq!(before(room, &ada, said.clone()).await.unwrap(), None);
    let sent = draft(store, &ada, said.clone()).await;
    let stored = store.append_message(sent).await.unwrap().message;
    let found = before(room, &ada, said.clone()).await.unwrap();
    assert_eq!(found, Some(stored.clone()));
    assert_eq!(before(room, &bea, said.clone()).await.unwrap(), None);
    assert_eq!(before(elsewhere, &ada, said).await.unwrap(), None);
    assert_eq!(before(room, &ada, say("hi")).await.unwrap(), None);
    let other = before(room, &ada, say_as("ho", "one")).await;
    assert!(
        matches!(other, Err(StoreError::Conflict(Conflict::ClientIdReused { stored: id })) if id == stored.id),
        "{other:?}"
    );
}
