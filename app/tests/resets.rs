//! Links with which owners who have lost everything begin anew, over memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_app::keyed::{KeyedReset, NewPassword};
use chat_app::{App, Error, Origin, SessionToken, Settings};
use chat_domain::keyed::{
    Derivation, DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKey, ShownKey, SignedStatement,
    Stretching,
};
use chat_domain::moderation::{Act, Action, Authority};
use chat_domain::{Refusal, User, Username};
use chat_e2ee::ed25519::PrivateKey;
use chat_e2ee::identity::{Signed, Statement};
use chat_e2ee::ids::{InstanceId, UserId as ProtocolId, Usr};
use chat_e2ee::secret::{AgreementScalar, Secret as _, SigningSeed};
use chat_e2ee::x25519;
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::{Bundle, KeyStore as _, ModerationStore as _, NewKeyedUser, Ports as _};

struct World {
    app: App<Bundle<MemoryStore, PlainHasher>>,
    clock: Arc<HandClock>,
    ada: User,
    first: Statement,
}

fn origin(address: &str) -> Origin {
    Origin::new(address.parse().unwrap(), "a test")
}

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_seed(&SigningSeed::from_bytes([byte; 32]))
}

fn agreement(byte: u8) -> [u8; 32] {
    let scalar = AgreementScalar::from_bytes([byte; 32]);
    *x25519::PublicKey::of(&scalar).unwrap().as_bytes()
}

fn accepted(signed: Signed) -> SignedStatement {
    SignedStatement {
        bytes: signed.bytes,
        signature: signed.signature.0,
        continuation: signed.continuation.map(|it| it.0),
    }
}

impl World {
    /// An installation with a keyed account.
    async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let ports = Bundle {
            store: MemoryStore::default(),
            hasher: PlainHasher,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(1)),
            bus: Arc::new(Recorder::default()),
        };
        let app = App::new(ports, Settings::default());
        let store = app.ports().keys();
        let id = store.reserve_users(1).await.unwrap();
        let first = Statement {
            instance: InstanceId(app.instance().await.unwrap().id),
            user: ProtocolId::new(id.number()).unwrap(),
            usr: Usr::parse(b"ada").unwrap(),
            generation: 1,
            kem: 1,
            signing: *key(1).public().unwrap().as_bytes(),
            agreement: agreement(1),
            previous: [0; 32],
            closed: false,
            at: app.now().millis(),
        };
        let sealed = SealedKey {
            number: 1,
            sealed: vec![1; 77],
        };
        let new = NewKeyedUser {
            id,
            username: Username::parse("Ada").unwrap(),
            password: PasswordRecord {
                derivation: Derivation {
                    iterations: 600_000,
                    salt: [1; 16],
                },
                stretching: Stretching {
                    salt: [1; 16],
                    memory_kib: 1,
                    passes: 1,
                    lanes: 1,
                    pepper: 1,
                },
                verifier: [1; 32],
                locked: Some(vec![1]),
            },
            recovery: RecoveryRecord {
                sealed: vec![1; 61],
                verifier: [1; 32],
            },
            signing: sealed.clone(),
            agreement: sealed,
            record: DirectoryRecord {
                i: 0,
                user: id,
                at: app.now(),
                statement: accepted(first.sign(&key(1), None)),
                head: [1; 32],
                head_signature: [1; 64],
            },
            joins: None,
            at: app.now(),
        };
        let ada = store.register_keyed(new).await.unwrap().user;
        Self {
            app,
            clock,
            ada,
            first,
        }
    }

    async fn issue(&self) -> SessionToken {
        let issued = self.app.issue_reset(&Authority::Shell, self.ada.id).await;
        issued.unwrap().1
    }

    /// The next identity, and what comes with it.
    fn reset(&self, token: &SessionToken, change: impl FnOnce(&mut Statement)) -> KeyedReset {
        let mut next = Statement {
            generation: 2,
            kem: 2,
            signing: *key(2).public().unwrap().as_bytes(),
            agreement: agreement(2),
            previous: chat_e2ee::hash::sha256(&self.first.encode()),
            at: self.app.now().millis(),
            ..self.first.clone()
        };
        change(&mut next);
        KeyedReset {
            token: Some(token.clone()),
            password: NewPassword {
                derivation: Derivation {
                    iterations: 600_000,
                    salt: [2; 16],
                },
                shown: ShownKey::new([2; 32]),
                master: vec![2; 61],
            },
            recovery: RecoveryRecord {
                sealed: vec![2; 61],
                verifier: [2; 32],
            },
            signing: vec![2; 77],
            agreement: SealedKey {
                number: next.kem,
                sealed: vec![2; 77],
            },
            statement: accepted(next.sign(&key(2), None)),
        }
    }

    async fn begin(&self, token: &SessionToken) -> Result<(), Error> {
        let begun = self.app.begin_reset(Some(token), &origin("192.0.2.1")).await;
        begun.map(drop)
    }

    async fn finish(&self, asked: KeyedReset) -> Result<(), Error> {
        let done = self.app.finish_reset(asked, &origin("192.0.2.1")).await;
        done.map(drop)
    }
}

fn code(result: Result<(), Error>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test]
async fn a_link_is_good_for_a_day_and_once() {
    let world = World::new().await;
    let late = world.issue().await;
    world
        .clock
        .advance(Duration::from_hours(24) - Duration::from_millis(1));
    world.begin(&late).await.unwrap();
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(code(world.begin(&late).await), "invalid_credentials");
    assert_eq!(
        code(world.finish(world.reset(&late, |_| ())).await),
        "invalid_credentials"
    );

    let token = world.issue().await;
    world.begin(&token).await.unwrap();
    world.finish(world.reset(&token, |_| ())).await.unwrap();
    assert_eq!(code(world.begin(&token).await), "invalid_credentials");
    assert_eq!(
        code(world.finish(world.reset(&token, |_| ())).await),
        "invalid_credentials"
    );
    let keys = world.app.ports().keys().sealed_keys(world.ada.id).await.unwrap();
    let numbers = |keys: &[SealedKey]| keys.iter().map(|key| key.number).collect::<Vec<_>>();
    assert_eq!(
        (numbers(&keys.signing), numbers(&keys.agreement)),
        (vec![2], vec![2])
    );
    let log = world.app.ports().moderation().audit_log(None, 9).await.unwrap();
    let actions: Vec<_> = log.iter().map(|line| line.action).collect();
    assert_eq!(actions, [Action::IssueReset; 2]);
}

#[tokio::test]
async fn what_is_no_new_identity_does_not_use_the_link_up() {
    let world = World::new().await;
    let token = world.issue().await;
    let rotation = world.reset(&token, |next| {
        next.generation = 1;
        next.signing = world.first.signing;
    });
    // Signed by the new key and not by the old one, which nobody has.
    assert_eq!(code(world.finish(rotation).await), "bad_signature");
    let elsewhere = world.reset(&token, |next| next.previous = [7; 32]);
    assert_eq!(code(world.finish(elsewhere).await), "identity_conflict");
    let too_far = world.reset(&token, |next| next.generation = 3);
    assert_eq!(code(world.finish(too_far).await), "identity_conflict");
    let late = world.reset(&token, |next| next.at += 601_000);
    assert_eq!(code(world.finish(late).await), "clock_skew");
    let mut confirmed = world.reset(&token, |_| ());
    confirmed.statement.continuation = Some([1; 64]);
    assert_eq!(code(world.finish(confirmed).await), "malformed");
    let mut short = world.reset(&token, |_| ());
    short.signing.pop();
    assert_eq!(code(world.finish(short).await), "malformed");
    let mut misnumbered = world.reset(&token, |_| ());
    misnumbered.agreement.number = 1;
    assert_eq!(code(world.finish(misnumbered).await), "identity_conflict");
    world.finish(world.reset(&token, |_| ())).await.unwrap();
}

#[tokio::test]
async fn who_is_banned_is_told_so_and_comes_in_by_no_link() {
    let world = World::new().await;
    let token = world.issue().await;
    let ban = Act::Ban {
        until: None,
        reason: Some("spam".to_owned()),
    };
    let done = world.app.moderate(&Authority::Shell, world.ada.id, ban).await;
    done.unwrap();
    for refused in [
        world.begin(&token).await,
        world.finish(world.reset(&token, |_| ())).await,
    ] {
        let refused = refused.unwrap_err();
        assert!(
            matches!(&refused, Error::Refused(Refusal::Banned { reason: Some(why), .. }) if why == "spam"),
            "{refused:?}"
        );
    }
    let unban = world
        .app
        .moderate(&Authority::Shell, world.ada.id, Act::Unban)
        .await;
    unban.unwrap();
    world.finish(world.reset(&token, |_| ())).await.unwrap();
}

#[tokio::test]
async fn who_tries_links_has_to_wait_and_nobody_else_does() {
    let world = World::new().await;
    let token = world.issue().await;
    let stranger = SessionToken::draw(&SeededEntropy::new(9));
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(code(world.begin(&stranger).await));
    }
    assert_eq!(codes[0], "invalid_credentials");
    assert_eq!(codes[7], "rate_limited");
    assert_eq!(code(world.begin(&token).await), "rate_limited");
    let from_elsewhere = world.app.begin_reset(Some(&token), &origin("198.51.100.1")).await;
    from_elsewhere.unwrap();
    world.clock.advance(Duration::from_mins(15));
    world.begin(&token).await.unwrap();
}
