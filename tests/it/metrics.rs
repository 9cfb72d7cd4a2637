//! What the server counts and times, and who may see it.

use crate::{
    raw::Raw,
    server::{Server, directory},
};

/// The value of a line of the exposition.
fn value(text: &str, name: &str) -> f64 {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("{name} is not there:\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn read(server: &Server, field: &str) -> (u16, String) {
    let mut connection = Raw::connect(server.client().authority()).await;
    connection
        .say(format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{field}\r\n"))
        .await;
    let answer = connection.answer().await.unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn what_happens_is_counted() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let (mut ear, mut other) = (ada.socket().await.unwrap(), bea.socket().await.unwrap());
    for text in ["one", "two", "three"] {
        ear.say(text).await.unwrap();
    }
    for _ in 0..3 {
        other.next_of("new_message").await.unwrap().unwrap();
        ear.next_of("new_message").await.unwrap().unwrap();
    }
    assert!(server.client().sign_in("ada", "not her password").await.is_err());
    ada.get("/nowhere").await.unwrap();

    let (status, text) = read(&server, "").await;
    assert_eq!(status, 200);
    for (name, expected) in [
        ("secure_chat_websocket_connections", 2.0),
        ("secure_chat_users_online", 2.0),
        ("secure_chat_events_total{kind=\"message\"}", 3.0),
        (
            "secure_chat_refusals_total{transport=\"http\",code=\"invalid_credentials\"}",
            1.0,
        ),
        (
            "secure_chat_http_requests_total{method=\"POST\",route=\"/register\",status=\"201\"}",
            2.0,
        ),
        (
            "secure_chat_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}",
            1.0,
        ),
        // The first administrator's three times: the hash, what a client will show, and what is kept of that.
        ("secure_chat_password_hash_seconds_count", 6.0),
    ] {
        assert!(
            (value(&text, name) - expected).abs() < 0.1,
            "{name}: {}",
            value(&text, name)
        );
    }
    for name in [
        "secure_chat_websocket_frames_total",
        "secure_chat_deliveries_total",
        "secure_chat_fan_out_seconds_count",
        "secure_chat_database_commit_seconds_count",
        "secure_chat_database_commit_calls_count",
        "secure_chat_database_read_seconds_count",
        "secure_chat_database_log_bytes",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(value(&text, name) > 0.0, "{name}");
    }
    for secret in ["ada", "bea", "127.0.0.1", "nowhere", "three"] {
        assert!(!text.contains(secret), "{secret} is in the metrics");
    }
}

#[tokio::test]
async fn they_are_for_this_machine_alone() {
    let directory = directory();
    let server = Server::start(directory.path());
    assert_eq!(read(&server, "").await.0, 200);
    for of_proxy in ["X-Forwarded-For: 127.0.0.1\r\n", "Via: 1.1 proxy\r\n"] {
        let (status, body) = read(&server, of_proxy).await;
        assert_eq!(status, 404, "{body}");
    }
}

#[tokio::test]
async fn or_for_who_has_the_token() {
    let directory = directory();
    let token = [("METRICS_TOKEN", "sixteen_letters_or_more")];
    let server = Server::start_with(directory.path(), &[], &token);
    assert_eq!(read(&server, "").await.0, 404);
    assert_eq!(
        read(&server, "Authorization: Bearer sixteen_letters_or_mor\r\n")
            .await
            .0,
        404
    );
    let (status, text) = read(&server, "Authorization: Bearer sixteen_letters_or_more\r\n").await;
    assert_eq!(status, 200);
    assert!(!text.contains("sixteen"));
}
