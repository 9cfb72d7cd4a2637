//! The toy people, directories and rooms of the vectors. Their keys are public: they protect nothing.

use std::collections::BTreeMap;

use chat_e2ee::directory::{Directory, Record, RecordBody};
use chat_e2ee::ed25519::{PrivateKey, Signature};
use chat_e2ee::hash::sha256;
use chat_e2ee::identity::{Signed, Statement};
use chat_e2ee::ids::{InstanceId, RoomId, UserId, Usr};
use chat_e2ee::log::{
    Add, Body, Create, Entry, EpochBody, Join, Kind, Policy, Reader, Reason, Remove, Role, RoomLog, SetRole,
};
use chat_e2ee::secret::{AgreementScalar, EpochSecret, Secret, SigningSeed};
use chat_e2ee::{epoch, x25519};
use serde_json::{Value, json};

use crate::bytes::{b64u, seq};

/// The time at which everything begins.
pub(crate) const T0: u64 = 1_767_225_600_000;

pub(crate) fn instance() -> InstanceId {
    InstanceId(seq(0x10))
}

pub(crate) fn room() -> RoomId {
    RoomId::new(7).unwrap()
}

pub(crate) fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

/// Somebody with a key for every generation and number.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) usr: &'static str,
}

pub(crate) const ALICE: Person = Person {
    id: 42,
    usr: "alice_1",
};
pub(crate) const BOB: Person = Person { id: 43, usr: "bob" };
pub(crate) const CAROL: Person = Person { id: 44, usr: "carol" };
pub(crate) const DAVE: Person = Person { id: 45, usr: "dave" };
pub(crate) const ERIN: Person = Person { id: 46, usr: "erin" };

impl Person {
    pub(crate) fn user(&self) -> UserId {
        user(self.id)
    }

    pub(crate) fn seed(&self, generation: u32) -> [u8; 32] {
        match (self.id, generation) {
            (42, 1) => seq(0x01),
            (43, 1) => seq(0x81),
            _ => sha256(format!("toy signing key of {} number {generation}", self.usr).as_bytes()),
        }
    }

    pub(crate) fn scalar(&self, kem: u32) -> [u8; 32] {
        match (self.id, kem) {
            (42, 1) => seq(0x21),
            (43, 1) => seq(0xa1),
            _ => sha256(format!("toy encryption key of {} number {kem}", self.usr).as_bytes()),
        }
    }

    pub(crate) fn key(&self, generation: u32) -> PrivateKey {
        PrivateKey::from_seed(&SigningSeed::from_bytes(self.seed(generation)))
    }

    pub(crate) fn public(&self, generation: u32) -> [u8; 32] {
        *self.key(generation).public().unwrap().as_bytes()
    }

    pub(crate) fn agreement(&self, kem: u32) -> [u8; 32] {
        *x25519::PublicKey::of(&AgreementScalar::from_bytes(self.scalar(kem)))
            .unwrap()
            .as_bytes()
    }
}

/// A directory that grows.
#[derive(Debug, Clone)]
pub(crate) struct Statements {
    pub(crate) directory: Directory,
    pub(crate) records: Vec<Record>,
    last: BTreeMap<u64, Statement>,
}

impl Statements {
    pub(crate) fn new() -> Self {
        Self {
            directory: Directory::empty(instance()),
            records: Vec::new(),
            last: BTreeMap::new(),
        }
    }

    fn base(&self, person: &Person) -> Statement {
        let at = T0 + u64::try_from(self.records.len()).unwrap();
        match self.last.get(&person.id) {
            None => Statement {
                instance: instance(),
                user: person.user(),
                usr: Usr::parse(person.usr.as_bytes()).unwrap(),
                generation: 1,
                kem: 1,
                signing: person.public(1),
                agreement: person.agreement(1),
                previous: [0; 32],
                closed: false,
                at,
            },
            Some(last) => Statement {
                previous: sha256(&last.encode()),
                at,
                ..last.clone()
            },
        }
    }

    /// The first statement.
    pub(crate) fn first(&self, person: &Person) -> Statement {
        self.base(person)
    }

    pub(crate) fn rotation(&self, person: &Person) -> Statement {
        let base = self.base(person);
        Statement {
            kem: base.kem + 1,
            agreement: person.agreement(base.kem + 1),
            ..base
        }
    }

    pub(crate) fn reset(&self, person: &Person) -> Statement {
        let base = self.rotation(person);
        Statement {
            generation: base.generation + 1,
            signing: person.public(base.generation + 1),
            ..base
        }
    }

    pub(crate) fn closing(&self, person: &Person) -> Statement {
        Statement {
            closed: true,
            ..self.base(person)
        }
    }

    pub(crate) fn sign(person: &Person, statement: &Statement, continued: bool) -> Signed {
        let former = (continued && statement.generation > 1).then(|| person.key(statement.generation - 1));
        statement.sign(&person.key(statement.generation), former.as_ref())
    }

    pub(crate) fn append(&mut self, person: &Person, statement: Statement, continued: bool) -> &mut Self {
        let signed = Self::sign(person, &statement, continued);
        self.push(RecordBody::Statement(signed));
        self.last.insert(person.id, statement);
        self
    }

    pub(crate) fn push(&mut self, body: RecordBody) {
        let i = self.directory.len();
        let record = Record {
            i,
            at: T0 + 10 * (i + 1),
            body,
        };
        self.directory.append(&record).unwrap();
        self.records.push(record);
    }

    pub(crate) fn join(&mut self, person: &Person) -> &mut Self {
        let statement = self.first(person);
        self.append(person, statement, false)
    }

    /// As the server serves the directory after the accounts were erased.
    pub(crate) fn erased(&self, erased: &[u64]) -> Self {
        let mut after = Self::new();
        for record in &self.records {
            let body = match &record.body {
                RecordBody::Statement(signed) => {
                    let statement = Statement::parse(&signed.bytes).unwrap();
                    if erased.contains(&statement.user.get()) {
                        RecordBody::Erased {
                            hash: sha256(&signed.bytes),
                            user: statement.user,
                        }
                    } else {
                        RecordBody::Statement(signed.clone())
                    }
                }
                RecordBody::Erased { .. } => record.body.clone(),
            };
            after.push(body);
        }
        after
    }

    pub(crate) fn to_json(&self) -> Value {
        self.records.iter().map(record_json).collect()
    }
}

pub(crate) fn record_json(record: &Record) -> Value {
    match &record.body {
        RecordBody::Statement(signed) => {
            let mut json = json!({
                "i": record.i, "ts": record.at, "t": b64u(&signed.bytes), "s": b64u(signed.signature.0),
            });
            if let Some(continuation) = &signed.continuation {
                json["ps"] = b64u(continuation.0).into();
            }
            json
        }
        RecordBody::Erased { hash, user } => {
            json!({ "i": record.i, "ts": record.at, "h": b64u(hash), "user_id": user.get() })
        }
    }
}

/// A room's log that grows, all of it valid.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    pub(crate) log: RoomLog,
    pub(crate) entries: Vec<(Vec<u8>, Signature)>,
    pub(crate) directory: Directory,
    pub(crate) dir_seq: u64,
    pub(crate) at: u64,
}

pub(crate) fn lobby_policy() -> Policy {
    Policy {
        open: true,
        members_add: false,
        shared_history: true,
        rot_msgs: 5000,
        rot_secs: 604_800,
        name: "lobby".to_owned(),
    }
}

impl Talk {
    pub(crate) fn new(directory: &Directory) -> Self {
        Self {
            log: RoomLog::empty(instance(), room()),
            entries: Vec::new(),
            dir_seq: directory.len() - 1,
            directory: directory.clone(),
            at: T0 + 100,
        }
    }

    /// The next entry, not yet signed.
    pub(crate) fn draft(&self, person: &Person, generation: u32, body: Body) -> Entry {
        Entry {
            instance: instance(),
            room: room(),
            seq: self.log.len(),
            previous: self.log.head(),
            actor: person.user(),
            actor_generation: generation,
            dir_seq: self.dir_seq,
            dir_head: *self.directory.head_at(self.dir_seq).unwrap(),
            at: self.at,
            body,
        }
    }

    /// Takes in an entry that must be valid.
    pub(crate) fn say(&mut self, person: &Person, body: Body) -> &mut Self {
        let generation = self.generation(person);
        let entry = self.draft(person, generation, body);
        self.take(entry.sign(&person.key(generation)))
    }

    pub(crate) fn take(&mut self, (bytes, signature): (Vec<u8>, Signature)) -> &mut Self {
        self.log.apply(&bytes, &signature, &self.directory).unwrap();
        self.entries.push((bytes, signature));
        self.at += 100;
        self
    }

    pub(crate) fn at(&mut self, at: u64) -> &mut Self {
        self.at = at;
        self
    }

    /// The identity with which somebody is in the room, or that the directory has.
    pub(crate) fn generation(&self, person: &Person) -> u32 {
        let in_the_room = self.log.room().and_then(|room| room.active(person.user()));
        in_the_room.map_or_else(|| self.published(person).0, |member| member.generation)
    }

    pub(crate) fn published(&self, person: &Person) -> (u32, u32) {
        let identity = self.directory.latest(person.user(), self.dir_seq);
        identity.map_or((1, 1), |it| (it.statement().generation, it.statement().kem))
    }

    pub(crate) fn create(&mut self, person: &Person, kind: Kind, policy: Policy) -> &mut Self {
        let key = person.public(self.published(person).0);
        self.say(person, Body::Create(Create { kind, policy, key }))
    }

    pub(crate) fn join(&mut self, person: &Person) -> &mut Self {
        let body = self.join_body(person);
        self.say(person, body)
    }

    pub(crate) fn join_body(&self, person: &Person) -> Body {
        let generation = self.published(person).0;
        Body::Join(Join {
            generation,
            key: person.public(generation),
        })
    }

    pub(crate) fn add_body(&self, person: &Person) -> Body {
        let generation = self.published(person).0;
        Body::Add(Add {
            user: person.user(),
            generation,
            key: person.public(generation),
        })
    }

    pub(crate) fn add(&mut self, by: &Person, person: &Person) -> &mut Self {
        let body = self.add_body(person);
        self.say(by, body)
    }

    pub(crate) fn remove(&mut self, by: &Person, person: &Person, ban: bool) -> &mut Self {
        self.say(by, remove_body(person, ban))
    }

    pub(crate) fn role(&mut self, by: &Person, person: &Person, role: Role) -> &mut Self {
        self.say(by, role_body(person, role))
    }

    /// Everybody who may be listed now.
    pub(crate) fn readers(&self) -> Vec<Reader> {
        let room = self.log.room().unwrap();
        room.active_members()
            .filter_map(|(user, member)| {
                let identity = self.directory.latest(user, self.dir_seq)?;
                let statement = identity.statement();
                let same = statement.generation == member.generation && !statement.closed;
                same.then_some(Reader {
                    user,
                    generation: member.generation,
                    kem: statement.kem,
                })
            })
            .collect()
    }

    pub(crate) fn epoch_body(&self, reason: Reason) -> EpochBody {
        let room = self.log.room().unwrap();
        let number = room.epoch().map_or(1, |epoch| epoch.body.number + 1);
        EpochBody {
            number,
            previous: room.epoch().map_or([0; 32], |epoch| epoch.hash),
            commitment: epoch::commitment(&secret(number), place(), number),
            shared_history: room.policy.shared_history,
            reason,
            readers: self.readers(),
        }
    }

    pub(crate) fn epoch(&mut self, person: &Person, reason: Reason) -> &mut Self {
        let body = self.epoch_body(reason);
        self.say(person, Body::Epoch(body))
    }

    pub(crate) fn to_json(&self) -> Value {
        self.entries.iter().map(|(e, s)| signed_json(e, s)).collect()
    }
}

pub(crate) fn place() -> epoch::Place {
    epoch::Place {
        instance: instance(),
        room: room(),
    }
}

/// The secret of an epoch of the toy rooms.
pub(crate) fn secret(number: u32) -> EpochSecret {
    EpochSecret::from_bytes(match number {
        1 => seq(0x33),
        2 => seq(0x77),
        _ => sha256(format!("toy secret of epoch {number}").as_bytes()),
    })
}

pub(crate) fn remove_body(person: &Person, ban: bool) -> Body {
    Body::Remove(Remove {
        user: person.user(),
        ban,
        reason: "spam".to_owned(),
    })
}

pub(crate) fn role_body(person: &Person, role: Role) -> Body {
    Body::Role(SetRole {
        user: person.user(),
        role,
    })
}

pub(crate) fn signed_json(bytes: &[u8], signature: &Signature) -> Value {
    json!({ "e": b64u(bytes), "s": b64u(signature.0) })
}

pub(crate) fn room_of(id: u64) -> RoomId {
    RoomId::new(id).unwrap()
}
