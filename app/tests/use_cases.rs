//! Every use case, over memory, with a hand-moved clock and seeded chance.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use chat_app::{
    App, Error, Origin, Settings, SignedIn, SignedInNow,
    accounts::{Attempt, Registration},
    setup::FirstAdmin,
};
use chat_domain::{
    ClientId, Content, EventBody, EventId, Join, MessageType, Password, Refusal, RoomId, RoomName, Seq,
    Username,
    membership::Settings as RoomSettings,
    message::{MessageBody, Utterance},
    room::SlowMode,
};
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::{Bundle, Notice, Page};

struct World {
    app: App<Bundle<MemoryStore, PlainHasher>>,
    clock: Arc<HandClock>,
    bus: Arc<Recorder>,
}

async fn world(settings: Settings) -> World {
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
    World { app, clock, bus }
}

const HOME: &str = "192.0.2.1";

fn from(address: &str) -> Origin {
    Origin::new(address.parse().unwrap(), "a test")
}

impl World {
    fn store(&self) -> &MemoryStore {
        &self.app.ports().store
    }

    async fn register(&self, name: &str) -> Result<SignedInNow, Error> {
        let username = Username::parse(name).unwrap();
        let password = Password::choose("correct horse".into(), &username).unwrap();
        self.app
            .register(Registration { username, password }, &from(HOME))
            .await
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<SignedInNow, Error> {
        self.sign_in_from(HOME, name, password).await
    }

    async fn sign_in_from(&self, address: &str, name: &str, password: &str) -> Result<SignedInNow, Error> {
        let password = Password::attempt(password.into()).unwrap();
        self.app
            .sign_in(
                Attempt {
                    username: Username::parse(name).ok(),
                    password,
                },
                &from(address),
            )
            .await
    }

    async fn post(&self, who: &SignedIn, text: &str) -> Result<chat_ports::Appended, Error> {
        let member = self.app.enter_room(who, None).await?;
        self.app.post_message(&member, say(text), |_| ()).await
    }
}

fn say(text: &str) -> Utterance {
    Utterance {
        content: Content::parse(text.into()).unwrap(),
        message_type: MessageType::Text,
        reply_to: None,
        client_id: None,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test]
async fn registering_signs_in_and_tells_the_room() {
    let world = world(Settings::default()).await;
    let ada = world.register("Ada").await.unwrap();
    let known = world.app.authenticate(&ada.token).await.unwrap();
    assert_eq!(known.user().username.as_str(), "Ada");
    assert!(!known.user().is_admin);
    let told = world.bus.take();
    assert!(matches!(&told[0], Notice::Happened(event) if matches!(event.body, EventBody::Joined { .. })));
    assert_eq!(code(world.register("ADA").await), "username_taken");
}

#[tokio::test]
async fn without_the_plain_api_strangers_make_no_accounts() {
    let world = world(Settings {
        plain_api: false,
        ..Settings::default()
    })
    .await;
    assert_eq!(code(world.register("ada").await), "forbidden");
    let password = first_admin(&world).await.unwrap();
    let signed_in = world.sign_in("admin", &password).await.unwrap().signed_in;
    assert_eq!(
        code(world.app.enter_room(&signed_in, None).await),
        "no_plain_room"
    );
}

#[tokio::test]
async fn accounts_of_one_address_are_counted() {
    let world = world(Settings::default()).await;
    for i in 0..30 {
        world.register(&format!("user_{i}")).await.unwrap();
    }
    assert_eq!(code(world.register("one_more").await), "rate_limited");
    world.clock.advance(Duration::from_mins(2));
    world.register("one_more").await.unwrap();
}

#[tokio::test]
async fn signing_in() {
    let world = world(Settings::default()).await;
    world.register("ada").await.unwrap();
    assert!(world.sign_in("ADA", "correct horse").await.is_ok());
    assert_eq!(code(world.sign_in("ada", "wrong").await), "invalid_credentials");
    assert_eq!(
        code(world.sign_in("nobody", "wrong").await),
        "invalid_credentials"
    );
    assert_eq!(
        code(world.sign_in("no name!", "wrong").await),
        "invalid_credentials"
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_and_a_success_forgives_the_name_only() {
    let world = world(Settings::default()).await;
    world.register("ada").await.unwrap();
    for _ in 0..5 {
        assert_eq!(code(world.sign_in("ada", "wrong").await), "invalid_credentials");
    }
    let refused = world.sign_in("ada", "correct horse").await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(1)));
    world.clock.advance(Duration::from_secs(1));
    world.sign_in("ada", "correct horse").await.unwrap();
    // The address has still failed five times.
    assert_eq!(code(world.sign_in("bea", "wrong").await), "invalid_credentials");
    assert_eq!(code(world.sign_in("bea", "wrong").await), "rate_limited");
}

#[tokio::test]
async fn a_guesser_with_all_addresses_of_a_network_is_one_guesser() {
    let world = world(Settings::default()).await;
    let mut answers = Vec::new();
    for i in 0..6 {
        let name = format!("name_{i}");
        let refused = world
            .sign_in_from(&format!("2001:db8::{i}"), &name, "wrong")
            .await;
        answers.push(code(refused));
    }
    assert_eq!(answers[..5], ["invalid_credentials"; 5]);
    assert_eq!(answers[5], "rate_limited");
    let elsewhere = world.sign_in_from("2001:db8:0:1::", "name_6", "wrong");
    assert_eq!(code(elsewhere.await), "invalid_credentials");
}

#[tokio::test]
async fn sessions_end() {
    let world = world(Settings::default()).await;
    let first = world.register("ada").await.unwrap();
    let second = world.sign_in("ada", "correct horse").await.unwrap();
    world.bus.take();
    world.app.sign_out(&first.signed_in).await.unwrap();
    assert_eq!(
        code(world.app.authenticate(&first.token).await),
        "unauthenticated"
    );
    assert!(
        matches!(&world.bus.take()[..], [Notice::SessionEnded { session_id, .. }]
        if *session_id == first.signed_in.session().id)
    );
    assert!(world.app.authenticate(&second.token).await.is_ok());
    world.clock.advance(Duration::from_hours(144));
    assert!(world.app.authenticate(&second.token).await.is_ok());
    world.clock.advance(Duration::from_hours(144));
    assert!(
        world.app.authenticate(&second.token).await.is_ok(),
        "used within the week"
    );
    world.clock.advance(Duration::from_hours(168));
    assert_eq!(
        code(world.app.authenticate(&second.token).await),
        "unauthenticated"
    );
}

#[tokio::test]
async fn socket_tokens_are_good_once_and_for_a_minute() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap();
    let token = world.app.issue_ws_token(&ada.token);
    assert_eq!(
        world.app.authenticate_socket(&token).await.unwrap().user().id,
        ada.signed_in.user().id
    );
    assert_eq!(
        code(world.app.authenticate_socket(&token).await),
        "unauthenticated"
    );
    assert_eq!(code(world.app.authenticate(&token).await), "unauthenticated");
    let late = world.app.issue_ws_token(&ada.token);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(
        code(world.app.authenticate_socket(&late).await),
        "unauthenticated"
    );
    assert!(
        world.app.authenticate_socket(&ada.token).await.is_ok(),
        "the session's own token is good too"
    );
    let orphan = world.app.issue_ws_token(&ada.token);
    world.app.sign_out(&ada.signed_in).await.unwrap();
    assert_eq!(
        code(world.app.authenticate_socket(&orphan).await),
        "unauthenticated"
    );
}

#[tokio::test]
async fn what_is_posted_is_told_after_it_is_stored_and_read_back() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap().signed_in;
    let bea = world.register("bea").await.unwrap().signed_in;
    world.bus.take();
    let said = Utterance {
        client_id: Some(ClientId::parse("c1").unwrap()),
        ..say("hello")
    };
    let member = world.app.enter_room(&ada, None).await.unwrap();
    let first = world
        .app
        .post_message(&member, said.clone(), |_| ())
        .await
        .unwrap();
    let again = world.app.post_message(&member, said, |_| ()).await.unwrap();
    assert!(first.fresh && !again.fresh);
    assert_eq!(first.message, again.message);
    assert!(matches!(&world.bus.take()[..], [Notice::Happened(event)] if event.seq == first.message.seq));

    let newest = Page::Newest { offset: 0, most: 50 };
    let mine = world.app.history(&member, newest).await.unwrap();
    assert_eq!(mine.messages, vec![first.message.clone()]);
    let other = world.app.enter_room(&bea, None).await.unwrap();
    let theirs = world.app.history(&other, newest).await.unwrap();
    assert_eq!(
        theirs.messages[0].client_id, None,
        "a client id is its author's own business"
    );
    assert!(matches!(&theirs.messages[0].body, MessageBody::Said(content) if content.as_str() == "hello"));

    let (events, more) = world.app.events_after(&other, Seq::ZERO, 2).await.unwrap();
    assert_eq!((events.len(), more), (2, true));
    let (events, more) = world
        .app
        .events_after(&other, Seq::parse(2).unwrap(), 2)
        .await
        .unwrap();
    assert_eq!((events.len(), more), (1, false));
}

#[tokio::test]
async fn refusals_of_a_post() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap().signed_in;
    let member = world.app.enter_room(&ada, None).await.unwrap();
    world.bus.take();
    let nowhere = Utterance {
        reply_to: EventId::parse(999).ok(),
        ..say("hm")
    };
    assert_eq!(
        code(world.app.post_message(&member, nowhere, |_| ()).await),
        "not_found"
    );
    let system = Utterance {
        message_type: MessageType::System,
        ..say("hm")
    };
    assert_eq!(
        code(world.app.post_message(&member, system, |_| ()).await),
        "forbidden"
    );
    let envelope = Utterance {
        message_type: MessageType::E2ee,
        ..say("hm")
    };
    assert_eq!(
        code(world.app.post_message(&member, envelope, |_| ()).await),
        "room_is_plain"
    );
    assert!(world.bus.take().is_empty());
    let elsewhere = world.app.enter_room(&ada, RoomId::parse(77).ok()).await;
    assert!(matches!(elsewhere, Err(Error::Refused(Refusal::NotFound))));
}

/// The answer may have been lost before the room became slow, or silent.
#[tokio::test]
async fn what_is_sent_again_is_acknowledged_where_nothing_new_may_be_said() {
    let world = world(Settings::default()).await;
    let (ada, bea) = (
        world.register("ada").await.unwrap().signed_in,
        world.register("bea").await.unwrap().signed_in,
    );
    let name = RoomName::parse("tides").unwrap();
    let room = world
        .app
        .create_room(&ada, name, Join::Open)
        .await
        .unwrap()
        .room
        .id;
    world.app.join_room(&bea, room).await.unwrap();
    let named = |text: &str, id: &str| Utterance {
        client_id: Some(ClientId::parse(id).unwrap()),
        ..say(text)
    };
    let first = {
        let member = world.app.enter_room(&bea, Some(room)).await.unwrap();
        world
            .app
            .post_message(&member, named("hello", "c1"), |_| ())
            .await
            .unwrap()
    };
    let slow = RoomSettings {
        slow_mode: SlowMode::parse(3_600).ok(),
        ..RoomSettings::default()
    };
    let silent = RoomSettings {
        read_only: Some(true),
        ..RoomSettings::default()
    };
    for (settings, refused) in [(slow, "rate_limited"), (silent, "forbidden")] {
        let owner = world.app.enter_room(&ada, Some(room)).await.unwrap();
        world.app.change_room(&owner, settings).await.unwrap();
        let member = world.app.enter_room(&bea, Some(room)).await.unwrap();
        if refused == "rate_limited" {
            let taken = world.app.post_message(&member, named("now slow", "c2"), |_| ());
            taken.await.unwrap();
        }
        world.bus.take();
        let mut acknowledged = None;
        let again = world
            .app
            .post_message(&member, named("hello", "c1"), |message| {
                acknowledged = Some(message.id);
            })
            .await
            .unwrap();
        assert_eq!((again.fresh, &again.message), (false, &first.message));
        assert_eq!(acknowledged, Some(first.message.id));
        let other = world.app.post_message(&member, named("hey", "c1"), |_| ()).await;
        assert_eq!(code(other), "client_id_conflict");
        for new in [named("hello", "c3"), say("hello")] {
            let new = world.app.post_message(&member, new, |_| ()).await;
            assert_eq!(code(new), refused);
        }
        assert!(world.bus.take().is_empty());
    }
}

#[tokio::test]
async fn messages_are_rationed() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap().signed_in;
    for i in 0..60 {
        world.post(&ada, &i.to_string()).await.unwrap();
    }
    let refused = world.post(&ada, "one too many").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.retry_after()),
        ("rate_limited", Some(Duration::from_secs(1)))
    );
    world.clock.advance(Duration::from_secs(1));
    world.post(&ada, "now").await.unwrap();
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let world = world(Settings::default()).await;
    let password = first_admin(&world).await.unwrap();
    assert_eq!(password.len(), 23);
    assert_eq!(first_admin(&world).await, None);
    let admin = world.sign_in("admin", &password).await.unwrap().signed_in;
    assert!(admin.user().is_admin);
}

#[tokio::test]
async fn the_first_password_is_shown_before_there_is_an_account_that_it_opens() {
    let world = world(Settings::default()).await;
    let mut shown = None;
    let show = |admin: &FirstAdmin| {
        shown = admin.password.as_ref().map(|drawn| drawn.expose().clone());
        world.store().set_full(true);
    };
    let name = Username::parse("admin").unwrap();
    let refused = world.app.ensure_first_admin(name, None, show).await;
    assert_eq!(code(refused), "storage_full");
    let in_vain = shown.unwrap();

    world.store().set_full(false);
    let password = first_admin(&world).await.unwrap();
    assert_ne!(password, in_vain);
    world.sign_in("admin", &password).await.unwrap();
    assert_eq!(
        code(world.sign_in("admin", &in_vain).await),
        "invalid_credentials"
    );
}

/// The password that is shown for the first administrator, if there was none.
async fn first_admin(world: &World) -> Option<String> {
    let mut shown = None;
    let show = |admin: &FirstAdmin| shown = admin.password.as_ref().map(|drawn| drawn.expose().clone());
    let name = Username::parse("admin").unwrap();
    let made = world.app.ensure_first_admin(name, None, show).await.unwrap();
    assert_eq!(made.is_some(), shown.is_some());
    shown
}

#[tokio::test]
async fn who_is_signed_in_stays_so_when_nothing_can_be_stored() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap();
    let who = world.app.authenticate(&ada.token).await.unwrap();
    world.store().set_full(true);
    for _ in 0..3 {
        world.clock.advance(Duration::from_hours(100));
        // Its use cannot be noted down, and yet it was in use.
        let again = world.app.recognise_again(&who).await.unwrap();
        let member = world.app.enter_room(&again, None).await.unwrap();
        let newest = Page::Newest { offset: 0, most: 10 };
        world.app.history(&member, newest).await.unwrap();
    }
    assert_eq!(code(world.post(&who, "hello").await), "storage_full");
    assert_eq!(code(world.sign_in("ada", "correct horse").await), "storage_full");
    world.store().set_full(false);
    world.post(&who, "hello").await.unwrap();
}

#[tokio::test]
async fn subscribing_lists_my_rooms() {
    let world = world(Settings::default()).await;
    let ada = world.register("ada").await.unwrap().signed_in;
    world.register("bea").await.unwrap();
    let rooms = world.app.subscribe(&ada).await.unwrap();
    assert_eq!(rooms.len(), 1);
    assert_eq!((rooms[0].members, rooms[0].room.last_seq.number()), (2, 2));
}

#[tokio::test]
async fn sweeping_ends_what_authentication_already_refuses() {
    let world = world(Settings::default()).await;
    let idle = world.register("ada").await.unwrap();
    world.clock.advance(Duration::from_secs(7 * 86_400 - 1));
    let fresh = world.sign_in("ada", "correct horse").await.unwrap();
    assert_eq!(world.app.sweep_sessions().await.unwrap(), 0);
    world.bus.take();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(code(world.app.authenticate(&idle.token).await), "unauthenticated");
    assert_eq!(world.app.sweep_sessions().await.unwrap(), 1);
    assert!(
        matches!(&world.bus.take()[..], [Notice::SessionEnded { session_id, .. }]
        if *session_id == idle.signed_in.session().id)
    );
    assert!(world.app.authenticate(&fresh.token).await.is_ok());
}
