//! What the server answers, and what it says on the socket, is what its published descriptions say of it.

use chat_client::{Answer, Client};
use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, directory};

/// A published description.
struct Description(Value);

impl Description {
    async fn read(client: &Client, path: &str) -> Self {
        Self(client.get(path).await.unwrap().success().unwrap())
    }

    /// Whether a value is what the schema says, which stands at this place of the description.
    fn admits(&self, place: &str, value: &Value) {
        let mut schema = self.0.pointer(place).unwrap().clone();
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<_> = validator
            .iter_errors(value)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{place}: {value}: {faults:?}");
    }

    /// Whether an answer is described for the operation, and is as it is described.
    fn has(&self, method: &str, path: &str, answer: &Answer) {
        let at = |part: &str| part.replace('~', "~0").replace('/', "~1");
        let mut place = format!("/paths/{}/{method}/responses/{}", at(path), answer.status);
        let described = self.0.pointer(&place);
        let described =
            described.unwrap_or_else(|| panic!("{method} {path}: {} is not described", answer.status));
        if let Some(shared) = described["$ref"].as_str() {
            place = shared.trim_start_matches('#').to_owned();
        }
        let kind = answer.headers["content-type"].to_str().unwrap();
        let kind = kind.split(';').next().unwrap();
        assert!(answer.headers.contains_key("x-request-id"));
        let schema = format!("{place}/content/{}/schema", at(kind));
        if kind.ends_with("json") {
            self.admits(&schema, &answer.body);
        } else {
            assert_eq!(self.0.pointer(&schema).unwrap()["type"], "string");
        }
    }
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let described = Description::read(&ada, "/api/openapi.json").await;
    let calls = [
        (
            "post",
            "/api/send-message",
            "",
            json!({ "content": "hi", "client_id": "c1" }),
        ),
        (
            "post",
            "/api/send-message",
            "",
            json!({ "content": "hi", "client_id": "c1" }),
        ),
        (
            "post",
            "/api/send-message",
            "",
            json!({ "content": "ho", "client_id": "c1" }),
        ),
        (
            "post",
            "/api/send-message",
            "",
            json!({ "content": " ", "reply_to": 0 }),
        ),
        (
            "post",
            "/api/react",
            "",
            json!({ "message_id": 3, "emoji": "👍", "added": true }),
        ),
        (
            "post",
            "/api/edit-message",
            "",
            json!({ "message_id": 3, "content": "hello" }),
        ),
        (
            "post",
            "/api/edit-message",
            "",
            json!({ "message_id": 999, "content": "hello" }),
        ),
        ("post", "/api/rooms", "", json!({ "name": "tides" })),
        ("post", "/api/rooms", "", json!({ "name": 7 })),
        ("get", "/api/rooms", "", Value::Null),
        ("get", "/api/rooms", "?open=1", Value::Null),
        ("get", "/api/messages", "", Value::Null),
        ("get", "/api/messages", "?after=0", Value::Null),
        ("get", "/api/messages", "?limit=0", Value::Null),
        ("get", "/api/messages", "?room_id=999", Value::Null),
        ("post", "/api/delete-message", "", json!({ "message_id": 3 })),
        ("get", "/api/messages", "?after=0", Value::Null),
        ("get", "/api/session", "", Value::Null),
        ("get", "/api/csrf", "", Value::Null),
        ("get", "/api/version", "", Value::Null),
        ("get", "/healthz", "", Value::Null),
        ("get", "/readyz", "", Value::Null),
        ("post", "/api/logout", "", json!({})),
        ("get", "/api/session", "", Value::Null),
    ];
    for (method, path, query, body) in calls {
        let address = format!("{path}{query}");
        let answer = if method == "get" {
            ada.get(&address).await
        } else {
            ada.post(&address, &body).await
        };
        described.has(method, path, &answer.unwrap());
    }
}

#[tokio::test]
async fn answers_about_programs_are_as_they_are_described() {
    let directory = directory();
    let server = Server::start(directory.path());
    let boss = server.admin().await;
    let described = Description::read(&boss, "/api/openapi.json").await;
    let room = boss
        .post("/api/rooms", &json!({ "name": "alarms" }))
        .await
        .unwrap();
    let room = room.body["room"]["id"].to_string();
    let hooks = "/api/rooms/{room}/webhooks";
    let made = boss
        .post(&hooks.replace("{room}", &room), &json!({ "name": "probe" }))
        .await
        .unwrap();
    described.has("post", hooks, &made);
    let url = made.body["url"].as_str().unwrap().to_owned();
    let hook = url.split_once("/hooks/").unwrap().1;
    let token = boss
        .post("/api/tokens", &json!({ "name": "x", "scopes": ["read"] }))
        .await
        .unwrap();
    described.has("post", "/api/tokens", &token);
    let (token_id, hook_id) = (
        token.body["token"]["id"].to_string(),
        made.body["webhook"]["id"].to_string(),
    );
    for (method, path, body) in [
        (Method::GET, "/api/sessions", json!(null)),
        (Method::POST, "/api/sessions/end-others", json!({})),
        (Method::DELETE, "/api/sessions/{session}", json!({})),
        (Method::GET, "/api/tokens", json!(null)),
        (Method::POST, "/api/tokens", json!({ "name": "x", "scopes": [] })),
        (Method::DELETE, "/api/tokens/{token}", json!({})),
        (Method::DELETE, "/api/tokens/{token}", json!({})),
        (Method::GET, hooks, json!(null)),
        (Method::POST, hooks, json!({ "name": "probe" })),
        (
            Method::POST,
            "/hooks/{token}",
            json!({ "text": "x", "attachments": [{ "title": "y" }] }),
        ),
        (Method::POST, "/hooks/{token}", json!({})),
        (Method::DELETE, "/api/rooms/{room}/webhooks/{webhook}", json!({})),
        (Method::POST, "/hooks/{token}", json!({ "text": "x" })),
        (Method::GET, "/metrics", json!(null)),
    ] {
        let named = if path.starts_with("/hooks") {
            hook
        } else {
            &token_id
        };
        let address = path
            .replace("{room}", &room)
            .replace("{webhook}", &hook_id)
            .replace("{session}", "999")
            .replace("{token}", named);
        let body = (method != Method::GET).then(|| body.to_string());
        let json = [("content-type", "application/json")];
        let answer = boss.request(method.clone(), &address, &json, body).await.unwrap();
        described.has(&method.as_str().to_lowercase(), path, &answer);
    }
}

#[tokio::test]
async fn answers_about_a_room_are_as_they_are_described() {
    let directory = directory();
    let server = Server::start(directory.path());
    let bea = server.user("bea").await;
    server.user("ada").await;
    let described = Description::read(&bea, "/api/openapi.json").await;
    let room = bea
        .post("/api/rooms", &json!({ "name": "reefs" }))
        .await
        .unwrap()
        .body["room"]["id"]
        .clone();
    for (method, path, body) in [
        (
            Method::PATCH,
            "/api/rooms/{room}",
            json!({ "topic": "depths", "slow_mode": 5 }),
        ),
        (Method::PATCH, "/api/rooms/{room}", json!({ "slow_mode": 21_601 })),
        (
            Method::POST,
            "/api/rooms/{room}/members",
            json!({ "username": "ada" }),
        ),
        (
            Method::POST,
            "/api/rooms/{room}/members",
            json!({ "username": "ada" }),
        ),
        (Method::GET, "/api/rooms/{room}/members", Value::Null),
        (Method::POST, "/api/rooms/{room}/read", json!({ "seq": 1 })),
        (Method::POST, "/api/rooms/{room}/join", json!({})),
        (Method::POST, "/api/rooms/{room}/leave", json!({})),
        (Method::POST, "/api/rooms/{room}/leave", json!({})),
    ] {
        let address = path.replace("{room}", &room.to_string());
        let json = [("content-type", "application/json")];
        let headers = if body.is_null() { &json[1..] } else { &json[..] };
        let body = (!body.is_null()).then(|| body.to_string());
        let answer = bea
            .request(method.clone(), &address, headers, body)
            .await
            .unwrap();
        described.has(&method.as_str().to_lowercase(), path, &answer);
    }
}

#[tokio::test]
async fn frames_are_as_they_are_described() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let described = Description::read(&ada, "/api/asyncapi.json").await;
    let names: Vec<String> = described.0["components"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let place_of = |frame: &Value, suffix: &str| {
        let kind = frame["type"].as_str().unwrap().replace('_', "") + suffix;
        let name = names.iter().find(|name| name.to_lowercase() == kind);
        format!(
            "/components/schemas/{}",
            name.unwrap_or_else(|| panic!("{frame} is not described"))
        )
    };
    let (mut listener, mut speaker) = (ada.socket().await.unwrap(), bea.socket().await.unwrap());
    described.admits(&place_of(listener.greeting(), "frame"), listener.greeting());
    let frames = [
        json!({ "type": "typing", "is_typing": true }),
        json!({ "type": "message", "content": "hi", "message_type": "text", "client_id": "c1" }),
        json!({ "type": "resume", "rooms": [{ "room_id": 1, "after_seq": 0 }] }),
        json!({ "type": "ping", "t": 1.5 }),
    ];
    for frame in &frames {
        described.admits(&place_of(frame, "request"), frame);
        speaker.send(frame).await.unwrap();
    }
    speaker
        .send(&json!({ "type": "message", "client_id": "c2" }))
        .await
        .unwrap();
    let mut awaited = vec!["ack", "new_message", "resumed", "pong", "error"];
    while !awaited.is_empty() {
        let frame = speaker.next().await.unwrap().unwrap();
        described.admits(&place_of(&frame, "frame"), &frame);
        awaited.retain(|kind| frame["type"] != *kind);
    }
    let id = bea.say("and again").await.unwrap()["message"]["id"].clone();
    for (path, body) in [
        (
            "/api/react",
            json!({ "message_id": id, "emoji": "👍", "added": true }),
        ),
        (
            "/api/edit-message",
            json!({ "message_id": id, "content": "once more" }),
        ),
        ("/api/delete-message", json!({ "message_id": id })),
    ] {
        assert_eq!(bea.post(path, &body).await.unwrap().status, 200, "{path}");
    }
    let mut last = String::new();
    while last != "message_deleted" {
        let frame = listener.next().await.unwrap().unwrap();
        described.admits(&place_of(&frame, "frame"), &frame);
        last = frame["type"].as_str().unwrap().to_owned();
    }
    frames_of_keyed_accounts(&server, &described, &place_of).await;
}

async fn frames_of_keyed_accounts(
    server: &Server,
    described: &Description,
    place_of: &impl Fn(&Value, &str) -> String,
) {
    let password = "a password nobody else has";
    let (mut here, mut there) = (server.client(), server.client());
    let (_, code) = here.register_keyed("cyd", password).await.unwrap();
    let keys = there.sign_in_keyed("cyd", password).await.unwrap();
    let mut listener = here.socket().await.unwrap();
    described.admits(&place_of(listener.greeting(), "frame"), listener.greeting());
    let resume = json!({ "type": "resume", "rooms": [], "dir_seq": 0 });
    described.admits(&place_of(&resume, "request"), &resume);
    there.rotate("cyd", password).await.unwrap();
    let mut memory = there.recall(&keys).await.unwrap();
    there.keep(&keys, &mut memory).await.unwrap();
    let again = here.socket().await.unwrap();
    described.admits(&place_of(again.greeting(), "frame"), again.greeting());
    server
        .client()
        .recover("cyd", &code, "another password")
        .await
        .unwrap();
    let mut awaited = vec!["state", "dir", "recovered"];
    while !awaited.is_empty() {
        let frame = listener.next().await.unwrap().unwrap();
        described.admits(&place_of(&frame, "frame"), &frame);
        awaited.retain(|kind| frame["type"] != *kind);
    }
}
