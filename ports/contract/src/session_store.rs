//! What [`chat_ports::SessionStore`] promises.

use std::time::Duration;

use chat_domain::{
    Timestamp, TokenHash, User, limit,
    moderation::{Action, Actor},
};
use chat_ports::{Conflict, NewSession, NewUser, StoreError, Which};

use crate::{
    Store,
    world::{START, group, new_session, new_token, new_user, new_webhook},
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
    let at_this_moment = store.sweep_sessions(START, START, START).await.unwrap();
    assert_eq!(at_this_moment, [], "before is before");
    let ended = store
        .sweep_sessions(Timestamp::default(), START.after(HOUR), START)
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
        .sweep_sessions(START.after(HOUR), Timestamp::default(), START)
        .await
        .unwrap();
    assert_eq!(ended, vec![(busy.id, user.id)]);
    assert!(
        store
            .sweep_sessions(START.after(HOUR), START.after(HOUR), START)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn user<S: Store>(store: &S, name: &str) -> User {
    store.register(new_user(name)).await.unwrap().user
}

async fn is_there<S: Store>(store: &S, token: u8) -> bool {
    let found = store.session_by_token(&TokenHash::from_bytes([token; 32])).await;
    found.unwrap().is_some()
}

/// Its scopes, its end and its name are kept.
pub async fn a_token_is_good_for_what_it_was_made_for<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    for (token, ends_at) in [(1, None), (2, Some(START.after(HOUR)))] {
        let new = new_token(ada.id, token, ends_at);
        let opened = store.open_session(new.clone()).await.unwrap();
        assert_eq!(opened.grant, new.grant);
        let found = store.session_by_token(&new.token).await.unwrap().unwrap();
        assert_eq!(found, (opened.clone(), ada.clone()));
        let known = store.sessions_of(ada.id).await.unwrap();
        assert_eq!((&known[0].session, &known[0].name), (&opened, &new.name));
    }
}

/// Another user's, and other sessions, do not count.
pub async fn tokens_of_a_user_are_bounded<S: Store>(store: &S) {
    let (ada, bea) = (user(store, "ada").await, user(store, "bea").await);
    let most = u8::try_from(limit::TOKENS_PER_USER).unwrap();
    for token in 0..most {
        store.open_session(new_token(ada.id, token, None)).await.unwrap();
    }
    let one_more = store.open_session(new_token(ada.id, most, None)).await;
    assert!(
        matches!(one_more, Err(StoreError::Conflict(Conflict::TooManyTokens))),
        "{one_more:?}"
    );
    store.open_session(new_token(bea.id, most, None)).await.unwrap();
    store.open_session(new_session(ada.id, most + 1)).await.unwrap();
    let known = store.sessions_of(ada.id).await.unwrap();
    store
        .close_session(known.last().unwrap().session.id)
        .await
        .unwrap();
    store
        .open_session(new_token(ada.id, most + 2, None))
        .await
        .unwrap();
}

/// It is neither too old nor too idle before; a webhook does not end at all.
pub async fn a_token_ends_when_its_maker_has_said<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    let room = group(store, &ada, "alarms").await.room.id;
    let end = START.after(HOUR);
    store.open_session(new_token(ada.id, 1, None)).await.unwrap();
    let ends = store.open_session(new_token(ada.id, 2, Some(end))).await.unwrap();
    store.open_session(new_webhook(ada.id, 3, room)).await.unwrap();
    let later = START.after(2 * HOUR);
    let before = Timestamp::from_millis(end.millis() - 1);
    assert_eq!(store.sweep_sessions(later, later, before).await.unwrap(), []);
    let swept = store.sweep_sessions(later, later, end).await.unwrap();
    assert_eq!(swept, [(ends.id, ada.id)]);
    assert!(is_there(store, 1).await && !is_there(store, 2).await && is_there(store, 3).await);
}

/// With where they come from, the one that was used last first, and nobody else's.
pub async fn a_users_sessions_are_listed<S: Store>(store: &S) {
    let (ada, bea) = (user(store, "ada").await, user(store, "bea").await);
    let phone = NewSession {
        address: "2001:db8::7".to_owned(),
        agent: "a phone ✓".to_owned(),
        ..new_session(ada.id, 1)
    };
    let phone = store.open_session(phone).await.unwrap();
    let desk = store.open_session(new_session(ada.id, 2)).await.unwrap();
    store.open_session(new_session(bea.id, 3)).await.unwrap();
    let shown = |known: &[chat_ports::KnownSession]| {
        let one = |it: &chat_ports::KnownSession| (it.session.id, it.address.clone(), it.agent.clone());
        known.iter().map(one).collect::<Vec<_>>()
    };
    let of_desk = (desk.id, "192.0.2.1".to_owned(), "a browser".to_owned());
    let of_phone = (phone.id, "2001:db8::7".to_owned(), "a phone ✓".to_owned());
    let known = store.sessions_of(ada.id).await.unwrap();
    assert_eq!(
        shown(&known),
        [of_desk.clone(), of_phone.clone()],
        "the newer first"
    );
    store.touch_session(phone.id, START.after(HOUR)).await.unwrap();
    let known = store.sessions_of(ada.id).await.unwrap();
    assert_eq!(shown(&known), [of_phone, of_desk], "the one used last first");
}

/// All but the one; tokens, and others' sessions, stay.
pub async fn others_are_signed_out<S: Store>(store: &S) {
    let (ada, bea) = (user(store, "ada").await, user(store, "bea").await);
    let mut opened = Vec::new();
    for token in 1..=3 {
        opened.push(store.open_session(new_session(ada.id, token)).await.unwrap().id);
    }
    store.open_session(new_token(ada.id, 4, None)).await.unwrap();
    store.open_session(new_session(bea.id, 5)).await.unwrap();
    let mut ended = store
        .close_sessions(ada.id, Which::AllBut(opened[1]))
        .await
        .unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [opened[0], opened[2]]);
    for (token, is_left) in [(1, false), (2, true), (3, false), (4, true), (5, true)] {
        assert_eq!(is_there(store, token).await, is_left, "{token}");
    }
}

/// As many as are to stay, stay: those that were used last.
pub async fn the_longest_unused_make_room<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    let mut opened = Vec::new();
    for token in 1..=4 {
        opened.push(store.open_session(new_session(ada.id, token)).await.unwrap().id);
    }
    store.open_session(new_token(ada.id, 5, None)).await.unwrap();
    store.touch_session(opened[0], START.after(HOUR)).await.unwrap();
    assert_eq!(store.close_sessions(ada.id, Which::Beyond(4)).await.unwrap(), []);
    let mut ended = store.close_sessions(ada.id, Which::Beyond(2)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [opened[1], opened[2]]);
    assert!(is_there(store, 1).await && is_there(store, 4).await && is_there(store, 5).await);
}

/// With the accounts that they post as.
pub async fn webhooks_belong_to_their_room<S: Store>(store: &S) {
    let (ada, bot) = (user(store, "ada").await, user(store, "bot").await);
    let room = group(store, &ada, "alarms").await.room.id;
    let other = group(store, &ada, "quiet").await.room.id;
    let opened = store.open_session(new_webhook(bot.id, 1, room)).await.unwrap();
    let found = store.webhooks_of(room).await.unwrap();
    assert_eq!(found, [(opened.clone(), bot)]);
    assert_eq!(store.webhooks_of(other).await.unwrap(), []);
    let most = u8::try_from(limit::WEBHOOKS_PER_ROOM).unwrap();
    for token in 2..=most {
        store
            .open_session(new_webhook(ada.id, token, room))
            .await
            .unwrap();
    }
    let one_more = store.open_session(new_webhook(ada.id, most + 1, room)).await;
    assert!(
        matches!(one_more, Err(StoreError::Conflict(Conflict::TooManyTokens))),
        "{one_more:?}"
    );
    store.close_session(opened.id).await.unwrap();
    assert!(!is_there(store, 1).await);
}

/// And made by none but who administers.
pub async fn a_webhook_is_logged<S: Store>(store: &S) {
    let root = NewUser {
        is_admin: true,
        ..new_user("root")
    };
    let root = store.register(root).await.unwrap().user;
    let ada = user(store, "ada").await;
    let alarms = group(store, &ada, "alarms").await.room.id;
    let made_by = |user: &User| NewSession {
        made_by: Some(Actor::Admin(user.id)),
        ..new_webhook(ada.id, 1, alarms)
    };
    let refused = store.open_session(made_by(&ada)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::NotAllowed))),
        "{refused:?}"
    );
    assert!(store.audit_log(None, 9).await.unwrap().is_empty() && !is_there(store, 1).await);
    store.open_session(made_by(&root)).await.unwrap();
    let log = store.audit_log(None, 9).await.unwrap();
    let [line] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!(
        (line.by, line.action),
        (Actor::Admin(root.id), Action::AddWebhook)
    );
    assert_eq!((line.target, line.at), (ada.id, START));
}
