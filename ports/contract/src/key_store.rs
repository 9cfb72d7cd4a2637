//! What every key store promises.

use chat_domain::keyed::{
    Derivation, DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKey, SealedKeys, SealedState,
    SignedStatement, Stretching,
};
use chat_domain::moderation::{Act, Action, Actor, Measure};
use chat_domain::{AccountKind, PasswordHash, Timestamp, TokenHash, UserId, Username};
use chat_ports::{
    Conflict, IdentityChange, NewKeyedUser, NewKeys, NewSecrets, NewUser, Registered, StoreError,
};

use crate::Store;
use crate::world::{new_session, new_token, new_user};

const AT: Timestamp = Timestamp::from_millis(5_000);

fn record(i: u64, user: UserId) -> DirectoryRecord {
    DirectoryRecord {
        i,
        user,
        at: AT,
        statement: SignedStatement {
            bytes: vec![1, 2, 3, u8::try_from(i).unwrap()],
            signature: [4; 64],
            continuation: None,
        },
        head: [u8::try_from(i).unwrap(); 32],
        head_signature: [6; 64],
    }
}

fn password() -> PasswordRecord {
    PasswordRecord {
        derivation: Derivation {
            iterations: 600_000,
            salt: [1; 16],
        },
        stretching: Stretching {
            salt: [2; 16],
            memory_kib: 65_536,
            passes: 3,
            lanes: 1,
            pepper: 2,
        },
        verifier: [3; 32],
        locked: Some(vec![4; 101]),
    }
}

fn new(id: UserId, name: &str, i: u64) -> NewKeyedUser {
    NewKeyedUser {
        id,
        username: Username::parse(name).unwrap(),
        password: password(),
        recovery: RecoveryRecord {
            sealed: vec![5; 61],
            verifier: [6; 32],
        },
        signing: SealedKey {
            number: 1,
            sealed: vec![7; 77],
        },
        agreement: SealedKey {
            number: 1,
            sealed: vec![8; 77],
        },
        record: record(i, id),
        joins: None,
        at: AT,
    }
}

async fn registered(store: &impl Store, name: &str, i: u64) -> Registered {
    let id = store.reserve_users(1).await.unwrap();
    store.register_keyed(new(id, name, i)).await.unwrap()
}

/// The installation has one id for ever.
pub async fn the_instance_is_drawn_once(store: &impl Store) {
    assert_eq!(store.instance([1; 16]).await.unwrap(), [1; 16]);
    assert_eq!(store.instance([2; 16]).await.unwrap(), [1; 16]);
}

/// What was set aside is nobody else's.
pub async fn reserved_ids_are_nobody_elses(store: &impl Store) {
    let first = store.reserve_users(10).await.unwrap();
    let next = store.reserve_users(1).await.unwrap();
    assert_eq!(next.number(), first.number() + 10);
    let basic = store.register(new_user("ada")).await.unwrap().user;
    assert!(basic.id.number() > next.number());
    let made = store.register_keyed(new(first, "bob", 0)).await.unwrap();
    assert_eq!(made.user.id, first);
    let again = store.register_keyed(new(first, "eve", 1)).await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Conflict::UsernameTaken))),
        "{again:?}"
    );
}

/// A keyed account is there with all that was made with it.
pub async fn a_keyed_account_is_made_whole(store: &impl Store) {
    let made = registered(store, "Ada", 0).await;
    let id = made.user.id;
    assert_eq!(made.user.kind, AccountKind::Keyed);
    let known = store
        .keyed_credential(&Username::parse("aDA").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((known.user, known.password), (made.user, password()));
    assert_eq!(store.password_record(id).await.unwrap(), Some(password()));
    let expected = SealedKeys {
        signing: vec![SealedKey {
            number: 1,
            sealed: vec![7; 77],
        }],
        agreement: vec![SealedKey {
            number: 1,
            sealed: vec![8; 77],
        }],
    };
    assert_eq!(store.sealed_keys(id).await.unwrap(), expected);
    assert_eq!(store.newest_record().await.unwrap(), Some(record(0, id)));
}

/// A name is one person's, keyed or basic, and a refused account leaves nothing behind.
pub async fn a_name_is_taken_by_either_kind(store: &impl Store) {
    store.register(new_user("ada")).await.unwrap();
    let id = store.reserve_users(1).await.unwrap();
    let taken = store.register_keyed(new(id, "ADA", 0)).await;
    assert!(
        matches!(taken, Err(StoreError::Conflict(Conflict::UsernameTaken))),
        "{taken:?}"
    );
    assert_eq!(
        store
            .keyed_credential(&Username::parse("ada").unwrap())
            .await
            .unwrap()
            .map(|it| it.user.id),
        None
    );
    assert_eq!(store.newest_record().await.unwrap(), None);
    assert_eq!(store.sealed_keys(id).await.unwrap(), SealedKeys::default());
}

/// The directory grows at its end alone.
pub async fn the_directory_grows_at_its_end(store: &impl Store) {
    let first = registered(store, "ada", 0).await.user.id;
    let id = store.reserve_users(1).await.unwrap();
    for elsewhere in [0, 2] {
        let moved = store.register_keyed(new(id, "bob", elsewhere)).await;
        assert!(
            matches!(moved, Err(StoreError::Conflict(Conflict::DirectoryMoved))),
            "{moved:?}"
        );
    }
    assert_eq!(store.user(id).await.unwrap(), None);
    store.register_keyed(new(id, "bob", 1)).await.unwrap();
    let records = [record(0, first), record(1, id)];
    assert_eq!(store.directory(0, 10).await.unwrap(), records);
    assert_eq!(store.directory(1, 10).await.unwrap(), records[1..]);
    assert_eq!(store.directory(0, 1).await.unwrap(), records[..1]);
    assert_eq!(store.directory(2, 10).await.unwrap(), []);
}

/// A state takes the place of the one that it was made from.
pub async fn a_state_follows_the_one_before(store: &impl Store) {
    let id = registered(store, "ada", 0).await.user.id;
    let state = |version, byte| SealedState {
        version,
        sealed: vec![byte; 100],
    };
    assert_eq!(store.state(id).await.unwrap(), None);
    assert_eq!(store.state_version(id).await.unwrap(), None);
    assert!(store.put_state(id, state(2, 9)).await.unwrap().is_some());
    assert_eq!(store.put_state(id, state(1, 1)).await.unwrap(), None);
    assert_eq!(store.put_state(id, state(1, 2)).await.unwrap(), Some(state(1, 1)));
    assert_eq!(store.put_state(id, state(3, 2)).await.unwrap(), Some(state(1, 1)));
    assert_eq!(store.put_state(id, state(2, 2)).await.unwrap(), None);
    assert_eq!(store.state(id).await.unwrap(), Some(state(2, 2)));
    assert_eq!(store.state_version(id).await.unwrap(), Some(2));
}

/// Each account has its own, and the last writer wins.
pub async fn of_drafts_the_last_ones_are_kept(store: &impl Store) {
    let ada = registered(store, "ada", 0).await.user.id;
    let bob = registered(store, "bob", 1).await.user.id;
    assert_eq!(store.drafts(ada).await.unwrap(), None);
    store.put_drafts(ada, vec![1; 9]).await.unwrap();
    store.put_drafts(bob, vec![7]).await.unwrap();
    store.put_drafts(ada, vec![2; 5]).await.unwrap();
    assert_eq!(store.drafts(ada).await.unwrap(), Some(vec![2; 5]));
    assert_eq!(store.drafts(bob).await.unwrap(), Some(vec![7]));
}

/// Another password ends the other sign-ins; another recovery code ends none.
pub async fn new_secrets_take_the_place_of_the_old(store: &impl Store) {
    let user = registered(store, "ada", 0).await.user;
    let name = user.username.clone();
    let here = store.open_session(new_session(user.id, 1)).await.unwrap();
    let there = store.open_session(new_session(user.id, 2)).await.unwrap();
    let token = store.open_session(new_token(user.id, 3, None)).await.unwrap();
    let code = RecoveryRecord {
        sealed: vec![15; 61],
        verifier: [16; 32],
    };
    let only_code = NewSecrets {
        password: None,
        recovery: Some(code.clone()),
    };
    assert_eq!(store.replace_secrets(user.id, only_code, None).await.unwrap(), []);
    let (whose, kept) = store.recovery_record(&name).await.unwrap().unwrap();
    assert_eq!((whose.id, kept), (user.id, code.clone()));
    assert_eq!(store.password_record(user.id).await.unwrap(), Some(password()));

    let other = PasswordRecord {
        verifier: [33; 32],
        locked: Some(vec![44; 101]),
        ..password()
    };
    let only_password = NewSecrets {
        password: Some(other.clone()),
        recovery: None,
    };
    let ended = store
        .replace_secrets(user.id, only_password.clone(), Some(here.id))
        .await
        .unwrap();
    assert_eq!(ended, [there.id]);
    assert_eq!(store.password_record(user.id).await.unwrap(), Some(other));
    assert_eq!(store.recovery_record(&name).await.unwrap().unwrap().1, code);
    let left: Vec<_> = store
        .sessions_of(user.id)
        .await
        .unwrap()
        .iter()
        .map(|it| it.session.id)
        .collect();
    assert!(
        left.contains(&here.id) && left.contains(&token.id) && left.len() == 2,
        "{left:?}"
    );
    assert_eq!(
        store
            .replace_secrets(user.id, only_password.clone(), None)
            .await
            .unwrap(),
        [here.id]
    );

    let basic = store.register(new_user("bob")).await.unwrap().user;
    let none = store.replace_secrets(basic.id, only_password, None).await;
    assert!(
        matches!(none, Err(StoreError::Conflict(Conflict::UnknownUser))),
        "{none:?}"
    );
    assert_eq!(store.recovery_record(&basic.username).await.unwrap(), None);
}

/// Another statement comes with its keys and secrets, or not at all.
pub async fn an_identity_follows_with_its_keys(store: &impl Store) {
    let user = registered(store, "ada", 0).await.user;
    let other = registered(store, "bob", 1).await.user;
    let there = store.open_session(new_session(user.id, 1)).await.unwrap();
    let sealed = |number, byte| SealedKey {
        number,
        sealed: vec![byte; 77],
    };
    let change = |i, keys, password| IdentityChange {
        record: record(i, user.id),
        keys,
        secrets: NewSecrets {
            password,
            recovery: None,
        },
        state: None,
    };
    let late = change(1, NewKeys::Another(sealed(2, 9)), Some(password()));
    let moved = store.append_identity(late, None).await;
    assert!(
        matches!(moved, Err(StoreError::Conflict(Conflict::DirectoryMoved))),
        "{moved:?}"
    );
    assert_eq!(store.sealed_keys(user.id).await.unwrap().agreement.len(), 1);
    assert_eq!(store.sessions_of(user.id).await.unwrap().len(), 1);

    let rotation = change(2, NewKeys::Another(sealed(2, 9)), None);
    assert_eq!(store.append_identity(rotation, None).await.unwrap(), []);
    assert_eq!(
        store.sealed_keys(user.id).await.unwrap().agreement,
        [sealed(1, 8), sealed(2, 9)]
    );
    assert_eq!(store.record_of(user.id).await.unwrap(), Some(record(2, user.id)));
    assert_eq!(
        store.record_of(other.id).await.unwrap(),
        Some(record(1, other.id))
    );

    let anew = SealedKeys {
        signing: vec![sealed(2, 1)],
        agreement: vec![sealed(1, 2), sealed(2, 3), sealed(3, 4)],
    };
    let reset = change(3, NewKeys::Anew(anew.clone()), Some(password()));
    assert_eq!(store.append_identity(reset, None).await.unwrap(), [there.id]);
    assert_eq!(store.sealed_keys(user.id).await.unwrap(), anew);
    assert_eq!(
        store
            .append_identity(change(4, NewKeys::Same, None), None)
            .await
            .unwrap(),
        []
    );
    assert_eq!(store.sealed_keys(user.id).await.unwrap(), anew);
    assert_eq!(store.directory(0, 10).await.unwrap().len(), 5);

    let basic = store.register(new_user("cyd")).await.unwrap().user;
    let nobodys = IdentityChange {
        record: record(5, basic.id),
        ..change(5, NewKeys::Same, None)
    };
    let none = store.append_identity(nobodys, None).await;
    assert!(
        matches!(none, Err(StoreError::Conflict(Conflict::UnknownUser))),
        "{none:?}"
    );
    assert_eq!(store.directory(0, 10).await.unwrap().len(), 5);
}

/// An account whose keys are awaited is a basic one until they come, and nothing of its password is left afterwards.
pub async fn awaited_keys_make_a_basic_account_a_keyed_one(store: &impl Store) {
    let awaited = PasswordRecord {
        locked: None,
        ..password()
    };
    let id = store.reserve_users(1).await.unwrap();
    let new = NewUser {
        awaited: Some((id, awaited.clone())),
        ..new_user("ada")
    };
    let user = store.register(new).await.unwrap().user;
    assert_eq!((user.id, user.kind), (id, AccountKind::Basic));
    let known = async || store.credential(&user.username).await.unwrap().unwrap();
    let before = known().await;
    assert!(before.password.is_some());
    let keyed = store.keyed_credential(&user.username).await.unwrap().unwrap();
    assert_eq!((keyed.user, keyed.password), (user.clone(), awaited));
    assert_eq!(store.recovery_record(&user.username).await.unwrap(), None);
    let there = store.open_session(new_session(user.id, 1)).await.unwrap();

    let code = RecoveryRecord {
        sealed: vec![5; 61],
        verifier: [6; 32],
    };
    let keys = SealedKeys {
        signing: vec![SealedKey {
            number: 1,
            sealed: vec![1; 77],
        }],
        agreement: vec![SealedKey {
            number: 1,
            sealed: vec![2; 77],
        }],
    };
    let change = |i| IdentityChange {
        record: record(i, user.id),
        keys: NewKeys::Anew(keys.clone()),
        secrets: NewSecrets {
            password: Some(password()),
            recovery: Some(code.clone()),
        },
        state: None,
    };
    assert!(store.append_identity(change(1), None).await.is_err());
    assert_eq!(
        known().await.user.kind,
        AccountKind::Basic,
        "all of it or nothing"
    );
    assert_eq!(store.append_identity(change(0), None).await.unwrap(), [there.id]);
    let after = known().await;
    assert_eq!((after.user.kind, after.password), (AccountKind::Keyed, None));
    assert_eq!(store.password_record(user.id).await.unwrap(), Some(password()));
    assert_eq!(
        store.recovery_record(&user.username).await.unwrap().unwrap().1,
        code
    );
    assert_eq!(store.sealed_keys(user.id).await.unwrap(), keys);
}

/// The state that was sealed under another identity goes with it, or makes room for its successor.
pub async fn a_new_identity_brings_its_state_or_none(store: &impl Store) {
    let user = registered(store, "ada", 0).await.user;
    let state = |version, byte| SealedState {
        version,
        sealed: vec![byte; 40],
    };
    let change = |i, state| IdentityChange {
        state,
        ..anew(i, user.id)
    };
    assert_eq!(store.put_state(user.id, state(1, 1)).await.unwrap(), None);
    for late in [1, 3] {
        let moved = store.append_identity(change(1, Some(state(late, 2))), None).await;
        assert!(
            matches!(moved, Err(StoreError::Conflict(Conflict::StateMoved))),
            "{moved:?}"
        );
    }
    assert_eq!(
        store.record_of(user.id).await.unwrap(),
        Some(record(0, user.id)),
        "all of it or nothing"
    );
    let renewed = change(1, Some(state(2, 2)));
    store.put_drafts(user.id, vec![1; 9]).await.unwrap();
    store.append_identity(renewed, None).await.unwrap();
    assert_eq!(store.state(user.id).await.unwrap(), Some(state(2, 2)));
    assert_eq!(store.drafts(user.id).await.unwrap(), None);
    store.append_identity(change(2, None), None).await.unwrap();
    assert_eq!(store.state(user.id).await.unwrap(), None);
}

/// Keys are awaited of basic accounts, under the password that was set last.
pub async fn keys_are_awaited_under_the_newest_password(store: &impl Store) {
    let awaited = |byte| PasswordRecord {
        verifier: [byte; 32],
        locked: None,
        ..password()
    };
    let user = store.register(new_user("ada")).await.unwrap().user;
    assert_eq!(store.password_record(user.id).await.unwrap(), None);
    store.await_keys(user.id, awaited(1)).await.unwrap();
    store.await_keys(user.id, awaited(2)).await.unwrap();
    assert_eq!(store.password_record(user.id).await.unwrap(), Some(awaited(2)));
    let measure = Measure {
        by: Actor::Shell,
        target: user.id,
        act: Act::SetPassword(PasswordHash::from_phc("$new".to_owned())),
        at: AT,
    };
    store.carry_out(measure).await.unwrap();
    assert_eq!(store.password_record(user.id).await.unwrap(), None);

    let keyed = registered(store, "bob", 0).await.user;
    for nobody in [keyed.id, UserId::parse(99).unwrap()] {
        let refused = store.await_keys(nobody, awaited(3)).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Conflict::UnknownUser))),
            "{refused:?}"
        );
    }
    assert_eq!(store.password_record(keyed.id).await.unwrap(), Some(password()));
}

const TOMORROW: Timestamp = Timestamp::from_millis(9_000);

fn token(byte: u8) -> TokenHash {
    TokenHash::from_bytes([byte; 32])
}

async fn issue(store: &impl Store, target: UserId, token: TokenHash) {
    let measure = Measure {
        by: Actor::Shell,
        target,
        act: Act::IssueReset {
            token,
            until: TOMORROW,
        },
        at: AT,
    };
    let done = store.carry_out(measure).await.unwrap();
    assert!(done.is_new && done.ended.is_empty());
}

fn anew(i: u64, user: UserId) -> IdentityChange {
    IdentityChange {
        record: record(i, user),
        keys: NewKeys::Anew(SealedKeys {
            signing: vec![SealedKey {
                number: 2,
                sealed: vec![21; 77],
            }],
            agreement: vec![SealedKey {
                number: 2,
                sealed: vec![22; 77],
            }],
        }),
        secrets: NewSecrets {
            password: Some(PasswordRecord {
                verifier: [23; 32],
                ..password()
            }),
            recovery: Some(RecoveryRecord {
                sealed: vec![24; 61],
                verifier: [25; 32],
            }),
        },
        state: None,
    }
}

/// It is found by its token alone, up to its end, and the audit log has who issued it for whom until when.
pub async fn a_reset_link_is_its_owners_until_its_time_is_over(store: &impl Store) {
    let ada = registered(store, "ada", 0).await.user;
    assert_eq!(store.reset_link(token(1), AT).await.unwrap(), None);
    issue(store, ada.id, token(1)).await;
    let before_the_end = Timestamp::from_millis(TOMORROW.millis() - 1);
    assert_eq!(store.reset_link(token(1), AT).await.unwrap(), Some(ada.clone()));
    assert_eq!(
        store.reset_link(token(1), before_the_end).await.unwrap(),
        Some(ada.clone())
    );
    assert_eq!(store.reset_link(token(1), TOMORROW).await.unwrap(), None);
    assert_eq!(store.reset_link(token(2), AT).await.unwrap(), None);
    let late = store.use_reset_link(token(1), TOMORROW, anew(1, ada.id)).await;
    assert!(
        matches!(late, Err(StoreError::Conflict(Conflict::DeadLink))),
        "{late:?}"
    );
    let log = store.audit_log(None, 9).await.unwrap();
    let [line] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((line.by, line.action), (Actor::Shell, Action::IssueReset));
    assert_eq!((line.target, line.until), (ada.id, Some(TOMORROW)));
}

/// Another link makes the one before worthless; those of others stay.
pub async fn of_two_links_the_newer_one_is_good(store: &impl Store) {
    let ada = registered(store, "ada", 0).await.user;
    let bob = registered(store, "bob", 1).await.user;
    issue(store, bob.id, token(7)).await;
    issue(store, ada.id, token(1)).await;
    issue(store, ada.id, token(2)).await;
    assert_eq!(store.reset_link(token(1), AT).await.unwrap(), None);
    assert_eq!(store.reset_link(token(2), AT).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.reset_link(token(7), AT).await.unwrap(), Some(bob.clone()));
    let others = store.use_reset_link(token(7), AT, anew(2, ada.id)).await;
    assert!(
        matches!(others, Err(StoreError::Conflict(Conflict::DeadLink))),
        "{others:?}"
    );
    assert_eq!(
        store.reset_link(token(7), AT).await.unwrap(),
        Some(bob),
        "it is left"
    );
}

/// The new keys and secrets stand alone, the sealed state is gone, and so are the sign-ins.
pub async fn a_reset_leaves_nothing_of_the_old_identity(store: &impl Store) {
    let ada = registered(store, "ada", 0).await.user;
    let there = store.open_session(new_session(ada.id, 1)).await.unwrap();
    let state = SealedState {
        version: 1,
        sealed: vec![9; 9],
    };
    assert_eq!(store.put_state(ada.id, state.clone()).await.unwrap(), None);
    issue(store, ada.id, token(1)).await;
    let change = anew(1, ada.id);
    let ended = store.use_reset_link(token(1), AT, change.clone()).await;
    assert_eq!(ended.unwrap(), [there.id]);
    let NewKeys::Anew(keys) = change.keys else {
        unreachable!()
    };
    assert_eq!(store.sealed_keys(ada.id).await.unwrap(), keys);
    assert_eq!(
        store.password_record(ada.id).await.unwrap(),
        change.secrets.password
    );
    let (whose, recovery) = store.recovery_record(&ada.username).await.unwrap().unwrap();
    assert_eq!((whose.id, Some(recovery)), (ada.id, change.secrets.recovery));
    assert_eq!(store.record_of(ada.id).await.unwrap(), Some(change.record));
    assert_eq!(store.state(ada.id).await.unwrap(), None);
    assert_eq!(
        store.put_state(ada.id, state).await.unwrap(),
        None,
        "it begins anew"
    );
}

/// A link is used up by what was stored, and by nothing else.
pub async fn a_reset_happens_whole_and_once(store: &impl Store) {
    let ada = registered(store, "ada", 0).await.user;
    let state = SealedState {
        version: 1,
        sealed: vec![9; 9],
    };
    store.put_state(ada.id, state.clone()).await.unwrap();
    issue(store, ada.id, token(1)).await;
    let moved = store.use_reset_link(token(1), AT, anew(5, ada.id)).await;
    assert!(
        matches!(moved, Err(StoreError::Conflict(Conflict::DirectoryMoved))),
        "{moved:?}"
    );
    assert_eq!(store.reset_link(token(1), AT).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.state(ada.id).await.unwrap(), Some(state));
    assert_eq!(store.password_record(ada.id).await.unwrap(), Some(password()));
    store.use_reset_link(token(1), AT, anew(1, ada.id)).await.unwrap();
    let again = store.use_reset_link(token(1), AT, anew(2, ada.id)).await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Conflict::DeadLink))),
        "{again:?}"
    );
    assert_eq!(store.directory(0, 9).await.unwrap().len(), 2);
}
