//! A stop while things are under way.

use std::process::ExitStatus;
use std::time::Duration;

use serde_json::json;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    raw::{PATIENCE, Raw},
    server::{Server, directory},
};

/// The beginning of a request to sign in, and its end.
fn sign_in() -> (String, String) {
    let body = json!({ "username": "nobody", "password": "wrong", "session": "bearer" }).to_string();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (begin, end) = body.split_at(body.len() / 2);
    (head + begin, end.to_owned())
}

/// Returns once the server lets nobody in any more.
async fn is_shut(authority: &str) {
    let shut = async {
        while TcpStream::connect(authority).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, shut).await.expect("it lets people in");
}

/// Returns once the server has ended, which it has to in so long.
async fn ended(server: Server, within: Duration) -> ExitStatus {
    let waiting = tokio::task::spawn_blocking(|| server.wait());
    timeout(within, waiting).await.expect("it does not end").unwrap()
}

#[tokio::test]
async fn a_stop_shuts_the_door_and_answers_what_is_under_way() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let address = ada.authority().to_owned();
    let mut socket = ada.socket().await.unwrap();
    let (begin, end) = sign_in();
    let mut under_way = Raw::connect(&address).await;
    under_way.say(begin).await;
    let mut idle = Raw::connect(&address).await;
    assert_eq!(idle.get("/healthz").await, Some(200));
    let (mut silent, mut half) = (Raw::connect(&address).await, Raw::connect(&address).await);
    half.say("GET /healthz HTTP/1.1\r\nHost: loc").await;

    server.signal("-TERM");
    is_shut(&address).await;
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().unwrap().code, 1001);
    for (name, raw) in [("idle", &mut idle), ("silent", &mut silent), ("half", &mut half)] {
        assert_eq!(raw.rest().await, b"", "{name}");
    }
    under_way.say(end).await;
    let answer = under_way.answer().await.expect("what is under way is answered");
    assert_eq!((answer.status, answer.field("connection")), (401, Some("close")));
    assert_eq!(under_way.rest().await, b"");
    assert!(ended(server, PATIENCE).await.success());
}

#[tokio::test]
async fn a_request_that_is_never_finished_holds_up_a_stop_for_the_grace_only() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("SHUTDOWN_GRACE", "1")]);
    let address = server.client().authority().to_owned();
    let mut half = Raw::connect(&address).await;
    half.say(sign_in().0).await;
    // Whoever is let in after it has been let in as well.
    assert_eq!(Raw::connect(&address).await.get("/healthz").await, Some(200));
    server.signal("-TERM");
    // Well before the request's own deadline.
    assert!(ended(server, Duration::from_secs(6)).await.success());
}

#[tokio::test]
async fn who_is_told_to_stop_twice_stops_at_once() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("SHUTDOWN_GRACE", "3600")]);
    let address = server.client().authority().to_owned();
    let mut half = Raw::connect(&address).await;
    half.say(sign_in().0).await;
    assert_eq!(Raw::connect(&address).await.get("/healthz").await, Some(200));
    server.signal("-TERM");
    is_shut(&address).await;
    server.signal("-TERM");
    ended(server, Duration::from_secs(6)).await;
}
