//! What [`chat_ports::RoomStore`] promises.

use chat_domain::{
    EventBody, Join, Role, RoomName, Seq, User,
    limit::Limits,
    membership::{self, Settings},
    room::{SlowMode, Topic},
};
use chat_ports::{Conflict, MyRoom, StoreError};

use crate::{
    Store,
    user_store::futures,
    world::{START, draft, group, in_room, member, member_of, new_room, new_user, plain_room, say},
};

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

async fn person<S: Store>(store: &S, name: &str) -> User {
    store.register(new_user(name)).await.unwrap().user
}

/// Made once, the same ever after.
pub async fn there_is_one_plain_room<S: Store>(store: &S) {
    assert_eq!(store.plain_room().await.unwrap(), None);
    let first = plain_room(store).await;
    let second = plain_room(store).await;
    assert_eq!(first, second);
    assert!(first.is_plain);
    assert_eq!(store.plain_room().await.unwrap(), Some(first.id));
}

/// Who is no member has no room, and learns nothing of it.
pub async fn strangers_have_no_room<S: Store>(store: &S) {
    let room = plain_room(store).await;
    let stranger = person(store, "eve").await;
    assert_eq!(store.room_of(stranger.id, room.id).await.unwrap(), None);
    assert!(store.rooms_of(stranger.id).await.unwrap().is_empty());
}

/// With the number of their members and their newest place.
pub async fn my_rooms_are_counted<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    member(store, "bea").await;
    let rooms = store.rooms_of(ada.id).await.unwrap();
    assert_eq!(rooms.len(), 1);
    let mine = &rooms[0];
    assert_eq!(
        (
            mine.membership.user_id,
            mine.membership.room_id,
            mine.membership.role
        ),
        (ada.id, mine.room.id, Role::Member)
    );
    assert_eq!(
        (mine.members, mine.membership.read_seq, &mine.peer),
        (2, Seq::ZERO, &None)
    );
    assert_eq!(mine.room.last_seq, Seq::parse(2).unwrap());
}

/// Who makes a room owns it and is its first event.
pub async fn a_new_room_has_its_owner<S: Store>(store: &S) {
    let ada = person(store, "ada").await;
    let (mine, joined) = store.create_room(new_room("tides"), (&ada).into()).await.unwrap();
    assert_eq!(
        (mine.room.name.as_str(), mine.membership.role, mine.members),
        ("tides", Role::Owner, 1)
    );
    assert_eq!(
        (joined.room_id, joined.seq),
        (mine.room.id, Seq::parse(1).unwrap())
    );
    assert_eq!(
        joined.body,
        EventBody::Joined {
            user: (&ada).into(),
            by: None
        }
    );
    assert_eq!(store.rooms_of(ada.id).await.unwrap(), [mine]);
}

/// Whoever asks first, and however many ask at once.
pub async fn a_pair_has_one_direct_room<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    let pair = membership::pair(&bea, &ada).unwrap();
    let asked = futures(8, |_| store.direct_room(pair, ada.id, START)).await;
    let made: Vec<&(MyRoom, _)> = asked.iter().map(|asked| asked.as_ref().unwrap()).collect();
    assert!(made.iter().all(|(mine, _)| mine.room.id == made[0].0.room.id));
    assert_eq!(made.iter().filter(|(_, joined)| joined.len() == 2).count(), 1);
    assert_eq!(made[0].0.peer, Some((&bea).into()));
    let (theirs, joined) = store.direct_room(pair, bea.id, START).await.unwrap();
    assert_eq!((theirs.peer, joined.len()), (Some((&ada).into()), 0));
    assert_eq!(theirs.room.last_seq, Seq::parse(2).unwrap());
    assert_eq!(store.rooms_of(bea.id).await.unwrap()[0].peer, Some((&ada).into()));
}

/// Nor is one made for somebody else.
pub async fn a_direct_room_is_its_pairs_own<S: Store>(store: &S) {
    let (ada, bea, eve) = (
        person(store, "ada").await,
        person(store, "bea").await,
        person(store, "eve").await,
    );
    let pair = membership::pair(&ada, &bea).unwrap();
    let ask = || store.direct_room(pair, eve.id, START);
    assert_eq!(conflict(ask().await), Conflict::NotMember);
    assert_eq!(store.rooms_of(ada.id).await.unwrap(), []);
    let (mine, joined) = store.direct_room(pair, ada.id, START).await.unwrap();
    assert_eq!((mine.room.id.number(), joined.len()), (1, 2));
    assert_eq!(conflict(ask().await), Conflict::NotMember);
}

/// With its event, and once.
pub async fn who_enters_is_a_member<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    let room = group(store, &ada, "tides").await.room;
    let entry = membership::join(&bea, &room, START).unwrap();
    let joined = store.enter(entry.clone()).await.unwrap();
    assert_eq!(
        joined.body,
        EventBody::Joined {
            user: (&bea).into(),
            by: None
        }
    );
    assert_eq!(joined.seq, Seq::parse(2).unwrap());
    assert_eq!(
        store
            .events_after(room.id, Seq::parse(1).unwrap(), 9)
            .await
            .unwrap(),
        [joined]
    );
    assert_eq!(
        in_room(store, &bea, room.id).await.membership().role,
        Role::Member
    );
    assert_eq!(conflict(store.enter(entry).await), Conflict::AlreadyMember);
}

/// What was open when the rules were asked may be closed by the time it is written; who adds may be gone.
pub async fn entering_is_checked_again<S: Store>(store: &S) {
    let (ada, bea, cid) = (
        person(store, "ada").await,
        person(store, "bea").await,
        person(store, "cid").await,
    );
    let room = group(store, &ada, "tides").await.room;
    let entry = membership::join(&bea, &room, START).unwrap();
    let owner = in_room(store, &ada, room.id).await;
    let close = Settings {
        join: Some(Join::Invite),
        ..Settings::default()
    };
    let close = membership::change(&owner, close, START).unwrap();
    store.change_room(close).await.unwrap().unwrap();
    assert_eq!(conflict(store.enter(entry).await), Conflict::RoomClosed);
    let owner = in_room(store, &ada, room.id).await;
    let added = store
        .enter(membership::add(&owner, &bea, START).unwrap())
        .await
        .unwrap();
    assert_eq!(
        added.body,
        EventBody::Joined {
            user: (&bea).into(),
            by: Some(ada.id)
        }
    );
    let later = membership::add(&owner, &cid, START).unwrap();
    store
        .exit(membership::leave(&owner, START).unwrap())
        .await
        .unwrap();
    assert_eq!(conflict(store.enter(later).await), Conflict::NotMember);
}

/// The greeting of a connection names every room, so their number has an end.
pub async fn rooms_of_a_user_are_bounded<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    for i in 0..Limits::default().rooms_per_user {
        store
            .create_room(new_room(&format!("room {i}")), (&ada).into())
            .await
            .unwrap();
    }
    let one_more = store.create_room(new_room("more"), (&ada).into()).await;
    assert_eq!(conflict(one_more), Conflict::TooManyRooms);
    let room = group(store, &bea, "tides").await.room;
    let entry = membership::join(&ada, &room, START).unwrap();
    assert_eq!(conflict(store.enter(entry).await), Conflict::TooManyRooms);
    let pair = membership::pair(&ada, &bea).unwrap();
    assert_eq!(
        conflict(store.direct_room(pair, ada.id, START).await),
        Conflict::TooManyRooms
    );
}

/// With its event; what they could read is nothing to them any more.
pub async fn who_leaves_is_no_member<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    let room = group(store, &ada, "tides").await.room;
    let them = member_of(store, &bea, room.id).await;
    let exit = membership::leave(&them, START).unwrap();
    let left = store.exit(exit.clone()).await.unwrap();
    assert_eq!(left.len(), 1, "the owner is still there");
    assert_eq!(
        left[0].body,
        EventBody::Left {
            user: (&bea).into(),
            by: None
        }
    );
    assert_eq!(store.room_of(bea.id, room.id).await.unwrap(), None);
    assert_eq!(conflict(store.exit(exit).await), Conflict::NotMember);
}

/// Who removes must be in the room and rank higher when it is written.
pub async fn removing_is_checked_again<S: Store>(store: &S) {
    let (ada, bea, cid) = (
        person(store, "ada").await,
        person(store, "bea").await,
        person(store, "cid").await,
    );
    let room = group(store, &ada, "tides").await.room;
    member_of(store, &bea, room.id).await;
    member_of(store, &cid, room.id).await;
    let owner = in_room(store, &ada, room.id).await;
    let lawful = membership::remove(&owner, (&bea).into(), Role::Member, START).unwrap();
    let mut forged = lawful.clone();
    forged.by = Some(cid.id);
    assert_eq!(conflict(store.exit(forged).await), Conflict::NotAllowed);
    let removed = store.exit(lawful).await.unwrap();
    assert_eq!(
        removed[0].body,
        EventBody::Left {
            user: (&bea).into(),
            by: Some(ada.id)
        }
    );
}

/// A room is never without an owner while anybody is in it.
pub async fn the_oldest_account_inherits<S: Store>(store: &S) {
    let (ada, bea, cid) = (
        person(store, "ada").await,
        person(store, "bea").await,
        person(store, "cid").await,
    );
    let room = group(store, &cid, "tides").await.room;
    member_of(store, &bea, room.id).await;
    member_of(store, &ada, room.id).await;
    let owner = in_room(store, &cid, room.id).await;
    let events = store
        .exit(membership::leave(&owner, START).unwrap())
        .await
        .unwrap();
    assert_eq!(events.len(), 2);
    assert!(matches!(&events[1].body, EventBody::RoomChanged(now) if now.last_seq == events[1].seq));
    assert_eq!(in_room(store, &ada, room.id).await.membership().role, Role::Owner);
    assert_eq!(
        in_room(store, &bea, room.id).await.membership().role,
        Role::Member
    );
    for user in [&ada, &bea] {
        let me = in_room(store, user, room.id).await;
        store.exit(membership::leave(&me, START).unwrap()).await.unwrap();
    }
    assert_eq!(store.members(room.id, None, 9).await.unwrap(), []);
}

/// By number, page after page.
pub async fn members_are_listed<S: Store>(store: &S) {
    let ada = person(store, "ada").await;
    let room = group(store, &ada, "tides").await.room;
    for name in ["bea", "cid", "dan"] {
        let user = person(store, name).await;
        member_of(store, &user, room.id).await;
    }
    let first = store.members(room.id, None, 3).await.unwrap();
    let names: Vec<_> = first
        .iter()
        .map(|(person, role)| (person.username.as_str(), *role))
        .collect();
    assert_eq!(
        names,
        [("ada", Role::Owner), ("bea", Role::Member), ("cid", Role::Member)]
    );
    let second = store.members(room.id, Some(first[2].0.id), 3).await.unwrap();
    assert_eq!(second.len(), 1);
}

/// Groups that are open and not mine.
pub async fn open_rooms_are_those_i_may_join<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    let (one, two) = (group(store, &ada, "one").await, group(store, &ada, "two").await);
    let closed = chat_ports::NewRoom {
        join: Join::Invite,
        ..new_room("closed")
    };
    store.create_room(closed, (&ada).into()).await.unwrap();
    store
        .direct_room(membership::pair(&ada, &bea).unwrap(), ada.id, START)
        .await
        .unwrap();
    member_of(store, &bea, two.room.id).await;
    let open = store.open_rooms(bea.id, None, 9).await.unwrap();
    let ids: Vec<_> = open.iter().map(|(room, members)| (room.id, *members)).collect();
    assert_eq!(ids, [(one.room.id, 1)]);
    assert!(
        store
            .open_rooms(bea.id, Some(one.room.id), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.open_rooms(ada.id, None, 9).await.unwrap().is_empty());
}

/// With the event; what is like that already is no change.
pub async fn settings_are_changed_once<S: Store>(store: &S) {
    let ada = person(store, "ada").await;
    let room = group(store, &ada, "tides").await.room;
    let owner = in_room(store, &ada, room.id).await;
    let settings = Settings {
        name: RoomName::parse("tides & winds").ok(),
        join: Some(Join::Invite),
        topic: Some(Topic::parse("the sea").unwrap()),
        slow_mode: SlowMode::parse(30).ok(),
        read_only: Some(true),
    };
    let change = membership::change(&owner, settings.clone(), START).unwrap();
    let event = store.change_room(change.clone()).await.unwrap().unwrap();
    let now = store.room(room.id).await.unwrap().unwrap();
    assert_eq!(
        now,
        chat_domain::Room {
            last_seq: event.seq,
            ..settings.apply(room.clone())
        }
    );
    assert_eq!(event.body, EventBody::RoomChanged(Box::new(now)));
    assert_eq!(store.change_room(change).await.unwrap(), None);
    let no_topic = Settings {
        topic: Some(None),
        ..Settings::default()
    };
    let change = membership::change(&owner, no_topic, START).unwrap();
    store.change_room(change).await.unwrap().unwrap();
    let now = store.room(room.id).await.unwrap().unwrap();
    assert_eq!((now.topic, now.slow_mode.seconds()), (None, 30));
    let events = store.events_after(room.id, event.seq, 9).await.unwrap();
    assert!(matches!(&events[0].body, EventBody::RoomChanged(now) if now.topic.is_none()));
}

/// Who has lost the role changes nothing.
pub async fn settings_are_checked_again<S: Store>(store: &S) {
    let (ada, bea) = (person(store, "ada").await, person(store, "bea").await);
    let room = group(store, &ada, "tides").await.room;
    member_of(store, &bea, room.id).await;
    let owner = in_room(store, &ada, room.id).await;
    let silence = Settings {
        read_only: Some(true),
        ..Settings::default()
    };
    let mut forged = membership::change(&owner, silence, START).unwrap();
    forged.by = bea.id;
    assert_eq!(conflict(store.change_room(forged).await), Conflict::NotAllowed);
}

/// Forward only, and not beyond what is there.
pub async fn a_read_position_moves_forward<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    let room = plain_room(store).await.id;
    for i in 0..4 {
        let draft = draft(store, &ada, say(&i.to_string())).await;
        store.append_message(draft).await.unwrap();
    }
    let mut moved = Vec::new();
    for seq in [3, 2, 99] {
        let seq = Seq::parse(seq).unwrap();
        moved.push(store.mark_read(ada.id, room, seq).await.unwrap().number());
    }
    assert_eq!(moved, [3, 3, 5]);
    assert_eq!(
        store.rooms_of(ada.id).await.unwrap()[0]
            .membership
            .read_seq
            .number(),
        5
    );
    let eve = person(store, "eve").await;
    let stranger = store.mark_read(eve.id, room, Seq::parse(1).unwrap()).await;
    assert_eq!(conflict(stranger), Conflict::NotMember);
}
