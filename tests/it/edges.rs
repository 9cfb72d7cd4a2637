//! What strangers send.

use chat_client::Answer;
use http::Method;
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, directory};

/// Every path of the contract that exists, with the methods that it knows; the room is the plain one.
const PATHS: [(&str, &[&str]); 21] = [
    ("/register", &["POST"]),
    ("/login", &["POST"]),
    ("/api/logout", &["POST"]),
    ("/api/csrf", &["GET", "HEAD"]),
    ("/api/session", &["GET", "HEAD"]),
    ("/api/messages", &["GET", "HEAD"]),
    ("/api/send-message", &["POST"]),
    ("/api/edit-message", &["POST"]),
    ("/api/delete-message", &["POST"]),
    ("/api/react", &["POST"]),
    ("/api/rooms", &["GET", "HEAD", "POST"]),
    ("/api/rooms/direct", &["POST"]),
    ("/api/rooms/1", &["PATCH"]),
    ("/api/rooms/1/join", &["POST"]),
    ("/api/rooms/1/leave", &["POST"]),
    ("/api/rooms/1/members", &["GET", "HEAD", "POST"]),
    ("/api/rooms/1/members/999", &["DELETE"]),
    ("/api/rooms/1/read", &["POST"]),
    ("/api/version", &["GET", "HEAD"]),
    ("/healthz", &["GET", "HEAD"]),
    ("/readyz", &["GET", "HEAD"]),
];
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const JSON: (&str, &str) = ("content-type", "application/json");

/// The answer is a problem in the documented shape.
fn is_problem(answer: &Answer, status: u16, code: &str) {
    let body = &answer.body;
    assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(
        (&body["success"], &body["status"]),
        (&json!(false), &json!(status))
    );
    for name in ["type", "title", "detail", "message"] {
        assert!(
            body[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name}: {body}"
        );
    }
    assert_eq!(body["message"], body["detail"]);
    if code == "invalid" {
        for field in body["fields"].as_array().unwrap() {
            assert!(
                field["field"].is_string() && field["message"].is_string(),
                "{body}"
            );
        }
    } else {
        assert_eq!(body["fields"], Value::Null);
    }
}

/// Names and moments differ from answer to answer.
fn lasting(answer: &Answer) -> (u16, Option<String>, Value) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        for name in ["csrf_token", "ws_token", "incident"] {
            body.remove(name);
        }
    }
    let allow = answer
        .headers
        .get("allow")
        .map(|allow| allow.to_str().unwrap().to_owned());
    (answer.status, allow, body)
}

/// The reference document's paths end in `.php`. What a method does that a path knows is no matter here: the body says
/// nothing that could be done.
#[tokio::test]
async fn every_path_answers_alike_with_and_without_its_suffix() {
    let directory = directory();
    let server = Server::start(directory.path());
    let clients = [server.client(), server.user("ada").await];
    for client in &clients {
        for (path, known) in PATHS {
            for method in METHODS {
                // Signing out twice is not the same.
                if path == "/api/logout" && method == "POST" && client.token().is_some() {
                    continue;
                }
                let ask = async |path: String| {
                    let method: Method = method.parse().unwrap();
                    let (headers, body) = match method {
                        Method::GET => (&[][..], None),
                        _ => (&[JSON][..], Some("[]".to_owned())),
                    };
                    client.request(method, &path, headers, body).await.unwrap()
                };
                let bare = ask(path.to_owned()).await;
                let suffixed = ask(format!("{path}.php")).await;
                assert_eq!(lasting(&bare), lasting(&suffixed), "{method} {path}");
                if known.contains(&method) {
                    assert_ne!(bare.status, 405, "{method} {path}");
                } else {
                    is_problem(&bare, 405, "method_not_allowed");
                    let allow = bare.headers["allow"].to_str().unwrap();
                    let mut allowed: Vec<_> = allow.split(',').map(str::trim).collect();
                    allowed.sort_unstable();
                    assert_eq!(allowed, known, "{method} {path}");
                }
            }
        }
    }
}

/// A problem of each kind, on every path that takes a body.
#[tokio::test]
async fn every_body_that_cannot_be_taken_is_a_problem() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let large = " ".repeat(128 * 1024 + 1);
    for (path, known) in PATHS.into_iter().filter(|(path, _)| *path != "/api/logout") {
        for method in known.iter().filter(|method| !matches!(**method, "GET" | "HEAD")) {
            let ask = async |headers: &[(&str, &str)], body: &str| {
                let method = method.parse().unwrap();
                ada.request(method, path, headers, Some(body.to_owned()))
                    .await
                    .unwrap()
            };
            is_problem(&ask(&[JSON], &large).await, 413, "payload_too_large");
            is_problem(&ask(&[JSON], "[]").await, 400, "bad_request");
            is_problem(&ask(&[JSON], "{").await, 400, "bad_request");
            let plain = [("content-type", "text/plain")];
            is_problem(&ask(&plain, "{}").await, 415, "unsupported_media_type");
            if !["join", "leave", "rooms/1", "999"]
                .iter()
                .any(|end| path.ends_with(end))
            {
                is_problem(&ask(&[JSON], "{}").await, 422, "invalid");
            }
            let elsewhere = path.replace("/1", "/999999");
            if elsewhere != path {
                let method = method.parse().unwrap();
                let body = r#"{"username":"ada","seq":1}"#.to_owned();
                let answer = ada
                    .request(method, &elsewhere, &[JSON], Some(body))
                    .await
                    .unwrap();
                is_problem(&answer, 404, "not_found");
            }
        }
    }
    is_problem(&ada.get("/api/nothing").await.unwrap(), 404, "not_found");
}

/// What is somebody's own is kept by nobody on the way.
#[tokio::test]
async fn what_is_ones_own_is_stored_nowhere() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let account = json!({
        "username": "bea", "password": PASSWORD, "confirm_password": PASSWORD, "session": "bearer",
    });
    let said = json!({ "content": "x", "message_type": "text" });
    let mut answers = Vec::new();
    for path in [
        "/api/csrf",
        "/api/session",
        "/api/messages",
        "/api/messages?after=0",
        "/api/rooms",
        "/api/rooms?open=1",
    ] {
        answers.push((path, ada.get(path).await.unwrap()));
    }
    for (path, body) in [
        ("/register", &account),
        ("/login", &account),
        ("/api/send-message", &said),
        ("/api/rooms", &json!({ "name": "x" })),
        ("/api/rooms/2/read", &json!({ "seq": 1 })),
        ("/api/edit-message", &json!({ "message_id": 1, "content": "y" })),
        ("/api/logout", &json!({})),
    ] {
        answers.push((path, ada.post(path, body).await.unwrap()));
    }
    for (path, answer) in answers {
        let caching = answer
            .headers
            .get("cache-control")
            .map(|value| value.to_str().unwrap());
        assert_eq!(caching, Some("no-store"), "{path}: {}", answer.body);
        if path != "/api/edit-message" {
            assert!(answer.status < 300, "{path}: {}", answer.body);
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn every_no_has_the_documented_shape() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.user("ada").await;
    let json = [("content-type", "application/json")];
    let large = format!("{{\"content\":\"{}\"}}", "x".repeat(140_000));
    let long = format!(
        "{{\"content\":\"{}\",\"message_type\":\"text\"}}",
        "x".repeat(16_385)
    );
    let longest = format!(
        "{{\"content\":\"{}\",\"message_type\":\"text\"}}",
        "x".repeat(16_384)
    );
    for (method, path, headers, body, status, code) in [
        (Method::GET, "/nothing", &[][..], None, 404, "not_found"),
        (Method::GET, "/.git/config", &[], None, 404, "not_found"),
        (
            Method::GET,
            "/assets/..%2f..%2fCargo.toml",
            &[],
            None,
            404,
            "not_found",
        ),
        (
            Method::DELETE,
            "/api/messages",
            &[],
            None,
            405,
            "method_not_allowed",
        ),
        (Method::GET, "/api/logout", &[], None, 405, "method_not_allowed"),
        (Method::POST, "/", &[], None, 405, "method_not_allowed"),
        (
            Method::POST,
            "/api/send-message",
            &[],
            Some("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            Method::POST,
            "/api/send-message",
            &[("content-type", "text/plain")],
            Some("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some("nonsense"),
            400,
            "bad_request",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some("{}"),
            422,
            "invalid",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some(&large),
            413,
            "payload_too_large",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some(&long),
            422,
            "invalid",
        ),
        (Method::POST, "/api/send-message", &json, Some(&longest), 201, ""),
        (Method::GET, "/api/messages?limit=101", &[], None, 422, "invalid"),
        (
            Method::GET,
            "/api/messages?room_id=999",
            &[],
            None,
            404,
            "not_found",
        ),
        (Method::GET, "/ws", &[], None, 426, "bad_request"),
    ] {
        let answer = client
            .request(method.clone(), path, headers, body.map(str::to_owned))
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{method} {path}: {}",
            answer.body
        );
        if status >= 400 {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.body["success"], false);
            assert_eq!(answer.body["status"], status);
            assert_eq!(answer.body["message"], answer.body["detail"]);
        }
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(
            answer.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("require-trusted-types-for")
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn nobody_reads_or_writes_without_signing_in() {
    let directory = directory();
    let server = Server::start(directory.path());
    let stranger = server.client();
    for path in ["/api/messages", "/api/session", "/api/messages.php?limit=5"] {
        let answer = stranger.get(path).await.unwrap();
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{path}");
    }
    for token in ["", "x", "1-", &"A".repeat(43)] {
        let bearer = format!("Bearer {token}");
        let answer = stranger
            .request(Method::GET, "/api/messages", &[("authorization", &bearer)], None)
            .await
            .unwrap();
        assert_eq!(answer.status, 401, "{token:?}");
    }
    let in_the_url = stranger.get("/api/messages?token=x").await.unwrap();
    assert_eq!(in_the_url.status, 401);
}

#[tokio::test]
async fn other_names_are_not_answered() {
    let directory = directory();
    let server = Server::start_with(
        directory.path(),
        &[],
        &[("PUBLIC_URL", "https://chat.example.org")],
    );
    let client = server.client();
    for path in ["/", "/api/csrf", "/ws"] {
        let answer = client.get(path).await.unwrap();
        is_problem(&answer, 421, "wrong_host");
        assert!(answer.body["detail"].as_str().unwrap().contains("PUBLIC_URL"));
    }
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
    assert_eq!(client.get("/readyz").await.unwrap().status, 200);
}

#[tokio::test]
async fn the_page_is_sealed_and_its_files_are_kept() {
    let directory = directory();
    let server = Server::start(directory.path());
    let page = server.client().get("/").await.unwrap();
    assert_eq!(
        (page.status, page.headers["cache-control"].to_str().unwrap()),
        (200, "no-cache")
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers["integrity-policy"], "blocked-destinations=(script)");
    let version = server.client().get("/api/version").await.unwrap();
    assert_eq!(version.body["assets"].as_str().unwrap().len(), 64);
}
