//! Sign-ins beside each other, tokens for programs, webhooks: over memory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_app::{
    App, Error, Origin, SessionToken, Settings, SignedIn, SignedInNow,
    accounts::{Attempt, NewToken, Registration},
};
use chat_domain::{
    Content, Join, MessageType, Need, Password, RoomId, RoomName, Scope, Scopes, TokenName, User, Username,
    limit,
    message::Utterance,
    moderation::{Act, Action, Admin, Authority},
};
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::{Bundle, Notice};

const PASSWORD: &str = "correct horse";

struct World {
    app: App<Bundle<MemoryStore, PlainHasher>>,
    clock: Arc<HandClock>,
    bus: Arc<Recorder>,
}

fn code<T>(result: Result<T, Error>) -> &'static str {
    result.err().map_or("ok", |error| error.code())
}

fn origin() -> Origin {
    Origin::new("192.0.2.1".parse().unwrap(), "a test")
}

fn asked(scopes: &[&str], lasts: Option<Duration>) -> NewToken {
    NewToken {
        name: TokenName::parse("robot").unwrap(),
        scopes: Scopes::parse(scopes.iter().copied()).unwrap(),
        lasts,
    }
}

fn say(text: &str) -> Utterance {
    Utterance {
        content: Content::parse(text.to_owned()).unwrap(),
        message_type: MessageType::Text,
        reply_to: None,
        client_id: None,
    }
}

impl World {
    async fn new() -> Self {
        let (clock, bus) = (Arc::new(HandClock::new()), Arc::new(Recorder::default()));
        let ports = Bundle {
            store: MemoryStore::default(),
            hasher: PlainHasher,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(1)),
            bus: Arc::clone(&bus) as _,
        };
        let app = App::new(ports, Settings::default());
        app.ensure_plain_room().await.unwrap();
        Self { app, clock, bus }
    }

    async fn add(&self, name: &str) -> User {
        let username = Username::parse(name).unwrap();
        let password = Password::choose(PASSWORD.to_owned(), &username).unwrap();
        let asked = Registration { username, password };
        self.app.add_user(&Authority::Shell, asked).await.unwrap()
    }

    async fn sign_in(&self, name: &str) -> SignedInNow {
        let attempt = Attempt {
            username: Username::parse(name).ok(),
            password: Password::attempt(PASSWORD.to_owned()).unwrap(),
        };
        self.app.sign_in(attempt, &origin()).await.unwrap()
    }

    async fn token(&self, who: &SignedIn, asked: NewToken) -> SessionToken {
        self.app.make_token(who, asked, &origin()).await.unwrap().1
    }

    async fn is_good(&self, token: &SessionToken) -> bool {
        self.app.authenticate(token).await.is_ok()
    }

    /// An administrator who owns a room.
    async fn admin_with_a_room(&self) -> (Admin, SignedIn, RoomId) {
        let root = self.add("root").await;
        self.app
            .moderate(&Authority::Shell, root.id, Act::Promote)
            .await
            .unwrap();
        let who = self.sign_in("root").await.signed_in;
        let name = RoomName::parse("alarms").unwrap();
        let made = self.app.create_room(&who, name, Join::Invite).await.unwrap();
        let admin = Admin::prove(who.user().clone(), self.app.now()).unwrap();
        (admin, who, made.room.id)
    }
}

#[tokio::test]
async fn what_is_ended_from_elsewhere_is_worth_nothing_at_once() {
    let world = World::new().await;
    world.add("ada").await;
    let (here, there) = (world.sign_in("ada").await, world.sign_in("ada").await);
    assert!(world.is_good(&there.token).await, "and is remembered");
    world.bus.take();
    let id = there.signed_in.session().id;
    world.app.end_session(&here.signed_in, id).await.unwrap();
    assert!(!world.is_good(&there.token).await);
    assert!(matches!(&world.bus.take()[..], [Notice::SessionEnded { session_id, .. }] if *session_id == id));
    assert_eq!(
        code(world.app.end_session(&here.signed_in, id).await),
        "not_found"
    );

    let third = world.sign_in("ada").await;
    let robot = world.token(&here.signed_in, asked(&["read"], None)).await;
    assert!(world.is_good(&third.token).await && world.is_good(&robot).await);
    assert_eq!(world.app.end_other_sessions(&here.signed_in).await.unwrap(), 1);
    assert!(!world.is_good(&third.token).await && world.is_good(&robot).await);
    assert!(world.is_good(&here.token).await);
}

#[tokio::test]
async fn what_is_over_is_not_shown() {
    let world = World::new().await;
    world.add("ada").await;
    world.sign_in("ada").await;
    world.clock.advance(Duration::from_hours(169));
    let now = world.sign_in("ada").await;
    let shown = world.app.sessions(&now.signed_in).await.unwrap();
    let shown: Vec<_> = shown.iter().map(|known| known.session.id).collect();
    assert_eq!(shown, [now.signed_in.session().id]);
}

#[tokio::test]
async fn of_too_many_sign_ins_the_longest_unused_one_ends() {
    let world = World::new().await;
    world.add("ada").await;
    let first = world.sign_in("ada").await;
    for _ in 1..limit::SESSIONS_PER_USER {
        world.clock.advance(Duration::from_secs(1));
        world.sign_in("ada").await;
    }
    let shown = world.app.sessions(&first.signed_in).await.unwrap();
    assert_eq!(shown.len(), limit::SESSIONS_PER_USER as usize);
    let last = world.sign_in("ada").await;
    assert!(!world.is_good(&first.token).await && world.is_good(&last.token).await);
    let shown = world.app.sessions(&last.signed_in).await.unwrap();
    assert_eq!(shown.len(), limit::SESSIONS_PER_USER as usize);
}

#[tokio::test]
async fn a_token_ends_when_it_was_to() {
    let world = World::new().await;
    world.add("ada").await;
    let ada = world.sign_in("ada").await.signed_in;
    let short = world
        .token(&ada, asked(&["read"], Some(Duration::from_hours(24))))
        .await;
    let endless = world.token(&ada, asked(&["read"], None)).await;
    world
        .clock
        .advance(Duration::from_hours(24) - Duration::from_millis(1));
    assert!(world.is_good(&short).await);
    world.clock.advance(Duration::from_millis(1));
    assert!(!world.is_good(&short).await);
    world.clock.advance(Duration::from_hours(24 * 400));
    assert!(
        world.is_good(&endless).await,
        "it is neither too old nor too idle"
    );
    assert!(world.app.sweep_sessions().await.unwrap() >= 2);
    assert!(world.is_good(&endless).await);
}

#[tokio::test]
async fn another_password_and_a_ban_end_tokens_too() {
    let world = World::new().await;
    let user = world.add("ada").await;
    let ada = world.sign_in("ada").await.signed_in;
    let token = world.token(&ada, asked(&["read"], None)).await;
    assert!(world.is_good(&token).await);
    let password = Password::attempt(PASSWORD.to_owned()).unwrap();
    world
        .app
        .set_password(&Authority::Shell, user.id, password)
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);
    let ada = world.sign_in("ada").await.signed_in;
    let token = world.token(&ada, asked(&["read"], None)).await;
    let (until, reason) = (None, None);
    world
        .app
        .moderate(&Authority::Shell, user.id, Act::Ban { until, reason })
        .await
        .unwrap();
    assert!(!world.is_good(&token).await);
}

#[tokio::test]
async fn a_token_writes_only_with_that_scope() {
    let world = World::new().await;
    world.add("ada").await;
    let ada = world.sign_in("ada").await.signed_in;
    let reader = world.token(&ada, asked(&["read"], None)).await;
    let reader = world.app.authenticate(&reader).await.unwrap();
    assert_eq!(
        code(world.app.enter_to_write(&reader, None).await),
        "insufficient_scope"
    );
    assert!(reader.allow(Need::Full).is_err() && reader.allow(Need::Scope(Scope::Read)).is_ok());
    let writer = world.token(&ada, asked(&["write"], None)).await;
    assert_eq!(
        code(world.app.authenticate_socket(&writer).await),
        "insufficient_scope"
    );
    let through = world.app.issue_ws_token(&writer);
    assert_eq!(
        code(world.app.authenticate_socket(&through).await),
        "insufficient_scope"
    );
    let writer = world.app.authenticate(&writer).await.unwrap();
    assert_eq!(code(world.app.enter_to_write(&writer, None).await), "ok");
}

#[tokio::test]
async fn a_webhook_posts_into_its_room_until_it_is_taken_away() {
    let world = World::new().await;
    let (admin, who, room) = world.admin_with_a_room().await;
    let member = world.app.enter_room(&who, Some(room)).await.unwrap();
    let name = || Username::parse("grafana").unwrap();
    let (session, account, token) = world
        .app
        .add_webhook(&admin, &member, name(), &origin())
        .await
        .unwrap();
    let posted = world.app.post_by_webhook(&token, say("fire")).await.unwrap();
    assert_eq!((posted.room_id, posted.author), (room, account.id));
    assert_eq!(
        code(
            world
                .app
                .post_by_webhook(&SessionToken::draw(&SeededEntropy::new(9)), say("x"))
                .await
        ),
        "not_found"
    );
    let again = world.app.add_webhook(&admin, &member, name(), &origin()).await;
    assert_eq!(code(again), "username_taken");

    world
        .app
        .remove_webhook(&admin, &member, session.id)
        .await
        .unwrap();
    assert_eq!(
        code(world.app.post_by_webhook(&token, say("x")).await),
        "not_found"
    );
    assert_eq!(
        code(world.app.remove_webhook(&admin, &member, session.id).await),
        "not_found"
    );
    let log = world.app.audit_log(&Authority::Shell, None, 9).await.unwrap();
    let actions: Vec<_> = log.iter().map(|line| (line.action, line.target)).collect();
    let of_account =
        [Action::SignOut, Action::AddWebhook, Action::AddUser].map(|action| (action, account.id));
    assert_eq!(actions[..3], of_account);

    let (_, same, token) = world
        .app
        .add_webhook(&admin, &member, name(), &origin())
        .await
        .unwrap();
    assert_eq!(same.id, account.id);
    let (until, reason) = (None, None);
    world
        .app
        .moderate(&Authority::Shell, same.id, Act::Ban { until, reason })
        .await
        .unwrap();
    assert_eq!(
        code(world.app.post_by_webhook(&token, say("x")).await),
        "not_found"
    );
}

#[tokio::test]
async fn no_webhook_takes_over_an_account() {
    let world = World::new().await;
    let (admin, who, room) = world.admin_with_a_room().await;
    world.add("ada").await;
    let member = world.app.enter_room(&who, Some(room)).await.unwrap();
    for name in ["ada", "ADA", "root"] {
        let name = Username::parse(name).unwrap();
        let taken = world.app.add_webhook(&admin, &member, name, &origin()).await;
        assert_eq!(code(taken), "username_taken");
    }
    let ada = world.sign_in("ada").await.signed_in;
    let direct = world
        .app
        .direct_room(&who, ada.user().id)
        .await
        .unwrap()
        .0
        .room
        .id;
    let member = world.app.enter_room(&who, Some(direct)).await.unwrap();
    let name = Username::parse("grafana").unwrap();
    assert_eq!(
        code(world.app.add_webhook(&admin, &member, name, &origin()).await),
        "forbidden"
    );
}
