use proptest::prelude::*;

use super::*;
use crate::directory::{Directory, Record, RecordBody};
use crate::ed25519::{PrivateKey, Signature};
use crate::hash::sha256;
use crate::identity::Statement;
use crate::ids::{InstanceId, RoomId, UserId, Usr};
use crate::message::ValidatedLog;
use crate::secret::{AgreementScalar, Secret, SigningSeed};
use crate::x25519;

const INSTANCE: InstanceId = InstanceId([1; 16]);

fn room_id() -> RoomId {
    RoomId::new(7).unwrap()
}

fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn key(id: u64) -> PrivateKey {
    PrivateKey::from_seed(&SigningSeed::from_bytes(sha256(&id.to_be_bytes())))
}

fn public(id: u64) -> [u8; 32] {
    *key(id).public().unwrap().as_bytes()
}

/// A directory in which everybody up to `last` has a first statement.
fn directory(last: u64) -> Directory {
    let agreement = x25519::PublicKey::of(&AgreementScalar::from_bytes([9; 32])).unwrap();
    let mut directory = Directory::empty(INSTANCE);
    for id in 1..=last {
        let statement = Statement {
            instance: INSTANCE,
            user: user(id),
            usr: Usr::parse(format!("user_{id}").as_bytes()).unwrap(),
            generation: 1,
            kem: 1,
            signing: public(id),
            agreement: *agreement.as_bytes(),
            previous: [0; 32],
            closed: false,
            at: id,
        };
        let record = Record {
            i: id - 1,
            at: id,
            body: RecordBody::Statement(statement.sign(&key(id), None)),
        };
        directory.append(&record).unwrap();
    }
    directory
}

/// The log of a room, and the directory that its entries name.
struct Talk {
    log: RoomLog,
    directory: Directory,
}

impl Talk {
    fn begun(last: u64) -> Self {
        let mut talk = Self {
            log: RoomLog::empty(INSTANCE, room_id()),
            directory: directory(last),
        };
        let policy = Policy {
            open: true,
            members_add: false,
            shared_history: true,
            rot_msgs: 5000,
            rot_secs: 604_800,
            name: "lobby".to_owned(),
        };
        let create = Create {
            kind: Kind::Group,
            policy,
            key: public(1),
        };
        talk.say(1, Body::Create(create)).unwrap();
        talk
    }

    fn draft(&self, actor: u64, body: Body) -> (Vec<u8>, Signature) {
        let entry = Entry {
            instance: INSTANCE,
            room: room_id(),
            seq: self.log.len(),
            previous: self.log.head(),
            actor: user(actor),
            actor_generation: 1,
            dir_seq: self.directory.len() - 1,
            dir_head: self.directory.head(),
            at: self.log.len(),
            body,
        };
        entry.sign(&key(actor))
    }

    fn say(&mut self, actor: u64, body: Body) -> Result<u64, LogError> {
        let (bytes, signature) = self.draft(actor, body);
        let step = self.log.apply(&bytes, &signature, &self.directory)?;
        Ok(step.entry().seq)
    }

    fn join(&mut self, id: u64) -> Result<u64, LogError> {
        let join = Join {
            generation: 1,
            key: public(id),
        };
        self.say(id, Body::Join(join))
    }

    fn role(&mut self, id: u64, role: Role) -> u64 {
        self.say(1, Body::Role(SetRole { user: user(id), role })).unwrap()
    }

    fn epoch(&mut self, actor: u64, readers: &[u64]) -> u64 {
        let current = self.log.room().unwrap().epoch();
        let reader = |&id: &u64| Reader {
            user: user(id),
            generation: 1,
            kem: 1,
        };
        let body = EpochBody {
            number: current.map_or(1, |epoch| epoch.body.number + 1),
            previous: current.map_or([0; 32], |epoch| epoch.hash),
            commitment: [3; 32],
            shared_history: true,
            reason: Reason::First,
            readers: readers.iter().map(reader).collect(),
        };
        self.say(actor, Body::Epoch(body)).unwrap()
    }
}

#[test]
fn c_1_what_was_so_at_an_earlier_entry_is_looked_up() {
    let mut talk = Talk::begun(3);
    let joined = talk.join(2).unwrap();
    let first = talk.epoch(1, &[1, 2]);
    let raised = talk.role(2, Role::Moderator);
    let left = talk.say(2, Body::Leave).unwrap();
    let back = talk.join(2).unwrap();
    let second = talk.epoch(1, &[1, 2]);
    let role_at = |place| talk.log.active_at(user(2), place).map(|member| member.role);
    assert_eq!(
        [0, joined, raised - 1, raised, left - 1, left, back].map(role_at),
        [None, Some(0), Some(0), Some(1), Some(1), None, Some(0)]
    );
    assert_eq!(talk.log.active_at(user(1), 0).map(|member| member.role), Some(2));
    assert_eq!(talk.log.active_at(user(3), back), None);
    let epoch_at = |place| talk.log.current_epoch_at(place);
    assert_eq!(
        [0, first - 1, first, second - 1, second, second + 5].map(epoch_at),
        [None, None, Some(1), Some(1), Some(2), Some(2)]
    );
    assert_eq!(talk.log.place_of(&talk.log.epoch_hash(2).unwrap()), Some(second));
    assert_eq!(talk.log.epoch_hash(0), None);
    assert_eq!(talk.log.epoch_hash(3), None);
}

#[test]
fn c_1_what_is_refused_changes_nothing() {
    let mut talk = Talk::begun(2);
    let before = format!("{:?}", talk.log);
    assert_eq!(talk.say(1, Body::Leave), Err(LogError::Forbidden));
    assert_eq!(talk.say(2, Body::Leave), Err(LogError::NotMember));
    assert_eq!(format!("{:?}", talk.log), before);
}

#[test]
fn c_1_two_thousand_members_and_not_one_more() {
    let mut talk = Talk::begun(2_001);
    for id in 2..=2_000 {
        talk.join(id).unwrap();
    }
    assert_eq!(talk.join(2_001), Err(LogError::RoomFull));
    let add = Add {
        user: user(2_001),
        generation: 1,
        key: public(2_001),
    };
    assert_eq!(talk.say(1, Body::Add(add)), Err(LogError::RoomFull));
    talk.say(2_000, Body::Leave).unwrap();
    assert!(talk.join(2_001).is_ok());
}

fn some_body() -> impl Strategy<Value = Body> {
    let policy = (any::<[bool; 3]>(), 100_u32.., 3600_u32.., "[a-zé☃ ]{1,20}").prop_map(
        |([open, members_add, shared_history], rot_msgs, rot_secs, name)| Policy {
            open,
            members_add,
            shared_history,
            rot_msgs,
            rot_secs,
            name,
        },
    );
    let reader = (0_u64..1 << 53, 1_u32.., 1_u32..).prop_map(|(id, generation, kem)| Reader {
        user: user(id),
        generation,
        kem,
    });
    let epoch = (
        2_u32..,
        (1_u8..).prop_map(|it| [it; 32]),
        any::<[u8; 32]>(),
        any::<bool>(),
    );
    let readers = prop::collection::btree_map(0_u64..1 << 53, reader, 0..20);
    let role = prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Owner)];
    prop_oneof![
        (policy.clone(), any::<[u8; 32]>()).prop_map(|(policy, key)| Body::Create(Create {
            kind: Kind::Group,
            policy,
            key
        })),
        (0_u64..1 << 53, 1_u32.., any::<[u8; 32]>()).prop_map(|(id, generation, key)| Body::Add(Add {
            user: user(id),
            generation,
            key
        })),
        (1_u32.., any::<[u8; 32]>()).prop_map(|(generation, key)| Body::Join(Join { generation, key })),
        (0_u64..1 << 53, any::<bool>(), "[a-z ☃]{0,60}").prop_map(|(id, ban, reason)| Body::Remove(Remove {
            user: user(id),
            ban,
            reason
        })),
        Just(Body::Leave),
        (0_u64..1 << 53, role).prop_map(|(id, role)| Body::Role(SetRole { user: user(id), role })),
        policy.prop_map(Body::Policy),
        (epoch, readers).prop_map(|((number, previous, commitment, shared_history), readers)| {
            let readers = readers.into_iter().map(|(id, reader)| Reader {
                user: user(id),
                ..reader
            });
            Body::Epoch(EpochBody {
                number,
                previous,
                commitment,
                shared_history,
                reason: Reason::Schedule,
                readers: readers.collect(),
            })
        }),
    ]
}

prop_compose! {
    fn some_entry()(
        instance: [u8; 16], room in 0_u64..1 << 53, seq in 0_u64..1 << 53, previous: [u8; 32], actor in 0_u64..1 << 53,
        actor_generation in 1_u32.., dir_seq in 0_u64..1 << 53, dir_head: [u8; 32], at in 0_u64..1 << 53,
        body in some_body(),
    ) -> Entry {
        Entry {
            instance: InstanceId(instance), room: RoomId::new(room).unwrap(), seq, previous, actor: user(actor),
            actor_generation, dir_seq, dir_head, at, body,
        }
    }
}

proptest! {
    #[test]
    fn roundtrip_of_entries(entry in some_entry()) {
        let bytes = entry.encode();
        prop_assert_eq!(Entry::parse(&bytes), Ok(entry));
    }

    #[test]
    fn parse_entry(mut bytes in some_entry().prop_map(|entry| entry.encode()), at: prop::sample::Index, value: u8, cut: bool) {
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = value;
        }
        if let Ok(entry) = Entry::parse(&bytes) {
            prop_assert_eq!(entry.encode(), bytes);
        }
    }

    #[test]
    fn parse_anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Entry::parse(&bytes).is_err());
    }
}
