//! What [`chat_ports::UserStore`] promises.

use chat_domain::{EventBody, RoomId, Seq, Username, membership};
use chat_ports::{Conflict, NewUser, StoreError};

use crate::{
    Store,
    world::{START, new_user, plain_room},
};

/// Found as it was made, with its credential.
pub async fn a_registered_user_is_found_by_name_whatever_the_case<S: Store>(store: &S) {
    let made = store.register(new_user("Ada")).await.unwrap();
    assert_eq!(made.joined, None);
    let found = store
        .credential(&Username::parse("aDA").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.user, made.user);
    assert_eq!(found.user.username.as_str(), "Ada");
    assert_eq!(found.password, new_user("Ada").password);
    assert_eq!(found.user.created_at, START);
    assert_eq!(store.user(made.user.id).await.unwrap(), Some(made.user));
    assert!(
        store
            .credential(&Username::parse("Bea").unwrap())
            .await
            .unwrap()
            .is_none()
    );
}

/// `ada` and `ADA` are one name.
pub async fn a_name_is_taken_whatever_the_case<S: Store>(store: &S) {
    store.register(new_user("ada")).await.unwrap();
    let again = store.register(new_user("ADA")).await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Conflict::UsernameTaken))),
        "{again:?}"
    );
    assert_eq!(store.count_users().await.unwrap(), 1);
}

/// A unique name holds under concurrency.
pub async fn of_many_claims_on_a_name_one_wins<S: Store>(store: &S) {
    let claims = futures(20, |_| store.register(new_user("ada"))).await;
    assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

/// Membership and its event come with the account, in one commit.
pub async fn registering_joins_the_room_with_an_event<S: Store>(store: &S) {
    let room = plain_room(store).await;
    let made = store
        .register(NewUser {
            joins: Some(room.id),
            ..new_user("ada")
        })
        .await
        .unwrap();
    let joined = made.joined.unwrap();
    assert_eq!((joined.room_id, joined.seq), (room.id, Seq::ZERO.next()));
    assert!(matches!(&joined.body, EventBody::Joined { user, by: None } if user.id == made.user.id));
    assert!(store.room_of(made.user.id, room.id).await.unwrap().is_some());
    assert_eq!(
        store.events_after(room.id, Seq::ZERO, 10).await.unwrap(),
        vec![joined]
    );
}

/// Nor one that is a pair's own. What fails has made nothing, and taken neither name nor number.
pub async fn nobody_registers_into_what_is_no_group<S: Store>(store: &S) {
    let ada = store.register(new_user("ada")).await.unwrap().user;
    let bea = store.register(new_user("bea")).await.unwrap().user;
    let pair = membership::pair(&ada, &bea).unwrap();
    let (direct, _) = store.direct_room(pair, ada.id, START).await.unwrap();
    let nowhere = RoomId::parse(9_999).unwrap();
    for room in [direct.room.id, nowhere] {
        let lost = NewUser {
            joins: Some(room),
            ..new_user("cid")
        };
        let failed = store.register(lost).await;
        assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    }
    assert_eq!(store.count_users().await.unwrap(), 2);
    assert_eq!(store.members(direct.room.id, None, 9).await.unwrap().len(), 2);
    let cid = store.register(new_user("cid")).await.unwrap().user;
    assert_eq!(cid.id.number(), bea.id.number() + 1);
}

/// The first administrator is made once, whoever else tries.
pub async fn the_first_user_is_made_once<S: Store>(store: &S) {
    let names: Vec<String> = (0..20).map(|i| format!("admin_{i}")).collect();
    let tries = futures(20, |i| store.register_first(new_user(&names[i]))).await;
    let made = tries
        .into_iter()
        .filter(|made| made.as_ref().unwrap().is_some())
        .count();
    assert_eq!(made, 1);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

/// Runs so many calls at once, interleaved on one task.
pub(crate) async fn futures<F: Future>(count: usize, call: impl Fn(usize) -> F) -> Vec<F::Output> {
    use std::{pin::pin, task::Poll};

    let mut calls: Vec<_> = (0..count).map(|i| (Box::pin(call(i)), None)).collect();
    let mut all = pin!(std::future::poll_fn(|context| {
        for (call, result) in &mut calls {
            if result.is_none()
                && let Poll::Ready(output) = call.as_mut().poll(context)
            {
                *result = Some(output);
            }
        }
        if calls.iter().all(|(_, result)| result.is_some()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
    all.as_mut().await;
    calls.into_iter().filter_map(|(_, result)| result).collect()
}
