//! What [`chat_ports::RoomStore`] promises.

use chat_domain::{Role, Seq};

use crate::{
    Store,
    world::{member, new_user, plain_room},
};

/// Made once, the same ever after.
pub async fn there_is_one_plain_room<S: Store>(store: &S) {
    assert_eq!(store.plain_room().await.unwrap(), None);
    let first = plain_room(store).await;
    let second = plain_room(store).await;
    assert_eq!(first, second);
    assert_eq!(store.plain_room().await.unwrap(), Some(first.id));
}

/// Who is no member has no room, and learns nothing of it.
pub async fn strangers_have_no_room<S: Store>(store: &S) {
    let room = plain_room(store).await;
    let stranger = store.register(new_user("eve")).await.unwrap().user;
    assert_eq!(store.room_of(stranger.id, room.id).await.unwrap(), None);
    assert!(store.rooms_of(stranger.id).await.unwrap().is_empty());
}

/// With the number of their members and their newest place.
pub async fn my_rooms_are_counted<S: Store>(store: &S) {
    let ada = member(store, "ada").await;
    member(store, "bea").await;
    let rooms = store.rooms_of(ada.id).await.unwrap();
    assert_eq!(rooms.len(), 1);
    let (room, membership, members) = &rooms[0];
    assert_eq!(
        (membership.user_id, membership.room_id, membership.role),
        (ada.id, room.id, Role::Member)
    );
    assert_eq!((*members, membership.read_seq), (2, Seq::ZERO));
    assert_eq!(room.last_seq, Seq::parse(2).unwrap());
}
