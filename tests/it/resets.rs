//! Who has lost password and recovery code begins anew, by a link that an administrator has issued.

use chat_client::{Client, ClientError};
use chat_e2ee::encoding::base64url;
use serde_json::{Value, json};

use crate::command_line::{run, run_with_environment};
use crate::server::{Server, directory};

const PASSWORD: &str = "a password nobody else has";
const NEW_PASSWORD: &str = "a password for a new beginning";

async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let answer = client.post(path, &body).await.unwrap();
    (answer.status, answer.body)
}

/// What stands behind `#/reset/` of a link.
fn token_of(link: &str) -> String {
    let (_, token) = link.split_once("/#/reset/").unwrap();
    token.to_owned()
}

#[tokio::test]
async fn the_owner_begins_anew_and_what_was_before_is_worth_nothing() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut before = server.client();
    let (old, code) = before.register_keyed("Ada", PASSWORD).await.unwrap();
    let state = json!({ "version": 1, "blob": base64url(&[1; 100]) });
    let json = [("content-type", "application/json")];
    let put = before.request(
        http::Method::PUT,
        "/api/e2ee/state",
        &json,
        Some(state.to_string()),
    );
    assert_eq!(put.await.unwrap().status, 200);
    let mut socket = before.socket().await.unwrap();

    let admin = server.admin().await;
    let asked = json!({ "user_id": old.user.get() });
    let (status, issued) = post(&admin, "/api/admin/reset-link", asked).await;
    assert_eq!(status, 200, "{issued}");
    let token = issued["reset_token"].as_str().unwrap();
    // Looked at twice, it is still good.
    let shown = json!({ "reset_token": token });
    let (status, begun) = post(&server.client(), "/api/auth/reset/begin", shown).await;
    assert_eq!((status, &begun["user"]["username"]), (200, &json!("Ada")));
    assert_eq!(
        (&begun["prev"]["gen"], &begun["prev"]["kem"]),
        (&json!(1), &json!(1))
    );

    let mut after = server.client();
    let (new, new_code) = after.reset(token, NEW_PASSWORD).await.unwrap();
    assert_eq!((new.user, new.signing.0, new.agreement[0].0), (old.user, 2, 2));
    assert!(new.master != old.master);
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4001));
    assert_eq!(before.get("/api/session").await.unwrap().status, 401);
    assert_eq!(
        after.get("/api/e2ee/state").await.unwrap().body["state"],
        Value::Null
    );
    let keyring = after.get("/api/e2ee/keyring").await.unwrap().body["keyring"].clone();
    assert_eq!(keyring["ed"].as_array().unwrap().len(), 1);
    assert_eq!(keyring["x"].as_array().unwrap().len(), 1);

    let known = after.directory().await.unwrap();
    let statement = known.newest(new.user).unwrap().statement().clone();
    assert_eq!((known.len(), statement.generation, statement.kem), (2, 2, 2));
    let opened = server.client().sign_in_keyed("ada", NEW_PASSWORD).await.unwrap();
    assert!(opened.master == new.master);
    for worthless in [
        server.client().sign_in_keyed("ada", PASSWORD).await.map(drop),
        server.client().recover("ada", &code, PASSWORD).await.map(drop),
        server.client().reset(token, PASSWORD).await.map(drop),
    ] {
        assert!(
            matches!(worthless, Err(ClientError::Refused { status: 401, .. })),
            "{worthless:?}"
        );
    }
    server.client().recover("ada", &new_code, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn links_are_issued_by_administrators_for_accounts_with_keys() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut ada = server.client();
    let (keys, _) = ada.register_keyed("ada", PASSWORD).await.unwrap();
    let basic = server.user("basic").await;
    let basic_id = basic.get("/api/session").await.unwrap().body["user"]["id"].clone();
    let admin = server.admin().await;
    let link_for = |id: Value| json!({ "user_id": id });
    let path = "/api/admin/reset-link";
    let own = link_for(json!(keys.user.get()));
    assert_eq!(post(&ada, path, own.clone()).await.0, 403);
    let (status, body) = post(&admin, path, link_for(basic_id)).await;
    assert_eq!((status, body["code"].as_str()), (409, Some("conflict")));
    assert_eq!(post(&admin, path, link_for(json!(999_999))).await.0, 404);
    let (status, body) = post(&admin, path, link_for(json!(0))).await;
    assert_eq!(
        (status, body["fields"][0]["field"].as_str()),
        (422, Some("user_id"))
    );

    let (_, first) = post(&admin, path, own.clone()).await;
    let (_, second) = post(&admin, path, own).await;
    let mut answers = Vec::new();
    for token in [
        first["reset_token"].as_str().unwrap(),
        &base64url(&[7; 32]),
        "nonsense",
        "",
    ] {
        let shown = json!({ "reset_token": token });
        answers.push(post(&server.client(), "/api/auth/reset/begin", shown).await);
    }
    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0].1["code"], "invalid_credentials");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let token = second["reset_token"].as_str().unwrap();
    server.client().reset(token, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_gets_the_account() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut ada = server.client();
    ada.register_keyed("ada", PASSWORD).await.unwrap();
    let link = run(directory.path(), &["user", "reset-link", "ada", "--json"]).json();
    let token = token_of(link["link"].as_str().unwrap());
    let (mut one, mut other) = (server.client(), server.client());
    let (first, second) = tokio::join!(
        one.reset(&token, NEW_PASSWORD),
        other.reset(&token, "the other one's password")
    );
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    let left = if first.is_ok() { one } else { other };
    assert_eq!(left.directory().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_link_from_the_shell_leads_to_where_the_server_is() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut ada = server.client();
    ada.register_keyed("Ada", PASSWORD).await.unwrap();
    server.user("basic").await;
    let public = [("PUBLIC_URL", "https://chat.example.org/")];
    let arguments = ["user", "reset-link", "ADA", "--json"];
    let shown = run_with_environment(directory.path(), &arguments, &public).json();
    assert_eq!(shown["username"], "Ada");
    let link = shown["link"].as_str().unwrap();
    assert!(link.starts_with("https://chat.example.org/#/reset/"), "{link}");
    let local = [("WEBSOCKET_PORT", "8123")];
    let shown = run_with_environment(directory.path(), &arguments, &local).json();
    let link = shown["link"].as_str().unwrap();
    assert!(link.starts_with("http://127.0.0.1:8123/#/reset/"), "{link}");

    let refused = run(directory.path(), &["user", "reset-link", "basic"]);
    assert_eq!(refused.status(), 3);
    assert!(
        refused.complained().contains("basic account"),
        "{}",
        refused.complained()
    );
    assert_eq!(
        run(directory.path(), &["user", "reset-link", "nobody"]).status(),
        3
    );
    server
        .client()
        .reset(&token_of(link), NEW_PASSWORD)
        .await
        .unwrap();
    // Also where no server runs.
    server.stop("-TERM");
    let said = run(directory.path(), &["user", "reset-link", "ada"]);
    assert_eq!(said.status(), 0, "{}", said.complained());
}

/// What is shown once is kept nowhere, and no line of the log has it.
#[tokio::test]
async fn nothing_on_the_disk_or_in_the_log_has_the_link() {
    let directory = directory();
    let elsewhere = tempfile::tempdir().unwrap();
    let log = elsewhere.path().join("log");
    let server = crate::canaries::start(directory.path(), &log);
    let mut ada = server.client();
    ada.register_keyed("ada", PASSWORD).await.unwrap();
    let link = run(directory.path(), &["user", "reset-link", "ada", "--json"]).json();
    let token = token_of(link["link"].as_str().unwrap());
    server.client().reset(&token, NEW_PASSWORD).await.unwrap();
    server.stop("-TERM");
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("/api/auth/reset/finish"), "the log was read");
    assert!(!said.contains(&token));
    let bits = chat_e2ee::encoding::from_base64url(&token).unwrap();
    for file in crate::server::files(directory.path()) {
        let bytes = std::fs::read(&file).unwrap();
        for needle in [token.as_bytes(), &bits] {
            let found = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{}", file.display());
        }
    }
}
