//! What the log says: never a password, a token or what people write, at whatever level; and under which name it has a
//! request.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use chat_client::Client;
use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, directory, program};

const PASSWORD: &str = "canary password of ada";
const OTHER: &str = "canary password of bea";
const WORDS: [&str; 8] = [
    "canary message",
    "canary edited",
    "canary over the socket",
    "canary topic",
    "canary draft that is refused",
    "canary reason of a ban",
    "canary in a query",
    "canary in a path",
];

/// A server that logs everything into this file.
pub(crate) fn start(directory: &Path, log: &Path) -> Server {
    let mut command = program(directory);
    command.args(["serve", "--port", "0"]).env("LOG", "trace");
    command.stderr(Stdio::from(fs::File::create(log).unwrap()));
    Server::spawn(&mut command).unwrap()
}

async fn post(client: &Client, path: &str, body: Value) -> Value {
    client.post(path, &body).await.unwrap().body
}

/// Everything that people can say to a server, right and wrong. What must not be in the log, beside what they wrote.
async fn say_everything(server: &Server, data: &Path, boss: &Client) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut ada = server.client();
    ada.register("ada", PASSWORD).await.unwrap();
    let mut bea = server.client();
    bea.register("bea", OTHER).await.unwrap();
    assert!(server.client().sign_in("ada", OTHER).await.is_err());
    for client in [&ada, &bea] {
        secrets.push(client.token().unwrap().to_owned());
    }
    let session = ada.get("/api/session").await.unwrap().body;
    secrets.extend(["csrf_token", "ws_token"].map(|name| session[name].as_str().unwrap_or("-").to_owned()));

    let sent = ada.say(WORDS[0]).await.unwrap();
    let edit = json!({ "message_id": sent["message"]["id"], "content": WORDS[1] });
    assert_eq!(post(&ada, "/api/edit-message", edit).await["success"], true);
    let room = post(boss, "/api/rooms", json!({ "name": "tides", "join": "open" })).await;
    let path = format!("/api/rooms/{}", room["room"]["id"]);
    let topic = json!({ "topic": WORDS[3] }).to_string();
    let changed = boss
        .request(
            Method::PATCH,
            &path,
            &[("content-type", "application/json")],
            Some(topic),
        )
        .await
        .unwrap();
    assert_eq!(changed.status, 200, "{}", changed.body);
    let refused = json!({ "content": WORDS[4], "message_type": "poem", "client_id": "canary in a field" });
    assert_eq!(post(&ada, "/api/send-message", refused).await["code"], "invalid");
    ada.get("/api/messages?limit=canary%20in%20a%20query")
        .await
        .unwrap();
    ada.get("/canary%20in%20a%20path").await.unwrap();
    let cookie = format!("session={}", secrets[0]);
    let headers = [("content-type", "text/plain"), ("cookie", cookie.as_str())];
    ada.request(Method::POST, "/login", &headers, Some(PASSWORD.to_owned()))
        .await
        .unwrap();

    let mut socket = bea.socket().await.unwrap();
    socket.say(WORDS[2]).await.unwrap();
    socket.next_of("ack").await.unwrap().unwrap();
    socket
        .send_text(format!("{{\"type\":\"auth\",\"token\":\"{}\"", secrets[1]))
        .await
        .unwrap();
    socket
        .send_text(json!({ "type": "sing", "words": WORDS[4] }).to_string())
        .await
        .unwrap();

    let made = post(
        &ada,
        "/api/tokens",
        json!({ "name": "canary of a token", "scopes": ["read"] }),
    )
    .await;
    secrets.push(made["secret"].as_str().unwrap().to_owned());
    let robot = server.client().with_token(&secrets[4]);
    assert_eq!(robot.get("/api/rooms").await.unwrap().status, 200);
    let made = post(
        boss,
        &format!("{path}/webhooks"),
        json!({ "name": "canary_hook" }),
    )
    .await;
    let hook = made["url"]
        .as_str()
        .unwrap()
        .split_once("/hooks/")
        .unwrap()
        .1
        .to_owned();
    let text = json!({ "text": "canary by a webhook" });
    assert_eq!(
        boss.post(&format!("/hooks/{hook}"), &text).await.unwrap().status,
        200
    );
    secrets.push(hook);

    let mut ban = program(data);
    let status = ban
        .args(["user", "ban", "bea", "--reason", WORDS[5]])
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    while socket.next().await.unwrap().is_some() {}
    secrets
}

#[tokio::test]
async fn nobodys_words_are_in_the_log() {
    let directory = directory();
    let (data, log) = (directory.path().join("data"), directory.path().join("log"));
    let server = start(&data, &log);
    let shown = server.printed().join(" ");
    let admins = shown
        .split("with the password ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let mut root = server.client();
    root.sign_in("admin", admins).await.unwrap();
    let secrets = say_everything(&server, &data, &root).await;
    let keyring = fs::read_to_string(data.join("keyring.json")).unwrap();
    let keys = keyring
        .split("\"key\": \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let admins = admins.to_owned();
    assert!(server.stop("-TERM").success());

    let written = fs::read_to_string(&log).unwrap();
    assert!(written.contains("\"DEBUG\""), "it is as talkative as can be");
    let secrets = secrets.iter().map(String::as_str).filter(|secret| *secret != "-");
    for secret in secrets
        .chain(WORDS)
        .chain(keys)
        .chain([PASSWORD, OTHER, &admins, "canary"])
    {
        if let Some(line) = written.lines().find(|line| line.contains(secret)) {
            panic!("{secret:?} is in the log: {line}");
        }
    }
}

/// In the answer, and in every line about it.
#[tokio::test]
async fn a_request_goes_by_one_name() {
    let directory = directory();
    let (data, log) = (directory.path().join("data"), directory.path().join("log"));
    let server = start(&data, &log);
    let ada = server.user("ada").await;
    let database = rusqlite::Connection::open(data.join("chat.db")).unwrap();
    database
        .execute_batch("ALTER TABLE messages RENAME TO gone")
        .unwrap();
    let (one, other) = (
        ada.get("/api/messages").await.unwrap(),
        ada.get("/healthz").await.unwrap(),
    );
    let name = one.headers["x-request-id"].to_str().unwrap();
    assert_ne!(name, other.headers["x-request-id"]);
    assert_eq!(one.body["incident"], name);
    assert!(server.stop("-TERM").success());
    let written = fs::read_to_string(&log).unwrap();
    let line = written
        .lines()
        .find(|line| line.contains("a request could not be carried out"))
        .unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["span"]["id"], &line["span"]["route"]),
        (&name.into(), &"/api/messages".into())
    );
    assert_eq!(line["fields"]["incident"], name);
}
