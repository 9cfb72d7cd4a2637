use proptest::prelude::*;

use super::*;
use crate::directory::{Record, RecordBody};
use crate::ed25519::PrivateKey;
use crate::encoding::base64url;
use crate::identity::Statement;
use crate::secret::{AgreementScalar, Secret as _, SigningSeed};
use crate::x25519;

const INSTANCE: InstanceId = InstanceId([1; 16]);

fn installation() -> Installation {
    Installation {
        id: INSTANCE,
        key: [2; 32],
    }
}

fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn pin(first_seen: u64, byte: u8, verified: bool) -> Pin {
    Pin {
        usr: Usr::parse(b"bob").unwrap(),
        generation: 1,
        signing: [byte; 32],
        first_seen,
        verified,
        more: Members::default(),
    }
}

fn room(seq: u64) -> RoomPin {
    RoomPin {
        mode: Mode::EndToEnd,
        genesis: [3; 32],
        seq,
        head: [4; 32],
        epoch: 5,
        more: Members::default(),
    }
}

/// What a browser writes.
fn text() -> String {
    let (bytes, id) = (|byte| base64url(&[byte; 32]), base64url(&[1; 16]));
    format!(
        concat!(
            r#"{{"dir":[7,"{}"],"inst":{{"id":"{}","key":"{}"}},"own":["{}","{}"],"#,
            r#""pins":{{"43":{{"ed":"{}","g":2,"ok":true,"t":1700000000000,"u":"bob"}}}},"#,
            r#""rooms":{{"5":{{"epoch":5,"genesis":"{}","head":"{}","mode":"e2ee","seq":9}}}},"#,
            r#""settings":{{"theme":"dark"}},"v":1}}"#
        ),
        bytes(9),
        id,
        bytes(2),
        bytes(10),
        bytes(11),
        bytes(12),
        bytes(3),
        bytes(4)
    )
}

#[test]
fn what_a_browser_writes_is_read_and_written_again() {
    let state = AccountState::parse(text().as_bytes()).unwrap();
    assert_eq!(state.installation, installation());
    assert_eq!(state.directory, Some((7, [9; 32])));
    assert_eq!(state.own, [[10; 32], [11; 32]]);
    let bob = &state.pins[&user(43)];
    assert_eq!(
        (bob.usr.as_str(), bob.generation, bob.signing),
        ("bob", 2, [12; 32])
    );
    assert_eq!((bob.first_seen, bob.verified), (1_700_000_000_000, true));
    assert_eq!(state.rooms[&RoomId::new(5).unwrap()], room(9));
    assert_eq!(String::from_utf8(state.render().unwrap()).unwrap(), text());
}

#[test]
fn a_directory_without_a_record_is_before_its_first_one() {
    let empty = AccountState::empty(installation());
    let written = String::from_utf8(empty.render().unwrap()).unwrap();
    assert!(
        written.starts_with(&format!(r#"{{"dir":[-1,"{}"],"#, base64url(&NO_HEAD))),
        "{written}"
    );
    assert_eq!(AccountState::parse(written.as_bytes()), Ok(empty));
}

#[test]
fn what_a_newer_client_has_put_there_is_kept() {
    let newer = text()
        .replace(r#""v":1"#, r#""v":1,"zoo":{"b":[1.50,null],"a":-0}"#)
        .replace(r#""ok":true"#, r#""ok":true,"since":{"x":1}"#)
        .replace(r#""epoch":5"#, r#""epoch":5,"muted":true"#)
        .replace(r#""theme":"dark""#, r#""theme":"dark","sound":1e2"#);
    let mut state = AccountState::parse(newer.as_bytes()).unwrap();
    state.add_own([[13; 32]]);
    let written = String::from_utf8(state.render().unwrap()).unwrap();
    for kept in [
        r#""zoo":{"a":-0,"b":[1.50,null]}"#,
        r#""since":{"x":1}"#,
        r#""muted":true"#,
        r#""sound":1e2"#,
    ] {
        assert!(written.contains(kept), "{kept}: {written}");
    }
}

#[test]
fn nothing_else_is_a_state() {
    let right = text();
    for (from, to) in [
        (r#""v":1"#, r#""v":2"#),
        (r#","v":1"#, ""),
        (r#""v":1"#, r#""v":1,"v":1"#),
        (r#""dir":[7,"#, r#""dir":[-2,"#),
        (r#""dir":[7,"#, r#""dir":[7.0,"#),
        (r#""dir":[7,"#, r#""dir":[7,7,"#),
        (r#""own":["#, r#""own":["AA","#),
        (r#""own":["#, r#""own":[null,"#),
        (r#""pins":{"43""#, r#""pins":{"043""#),
        (r#""pins":{"43""#, r#""pins":{"0""#),
        (r#""pins":{"43""#, r#""pins":{"9007199254740992""#),
        (r#""pins":{"43""#, r#""pins":{"bob""#),
        (r#""g":2"#, r#""g":0"#),
        (r#""g":2"#, r#""g":"2""#),
        (r#""g":2"#, r#""g":4294967296"#),
        (r#""ok":true"#, r#""ok":1"#),
        (r#""t":1700000000000"#, r#""t":-1"#),
        (r#""u":"bob""#, r#""u":"Bob""#),
        (r#""u":"bob""#, r#""u":"b""#),
        (r#""mode":"e2ee""#, r#""mode":"plain""#),
        (r#""mode":"e2ee","#, ""),
        (r#""settings":{"theme":"dark"}"#, r#""settings":[]"#),
        (r#""inst":{"id":""#, r#""inst":{"id":"A"#),
    ] {
        let wrong = right.replacen(from, to, 1);
        assert_ne!(wrong, right, "{from}");
        assert_eq!(
            AccountState::parse(wrong.as_bytes()),
            Err(StateError::Malformed),
            "{wrong}"
        );
    }
    assert_eq!(AccountState::parse(b"\xff"), Err(StateError::Malformed));
}

#[test]
fn a_state_has_a_megabyte() {
    let mut state = AccountState::empty(installation());
    let bare = state.render().unwrap().len();
    // `"x":""` between the braces of the settings.
    let fits = "a".repeat(MOST_BYTES - bare - 6);
    state.settings = Members::default().with("x", Json::Text(fits.clone()));
    assert_eq!(state.render().map(|text| text.len()), Ok(MOST_BYTES));
    state.settings = Members::default().with("x", Json::Text(fits + "a"));
    assert_eq!(state.render(), Err(StateError::TooLarge));
}

#[test]
fn it_is_opened_as_the_version_that_it_was_sealed_as() {
    let key = StateKey::from_bytes([7; 32]);
    let (ada, bob) = (Usr::parse(b"ada").unwrap(), Usr::parse(b"bob").unwrap());
    let state = AccountState::parse(text().as_bytes()).unwrap();
    let sealed = state.seal(&key, &ada, 3, &[8; 12]).unwrap();
    let open = |key: &StateKey, usr, version| AccountState::open(key, INSTANCE, usr, version, &sealed);
    assert_eq!(open(&key, &ada, 3), Ok(state));
    for wrong in [
        open(&key, &ada, 4),
        open(&key, &bob, 3),
        open(&StateKey::from_bytes([6; 32]), &ada, 3),
    ] {
        assert_eq!(wrong, Err(StateError::Malformed));
    }
}

#[test]
fn the_pin_that_was_first_is_not_overwritten() {
    let merged = |mine: Pin, theirs: Pin| {
        let with = |pin| {
            let mut state = AccountState::empty(installation());
            state.pins.insert(user(43), pin);
            state
        };
        let merged = with(mine).merged_with(with(theirs)).unwrap();
        merged.pins[&user(43)].clone()
    };
    for (one, other, expected) in [
        (pin(1, 7, false), pin(2, 8, true), pin(1, 7, false)),
        (pin(1, 7, false), pin(2, 7, true), pin(1, 7, true)),
        (pin(1, 7, true), pin(2, 7, false), pin(1, 7, true)),
    ] {
        assert_eq!(merged(one.clone(), other.clone()), expected);
        assert_eq!(merged(other, one), expected);
    }
    let another_generation = Pin {
        generation: 2,
        ..pin(2, 7, true)
    };
    assert_eq!(merged(pin(1, 7, false), another_generation), pin(1, 7, false));
}

#[test]
fn of_two_states_nothing_is_lost() {
    let state = |i, own: &[u8], seq, theme: &str| {
        let mut state = AccountState::empty(installation());
        state.directory = Some((i, [u8::try_from(i).unwrap(); 32]));
        state.add_own(own.iter().map(|byte| [*byte; 32]));
        state.rooms.insert(RoomId::new(5).unwrap(), room(seq));
        state.settings = Members::default()
            .with("theme", Json::Text(theme.to_owned()))
            .with(&format!("of_{theme}"), Json::Null);
        state
    };
    let mut mine = state(3, &[1, 3], 9, "dark");
    mine.pins.insert(user(2), pin(1, 1, false));
    let mut theirs = state(4, &[1, 2], 8, "light");
    theirs.pins.insert(user(4), pin(1, 1, false));
    let merged = mine.clone().merged_with(theirs.clone()).unwrap();
    assert_eq!(merged.directory, Some((4, [4; 32])));
    assert_eq!(merged.own, [[1; 32], [2; 32], [3; 32]]);
    assert_eq!(merged.rooms[&RoomId::new(5).unwrap()].seq, 9);
    assert_eq!(merged.pins.len(), 2);
    let settings = Json::Object(merged.settings).to_text();
    assert_eq!(settings, r#"{"of_dark":null,"of_light":null,"theme":"dark"}"#);

    let elsewhere = AccountState::empty(Installation {
        id: INSTANCE,
        key: [9; 32],
    });
    assert_eq!(
        mine.clone().merged_with(elsewhere),
        Err(StateError::InstanceChanged)
    );
    let log = theirs.rooms.get_mut(&RoomId::new(5).unwrap()).unwrap();
    log.genesis = [9; 32];
    assert_eq!(mine.merged_with(theirs), Err(StateError::RoomLogFork));
}

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_seed(&SigningSeed::from_bytes([byte; 32]))
}

/// A directory in which so many users have one statement each, and its statements' hashes.
fn directory(users: u64, seed: u8) -> (Directory, Vec<[u8; 32]>) {
    let mut directory = Directory::empty(INSTANCE);
    let mut hashes = Vec::new();
    for i in 0..users {
        let byte = seed + u8::try_from(i).unwrap();
        let scalar = AgreementScalar::from_bytes([byte; 32]);
        let statement = Statement {
            instance: INSTANCE,
            user: user(i + 1),
            usr: Usr::parse(format!("user_{i}").as_bytes()).unwrap(),
            generation: 1,
            kem: 1,
            signing: *key(byte).public().unwrap().as_bytes(),
            agreement: *x25519::PublicKey::of(&scalar).unwrap().as_bytes(),
            previous: [0; 32],
            closed: false,
            at: 1,
        };
        hashes.push(crate::hash::sha256(&statement.encode()));
        let body = RecordBody::Statement(statement.sign(&key(byte), None));
        directory.append(&Record { i, at: 1, body }).unwrap();
    }
    (directory, hashes)
}

#[test]
fn a_server_that_shows_something_else_is_found_out() {
    let (shown, hashes) = directory(3, 1);
    let mut state = AccountState::empty(installation());
    let check =
        |state: &AccountState, directory: &Directory, who| state.check(&installation(), directory, user(who));
    assert_eq!(check(&state, &shown, 9), Ok(()), "nothing is said in their name");
    assert_eq!(check(&state, &shown, 2), Err(StateError::ForeignIdentity));
    state.add_own([hashes[1], [7; 32]]);
    assert_eq!(check(&state, &shown, 2), Ok(()));
    assert_eq!(check(&state, &shown, 1), Err(StateError::ForeignIdentity));

    state.reached(&shown);
    assert_eq!(state.directory, Some((2, shown.head())));
    assert_eq!(check(&state, &directory(4, 1).0, 2), Ok(()), "it goes on");
    let (shorter, _) = directory(2, 1);
    assert_eq!(check(&state, &shorter, 2), Err(StateError::DirectoryFork));
    let (other, _) = directory(4, 50);
    assert_eq!(check(&state, &other, 2), Err(StateError::DirectoryFork));

    let changed = Installation {
        key: [9; 32],
        ..installation()
    };
    assert_eq!(
        state.check(&changed, &shown, user(2)),
        Err(StateError::InstanceChanged)
    );
}

#[test]
fn people_are_remembered_as_they_were_first_met() {
    let (first, _) = directory(3, 1);
    let mut state = AccountState::empty(installation());
    state.meet(&first, [user(1), user(2), user(99)], 5);
    assert_eq!(state.pins.len(), 2);
    let before = state.pins[&user(1)].clone();
    assert_eq!((before.usr.as_str(), before.first_seen), ("user_0", 5));
    let (other, _) = directory(3, 50);
    state.meet(&other, [user(1), user(3)], 9);
    assert_eq!(state.pins[&user(1)], before);
    assert_eq!(state.pins[&user(3)].first_seen, 9);
}

prop_compose! {
    fn any_state()(
        i in 0_u64..5,
        own in prop::collection::vec(0_u8..6, 0..4),
        pins in prop::collection::btree_map(1_u64..5, (0_u64..4, 0_u8..3, any::<bool>()), 0..4),
        rooms in prop::collection::btree_map(1_u64..4, 0_u64..9, 0..3),
    ) -> AccountState {
        let mut state = AccountState::empty(installation());
        state.directory = i.checked_sub(1).map(|i| (i, [u8::try_from(i).unwrap(); 32]));
        state.add_own(own.into_iter().map(|byte| [byte; 32]));
        let pins = pins.into_iter().map(|(id, (at, byte, is))| (user(id), pin(at, byte, is)));
        state.pins = pins.collect();
        state.rooms = rooms.into_iter().map(|(id, seq)| (RoomId::new(id).unwrap(), room(seq))).collect();
        state
    }
}

proptest! {
    #[test]
    fn a_state_comes_back(state in any_state()) {
        prop_assert_eq!(AccountState::parse(&state.render().unwrap()), Ok(state));
    }

    #[test]
    fn merging_with_what_was_merged_changes_nothing(mine in any_state(), theirs in any_state()) {
        let merged = mine.clone().merged_with(theirs.clone()).unwrap();
        prop_assert_eq!(&mine.clone().merged_with(mine.clone()).unwrap(), &mine);
        prop_assert_eq!(&merged.clone().merged_with(theirs.clone()).unwrap().directory, &merged.directory);
        for (id, pin) in &merged.pins {
            for seen in [&mine, &theirs].into_iter().filter_map(|state| state.pins.get(id)) {
                prop_assert!(pin.first_seen <= seen.first_seen);
            }
        }
        let own: BTreeSet<_> = mine.own.iter().chain(&theirs.own).collect();
        prop_assert_eq!(merged.own.iter().collect::<BTreeSet<_>>(), own);
        prop_assert!(merged.directory >= mine.directory.max(theirs.directory));
    }

    #[test]
    fn parse_states_never_panics(random in any::<Vec<u8>>(), place in 0_usize..500, byte in any::<u8>()) {
        let _ = AccountState::parse(&random);
        let mut near = text().into_bytes();
        near[place] = byte;
        if let Ok(state) = AccountState::parse(&near) {
            prop_assert_eq!(AccountState::parse(&state.render().unwrap()), Ok(state));
        }
    }
}
