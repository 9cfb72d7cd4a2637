//! What sockets of keyed accounts are told: of the directory, of the sealed state, of a recovery.

use chat_client::keyed::Keys;
use chat_client::{Client, Followed, Follower, Patience, Socket};
use chat_e2ee::encoding::base64url;
use chat_e2ee::recovery::RecoveryCode;
use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, directory, own_host, program};

const PASSWORD: &str = "a password nobody else has";

async fn registered(server: &Server, name: &str) -> (Client, Keys, RecoveryCode) {
    let mut client = server.client();
    let (keys, code) = client.register_keyed(name, PASSWORD).await.unwrap();
    (client, keys, code)
}

async fn signed_in(server: &Server, name: &str) -> Client {
    let mut client = server.client();
    client.sign_in_keyed(name, PASSWORD).await.unwrap();
    client
}

async fn put_state(client: &Client, version: u64) {
    let body = json!({ "version": version, "blob": base64url(&[7; 50]) });
    let json = [("content-type", "application/json")];
    let put = client.request(Method::PUT, "/api/e2ee/state", &json, Some(body.to_string()));
    assert_eq!(put.await.unwrap().status, 200);
}

async fn head_of(client: &Client) -> Value {
    client.get("/api/e2ee/directory").await.unwrap().body["head"].clone()
}

/// The types of the frames that come before the answer to a ping.
async fn heard_until_now(socket: &mut Socket) -> Vec<String> {
    socket.send(&json!({ "type": "ping" })).await.unwrap();
    let mut kinds = Vec::new();
    loop {
        let frame = socket.next().await.unwrap().unwrap();
        match frame["type"].as_str().unwrap() {
            "pong" => return kinds,
            kind => kinds.push(kind.to_owned()),
        }
    }
}

#[tokio::test]
async fn the_greeting_says_how_far_things_stand_to_who_has_keys() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, ..) = registered(&server, "ada").await;
    let greeting = ada.socket().await.unwrap().greeting().clone();
    assert_eq!(greeting["dir"], head_of(&ada).await);
    assert_eq!(greeting.get("state_version"), Some(&Value::Null));
    put_state(&ada, 1).await;
    let greeting = ada.socket().await.unwrap().greeting().clone();
    assert_eq!(greeting["state_version"], 1);
    let basic = server.user("basic").await;
    let greeting = basic.socket().await.unwrap().greeting().clone();
    assert!(greeting.get("dir").is_none() && greeting.get("state_version").is_none());
}

#[tokio::test]
async fn every_new_record_is_told_to_who_has_keys_and_to_nobody_else() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, ..) = registered(&server, "ada").await;
    let (mut keyed, mut elsewhere) = (ada.socket().await.unwrap(), ada.socket().await.unwrap());
    let mut basic = server.user("basic").await.socket().await.unwrap();
    let (bob, ..) = registered(&server, "bob").await;
    for socket in [&mut keyed, &mut elsewhere] {
        let told = socket.next_of("dir").await.unwrap().unwrap();
        assert_eq!(told["head"], head_of(&ada).await);
    }
    bob.rotate("bob", PASSWORD).await.unwrap();
    let told = keyed.next_of("dir").await.unwrap().unwrap();
    assert_eq!(
        (&told["head"]["i"], &told["head"]),
        (&json!(2), &head_of(&ada).await)
    );
    bob.reset_identity("bob", PASSWORD).await.unwrap();
    let told = keyed.next_of("dir").await.unwrap().unwrap();
    assert_eq!(told["head"]["i"], 3);
    let heard = heard_until_now(&mut basic).await;
    assert!(!heard.contains(&"dir".to_owned()), "{heard:?}");
}

/// The socket on which somebody waits while their keys are made is told from then on.
#[tokio::test]
async fn who_gets_keys_is_told_on_the_connection_they_have() {
    let directory = directory();
    let server = Server::start(directory.path());
    let password = server.first_password();
    let admin = server.admin().await;
    let mut socket = admin.socket().await.unwrap();
    assert!(socket.greeting().get("dir").is_none());
    admin.make_keys("admin", &password).await.unwrap();
    let told = socket.next_of("dir").await.unwrap().unwrap();
    assert_eq!(told["head"]["i"], 0);
    registered(&server, "ada").await;
    let told = socket.next_of("dir").await.unwrap().unwrap();
    assert_eq!(told["head"]["i"], 1);
    let session = admin.get("/api/session").await.unwrap().body;
    assert_eq!(session["has_keys"], true, "{session}");
    assert_eq!(
        admin.socket().await.unwrap().greeting()["dir"],
        head_of(&admin).await
    );
}

#[tokio::test]
async fn who_is_behind_is_told_where_the_directory_stands() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, ..) = registered(&server, "ada").await;
    registered(&server, "bob").await;
    let connect = async |known: Option<u64>| {
        let authority = server.address().trim_start_matches("http://");
        let mut socket = Socket::connect(authority).await.unwrap();
        let resume = json!([]);
        let authenticated = socket.authenticate_from(ada.token(), &resume, known);
        authenticated.await.unwrap();
        socket
    };
    for (known, awaited) in [(None, false), (Some(0), true), (Some(1), false), (Some(9), false)] {
        let mut socket = connect(known).await;
        let heard = heard_until_now(&mut socket).await;
        assert_eq!(heard.contains(&"dir".to_owned()), awaited, "{known:?}: {heard:?}");
    }
    let mut socket = connect(Some(0)).await;
    let first = socket.next().await.unwrap().unwrap();
    assert_eq!(
        (&first["type"], &first["head"]),
        (&json!("dir"), &head_of(&ada).await)
    );
    for (known, awaited) in [(1, false), (0, true)] {
        let resume = json!({ "type": "resume", "rooms": [], "dir_seq": known });
        socket.send(&resume).await.unwrap();
        let heard = heard_until_now(&mut socket).await;
        assert_eq!(heard.contains(&"dir".to_owned()), awaited, "{known}: {heard:?}");
    }
}

#[tokio::test]
async fn a_state_that_was_stored_is_told_to_the_other_sessions() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, ..) = registered(&server, "ada").await;
    let there = signed_in(&server, "ada").await;
    let (bob, ..) = registered(&server, "bob").await;
    let (mut own, mut other) = (here.socket().await.unwrap(), there.socket().await.unwrap());
    let mut strangers = bob.socket().await.unwrap();
    put_state(&here, 1).await;
    let told = other.next_of("state").await.unwrap().unwrap();
    assert_eq!(told, json!({ "type": "state", "version": 1 }));
    put_state(&there, 2).await;
    let told = own.next_of("state").await.unwrap().unwrap();
    assert_eq!(told["version"], 2, "of one's own writing one hears nothing");
    for socket in [&mut other, &mut strangers] {
        let heard = heard_until_now(socket).await;
        assert!(!heard.contains(&"state".to_owned()), "{heard:?}");
    }
}

#[tokio::test]
async fn a_recovery_is_the_last_that_the_other_sessions_hear() {
    let directory = directory();
    let server = Server::start(directory.path());
    let admin = server.admin().await;
    let made = json!({ "name": "robot", "scopes": ["read"] });
    let made = admin.post("/api/tokens", &made).await.unwrap().success().unwrap();
    let (_, code) = admin.make_keys("admin", &server.first_password()).await.unwrap();
    let mut socket = admin.socket().await.unwrap();
    let authority = server.address().trim_start_matches("http://");
    let mut robot = Socket::connect(authority).await.unwrap();
    robot.authenticate(made["secret"].as_str()).await.unwrap();
    server.client().recover("admin", &code, PASSWORD).await.unwrap();
    let mut last = Value::Null;
    while let Some(frame) = socket.next().await.unwrap() {
        last = frame;
    }
    assert_eq!(last, json!({ "type": "recovered" }));
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4001));
    // What was made for programs goes on, and hears of it.
    robot.next_of("recovered").await.unwrap().unwrap();
    assert!(heard_until_now(&mut robot).await.is_empty());
}

async fn next_of_own(follower: &mut Follower) -> Followed {
    loop {
        match follower.next().await.unwrap() {
            Followed::Other(_) | Followed::Event { .. } | Followed::Disconnected => {}
            news @ (Followed::Connected(_)
            | Followed::Directory(_)
            | Followed::State { .. }
            | Followed::Recovered
            | Followed::Ended(_)) => return news,
        }
    }
}

#[tokio::test]
async fn who_follows_hears_of_all_of_it_also_what_was_missed() {
    let directory = directory();
    let server = Server::start_apart(directory.path());
    let (ada, _, code) = registered(&server, "ada").await;
    let there = signed_in(&server, "ada").await;
    put_state(&there, 1).await;
    let patience = Patience {
        pause: std::time::Duration::from_millis(50),
        ..Patience::default()
    };
    let (mut follower, _poster) = ada.follow(patience);
    assert!(matches!(next_of_own(&mut follower).await, Followed::Connected(_)));
    registered(&server, "bob").await;
    assert!(matches!(next_of_own(&mut follower).await, Followed::Directory(head) if head["i"] == 1));
    put_state(&there, 2).await;
    assert_eq!(next_of_own(&mut follower).await, Followed::State { version: 2 });

    let port = server.address().rsplit(':').next().unwrap().to_owned();
    server.stop("-TERM");
    // While nobody listens there, the state is written and the directory grows.
    let apart = Server::start(directory.path());
    let mut later = apart.client();
    later.sign_in_keyed("ada", PASSWORD).await.unwrap();
    put_state(&later, 3).await;
    registered(&apart, "cyd").await;
    apart.stop("-TERM");
    let host = own_host(directory.path());
    let mut command = program(directory.path());
    command.args(["serve", "--host", &host, "--port", &port]);
    let server = Server::spawn(&mut command).unwrap();
    let mut news = Vec::new();
    while news.len() < 3 {
        news.push(next_of_own(&mut follower).await);
    }
    assert!(matches!(&news[0], Followed::Connected(_)), "{news:?}");
    assert_eq!(news[1], Followed::State { version: 3 });
    assert!(
        matches!(&news[2], Followed::Directory(head) if head["i"] == 2),
        "{news:?}"
    );

    server
        .client()
        .recover("ada", &code, "a new password")
        .await
        .unwrap();
    assert_eq!(next_of_own(&mut follower).await, Followed::Recovered);
    assert_eq!(next_of_own(&mut follower).await, Followed::Ended(4001));
}
