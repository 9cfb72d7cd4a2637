//! Whom the limits by address count.

use chat_client::Client;
use http::Method;
use serde_json::json;

use crate::{
    raw::Raw,
    server::{PASSWORD, Server, directory},
};

/// Tries to make an account, saying that one is somebody else. Returns the status.
async fn register(client: &Client, name: &str, headers: &[(&str, &str)]) -> u16 {
    let body = json!({
        "username": name, "password": PASSWORD, "confirm_password": PASSWORD, "session": "bearer",
    });
    let headers = [&[("content-type", "application/json")], headers].concat();
    let answer = client.request(Method::POST, "/register", &headers, Some(body.to_string()));
    answer.await.unwrap().status
}

/// Tries to sign in as somebody with a wrong password. Returns the status.
async fn guess(client: &Client, name: &str, headers: &[(&str, &str)]) -> u16 {
    let body = json!({ "username": name, "password": "wrong", "session": "bearer" });
    let headers = [&[("content-type", "application/json")], headers].concat();
    let answer = client.request(Method::POST, "/login", &headers, Some(body.to_string()));
    answer.await.unwrap().status
}

/// Asks for a socket. Returns the connection and the status.
async fn socket(client: &Client, forwarded_for: &str) -> (Raw, u16) {
    let mut raw = Raw::connect(client.authority()).await;
    let host = client.authority();
    raw.say(format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         X-Forwarded-For: {forwarded_for}\r\n\r\n"
    ))
    .await;
    let status = raw.answer().await.unwrap().status;
    (raw, status)
}

#[tokio::test]
async fn a_stranger_cannot_dodge_the_limits_with_headers() {
    let directory = directory();
    let limits = [
        ("RATE_LIMIT_REGISTRATIONS", "3"),
        ("MAX_SOCKETS_PER_ADDRESS", "2"),
    ];
    let server = Server::start_with(directory.path(), &[], &limits);
    let client = server.client();
    let mut answers = Vec::new();
    for i in 0..5 {
        let address = format!("192.0.2.{i}");
        let forwarded = format!("for={address}");
        let headers = [
            ("x-forwarded-for", address.as_str()),
            ("x-real-ip", &address),
            ("forwarded", &forwarded),
        ];
        answers.push(register(&client, &format!("user_{i}"), &headers).await);
    }
    assert_eq!(answers, [201, 201, 201, 429, 429]);
    let (_one, first) = socket(&client, "192.0.2.1").await;
    let (_two, second) = socket(&client, "192.0.2.2").await;
    let (_three, third) = socket(&client, "192.0.2.3").await;
    assert_eq!((first, second, third), (101, 101, 429));
    let mut guesses = Vec::new();
    for i in 0..6 {
        let address = format!("198.51.100.{i}");
        guesses.push(guess(&client, &format!("nobody_{i}"), &[("x-forwarded-for", &address)]).await);
    }
    assert_eq!(guesses, [401, 401, 401, 401, 401, 429]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_counts_and_not_what_it_says() {
    let directory = directory();
    let environment = [
        ("RATE_LIMIT_REGISTRATIONS", "2"),
        ("MAX_SOCKETS_PER_ADDRESS", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
    ];
    let server = Server::start_with(directory.path(), &[], &environment);
    let client = server.client();
    // As the proxy passes it on: first what the client wrote, then whom the proxy saw.
    for (name, hops, status) in [
        ("one", "192.0.2.7", 201),
        ("two", "198.51.100.1, 192.0.2.7", 201),
        ("three", "198.51.100.2, 192.0.2.7", 429),
        ("four", "198.51.100.3, 192.0.2.7, 10.0.0.1", 429),
        ("five", "192.0.2.8", 201),
        ("six", "2001:db8:1:2::1", 201),
        ("seven", "2001:db8:1:2::2", 201),
        ("eight", "2001:db8:1:2:3::", 429),
        ("nine", "2001:db8:1:3::1", 201),
    ] {
        let answer = register(&client, name, &[("x-forwarded-for", hops)]).await;
        assert_eq!(answer, status, "{name}: {hops}");
    }
    let mut guesses = Vec::new();
    for i in 0..6 {
        // The first of these hops are the client's own words.
        let hops = format!("198.51.100.{i}, 192.0.2.7");
        guesses.push(guess(&client, &format!("nobody_{i}"), &[("x-forwarded-for", &hops)]).await);
    }
    assert_eq!(guesses, [401, 401, 401, 401, 401, 429]);
    let elsewhere = guess(
        &client,
        "nobody_6",
        &[("x-forwarded-for", "192.0.2.7, 192.0.2.8")],
    )
    .await;
    assert_eq!(elsewhere, 401, "another client of the proxy's");
    let (_one, first) = socket(&client, "192.0.2.7").await;
    let (_two, again) = socket(&client, "192.0.2.9, 192.0.2.7").await;
    let (_three, other) = socket(&client, "192.0.2.7, 192.0.2.9").await;
    assert_eq!((first, again, other), (101, 429, 101));
}
