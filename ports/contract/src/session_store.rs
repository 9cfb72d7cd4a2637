//! What [`chat_ports::SessionStore`] promises.

use std::time::Duration;

use chat_domain::{Timestamp, TokenHash};
use chat_ports::{NewSession, StoreError};

use crate::{
    Store,
    world::{START, new_session, new_user},
};

const HOUR: Duration = Duration::from_hours(1);

/// Found by the hash of its token and by nothing else.
pub async fn a_session_is_found_by_its_token<S: Store>(store: &S) {
    let user = store.register(new_user("ada")).await.unwrap().user;
    let session = store.open_session(new_session(user.id, 7)).await.unwrap();
    assert_eq!(
        (session.user_id, session.created_at, session.last_used_at),
        (user.id, START, START)
    );
    let found = store
        .session_by_token(&TokenHash::from_bytes([7; 32]))
        .await
        .unwrap();
    assert_eq!(found, Some((session, user)));
    assert_eq!(
        store
            .session_by_token(&TokenHash::from_bytes([8; 32]))
            .await
            .unwrap(),
        None
    );
}

/// Two sessions under one token would be each other's.
pub async fn a_token_opens_one_session<S: Store>(store: &S) {
    let ada = store.register(new_user("ada")).await.unwrap().user;
    let bea = store.register(new_user("bea")).await.unwrap().user;
    let session = store.open_session(new_session(ada.id, 7)).await.unwrap();
    let second = NewSession {
        at: START.after(HOUR),
        ..new_session(bea.id, 7)
    };
    let failed = store.open_session(second).await;
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    let found = store.session_by_token(&TokenHash::from_bytes([7; 32])).await;
    assert_eq!(found.unwrap().map(|(session, _)| session), Some(session));
    assert_eq!(store.user(bea.id).await.unwrap(), Some(bea), "it was not seen");
}

/// Its token is worth nothing at once; closing it again changes nothing.
pub async fn a_closed_session_is_gone<S: Store>(store: &S) {
    let user = store.register(new_user("ada")).await.unwrap().user;
    let session = store.open_session(new_session(user.id, 7)).await.unwrap();
    let other = store.open_session(new_session(user.id, 8)).await.unwrap();
    assert!(store.close_session(session.id).await.unwrap());
    assert!(!store.close_session(session.id).await.unwrap());
    assert_eq!(
        store
            .session_by_token(&TokenHash::from_bytes([7; 32]))
            .await
            .unwrap(),
        None
    );
    let kept = store
        .session_by_token(&TokenHash::from_bytes([8; 32]))
        .await
        .unwrap();
    assert_eq!(kept.unwrap().0.id, other.id);
}

/// Both know when they were last active; an earlier touch does not set them back.
pub async fn a_touch_moves_the_session_and_its_user<S: Store>(store: &S) {
    let user = store.register(new_user("ada")).await.unwrap().user;
    let session = store.open_session(new_session(user.id, 7)).await.unwrap();
    let later = START.after(HOUR);
    store.touch_session(session.id, later).await.unwrap();
    store.touch_session(session.id, START).await.unwrap();
    let (session, user) = store
        .session_by_token(&TokenHash::from_bytes([7; 32]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((session.last_used_at, user.last_seen_at), (later, later));
    assert_eq!(session.created_at, START);
}

/// A late touch is no resurrection.
pub async fn a_touch_does_not_bring_a_closed_session_back<S: Store>(store: &S) {
    let user = store.register(new_user("ada")).await.unwrap().user;
    let session = store.open_session(new_session(user.id, 7)).await.unwrap();
    store.close_session(session.id).await.unwrap();
    store.touch_session(session.id, START.after(HOUR)).await.unwrap();
    assert_eq!(
        store
            .session_by_token(&TokenHash::from_bytes([7; 32]))
            .await
            .unwrap(),
        None
    );
}

/// The old and the idle end, the others stay.
pub async fn sweeping_ends_the_old_and_the_idle<S: Store>(store: &S) {
    let user = store.register(new_user("ada")).await.unwrap().user;
    let idle = store.open_session(new_session(user.id, 1)).await.unwrap();
    let busy = store.open_session(new_session(user.id, 2)).await.unwrap();
    store.touch_session(busy.id, START.after(2 * HOUR)).await.unwrap();
    let at_this_moment = store.sweep_sessions(START, START).await.unwrap();
    assert_eq!(at_this_moment, [], "before is before");
    let ended = store
        .sweep_sessions(Timestamp::default(), START.after(HOUR))
        .await
        .unwrap();
    assert_eq!(ended, vec![(idle.id, user.id)]);
    assert!(
        store
            .session_by_token(&TokenHash::from_bytes([2; 32]))
            .await
            .unwrap()
            .is_some()
    );
    let ended = store
        .sweep_sessions(START.after(HOUR), Timestamp::default())
        .await
        .unwrap();
    assert_eq!(ended, vec![(busy.id, user.id)]);
    assert!(
        store
            .sweep_sessions(START.after(HOUR), START.after(HOUR))
            .await
            .unwrap()
            .is_empty()
    );
}
