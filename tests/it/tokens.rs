//! Where one is signed in, tokens for programs, webhooks.

use chat_client::Client;
use http::Method;
use serde_json::{Value, json};

use crate::{
    raw::Raw,
    server::{PASSWORD, Server, directory},
};

async fn call(client: &Client, method: Method, path: &str, body: Value) -> (u16, Value) {
    let body = (method != Method::GET).then(|| body.to_string());
    let answer = client
        .request(method, path, &[("content-type", "application/json")], body)
        .await
        .unwrap();
    (answer.status, answer.body)
}

async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    call(client, Method::POST, path, body).await
}

async fn delete(client: &Client, path: &str) -> (u16, Value) {
    call(client, Method::DELETE, path, json!({})).await
}

/// A client that has this token and nothing else.
fn with(server: &Server, token: &str) -> Client {
    server.client().with_token(token)
}

/// Makes a token with these scopes; its number and itself.
async fn token(client: &Client, scopes: &[&str]) -> (u64, String) {
    let (status, made) = post(
        client,
        "/api/tokens",
        json!({ "name": "robot", "scopes": scopes }),
    )
    .await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("sct_"), "{secret}");
    (made["token"]["id"].as_u64().unwrap(), secret)
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_ends_it_from_elsewhere() {
    let directory = directory();
    let server = Server::start(directory.path());
    let here = server.user("ada").await;
    let mut there = server.client();
    there.sign_in("ada", PASSWORD).await.unwrap();
    let mut socket = there.socket().await.unwrap();
    let bea = server.user("bea").await;

    let sessions = here.get("/api/sessions").await.unwrap().body;
    let sessions = sessions["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert!(sessions.iter().all(|session| session["address"] == "127.0.0.1"));
    let other = sessions
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    let path = format!("/api/sessions/{}", other["id"]);
    assert_eq!(delete(&bea, &path).await.0, 404, "it is not bea's");
    assert_eq!(delete(&here, "/api/sessions/0").await.0, 404);
    assert_eq!(delete(&here, "/api/sessions/all").await.0, 404);
    assert_eq!(delete(&here, &path).await.0, 200);
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4001));
    assert_eq!(there.get("/api/session").await.unwrap().status, 401);
    assert_eq!(delete(&here, &path).await.0, 404);
    assert_eq!(here.get("/api/session").await.unwrap().status, 200);
}

#[tokio::test]
async fn everywhere_else_at_once() {
    let directory = directory();
    let server = Server::start(directory.path());
    let here = server.user("ada").await;
    let (_, secret) = token(&here, &["read"]).await;
    let mut others = [server.client(), server.client()];
    for other in &mut others {
        other.sign_in("ada", PASSWORD).await.unwrap();
    }
    let (status, body) = post(&here, "/api/sessions/end-others", json!({})).await;
    assert_eq!((status, &body["ended"]), (200, &json!(2)));
    for other in &others {
        assert_eq!(other.get("/api/session").await.unwrap().status, 401);
    }
    assert_eq!(here.get("/api/session").await.unwrap().status, 200);
    let robot = with(&server, &secret);
    assert_eq!(
        robot.get("/api/rooms").await.unwrap().status,
        200,
        "what was made for programs stays"
    );
}

/// A call: what it is sent by, to where, and what is sent.
type Call = (Method, String, Value);

/// Every call with the scope that it needs; none: no token is good for it.
fn calls(room: &Value, message: &Value) -> Vec<(&'static str, Call)> {
    let get = |path: &str| (Method::GET, path.to_owned(), json!({}));
    let say = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    vec![
        ("read", get("/api/session")),
        ("read", get("/api/messages")),
        ("read", get("/api/rooms")),
        ("read", get("/api/rooms?open=1")),
        ("read", get(&format!("/api/rooms/{room}/members"))),
        (
            "write",
            say(
                "/api/send-message",
                json!({ "content": "x", "message_type": "text" }),
            ),
        ),
        (
            "write",
            say(
                "/api/edit-message",
                json!({ "message_id": message, "content": "y" }),
            ),
        ),
        (
            "write",
            say(
                "/api/react",
                json!({ "message_id": message, "emoji": "👍", "added": true }),
            ),
        ),
        (
            "write",
            say(&format!("/api/rooms/{room}/read"), json!({ "seq": 1 })),
        ),
        ("rooms", say("/api/rooms", json!({ "name": "winds" }))),
        ("rooms", say("/api/rooms/direct", json!({ "user_id": 1 }))),
        (
            "rooms",
            say(
                &format!("/api/rooms/{room}/members"),
                json!({ "username": "admin" }),
            ),
        ),
        (
            "rooms",
            (
                Method::PATCH,
                format!("/api/rooms/{room}"),
                json!({ "topic": "ebb" }),
            ),
        ),
        (
            "rooms",
            (Method::DELETE, format!("/api/rooms/{room}/members/1"), json!({})),
        ),
        ("rooms", say(&format!("/api/rooms/{room}/leave"), json!({}))),
        ("rooms", say(&format!("/api/rooms/{room}/join"), json!({}))),
        (
            "write",
            say("/api/delete-message", json!({ "message_id": message })),
        ),
        ("", get("/api/sessions")),
        ("", get("/api/tokens")),
        ("", get(&format!("/api/rooms/{room}/webhooks"))),
        (
            "",
            say(
                &format!("/api/rooms/{room}/webhooks"),
                json!({ "name": "grafana" }),
            ),
        ),
        (
            "",
            (Method::DELETE, format!("/api/rooms/{room}/webhooks/1"), json!({})),
        ),
        ("", say("/api/tokens", json!({ "name": "x", "scopes": ["read"] }))),
        ("", say("/api/sessions/end-others", json!({}))),
        ("", (Method::DELETE, "/api/sessions/1".to_owned(), json!({}))),
        ("", (Method::DELETE, "/api/tokens/1".to_owned(), json!({}))),
        ("", say("/api/logout", json!({}))),
    ]
}

/// Every call with every scope: what a token may and what it may not.
#[tokio::test]
async fn a_token_is_good_for_its_scopes() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let room = post(&ada, "/api/rooms", json!({ "name": "tides", "join": "open" }))
        .await
        .1;
    let room = &room["room"]["id"];
    let sent = ada.say("hello").await.unwrap();
    let message = &sent["message"]["id"];
    let (_, read) = token(&ada, &["read"]).await;
    let (_, write) = token(&ada, &["write"]).await;
    let (_, rooms) = token(&ada, &["rooms"]).await;
    let robots = [("read", read), ("write", write), ("rooms", rooms)];
    let robots = robots.map(|(scope, secret)| (scope, with(&server, &secret)));

    for (needs, (method, path, body)) in calls(room, message) {
        for (scope, robot) in &robots {
            let (status, answer) = call(robot, method.clone(), &path, body.clone()).await;
            let what = format!("{method} {path} with {scope}: {status} {answer}");
            if *scope == needs {
                assert!(status < 300, "{what}");
            } else {
                assert_eq!(
                    (status, &answer["code"]),
                    (403, &json!("insufficient_scope")),
                    "{what}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_token_opens_a_socket_and_revoking_it_closes_that() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let (id, secret) = token(&ada, &["read"]).await;
    let mut ear = with(&server, &secret).socket().await.unwrap();
    ada.say("hello").await.unwrap();
    assert!(ear.next_of("new_message").await.unwrap().is_some());
    ear.say("I may only listen").await.unwrap();
    let refused = ear.next_of("error").await.unwrap().unwrap();
    assert_eq!(refused["code"], "insufficient_scope");

    let listed = ada.get("/api/tokens").await.unwrap().body;
    let listed = listed["tokens"].as_array().unwrap().clone();
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &json!(id)));
    assert_eq!(
        (&listed[0]["name"], &listed[0]["scopes"]),
        (&json!("robot"), &json!(["read"]))
    );
    assert_eq!(listed[0]["expires_at"], Value::Null);
    assert!(!listed[0].to_string().contains(&secret[4..]), "it is shown once");

    let path = format!("/api/tokens/{id}");
    let bea = server.user("bea").await;
    assert_eq!(delete(&bea, &path).await.0, 404, "it is not bea's");
    assert_eq!(
        delete(&ada, &format!("/api/sessions/{id}")).await.0,
        404,
        "it is no sign-in"
    );
    assert_eq!(delete(&ada, &path).await.0, 200);
    while ear.next().await.unwrap().is_some() {}
    assert_eq!(ear.closed().map(|closed| closed.code), Some(4001));
    assert_eq!(
        with(&server, &secret).get("/api/rooms").await.unwrap().status,
        401
    );

    let (_, write) = token(&ada, &["write"]).await;
    let refused = with(&server, &write).socket().await;
    assert!(refused.is_err(), "who may not read is told nothing");
}

/// Posts to a webhook; status and body.
async fn hook(server: &Server, url: &str, kind: &str, body: &str) -> (u16, String) {
    let path = url.split_once("/hooks/").unwrap().1;
    let mut connection = Raw::connect(server.client().authority()).await;
    let length = body.len();
    connection
        .say(format!(
            "POST /hooks/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
    let answer = connection.answer().await.unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn other_programs_post_by_webhook() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (boss, ada) = (server.admin().await, server.user("ada").await);
    let room = post(&boss, "/api/rooms", json!({ "name": "alarms", "join": "open" }))
        .await
        .1;
    let room = room["room"]["id"].as_u64().unwrap();
    let path = format!("/api/rooms/{room}/webhooks");
    assert_eq!(
        post(&ada, &path, json!({ "name": "grafana" })).await.0,
        404,
        "she is no member"
    );
    assert_eq!(
        post(&ada, &format!("/api/rooms/{room}/join"), json!({})).await.0,
        200
    );
    assert_eq!(post(&ada, &path, json!({ "name": "grafana" })).await.0, 403);
    assert_eq!(
        post(&boss, &path, json!({ "name": "ada" })).await.1["code"],
        "username_taken"
    );

    let (status, made) = post(&boss, &path, json!({ "name": "grafana" })).await;
    assert_eq!(status, 201, "{made}");
    let url = made["url"].as_str().unwrap();
    let mut ear = ada.socket().await.unwrap();
    let answer = hook(
        &server,
        url,
        "application/json",
        r#"{"text":"disk <https://x.example|full>"}"#,
    )
    .await;
    assert_eq!(answer, (200, "ok".to_owned()));
    let told = ear.next_of("new_message").await.unwrap().unwrap();
    let told = &told["message"];
    assert_eq!(
        (&told["username"], &told["room_id"]),
        (&json!("grafana"), &json!(room))
    );
    assert_eq!(told["content"], "disk full (https://x.example)");
    let form = "payload=%7B%22text%22%3A%22by+form%22%7D";
    let answer = hook(&server, url, "application/x-www-form-urlencoded", form).await;
    assert_eq!(answer, (200, "ok".to_owned()));
    assert_eq!(
        ear.next_of("new_message").await.unwrap().unwrap()["message"]["content"],
        "by form"
    );

    for (kind, body, status) in [
        ("text/plain", "{}", 415),
        ("application/json", "{}", 422),
        ("application/json", "nonsense", 400),
        ("application/x-www-form-urlencoded", "text=x", 400),
    ] {
        assert_eq!(hook(&server, url, kind, body).await.0, status, "{kind} {body}");
    }
    let secret = url.rsplit('/').next().unwrap();
    assert_eq!(
        with(&server, secret).get("/api/rooms").await.unwrap().status,
        403,
        "it is good for nothing else"
    );
    let session = format!("/hooks/{}", ada.token().unwrap());
    assert_eq!(
        hook(&server, &session, "application/json", r#"{"text":"x"}"#)
            .await
            .0,
        404
    );
    assert!(server.client().sign_in("grafana", "").await.is_err());

    let listed = boss.get(&path).await.unwrap().body;
    assert_eq!(listed["webhooks"][0]["user"]["username"], "grafana");
    assert!(!listed.to_string().contains(secret), "it is shown once");
    let one = format!("{path}/{}", made["webhook"]["id"]);
    assert_eq!(delete(&ada, &one).await.0, 403);
    assert_eq!(delete(&boss, &one).await.0, 200);
    assert_eq!(delete(&boss, &one).await.0, 404);
    assert_eq!(
        hook(&server, url, "application/json", r#"{"text":"x"}"#).await.0,
        404
    );
    let members = boss
        .get(&format!("/api/rooms/{room}/members"))
        .await
        .unwrap()
        .body;
    assert!(!members.to_string().contains("grafana"), "{members}");
    let again = post(&boss, &path, json!({ "name": "grafana" })).await;
    assert_eq!(again.0, 201, "the name is free again: {}", again.1);
    assert_eq!(
        post(&boss, &path, json!({ "name": "Grafana" })).await.1["code"],
        "username_taken"
    );
}

#[tokio::test]
async fn what_everybody_takes_for_a_password_is_not_taken() {
    let directory = directory();
    let server = Server::start(directory.path());
    for (password, words) in [
        ("Password1", "tried first"),
        ("iloveyou", "tried first"),
        ("grace_hopper", "username"),
        ("seven77", "at least 8"),
    ] {
        let body = json!({ "username": "Grace_Hopper", "password": password, "confirm_password": password, "session": "bearer" });
        let (status, answer) = post(&server.client(), "/register", body).await;
        assert_eq!(
            (status, &answer["fields"][0]["field"]),
            (422, &json!("password")),
            "{answer}"
        );
        assert!(
            answer["fields"][0]["message"].as_str().unwrap().contains(words),
            "{answer}"
        );
        assert!(!answer.to_string().contains(password), "{answer}");
    }
}
