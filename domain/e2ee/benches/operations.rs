//! What the protocol's operations cost: `cargo bench -p chat-e2ee`. The browser's figures for the same operations come
//! from `node tests/browser/bench.mjs`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

use std::hint::black_box;

use chat_e2ee::account::{Iterations, Password};
use chat_e2ee::content::Content;
use chat_e2ee::directory::{Directory, Record, RecordBody};
use chat_e2ee::ed25519::{PrivateKey, Signature};
use chat_e2ee::epoch::{self, EpochId, Place, Recipient};
use chat_e2ee::hash::sha256;
use chat_e2ee::header::{Header, Kind as MessageKind};
use chat_e2ee::identity::Statement;
use chat_e2ee::ids::{InstanceId, Mid, RoomId, Sid, UserId, Usr};
use chat_e2ee::log::{Body, Create, Entry, EpochBody, Join, Kind, Policy, Reader, Reason, RoomLog};
use chat_e2ee::message::{self, message_key};
use chat_e2ee::secret::{
    AgreementScalar, EphemeralSeed, EpochSecret, OpeningKey, PasswordKey, Secret, SigningSeed,
};
use chat_e2ee::x25519;
use criterion::{Criterion, criterion_group, criterion_main};

const INSTANCE: InstanceId = InstanceId([1; 16]);

fn room() -> RoomId {
    RoomId::new(7).unwrap()
}

fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn seed(id: u64) -> [u8; 32] {
    sha256(&id.to_be_bytes())
}

fn key(id: u64) -> PrivateKey {
    PrivateKey::from_seed(&SigningSeed::from_bytes(seed(id)))
}

fn scalar(id: u64) -> AgreementScalar {
    AgreementScalar::from_bytes(seed(id + 1_000))
}

fn secret() -> EpochSecret {
    EpochSecret::from_bytes([5; 32])
}

fn place() -> Place {
    Place {
        instance: INSTANCE,
        room: room(),
    }
}

/// Fifty people, and a log of so many entries: they join, and one of them goes and comes again and again.
struct World {
    directory: Directory,
    log: RoomLog,
    entries: Vec<(Vec<u8>, Signature)>,
}

impl World {
    fn of(entries: usize) -> Self {
        let mut world = Self {
            directory: Directory::empty(INSTANCE),
            log: RoomLog::empty(INSTANCE, room()),
            entries: Vec::new(),
        };
        for id in 1..=51 {
            world.sign_up(id);
        }
        let policy = Policy {
            open: true,
            members_add: false,
            shared_history: true,
            rot_msgs: 5_000,
            rot_secs: 604_800,
            name: "lobby".to_owned(),
        };
        let key = *key(1).public().unwrap().as_bytes();
        world.say(
            1,
            Body::Create(Create {
                kind: Kind::Group,
                policy,
                key,
            }),
        );
        for id in 2..=50 {
            world.join(id);
        }
        world.epoch();
        while world.entries.len() < entries {
            world.join(51);
            world.say(51, Body::Leave);
        }
        world
    }

    fn sign_up(&mut self, id: u64) {
        let agreement = x25519::PublicKey::of(&scalar(id)).unwrap();
        let statement = Statement {
            instance: INSTANCE,
            user: user(id),
            usr: Usr::parse(format!("user_{id}").as_bytes()).unwrap(),
            generation: 1,
            kem: 1,
            signing: *key(id).public().unwrap().as_bytes(),
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
        self.directory.append(&record).unwrap();
    }

    fn join(&mut self, id: u64) {
        let key = *key(id).public().unwrap().as_bytes();
        self.say(id, Body::Join(Join { generation: 1, key }));
    }

    fn epoch(&mut self) {
        let reader = |id| Reader {
            user: user(id),
            generation: 1,
            kem: 1,
        };
        let body = EpochBody {
            number: 1,
            previous: [0; 32],
            commitment: epoch::commitment(&secret(), place(), 1),
            shared_history: true,
            reason: Reason::First,
            readers: (1..=50).map(reader).collect(),
        };
        self.say(1, Body::Epoch(body));
    }

    fn say(&mut self, actor: u64, body: Body) {
        let entry = Entry {
            instance: INSTANCE,
            room: room(),
            seq: self.log.len(),
            previous: self.log.head(),
            actor: user(actor),
            actor_generation: 1,
            dir_seq: self.directory.len() - 1,
            dir_head: self.directory.head(),
            at: self.log.len(),
            body,
        };
        let (bytes, signature) = entry.sign(&key(actor));
        self.log.apply(&bytes, &signature, &self.directory).unwrap();
        self.entries.push((bytes, signature));
    }

    fn epoch_hash(&self) -> [u8; 32] {
        self.log.room().unwrap().epoch().unwrap().hash
    }

    fn header(&self, sender: u64) -> Header {
        Header {
            instance: INSTANCE,
            room: room(),
            epoch: 1,
            epoch_hash: self.epoch_hash(),
            log_head: self.epoch_hash(),
            sender: user(sender),
            generation: 1,
            mid: Mid([u8::try_from(sender).unwrap(); 16]),
            sid: Sid([2; 8]),
            n: 0,
            parent: [0; 32],
            kind: MessageKind::Message,
            target: Mid::NONE,
            ts: 1,
            files: Vec::new(),
        }
    }

    fn seal(&self, sender: u64, content: &[u8]) -> String {
        let key_of = message_key(&secret(), &self.epoch_hash(), user(sender));
        message::seal(
            &self.header(sender),
            content,
            &key(sender),
            &key_of,
            &OpeningKey::from_bytes([3; 32]),
            [4; 12],
        )
        .unwrap()
        .envelope
        .to_json()
    }

    fn receive(&self, text: &str) {
        let received = message::receive(text, &self.log, |_| None, |_| Some(secret())).unwrap();
        black_box(received);
    }
}

fn operations(bench: &mut Criterion) {
    let world = World::of(51);
    let text =
        Content::text("The boat is back on the slip. Soundings of the north channel are in the folder.");
    let content = text.encode();
    let (bytes, signature) = &world.entries[1];
    let public = key(2).public().unwrap();
    bench.bench_function("sign", |it| it.iter(|| key(2).sign(black_box(bytes))));
    bench.bench_function("verify", |it| {
        it.iter(|| assert!(public.verifies(black_box(bytes), signature)));
    });
    bench.bench_function("seal message", |it| {
        it.iter(|| world.seal(2, black_box(&content)));
    });
    let envelope = world.seal(2, &content);
    bench.bench_function("open message", |it| {
        it.iter(|| world.receive(black_box(&envelope)));
    });
    wraps(bench, &world);
    let page: Vec<_> = (1..=50).map(|sender| world.seal(sender, &content)).collect();
    bench.bench_function("page of 50 messages", |it| {
        it.iter(|| page.iter().for_each(|envelope| world.receive(envelope)));
    });
    logs(bench);
    bench.bench_function("PBKDF2, 600,000 iterations", |it| {
        let password = Password::new("correct horse battery").unwrap();
        let usr = Usr::parse(b"user_1").unwrap();
        it.iter(|| PasswordKey::derive(&password, INSTANCE, &usr, &[0; 16], Iterations::DEFAULT));
    });
}

fn wraps(bench: &mut Criterion, world: &World) {
    let epoch = EpochId {
        number: 1,
        hash: world.epoch_hash(),
    };
    let to = Recipient {
        user: user(2),
        kem: 1,
    };
    let public = x25519::PublicKey::of(&scalar(2)).unwrap();
    let wrap = || {
        let seed = EphemeralSeed::from_bytes([6; 32]);
        epoch::wrap(&secret(), place(), &epoch, to, &public, &seed).unwrap()
    };
    bench.bench_function("HPKE wrap", |it| it.iter(wrap));
    let wrapped = wrap();
    let committed = epoch::commitment(&secret(), place(), 1);
    bench.bench_function("open wrap", |it| {
        it.iter(|| epoch::unwrap(&wrapped, place(), &epoch, to, &scalar(2), &committed).unwrap());
    });
}

fn logs(bench: &mut Criterion) {
    let world = World::of(1_000);
    bench.bench_function("log of 1,000 entries, first validation", |it| {
        it.iter(|| {
            let mut log = RoomLog::empty(INSTANCE, room());
            for (bytes, signature) in &world.entries {
                log.apply(bytes, signature, &world.directory).unwrap();
            }
            log
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = operations
}
criterion_main!(benches);
