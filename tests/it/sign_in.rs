//! Who tries passwords: what they learn, how long they wait, and what it costs the others.

use std::collections::HashSet;

use chat_client::Client;
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    command_line::run,
    raw::Raw,
    scale::rounds,
    server::{PASSWORD, Server, directory},
};

/// What stands for each request's own name and moment.
const OWN: [&str; 2] = ["date", "x-request-id"];

/// Where a proxy that is trusted says that this client is: every one somewhere else.
fn somewhere(number: usize) -> String {
    format!("203.0.{}.{}", number / 256, number % 256)
}

/// Tries to sign in over a connection of one's own; the answer to the byte, but for what is each request's own.
async fn attempt(authority: String, name: &'static str, from: String) -> (u16, String) {
    let body = json!({ "username": name, "password": "a wrong password", "session": "bearer" }).to_string();
    let mut raw = Raw::connect(&authority).await;
    raw.say(format!(
        "POST /login HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nX-Forwarded-For: {from}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await;
    let answer = raw.answer().await.unwrap();
    let said = String::from_utf8(answer.body.clone()).unwrap();
    (
        answer.status,
        format!("{}\n\n{said}", answer.head_without(&OWN).join("\n")),
    )
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_ban_are_one_answer() {
    let directory = directory();
    let environment = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("SIGN_IN_FREE_FAILURES", "1000"),
    ];
    let server = Server::start_with(directory.path(), &[], &environment);
    server.user("ada").await;
    server.user("mallory").await;
    let banned = run(directory.path(), &["user", "ban", "mallory", "--json"]).json();
    assert_eq!(banned["is_banned"], true);
    let authority = server.client().authority().to_owned();
    let (mut answers, mut number) = (HashSet::new(), 0);
    for _ in 0..rounds(40, 400) {
        let mut trying = JoinSet::new();
        for name in ["ada", "nobody", "mallory"] {
            trying.spawn(attempt(authority.clone(), name, somewhere(number)));
            number += 1;
        }
        answers.extend(trying.join_all().await);
    }
    let answers: Vec<_> = answers.into_iter().collect();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let (status, answer) = &answers[0];
    assert_eq!(*status, 401);
    assert!(answer.contains("\"code\":\"invalid_credentials\""), "{answer}");
}

/// Many at once are as many as one after the other: only so many are tried.
#[tokio::test]
async fn guesses_at_the_same_time_are_counted_all() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("TRUSTED_PROXIES", "127.0.0.1")]);
    server.user("ada").await;
    let authority = server.client().authority().to_owned();
    let mut trying = JoinSet::new();
    for number in 0..40 {
        trying.spawn(attempt(authority.clone(), "ada", somewhere(number)));
    }
    let answers = trying.join_all().await;
    let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(401), count(429)), (5, 35));
}

#[tokio::test]
async fn the_operator_says_when_one_waits() {
    let directory = directory();
    let keys = [("SIGN_IN_FREE_FAILURES", "2"), ("SIGN_IN_LONGEST_WAIT", "1")];
    let server = Server::start_with(directory.path(), &[], &keys);
    let client = server.client();
    let body = json!({ "username": "nobody", "password": "a wrong password", "session": "bearer" });
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(client.post("/login", &body).await.unwrap().status);
    }
    assert_eq!(answers, [401, 401]);
    let waits = client.post("/login", &body).await.unwrap();
    assert_eq!((waits.status, waits.code()), (429, "rate_limited"));
    assert_eq!(waits.headers["retry-after"], "1");
}

/// Signs in, or not; the status.
async fn sign_in(client: Client, name: String, from: String) -> u16 {
    let body = json!({ "username": name, "password": PASSWORD, "session": "bearer" }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", from.as_str()),
    ];
    let answer = client.request(Method::POST, "/login", &headers, Some(body));
    answer.await.unwrap().status
}

/// Two passwords are hashed at once, and 64 wait; the others are asked to come back.
#[tokio::test]
async fn two_hundred_at_once_are_all_answered_and_others_talk_meanwhile() {
    const MEBIBYTE: u64 = 1024 * 1024;
    let directory = directory();
    let environment = [("TRUSTED_PROXIES", "127.0.0.1"), ("HASHING_SLOTS", "2")];
    let server = Server::start_with(directory.path(), &[], &environment);
    let mut socket = server.user("ada").await.socket().await.unwrap();
    for number in 0..8 {
        server.user(&format!("user_{number}")).await;
    }
    server.forget_peak_memory();
    let before = server.peak_memory();
    let mut signing_in = JoinSet::new();
    for number in 0..200 {
        // Some of these have an account.
        let name = format!("user_{}", number % 100);
        signing_in.spawn(sign_in(server.client(), name, somewhere(number)));
    }
    let first = signing_in.join_next().await.unwrap().unwrap();
    socket.say("is anybody there?").await.unwrap();
    assert!(socket.next_of("ack").await.unwrap().is_some());
    assert!(
        !signing_in.is_empty(),
        "they were through before anything was said"
    );
    let mut statuses = signing_in.join_all().await;
    statuses.push(first);
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(
        count(200) + count(401) + count(429) + count(503),
        200,
        "{statuses:?}"
    );
    assert!(count(200) > 0 && count(401) > 0 && count(503) > 0, "{statuses:?}");
    let more = server.peak_memory() - before;
    // What is hashed at once, and what a client of each takes.
    assert!(more < (2 * 64 + 32) * MEBIBYTE, "{} MiB more", more / MEBIBYTE);
}
