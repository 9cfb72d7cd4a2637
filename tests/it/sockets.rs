//! Sockets: who gets in, what is said to whom, how they end.

use chat_client::Socket;
use serde_json::json;

use crate::server::{Server, directory};

async fn closed(mut socket: Socket) -> u16 {
    while socket.next().await.unwrap().is_some() {}
    socket.closed().unwrap().code
}

#[tokio::test]
async fn the_first_frame_says_who_one_is() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    for first in [
        json!({ "type": "auth" }),
        json!({ "type": "auth", "token": "nonsense" }),
        json!({ "type": "message", "content": "hi", "message_type": "text" }),
        json!("nonsense"),
    ] {
        let mut socket = Socket::connect(ada.authority()).await.unwrap();
        socket.send(&first).await.unwrap();
        assert_eq!(closed(socket).await, 4001, "{first}");
    }
    let socket = ada.socket().await.unwrap();
    let greeting = socket.greeting();
    assert_eq!(greeting["user"]["username"], "ada");
    assert_eq!(greeting["rooms"][0]["name"], "plain");
    assert_eq!(
        (&greeting["online_count"], &greeting["online"][0]["username"]),
        (&json!(1), &json!("ada"))
    );
}

#[tokio::test]
async fn a_token_for_the_socket_is_good_once() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let session = ada.get("/api/session").await.unwrap().success().unwrap();
    let token = session["ws_token"].as_str();
    let mut first = Socket::connect(ada.authority()).await.unwrap();
    first.authenticate(token).await.unwrap();
    let mut second = Socket::connect(ada.authority()).await.unwrap();
    assert!(second.authenticate(token).await.is_err());
    assert_eq!(closed(second).await, 4001);
}

#[tokio::test]
async fn a_later_auth_changes_nothing_and_another_users_ends_it() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let mut socket = ada.socket().await.unwrap();
    socket.authenticate(ada.token()).await.unwrap();
    assert_eq!(socket.greeting()["user"]["username"], "ada");
    assert!(socket.authenticate(bea.token()).await.is_err());
    assert_eq!(closed(socket).await, 4001);
}

#[tokio::test]
async fn nonsense_is_answered_and_the_socket_stays() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    for (text, code) in [
        ("nonsense", "bad_request"),
        ("[]", "bad_request"),
        (r#"{"type":"shutdown"}"#, "invalid"),
        (
            r#"{"type":"message","message_type":"text","client_id":"c1"}"#,
            "invalid",
        ),
        (
            r#"{"type":"message","content":"x","room_id":99,"client_id":"c1"}"#,
            "not_found",
        ),
        (
            r#"{"type":"message","content":"x","message_type":"e2ee","client_id":"c1"}"#,
            "room_is_plain",
        ),
    ] {
        socket.send_text(text.to_owned()).await.unwrap();
        let error = socket.next_of("error").await.unwrap().unwrap();
        assert_eq!(error["code"], code, "{text}");
        let expected = if text.contains("c1") {
            json!("c1")
        } else {
            json!(null)
        };
        assert_eq!(
            error.get("client_id").cloned().unwrap_or_default(),
            expected,
            "{text}"
        );
    }
    socket.send(&json!({ "type": "ping", "t": 7 })).await.unwrap();
    assert_eq!(socket.next_of("pong").await.unwrap().unwrap()["t"], 7.0);
}

#[tokio::test]
async fn who_goes_on_against_a_wall_is_sent_away() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    for _ in 0..20 {
        socket.send_text("nonsense".to_owned()).await.unwrap();
    }
    assert_eq!(closed(socket).await, 4008);
}

#[tokio::test]
async fn too_big_is_1009() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    socket.send_text("x".repeat(128 * 1024 + 1)).await.unwrap();
    assert_eq!(closed(socket).await, 1009);
}

#[tokio::test]
async fn signing_out_closes_the_sockets_of_that_session_and_no_other() {
    let directory = directory();
    let server = Server::start(directory.path());
    let first = server.user("ada").await;
    let mut second = server.client();
    second.sign_in("ada", crate::server::PASSWORD).await.unwrap();
    let (ended, mut stays) = (first.socket().await.unwrap(), second.socket().await.unwrap());
    first
        .post("/api/logout", &json!({}))
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(closed(ended).await, 4001);
    stays.say("still here").await.unwrap();
    assert!(stays.next_of("ack").await.unwrap().is_some());
}

#[tokio::test]
async fn coming_and_going_is_told_once_per_person() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let mut watcher = ada.socket().await.unwrap();
    let (one, two) = (bea.socket().await.unwrap(), bea.socket().await.unwrap());
    let came = watcher.next_of("user_joined").await.unwrap().unwrap();
    assert_eq!(
        (&came["user"]["username"], &came["online_count"]),
        (&json!("bea"), &json!(2))
    );
    drop(one);
    drop(two);
    let frame = watcher.next_of("user_left").await.unwrap().unwrap();
    assert_eq!(
        (&frame["user"]["username"], &frame["online_count"]),
        (&json!("bea"), &json!(1))
    );
}

#[tokio::test]
async fn a_new_member_is_told_to_the_room() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut watcher = server.user("ada").await.socket().await.unwrap();
    server.user("bea").await;
    let joined = watcher.next_of("member_joined").await.unwrap().unwrap();
    assert_eq!(
        (&joined["user"]["username"], &joined["seq"]),
        (&json!("bea"), &json!(3))
    );
}

#[tokio::test]
async fn typing_is_told_and_ends() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let (mut a, mut b) = (ada.socket().await.unwrap(), bea.socket().await.unwrap());
    let typing = |is_typing: bool| json!({ "type": "typing", "is_typing": is_typing });
    let heard = |frame: serde_json::Value| (frame["username"].clone(), frame["is_typing"].clone());
    // Who hears a message hears what is typed from then on; before that it may be missed.
    a.say("hello").await.unwrap();
    b.next_of("new_message").await.unwrap().unwrap();
    for signal in [true, true, true, false] {
        a.send(&typing(signal)).await.unwrap();
    }
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(true))
    );
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(false))
    );
    // It ends with the message.
    a.send(&typing(true)).await.unwrap();
    a.say("done").await.unwrap();
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(true))
    );
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(false))
    );
    // And with the connection.
    a.send(&typing(true)).await.unwrap();
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(true))
    );
    drop(a);
    assert_eq!(
        heard(b.next_of("typing").await.unwrap().unwrap()),
        (json!("ada"), json!(false))
    );
}

#[tokio::test]
async fn signs_of_typing_are_rationed() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    for i in 0..31 {
        let frame = json!({ "type": "typing", "is_typing": i % 2 == 0 });
        socket.send(&frame).await.unwrap();
    }
    let error = socket.next_of("error").await.unwrap().unwrap();
    assert_eq!(error["code"], "rate_limited");
    assert!(error["retry_after"].is_u64());
}

/// Frames of a room until it is resumed, by kind and place.
async fn missed(socket: &mut Socket) -> (Vec<(String, u64)>, serde_json::Value) {
    let mut missed = Vec::new();
    loop {
        let frame = socket.next().await.unwrap().unwrap();
        let kind = frame["type"].as_str().unwrap().to_owned();
        if kind == "resumed" {
            return (missed, frame);
        }
        let seq = frame["seq"].as_u64().or(frame["message"]["seq"].as_u64());
        missed.extend(seq.map(|seq| (kind, seq)));
    }
}

#[tokio::test]
async fn who_comes_back_gets_what_they_missed_and_then_what_is_new() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    for i in 0..250 {
        ada.say(&i.to_string()).await.unwrap();
    }
    // Three joined before: administrator, ada, bea.
    let mut socket = Socket::connect(bea.authority()).await.unwrap();
    let resume = json!([{ "room_id": 1, "after_seq": 103 }, { "room_id": 999, "after_seq": 0 }]);
    let auth = json!({ "type": "auth", "token": bea.token(), "resume": resume });
    socket.send(&auth).await.unwrap();
    let (frames, resumed) = missed(&mut socket).await;
    let places: Vec<u64> = frames.iter().map(|(_, seq)| *seq).collect();
    assert_eq!(places, (104..=253).collect::<Vec<_>>());
    assert_eq!(
        (&resumed["room_id"], &resumed["last_seq"]),
        (&json!(1), &json!(253))
    );
    assert_eq!(resumed["complete"], true);
    ada.say("live").await.unwrap();
    assert_eq!(
        socket.next_of("new_message").await.unwrap().unwrap()["message"]["seq"],
        254
    );
    // The same again on the open socket, and from a place that does not exist.
    for (after, count, complete) in [(250, 4, true), (9_999, 0, false), (254, 0, true)] {
        let rooms = json!([{ "room_id": 1, "after_seq": after }]);
        socket
            .send(&json!({ "type": "resume", "rooms": rooms }))
            .await
            .unwrap();
        let (frames, resumed) = missed(&mut socket).await;
        assert_eq!(
            (frames.len(), &resumed["complete"]),
            (count, &json!(complete)),
            "{after}"
        );
    }
    let rooms = json!([{ "room_id": 999, "after_seq": 0 }]);
    socket
        .send(&json!({ "type": "resume", "rooms": rooms }))
        .await
        .unwrap();
    assert_eq!(
        socket.next_of("error").await.unwrap().unwrap()["code"],
        "not_found"
    );
    ada.say("still live").await.unwrap();
    assert_eq!(
        socket.next_of("new_message").await.unwrap().unwrap()["message"]["seq"],
        255
    );
}

#[tokio::test]
async fn sockets_are_counted_by_user_and_by_address() {
    let directory = directory();
    let limits = [("MAX_SOCKETS_PER_USER", "3"), ("MAX_SOCKETS_PER_ADDRESS", "5")];
    let server = Server::start_with(directory.path(), &[], &limits);
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(ada.socket().await.unwrap());
    }
    let mut fourth = Socket::connect(ada.authority()).await.unwrap();
    assert!(fourth.authenticate(ada.token()).await.is_err());
    assert_eq!(closed(fourth).await, 4008);
    open.push(bea.socket().await.unwrap());
    open.push(bea.socket().await.unwrap());
    let refused = Socket::connect(bea.authority()).await.err().unwrap().to_string();
    assert!(refused.contains("429"), "{refused}");
    drop(open);
    // Their places are free again as soon as the server has seen them go.
    let mut watcher = loop {
        if let Ok(socket) = ada.socket().await {
            break socket;
        }
        tokio::task::yield_now().await;
    };
    watcher.say("back").await.unwrap();
    assert!(watcher.next_of("ack").await.unwrap().is_some());
}

#[tokio::test]
async fn a_flood_of_frames_is_rationed() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    for _ in 0..230 {
        socket.send(&json!({ "type": "ping" })).await.unwrap();
    }
    assert_eq!(
        socket.next_of("error").await.unwrap().unwrap()["code"],
        "rate_limited"
    );
    assert_eq!(
        closed(socket).await,
        4008,
        "who goes on against a wall is sent away"
    );
}
