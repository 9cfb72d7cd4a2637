//! What [`chat_ports::MessageStore`] promises.

use chat_domain::{ClientId, EventBody, EventId, Message, Seq, message::MessageBody};
use chat_ports::{Appended, Conflict, Page, StoreError};

use crate::{
    Store,
    user_store::futures,
    world::{START, answer, draft, member, new_user, plain_room, say, say_as},
};

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

/// By author, room and client id.
pub async fn a_message_is_found_by_its_client_id<S: Store>(store: &S) {
    let (ada, bea) = (member(store, "ada").await, member(store, "bea").await);
    let room = plain_room(store).await;
    let id = ClientId::parse("one").unwrap();
    assert_eq!(
        store.message_by_client_id(room.id, ada.id, &id).await.unwrap(),
        None
    );
    let stored = store
        .append_message(draft(store, &ada, say_as("hi", "one")).await)
        .await
        .unwrap()
        .message;
    assert_eq!(
        store.message_by_client_id(room.id, ada.id, &id).await.unwrap(),
        Some(stored)
    );
    assert_eq!(
        store.message_by_client_id(room.id, bea.id, &id).await.unwrap(),
        None
    );
}
