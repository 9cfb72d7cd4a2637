//! The reference document's requests, sent as they are written there by a client that knows nothing else, and answered as
//! they are written there: over memory and over the database. (Uploads and the administrator's requests come with files
//! and administration.)

use std::sync::Arc;

use chat_app::{App, Settings};
use chat_client::{Answer, Client, Socket};
use chat_http::{Edge, Hosts, Readiness, Site, Timeouts, TrustedProxies};
use chat_memory::{MemoryStore, PlainHasher};
use chat_ports::Bundle;
use chat_system::{LocalBus, SystemClock, SystemEntropy};
use chat_ws::{Gateway, Hub};
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::server::{Server, directory};

/// A browser's worth of memory: cookies, and the CSRF token that goes with them.
struct Visitor {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Visitor {
    fn of(address: &str) -> Self {
        Self {
            client: Client::new(address).unwrap(),
            cookies: Vec::new(),
        }
    }

    async fn request(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let headers = [("content-type", "application/json"), ("cookie", &cookies)];
        let body = body.map(|body| body.to_string());
        let answer = self.client.request(method, path, &headers, body).await.unwrap();
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !set.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Value {
        let answer = self.request(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Posts with the CSRF token in the body, as the document does.
    async fn post(&mut self, path: &str, mut body: Value) -> Value {
        let csrf = self.get("/api/csrf").await;
        body["csrf_token"] = csrf["csrf_token"].clone();
        let answer = self.request(Method::POST, path, Some(body)).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
        answer.body
    }

    async fn socket(&mut self) -> Socket {
        let session = self.get("/api/session").await;
        let mut socket = Socket::connect(self.client.authority()).await.unwrap();
        let auth = json!({ "type": "auth", "token": session["ws_token"] });
        socket.send(&auth).await.unwrap();
        socket.next_of("auth_ok").await.unwrap().unwrap();
        socket
    }
}

/// Whether everything that the document shows is there, of the type that it shows.
fn is_like(found: &Value, documented: &Value) -> bool {
    match (found, documented) {
        (Value::Object(found), Value::Object(documented)) => documented
            .iter()
            .all(|(name, documented)| found.get(name).is_some_and(|found| is_like(found, documented))),
        (Value::Array(found), Value::Array(documented)) => {
            found.iter().all(|found| is_like(found, &documented[0]))
        }
        (found, documented) => std::mem::discriminant(found) == std::mem::discriminant(documented),
    }
}

async fn every_request_of_the_document(address: &str) {
    let mut visitor = Visitor::of(address);
    let made = visitor
        .post(
            "/register.php",
            json!({ "username": "user123", "password": "correct horse", "confirm_password": "correct horse" }),
        )
        .await;
    assert_eq!(made["success"], true);
    // "Automatically logs in the user upon successful registration."
    visitor.get("/api/messages.php").await;

    visitor.post("/api/logout.php", json!({})).await;
    let out = visitor.request(Method::GET, "/api/messages.php", None).await;
    assert_eq!(out.status, 401);

    let signed_in = visitor
        .post(
            "/login.php",
            json!({ "username": "user123", "password": "correct horse" }),
        )
        .await;
    let id = signed_in["user"]["id"].clone();
    assert_eq!(
        signed_in,
        json!({
            "success": true,
            "message": "Login successful",
            "user": { "id": id, "username": "user123", "is_admin": false },
        })
    );

    let sent = visitor
        .post(
            "/api/send-message.php",
            json!({ "content": "Hello, world!", "message_type": "text" }),
        )
        .await;
    assert_eq!(sent["success"], true);
    visitor
        .post(
            "/api/send-message.php",
            json!({ "content": "Hello again!", "message_type": "text" }),
        )
        .await;
    let page = visitor.get("/api/messages.php?limit=50&offset=0").await;
    let documented = json!({
        "success": true,
        "messages": [{
            "id": 1,
            "user_id": 1,
            "username": "user123",
            "content": "Hello, world!",
            "message_type": "text",
            "created_at": "2023-12-07T10:30:00Z",
        }],
    });
    assert!(is_like(&page, &documented), "{page}");
    let contents: Vec<_> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["content"])
        .collect();
    assert_eq!(
        contents,
        ["Hello, world!", "Hello again!"],
        "in chronological order"
    );
    let older = visitor.get("/api/messages.php?limit=1&offset=1").await;
    assert_eq!(older["messages"][0]["content"], "Hello, world!");

    let mut other = Visitor::of(address);
    let credentials =
        json!({ "username": "other", "password": "correct horse", "confirm_password": "correct horse" });
    other.post("/register.php", credentials).await;
    talk(&mut visitor.socket().await, &mut other.socket().await).await;
}

/// What the document says over the socket.
async fn talk(mine: &mut Socket, theirs: &mut Socket) {
    // Nobody is told of typing before they are up to date in the room, and what they say is read after that.
    theirs.send(&json!({ "type": "ping" })).await.unwrap();
    theirs.next_of("pong").await.unwrap().unwrap();
    mine.send(&json!({ "type": "typing", "is_typing": true }))
        .await
        .unwrap();
    let typing = theirs.next_of("typing").await.unwrap().unwrap();
    assert_eq!(
        (&typing["username"], &typing["is_typing"]),
        (&"user123".into(), &true.into())
    );
    let message = json!({ "type": "message", "content": "Hello, everyone!", "message_type": "text" });
    mine.send(&message).await.unwrap();
    let documented = json!({
        "type": "new_message",
        "message": {
            "id": 1,
            "user_id": 1,
            "username": "user123",
            "content": "Hello!",
            "created_at": "2023-12-07T10:30:00Z",
        },
    });
    for socket in [mine, theirs] {
        let heard = socket.next_of("new_message").await.unwrap().unwrap();
        assert!(is_like(&heard, &documented), "{heard}");
        assert_eq!(heard["message"]["content"], "Hello, everyone!");
    }
}

#[tokio::test]
async fn over_the_database() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("PLAIN_API", "on")]);
    every_request_of_the_document(server.address()).await;
}

/// The same transports over stores in memory.
#[tokio::test]
async fn over_memory() {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let hub = Arc::new(Hub::new());
    let ports = Bundle {
        store: MemoryStore::default(),
        hasher: PlainHasher,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        bus: Arc::new(LocalBus::new(vec![Arc::clone(&hub) as _])),
    };
    let app = Arc::new(App::new(ports, Settings::default()));
    app.ensure_plain_room().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bound = listener.local_addr().unwrap();
    let limits = chat_ws::Limits {
        per_user: 8,
        per_address: 8,
    };
    let gateway = Gateway::start(Arc::clone(&app), hub, limits, tasks.clone(), stop.clone());
    let site = Site {
        hosts: Hosts::new(None, bound.ip()),
        upgrade: gateway.upgrade(),
        readiness: Arc::new(|| Box::pin(async { Readiness::Ready })),
        tasks: tasks.clone(),
        version: "0",
        tells_causes: false,
        metrics: None,
    };
    let edge = Edge {
        proxies: TrustedProxies::parse::<&str>([]).unwrap(),
        connections_per_address: 64,
        timeouts: Timeouts::default(),
    };
    let serving = chat_http::serve(
        listener,
        chat_http::router(app, site),
        edge,
        tasks.clone(),
        stop.clone(),
    );
    let serving = tasks.spawn(serving);
    every_request_of_the_document(&format!("http://{bound}")).await;
    stop.cancel();
    serving.await.unwrap();
}
