//! Every answer of the API as it goes over the wire, over the real application in memory.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use axum::{Router, body::Body};
use chat_app::{App, Settings};
use chat_http::{Hosts, Readiness, Site, router};
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::Bundle;
use chat_wire::Problem;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

struct Api {
    router: Router,
    token: Option<String>,
}

impl Api {
    async fn new() -> Self {
        let ports = Bundle {
            store: MemoryStore::default(),
            hasher: PlainHasher,
            clock: Arc::new(HandClock::new()),
            entropy: Arc::new(SeededEntropy::new(1)),
            bus: Arc::new(Recorder::default()),
        };
        let app = Arc::new(App::new(ports, Settings::default()));
        app.ensure_plain_room().await.unwrap();
        let site = Site {
            hosts: Hosts::new(None, "127.0.0.1".parse().unwrap()),
            upgrade: Arc::new(|_, _, _| Err(Problem::bad_request("There are no sockets in this test."))),
            readiness: Arc::new(|| Box::pin(async { Readiness::Down })),
            tasks: TaskTracker::new(),
            version: "1.2.3",
            tells_causes: false,
            metrics: None,
        };
        Self {
            router: router(app, site),
            token: None,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let answer = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn register(&mut self, name: &str) -> (u16, Value) {
        let answer = self
            .post(
                "/register",
                json!({
                    "username": name, "password": "correct horse", "confirm_password": "correct horse", "session": "bearer",
                }),
            )
            .await;
        self.token = answer.1["token"].as_str().map(str::to_owned);
        answer
    }
}

#[tokio::test]
async fn accounts() {
    let mut api = Api::new().await;
    let (status, body) = api.register("ada").await;
    assert_eq!(status, 201);
    insta::assert_json_snapshot!(body, { ".token" => "[token]" }, @r#"
    {
      "message": "Account created",
      "success": true,
      "token": "[token]",
      "user": {
        "id": 1,
        "is_admin": false,
        "username": "ada"
      }
    }
    "#);
    let (status, body) = api.get("/api/session").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body, { ".csrf_token" => "[csrf]", ".ws_token" => "[ws]" }, @r#"
    {
      "app_name": "Secure Chat",
      "csrf_token": "[csrf]",
      "has_keys": false,
      "success": true,
      "user": {
        "id": 1,
        "is_admin": false,
        "username": "ada"
      },
      "ws_token": "[ws]"
    }
    "#);
    let (status, body) = api
        .post(
            "/login.php",
            json!({ "username": "ada", "password": "wrong", "session": "bearer" }),
        )
        .await;
    assert_eq!(status, 401);
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "invalid_credentials",
      "detail": "Username or password is not right.",
      "message": "Username or password is not right.",
      "status": 401,
      "success": false,
      "title": "Not signed in",
      "type": "urn:secure-chat:problem:invalid_credentials"
    }
    "#);
    let (status, body) = api.post("/api/logout", json!({})).await;
    assert_eq!((status, &body["success"]), (200, &json!(true)));
    assert_eq!(api.get("/api/session").await.0, 401);
}

#[tokio::test]
async fn messages() {
    let mut api = Api::new().await;
    api.register("ada").await;
    let (status, body) = api
        .post(
            "/api/send-message",
            json!({ "content": "hi", "message_type": "text", "client_id": "c1" }),
        )
        .await;
    assert_eq!(status, 201);
    insta::assert_json_snapshot!(body, @r#"
    {
      "message": {
        "client_id": "c1",
        "content": "hi",
        "created_at": "2026-01-01T00:00:00.000Z",
        "encrypted": false,
        "id": 2,
        "message_type": "text",
        "room_id": 1,
        "seq": 2,
        "user_id": 1,
        "username": "ada"
      },
      "success": true
    }
    "#);
    let (status, body) = api.get("/api/messages?after=0").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body, @r#"
    {
      "events": [
        {
          "room_id": 1,
          "seq": 1,
          "type": "member_joined",
          "user": {
            "id": 1,
            "is_admin": false,
            "username": "ada"
          }
        },
        {
          "message": {
            "client_id": "c1",
            "content": "hi",
            "created_at": "2026-01-01T00:00:00.000Z",
            "encrypted": false,
            "id": 2,
            "message_type": "text",
            "room_id": 1,
            "seq": 2,
            "user_id": 1,
            "username": "ada"
          },
          "type": "new_message"
        }
      ],
      "has_more": false,
      "success": true
    }
    "#);
    let (status, body) = api
        .post("/api/send-message", json!({ "content": "ho", "client_id": "c1" }))
        .await;
    assert_eq!((status, &body["code"]), (409, &json!("client_id_conflict")));
    let (status, body) = api
        .post(
            "/api/send-message",
            json!({ "content": "", "message_type": "html" }),
        )
        .await;
    assert_eq!(status, 422);
    insta::assert_json_snapshot!(body["fields"], @r#"
    [
      {
        "field": "content",
        "message": "must not be empty"
      },
      {
        "field": "message_type",
        "message": "must be text, file or image"
      }
    ]
    "#);
}

#[tokio::test]
async fn sessions_and_tokens() {
    let mut api = Api::new().await;
    api.register("ada").await;
    let (status, body) = api.get("/api/sessions.php").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body);
    let asked = json!({ "name": "deploy bot", "scopes": ["write", "read"], "expires_in_days": 90 });
    let (status, body) = api.post("/api/tokens", asked).await;
    assert_eq!(status, 201);
    insta::assert_json_snapshot!(body, { ".secret" => "[secret]" });
    let (status, body) = api.get("/api/tokens").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!(body);
    let id = body["tokens"][0]["id"].as_u64().unwrap();
    let (status, _) = api.call(Method::DELETE, &format!("/api/tokens/{id}"), None).await;
    assert_eq!(status, 200);
    let asked = json!({ "name": "", "scopes": ["admin"] });
    let (status, body) = api.post("/api/tokens", asked).await;
    assert_eq!(status, 422);
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn health() {
    let api = Api::new().await;
    assert_eq!(api.get("/healthz").await.0, 200);
    let (status, body) = api.get("/readyz").await;
    assert_eq!((status, &body["code"]), (503, &json!("unavailable")));
    assert_eq!(api.get("/api/version").await.1["version"], "1.2.3");
}

#[tokio::test]
async fn limits_by_address_are_said_with_their_wait() {
    let mut api = Api::new().await;
    for i in 0..30 {
        assert_eq!(api.register(&format!("user_{i}")).await.0, 201);
    }
    let (status, body) = api.register("one_more").await;
    assert_eq!(
        (status, &body["code"], &body["retry_after"]),
        (429, &json!("rate_limited"), &json!(120))
    );
}
