//! What [`chat_ports::ModerationStore`] promises.

use chat_domain::{
    PasswordHash, Timestamp, User, UserId,
    moderation::{Act, Action, Actor, Measure},
};
use chat_ports::{Conflict, NewUser, Outcome, StoreError};

use crate::{
    Store,
    user_store::futures,
    world::{START, new_session, new_user},
};

const LATER: Timestamp = Timestamp::from_millis(START.millis() + 60_000);

fn ban(until: Option<Timestamp>) -> Act {
    Act::Ban {
        until,
        reason: Some("spam ✗".to_owned()),
    }
}

fn measure(by: Actor, target: UserId, act: Act) -> Measure {
    let at = START;
    Measure { by, target, act, at }
}

async fn by_shell<S: Store>(store: &S, target: UserId, act: Act) -> Result<Outcome, StoreError> {
    store.carry_out(measure(Actor::Shell, target, act)).await
}

async fn user<S: Store>(store: &S, name: &str) -> User {
    store.register(new_user(name)).await.unwrap().user
}

async fn admin<S: Store>(store: &S, name: &str) -> User {
    let new = NewUser {
        is_admin: true,
        ..new_user(name)
    };
    store.register(new).await.unwrap().user
}

/// It is read as it was laid on, its sessions are gone, no new one opens, and the log has it.
pub async fn a_ban_locks_out<S: Store>(store: &S) {
    let (root, ada) = (admin(store, "root").await, user(store, "ada").await);
    let opened = store.open_session(new_session(ada.id, 1)).await.unwrap();
    let kept = store.open_session(new_session(root.id, 2)).await.unwrap();
    let measure = measure(Actor::Admin(root.id), ada.id, ban(Some(LATER)));
    let done = store.carry_out(measure).await.unwrap();
    assert_eq!((done.is_new, &done.ended), (true, &vec![opened.id]));
    let laid = done.user.ban.clone().unwrap();
    assert_eq!((laid.since, laid.until), (START, Some(LATER)));
    assert_eq!(laid.reason.as_deref(), Some("spam ✗"));
    assert_eq!(store.user(ada.id).await.unwrap(), Some(done.user));
    let token = new_session(ada.id, 1).token;
    assert!(store.session_by_token(&token).await.unwrap().is_none());
    let token = new_session(root.id, 2).token;
    assert_eq!(store.session_by_token(&token).await.unwrap().unwrap().0, kept);
    let again = store.open_session(new_session(ada.id, 3)).await;
    assert!(matches!(again, Err(StoreError::Conflict(Conflict::UserInactive))));

    let log = store.audit_log(None, 9).await.unwrap();
    let [line] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((line.by, line.action), (Actor::Admin(root.id), Action::Ban));
    assert_eq!((line.target, line.at), (ada.id, START));
    assert_eq!(
        (line.reason.as_deref(), line.until),
        (Some("spam ✗"), Some(LATER))
    );
}

/// Nothing of the ban is left, and it can be signed in again.
pub async fn an_unban_lets_in<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    by_shell(store, ada.id, ban(None)).await.unwrap();
    let done = by_shell(store, ada.id, Act::Unban).await.unwrap();
    assert_eq!((&done.user, done.is_new), (&ada, true));
    assert_eq!(store.user(ada.id).await.unwrap(), Some(ada.clone()));
    store.open_session(new_session(ada.id, 1)).await.unwrap();
}

/// And nothing is logged, or signed out.
pub async fn what_is_so_already_is_not_done_again<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    by_shell(store, ada.id, ban(None)).await.unwrap();
    for act in [ban(None), Act::Demote] {
        let done = by_shell(store, ada.id, act).await.unwrap();
        assert!(!done.is_new && done.ended.is_empty());
    }
    assert_eq!(store.audit_log(None, 9).await.unwrap().len(), 1);
    // A kick is done every time.
    let kick = Act::Kick { reason: None };
    assert!(by_shell(store, ada.id, kick).await.unwrap().is_new);
    assert_eq!(store.audit_log(None, 9).await.unwrap().len(), 2);
}

/// The old password is worth nothing, and neither is what was signed in by it.
pub async fn a_new_password_ends_all_sign_ins<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    let opened = store.open_session(new_session(ada.id, 1)).await.unwrap();
    let hash = PasswordHash::from_phc("$plain$new".to_owned());
    let done = by_shell(store, ada.id, Act::SetPassword(hash.clone()))
        .await
        .unwrap();
    assert_eq!((done.user, done.ended), (ada.clone(), vec![opened.id]));
    let known = store.credential(&ada.username).await.unwrap().unwrap();
    assert_eq!(known.password, Some(hash));
}

/// Banned ones are none of those who can act.
pub async fn somebody_always_administers<S: Store>(store: &S) {
    let (root, ada) = (admin(store, "root").await, admin(store, "ada").await);
    assert_eq!(store.count_active_admins(START).await.unwrap(), 2);
    by_shell(store, ada.id, ban(Some(LATER))).await.unwrap();
    assert_eq!(store.count_active_admins(START).await.unwrap(), 1);
    assert_eq!(store.count_active_admins(LATER).await.unwrap(), 2);
    for act in [ban(None), Act::Demote] {
        let refused = by_shell(store, root.id, act).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Conflict::LastAdmin))),
            "{refused:?}"
        );
    }
    by_shell(store, ada.id, Act::Unban).await.unwrap();
    by_shell(store, root.id, Act::Demote).await.unwrap();
    assert!(!store.user(root.id).await.unwrap().unwrap().is_admin);
}

/// Whatever was true when they decided: one of the two stays.
pub async fn two_who_demote_each_other_do_not_both_succeed<S: Store>(store: &S) {
    let both = [admin(store, "root").await, admin(store, "ada").await];
    let done = futures(2, |i| {
        let by = Actor::Admin(both[i].id);
        store.carry_out(measure(by, both[1 - i].id, Act::Demote))
    })
    .await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    assert_eq!(store.count_active_admins(START).await.unwrap(), 1);
}

/// Who administers no more does nothing, and is not logged as if.
pub async fn only_administrators_act<S: Store>(store: &S) {
    let (root, ada) = (admin(store, "root").await, user(store, "ada").await);
    let promote = |by: UserId| measure(Actor::Admin(by), ada.id, Act::Promote);
    let refused = store.carry_out(promote(ada.id)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::NotAllowed))),
        "{refused:?}"
    );
    let nobody = UserId::parse(9_999).unwrap();
    let missed = store
        .carry_out(measure(Actor::Admin(root.id), nobody, Act::Promote))
        .await;
    assert!(
        matches!(missed, Err(StoreError::Conflict(Conflict::UnknownUser))),
        "{missed:?}"
    );
    let new = NewUser {
        made_by: Some(Actor::Admin(ada.id)),
        awaited: None,
        ..new_user("bea")
    };
    let refused = store.register(new).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::NotAllowed))),
        "{refused:?}"
    );
    assert_eq!(store.count_users().await.unwrap(), 2);
    assert_eq!(store.audit_log(None, 9).await.unwrap(), []);
}

/// Who makes an account for somebody else is written down; who makes their own is not.
pub async fn made_accounts_are_logged<S: Store>(store: &S) {
    let root = admin(store, "root").await;
    let new = NewUser {
        made_by: Some(Actor::Admin(root.id)),
        awaited: None,
        ..new_user("ada")
    };
    let ada = store.register(new).await.unwrap().user;
    let log = store.audit_log(None, 9).await.unwrap();
    let lines: Vec<_> = log
        .iter()
        .map(|line| (line.by, line.action, line.target))
        .collect();
    assert_eq!(lines, [(Actor::Admin(root.id), Action::AddUser, ada.id)]);
}

/// Newest first, page by page.
pub async fn the_log_is_read_backwards<S: Store>(store: &S) {
    let ada = user(store, "ada").await;
    for _ in 0..5 {
        by_shell(store, ada.id, Act::Promote).await.unwrap();
        let refused = by_shell(store, ada.id, Act::Demote).await;
        assert!(refused.is_err(), "the only one");
        by_shell(store, ada.id, Act::Kick { reason: None }).await.unwrap();
    }
    let all = store.audit_log(None, 99).await.unwrap();
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    let page = store.audit_log(None, 4).await.unwrap();
    assert_eq!(page, all[..4]);
    let next = store.audit_log(page.last().map(|line| line.id), 4).await.unwrap();
    assert_eq!(next, all[4..]);
}

/// By id, page by page, banned ones too.
pub async fn users_are_listed<S: Store>(store: &S) {
    let mut all = Vec::new();
    for i in 0..5 {
        all.push(user(store, &format!("user_{i}")).await);
    }
    all[2] = by_shell(store, all[2].id, ban(None)).await.unwrap().user;
    let page = store.users_after(None, 3).await.unwrap();
    assert_eq!(page, all[..3]);
    let next = store
        .users_after(page.last().map(|user| user.id), 3)
        .await
        .unwrap();
    assert_eq!(next, all[3..]);
}
