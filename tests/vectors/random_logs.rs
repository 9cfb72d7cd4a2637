//! Random logs of rooms, most of their entries lawful and many not, made and judged by the Rust implementation: for the
//! browser's to judge again. One that is taken here and refused there would tear a room apart.

use std::collections::BTreeMap;

use chat_e2ee::ed25519::Signature;
use chat_e2ee::ids::{InstanceId, RoomId};
use chat_e2ee::log::{
    Add, Body, Create, Entry, EpochBody, Join, Kind, LogError, Policy, Reader, Reason, Remove, Role,
};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::bytes::{hex, seq};
use crate::fixtures::summary;
use crate::world::{ALICE, BOB, CAROL, DAVE, ERIN, Person, Statements, Talk, role_body, signed_json, user};

const FRANK: Person = Person { id: 47, usr: "frank" };
const PEOPLE: [&Person; 6] = [&ALICE, &BOB, &CAROL, &DAVE, &ERIN, &FRANK];

/// How often each outcome came.
pub(crate) type Outcomes = BTreeMap<&'static str, u64>;

/// One log, as a line of JSON.
pub(crate) fn log(seed: u64, outcomes: &mut Outcomes) -> Value {
    let mut rng = Rng::with_seed(seed);
    let statements = directory(&mut rng);
    let mut talk = Talk::new(&statements.directory);
    talk.dir_seq = rng.u64(0..talk.directory.len());
    let mut steps = Vec::new();
    for _ in 0..rng.usize(5..45) {
        if rng.u8(0..5) == 0 {
            talk.dir_seq = rng.u64(talk.dir_seq..talk.directory.len());
        }
        let (bytes, signature) = entry(&mut rng, &talk);
        let outcome = talk.log.apply(&bytes, &signature, &talk.directory);
        let want = outcome.map_or_else(LogError::code, |_| "ok");
        *outcomes.entry(want).or_default() += 1;
        let mut step = signed_json(&bytes, &signature);
        step["want"] = want.into();
        steps.push(step);
        talk.at += rng.u64(0..10_000);
    }
    json!({
        "instance": hex(seq::<16>(0x10)), "room": 7, "directory": statements.to_json(), "steps": steps,
        "state": summary(&talk.log),
    })
}

/// Everybody's first statement, in some order, and some later ones.
fn directory(rng: &mut Rng) -> Statements {
    let mut statements = Statements::new();
    let mut people = PEOPLE;
    rng.shuffle(&mut people);
    for person in people {
        statements.join(person);
        if rng.u8(0..3) == 0 {
            succeed(rng, &mut statements, person);
        }
    }
    for _ in 0..rng.usize(0..6) {
        let person = one_of(rng, &PEOPLE);
        succeed(rng, &mut statements, person);
    }
    if rng.u8(0..6) == 0 {
        let erased = one_of(rng, &PEOPLE).id;
        return statements.erased(&[erased]);
    }
    statements
}

fn succeed(rng: &mut Rng, statements: &mut Statements, person: &Person) {
    let newest = statements.directory.newest(person.user()).unwrap();
    if newest.statement().closed {
        return;
    }
    match rng.u8(0..10) {
        0 => statements.append(person, statements.closing(person), false),
        1..=3 => statements.append(person, statements.reset(person), rng.bool()),
        _ => statements.append(person, statements.rotation(person), false),
    };
}

fn one_of<'a, T: ?Sized>(rng: &mut Rng, all: &[&'a T]) -> &'a T {
    all[rng.usize(0..all.len())]
}

/// The next entry, lawful more often than not.
fn entry(rng: &mut Rng, talk: &Talk) -> (Vec<u8>, Signature) {
    let actor = actor(rng, talk);
    let body = body(rng, talk, actor);
    let generation = if let Body::Join(join) = &body {
        join.generation
    } else {
        talk.generation(actor)
    };
    let mut entry = talk.draft(actor, generation, body);
    if rng.u8(0..8) == 0 {
        misplace(rng, talk, &mut entry);
    }
    let mut bytes = entry.encode();
    if rng.u8(0..20) == 0 {
        damage(rng, &mut bytes);
    }
    let signature = sign(rng, actor, generation, &bytes);
    (bytes, signature)
}

/// Mostly somebody who may do something.
fn actor(rng: &mut Rng, talk: &Talk) -> &'static Person {
    let least = [
        None,
        Some(Role::Member),
        Some(Role::Member),
        Some(Role::Owner),
        Some(Role::Owner),
    ][rng.usize(0..5)];
    let lawful = |person: &&&Person| {
        let active = talk.log.room().and_then(|room| room.active(person.user()));
        least.is_none() || active.is_some_and(|member| Some(member.role) >= least)
    };
    let people: Vec<_> = PEOPLE.iter().filter(lawful).copied().collect();
    one_of(rng, if people.is_empty() { &PEOPLE } else { &people })
}

fn body(rng: &mut Rng, talk: &Talk, actor: &Person) -> Body {
    if talk.log.is_empty() && rng.u8(0..8) > 0 {
        return create(rng, talk, actor);
    }
    let other = one_of(rng, &PEOPLE);
    match rng.u8(0..20) {
        0 => create(rng, talk, actor),
        1..=4 => add(rng, talk, other),
        5..=7 => join(rng, talk, actor),
        8 | 9 => Body::Remove(Remove {
            user: if rng.u8(0..10) == 0 {
                user(99)
            } else {
                other.user()
            },
            ban: rng.bool(),
            reason: ["", "spam", "☃"][rng.usize(0..3)].to_owned(),
        }),
        10 => Body::Leave,
        11..=13 => role_body(
            other,
            [Role::Member, Role::Moderator, Role::Owner, Role::Owner][rng.usize(0..4)],
        ),
        14 => Body::Policy(policy(rng)),
        _ => epoch(rng, talk),
    }
}

fn policy(rng: &mut Rng) -> Policy {
    let closed = rng.u8(0..4) == 0;
    Policy {
        open: !closed && rng.bool(),
        members_add: !closed && rng.bool(),
        shared_history: rng.bool(),
        rot_msgs: [100, 5000, u32::MAX, 99][rng.usize(0..40).saturating_sub(36)],
        rot_secs: [3600, 604_800, u32::MAX, 3599][rng.usize(0..40).saturating_sub(36)],
        name: if closed {
            String::new()
        } else {
            ["Küche", "a\nb", ""][rng.usize(0..30).saturating_sub(27)].to_owned()
        },
    }
}

fn create(rng: &mut Rng, talk: &Talk, actor: &Person) -> Body {
    let (kind, policy) = if rng.u8(0..4) == 0 {
        let policy = Policy {
            open: rng.u8(0..10) == 0,
            members_add: false,
            name: String::new(),
            ..policy(rng)
        };
        (Kind::Direct, policy)
    } else {
        let mut policy = policy(rng);
        if policy.name.is_empty() && rng.u8(0..5) > 0 {
            "Rat".clone_into(&mut policy.name);
        }
        (Kind::Group, policy)
    };
    let key = key(rng, talk, actor);
    Body::Create(Create { kind, policy, key })
}

/// The published key of somebody, or now and then another.
fn key(rng: &mut Rng, talk: &Talk, person: &Person) -> [u8; 32] {
    let mut one = [0; 32];
    one[0] = 1;
    match rng.u8(0..40) {
        0 => one,
        1 => [0xff; 32],
        2 => one_of(rng, &PEOPLE).public(1),
        3 => person.public(rng.u32(1..4)),
        _ => person.public(talk.published(person).0),
    }
}

fn generation(rng: &mut Rng, talk: &Talk, person: &Person) -> u32 {
    if rng.u8(0..20) == 0 {
        rng.u32(0..4)
    } else {
        talk.published(person).0
    }
}

fn add(rng: &mut Rng, talk: &Talk, person: &Person) -> Body {
    Body::Add(Add {
        user: person.user(),
        generation: generation(rng, talk, person),
        key: key(rng, talk, person),
    })
}

fn join(rng: &mut Rng, talk: &Talk, person: &Person) -> Body {
    Body::Join(Join {
        generation: generation(rng, talk, person),
        key: key(rng, talk, person),
    })
}

fn epoch(rng: &mut Rng, talk: &Talk) -> Body {
    if talk.log.is_empty() {
        return Body::Leave;
    }
    let reasons = [
        Reason::First,
        Reason::Removal,
        Reason::Schedule,
        Reason::NoKey,
        Reason::Join,
        Reason::KeyRotated,
        Reason::Policy,
    ];
    let mut body = talk.epoch_body(reasons[rng.usize(0..7)]);
    if rng.u8(0..3) == 0 {
        distort(rng, talk, &mut body);
    }
    Body::Epoch(body)
}

fn distort(rng: &mut Rng, talk: &Talk, body: &mut EpochBody) {
    let stranger = Reader {
        user: one_of(rng, &PEOPLE).user(),
        generation: rng.u32(1..3),
        kem: rng.u32(1..4),
    };
    let at = rng.usize(0..body.readers.len().max(1));
    match rng.u8(0..9) {
        0 => body.number += 1,
        1 => body.previous = [8; 32],
        2 => body.shared_history = !body.shared_history,
        3 => body.readers.truncate(at),
        4 => {
            if let Err(place) = body.readers.binary_search_by_key(&stranger.user, |it| it.user) {
                body.readers.insert(place, stranger);
            }
        }
        5 => body.readers.push(stranger),
        6 => {
            for reader in body.readers.iter_mut().skip(at).take(1) {
                reader.kem = stranger.kem;
            }
        }
        7 => {
            for reader in body.readers.iter_mut().skip(at).take(1) {
                reader.generation = stranger.generation;
            }
        }
        _ => body.commitment = talk.log.head(),
    }
}

/// Another place than the next one, in the log or in the directory.
fn misplace(rng: &mut Rng, talk: &Talk, entry: &mut Entry) {
    match rng.u8(0..9) {
        0 => entry.seq += 1,
        1 => entry.seq = entry.seq.saturating_sub(1),
        2 => entry.previous = [9; 32],
        3 => entry.room = RoomId::new(8).unwrap(),
        4 => entry.instance = InstanceId([0; 16]),
        5 => entry.actor_generation = rng.u32(0..4),
        6 => entry.dir_seq = talk.directory.len(),
        7 => {
            entry.dir_seq = 0;
            entry.dir_head = *talk.directory.head_at(0).unwrap();
        }
        _ => entry.dir_head = [7; 32],
    }
}

fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    match rng.u8(0..6) {
        0 => bytes.push(0),
        1 => bytes.truncate(rng.usize(0..bytes.len())),
        2 => bytes[27] ^= 2,
        _ => {
            let at = rng.usize(0..bytes.len());
            bytes[at] ^= 1 << rng.u8(0..8);
        }
    }
}

fn sign(rng: &mut Rng, actor: &Person, generation: u32, bytes: &[u8]) -> Signature {
    let mut identity_point = [0; 64];
    identity_point[0] = 1;
    let mut signature = actor.key(generation).sign(bytes);
    match rng.u8(0..60) {
        0 => signature.0[rng.usize(0..64)] ^= 1 << rng.u8(0..8),
        1 => signature = one_of(rng, &PEOPLE).key(1).sign(bytes),
        2 => signature = Signature(identity_point),
        _ => {}
    }
    signature
}
