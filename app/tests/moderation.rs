//! What is done to accounts, over memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_app::{
    App, Error, Origin, Settings, SignedInNow,
    accounts::{Attempt, Registration},
};
use chat_domain::{
    Password, User, UserId, Username,
    moderation::{Act, Action, Actor, Admin, Authority},
};
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::{Bundle, Cut, Notice};

const PASSWORD: &str = "correct horse";

struct World {
    app: App<Bundle<MemoryStore, PlainHasher>>,
    clock: Arc<HandClock>,
    bus: Arc<Recorder>,
}

impl World {
    async fn new(settings: Settings) -> Self {
        let (clock, bus) = (Arc::new(HandClock::new()), Arc::new(Recorder::default()));
        let ports = Bundle {
            store: MemoryStore::default(),
            hasher: PlainHasher,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(1)),
            bus: Arc::clone(&bus) as _,
        };
        let app = App::new(ports, settings);
        app.ensure_plain_room().await.unwrap();
        Self { app, clock, bus }
    }

    async fn add(&self, name: &str) -> Result<User, Error> {
        let username = Username::parse(name).unwrap();
        let password = Password::choose(PASSWORD.to_owned(), &username).unwrap();
        let asked = Registration { username, password };
        self.app.add_user(&Authority::Shell, asked).await
    }

    async fn sign_in(&self, name: &str) -> Result<SignedInNow, Error> {
        let attempt = Attempt {
            username: Username::parse(name).ok(),
            password: Password::attempt(PASSWORD.to_owned()).unwrap(),
        };
        let from = Origin::new("192.0.2.1".parse().unwrap(), "a test");
        self.app.sign_in(attempt, &from).await
    }

    async fn by_shell(&self, target: UserId, act: Act) -> Result<(), Error> {
        let done = self.app.moderate(&Authority::Shell, target, act).await;
        done.map(|_| ())
    }

    async fn admin(&self, name: &str) -> Authority {
        let user = self.add(name).await.unwrap();
        self.by_shell(user.id, Act::Promote).await.unwrap();
        let admin = self.sign_in(name).await.unwrap().signed_in.user().clone();
        Authority::Admin(Admin::prove(admin, self.app.now()).unwrap())
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

fn ban(world: &World, lasts: Option<Duration>) -> Act {
    Act::Ban {
        until: lasts.map(|lasts| world.app.now().after(lasts)),
        reason: Some("spam".to_owned()),
    }
}

#[tokio::test]
async fn who_is_banned_is_out_at_once_until_it_runs_out() {
    let world = World::new(Settings::default()).await;
    let root = world.admin("root").await;
    let ada = world.add("ada").await.unwrap();
    let signed_in = world.sign_in("ada").await.unwrap();
    // It is remembered who she is, and where she is a member.
    let known = world.app.authenticate(&signed_in.token).await.unwrap();
    let ws_token = world.app.issue_ws_token(&signed_in.token);
    world.app.enter_to_write(&known, None).await.unwrap();
    world.bus.take();

    let act = ban(&world, Some(Duration::from_hours(1)));
    world.app.moderate(&root, ada.id, act.clone()).await.unwrap();
    let told = world.bus.take();
    assert!(
        matches!(&told[..], [Notice::UserCut { user_id, cut: Cut::Banned { reason } }]
            if *user_id == ada.id && reason.as_deref() == Some("spam")),
        "{told:?}"
    );
    assert_eq!(
        code(world.app.authenticate(&signed_in.token).await),
        "unauthenticated"
    );
    assert_eq!(
        code(world.app.authenticate_socket(&ws_token).await),
        "unauthenticated"
    );
    assert_eq!(code(world.sign_in("ada").await), "banned");

    // Once more is nothing new, and nobody is told.
    assert!(!world.app.moderate(&root, ada.id, act).await.unwrap().is_new);
    assert!(world.bus.take().is_empty());

    world.clock.advance(Duration::from_hours(1));
    world.sign_in("ada").await.unwrap();
}

#[tokio::test]
async fn who_is_kicked_is_cut_off_and_may_come_back() {
    let world = World::new(Settings::default()).await;
    let ada = world.add("ada").await.unwrap();
    let signed_in = world.sign_in("ada").await.unwrap();
    world.bus.take();
    world.by_shell(ada.id, Act::Kick { reason: None }).await.unwrap();
    let told = world.bus.take();
    assert!(
        matches!(
            &told[..],
            [Notice::UserCut {
                cut: Cut::Kicked { .. },
                ..
            }]
        ),
        "{told:?}"
    );
    world.app.authenticate(&signed_in.token).await.unwrap();
}

#[tokio::test]
async fn a_new_password_cuts_every_sign_in() {
    let world = World::new(Settings::default()).await;
    let ada = world.add("ada").await.unwrap();
    let signed_in = world.sign_in("ada").await.unwrap();
    world.app.authenticate(&signed_in.token).await.unwrap();
    world.bus.take();
    let password = Password::choose("another horse".to_owned(), &ada.username).unwrap();
    world
        .app
        .set_password(&Authority::Shell, ada.id, password)
        .await
        .unwrap();
    let told = world.bus.take();
    assert!(matches!(&told[..], [Notice::SessionEnded { .. }]), "{told:?}");
    assert_eq!(
        code(world.app.authenticate(&signed_in.token).await),
        "unauthenticated"
    );
    assert_eq!(code(world.sign_in("ada").await), "invalid_credentials");
}

/// What was remembered of somebody who is promoted or demoted is forgotten.
#[tokio::test]
async fn a_role_is_in_force_at_once() {
    let world = World::new(Settings::default()).await;
    world.admin("root").await;
    let ada = world.add("ada").await.unwrap();
    let token = world.sign_in("ada").await.unwrap().token;
    for (act, is_admin) in [(Act::Promote, true), (Act::Demote, false)] {
        world.app.authenticate(&token).await.unwrap();
        world.by_shell(ada.id, act).await.unwrap();
        let now = world.app.authenticate(&token).await.unwrap();
        assert_eq!(now.user().is_admin, is_admin);
    }
}

#[tokio::test]
async fn what_is_refused_is_not_done() {
    let world = World::new(Settings::default()).await;
    let root = world.admin("root").await;
    let Actor::Admin(own) = root.actor() else {
        panic!("an administrator")
    };
    assert_eq!(
        code(world.app.moderate(&root, own, Act::Demote).await),
        "conflict"
    );
    assert_eq!(code(world.by_shell(own, ban(&world, None)).await), "last_admin");
    let nobody = UserId::parse(99).unwrap();
    assert_eq!(code(world.by_shell(nobody, Act::Promote).await), "not_found");
    assert_eq!(code(world.add("ROOT").await), "username_taken");
    let log = world.app.audit_log(&root, None, 9).await.unwrap();
    let actions: Vec<_> = log.iter().rev().map(|line| (line.by, line.action)).collect();
    assert_eq!(
        actions,
        [(Actor::Shell, Action::AddUser), (Actor::Shell, Action::Promote)]
    );
}

/// An administrator makes accounts also where strangers make none.
#[tokio::test]
async fn accounts_are_made_where_registration_is_closed() {
    let world = World::new(Settings {
        plain_api: false,
        ..Settings::default()
    })
    .await;
    let ada = world.add("ada").await.unwrap();
    world.sign_in("ada").await.unwrap();
    let listed = world.app.list_users(&Authority::Shell, None, 9).await.unwrap();
    assert_eq!(listed.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
}
