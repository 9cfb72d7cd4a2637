//! Keyed accounts: made, opened again, and nothing of the password anywhere.

use chat_client::keyed::Untrusted;
use chat_client::{Client, ClientError};
use chat_e2ee::encoding::base64url;
use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, directory};

const PASSWORD: &str = "a password nobody else has";

async fn put(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let json = [("content-type", "application/json")];
    let answer = client
        .request(Method::PUT, path, &json, Some(body.to_string()))
        .await
        .unwrap();
    (answer.status, answer.body)
}

async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let answer = client.post(path, &body).await.unwrap();
    (answer.status, answer.body)
}

async fn registered(server: &Server, name: &str) -> (Client, chat_client::keyed::Keys) {
    let mut client = server.client();
    let (keys, _code) = client.register_keyed(name, PASSWORD).await.unwrap();
    (client, keys)
}

#[tokio::test]
async fn an_account_is_made_and_opened_on_another_machine() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (client, made) = registered(&server, "Ada").await;
    assert_eq!(
        client.get("/api/session").await.unwrap().body["user"]["username"],
        "Ada"
    );

    let mut elsewhere = server.client();
    let opened = elsewhere.sign_in_keyed("aDA", PASSWORD).await.unwrap();
    assert_eq!(
        (opened.user, &opened.usr, opened.instance),
        (made.user, &made.usr, made.instance)
    );
    assert!(opened.master == made.master);
    elsewhere.say("hello from a keyed account").await.unwrap();

    let known = elsewhere.directory().await.unwrap();
    assert_eq!(known.len(), 1);
    opened.are_published(&known).unwrap();
    let keyring = client.get("/api/e2ee/keyring").await.unwrap().body;
    assert_eq!(keyring["keyring"]["ed"][0]["gen"], 1);
    assert_eq!(keyring["keyring"]["x"][0]["kem"], 1);
}

#[tokio::test]
async fn it_is_there_after_a_restart() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (_, made) = registered(&server, "ada").await;
    server.stop("-TERM");
    let server = Server::start(directory.path());
    let mut client = server.client();
    let opened = client.sign_in_keyed("ada", PASSWORD).await.unwrap();
    assert_eq!(opened.instance, made.instance, "clients pin it");
    registered(&server, "bob").await;
    assert_eq!(client.directory().await.unwrap().len(), 2);
}

#[tokio::test]
async fn many_at_once_have_one_directory() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut all = tokio::task::JoinSet::new();
    for i in 0..8 {
        let mut client = server.client();
        all.spawn(async move {
            let (keys, _) = client
                .register_keyed(&format!("user_{i}"), PASSWORD)
                .await
                .unwrap();
            (client, keys)
        });
    }
    let made = all.join_all().await;
    let known = made[0].0.directory().await.unwrap();
    assert_eq!(known.len(), 8);
    for (_, keys) in &made {
        keys.are_published(&known).unwrap();
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_basic_account_are_answered_alike() {
    let directory = directory();
    let server = Server::start(directory.path());
    registered(&server, "ada").await;
    server.user("basic").await;
    let mut answers = Vec::new();
    for name in ["ada", "nobody", "basic", "no name at all"] {
        let shown = base64url(&[7; 32]);
        let body = json!({ "username": name, "auth_key": shown, "session": "bearer" });
        let (status, mut body) = post(&server.client(), "/api/auth/login", body).await;
        body.as_object_mut().unwrap().remove("incident");
        answers.push((status, body));
    }
    assert_eq!(answers[0].0, 401, "{:?}", answers[0]);
    assert_eq!(answers[0].1["code"], "invalid_credentials");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn what_is_asked_before_signing_in_tells_nothing() {
    let directory = directory();
    let server = Server::start(directory.path());
    registered(&server, "ada").await;
    server.user("basic").await;
    let client = server.client();
    let mut salts = Vec::new();
    for name in [
        "ada",
        "nobody",
        "basic",
        "somebody_else",
        "NOBODY",
        "no name at all",
    ] {
        let (status, mut body) = post(&client, "/api/auth/prelogin", json!({ "username": name })).await;
        let (_, again) = post(&client, "/api/auth/prelogin", json!({ "username": name })).await;
        assert_eq!(status, 200);
        assert_eq!(body, again, "always the same");
        let salt = body.as_object_mut().unwrap().remove("salt").unwrap();
        assert_eq!(salt.as_str().unwrap().len(), 22);
        assert_eq!(
            body["kdf"],
            json!({ "alg": "pbkdf2-sha256", "iterations": 600_000 })
        );
        salts.push(salt);
    }
    assert_eq!(salts[1], salts[4], "a name has one salt, whatever the case");
    let different: std::collections::BTreeSet<_> = salts.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), 5);
}

#[tokio::test]
async fn the_password_itself_is_refused() {
    let directory = directory();
    let server = Server::start(directory.path());
    registered(&server, "ada").await;
    let body = json!({ "username": "ada", "password": PASSWORD, "session": "bearer" });
    let (status, body) = post(&server.client(), "/login", body).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (400, Some("derived_auth_required"))
    );
}

#[tokio::test]
async fn a_name_is_one_persons_whatever_the_kind() {
    let directory = directory();
    let server = Server::start(directory.path());
    server.user("basic").await;
    let taken = server
        .client()
        .register_keyed("BASIC", PASSWORD)
        .await
        .map(|_| ());
    assert!(
        matches!(taken, Err(ClientError::Refused { status: 409, .. })),
        "{taken:?}"
    );
    registered(&server, "ada").await;
    let taken = server.client().register("Ada", PASSWORD).await.map(|_| ());
    assert!(
        matches!(taken, Err(ClientError::Refused { status: 409, .. })),
        "{taken:?}"
    );
}

/// A registration that was begun, and a body that would finish it, with one member changed.
async fn finished_with(server: &Server, name: &str, change: impl FnOnce(&mut Value)) -> (u16, Value) {
    let client = server.client();
    let (status, begun) = post(&client, "/api/auth/register/begin", json!({ "username": name })).await;
    assert_eq!(status, 200, "{begun}");
    let mut body = json!({
        "reg_token": begun["reg_token"], "kdf": { "alg": "pbkdf2-sha256", "iterations": 600_000 },
        "salt": base64url(&[1; 16]), "auth_key": base64url(&[2; 32]), "amk_pw": base64url(&[3; 61]),
        "amk_rec": base64url(&[4; 61]), "rec_verifier": base64url(&[5; 32]), "ed_box": base64url(&[6; 77]),
        "x_box": { "kem": 1, "box": base64url(&[7; 77]) },
        "identity": { "t": base64url(&[8; 200]), "s": base64url(&[9; 64]) }, "session": "bearer",
    });
    change(&mut body);
    post(&client, "/api/auth/register/finish", body).await
}

#[tokio::test]
async fn what_the_protocol_does_not_allow_is_refused_and_leaves_nothing() {
    let directory = directory();
    let server = Server::start(directory.path());
    let refused = finished_with(&server, "ada", |_| ()).await;
    assert_eq!((refused.0, refused.1["code"].as_str()), (400, Some("malformed")));
    for (field, value) in [
        ("salt", json!(base64url(&[1; 15]))),
        ("auth_key", json!("not base64url!")),
        ("kdf", json!({ "alg": "pbkdf2-sha256", "iterations": 599_999 })),
        ("kdf", json!({ "alg": "argon2id", "iterations": 600_000 })),
        ("identity", json!({ "t": "AQ", "s": "AQ" })),
    ] {
        let (status, body) = finished_with(&server, "ada", |body| body[field] = value.clone()).await;
        assert_eq!(
            (status, body["fields"][0]["field"].as_str()),
            (422, Some(field)),
            "{body}"
        );
    }
    for (field, value) in [
        ("amk_pw", json!(base64url(&[3; 60]))),
        ("ed_box", json!(base64url(&[3; 78]))),
    ] {
        let (status, body) = finished_with(&server, "ada", |body| body[field] = value.clone()).await;
        assert_eq!(
            (status, body["code"].as_str()),
            (400, Some("malformed")),
            "{field}"
        );
    }
    let (status, body) = finished_with(&server, "ada", |body| {
        body["reg_token"] = json!("2.ada.9999999999999.AAAA");
    })
    .await;
    assert_eq!((status, body["code"].as_str()), (403, Some("forbidden")));
    // The name is still free.
    registered(&server, "ada").await;
}

#[tokio::test]
async fn the_sealed_state_follows_the_one_before() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (client, _) = registered(&server, "ada").await;
    assert_eq!(
        client.get("/api/e2ee/state").await.unwrap().body["state"],
        Value::Null
    );
    let state = |version: u64, byte: u8, size: usize| json!({ "version": version, "blob": base64url(&vec![byte; size]) });
    let path = "/api/e2ee/state";
    assert_eq!(put(&client, path, state(1, 1, 100)).await.0, 200);
    let (status, body) = put(&client, path, state(1, 2, 100)).await;
    assert_eq!(
        (status, body["code"].as_str(), body["version"].as_u64()),
        (409, Some("state_conflict"), Some(1))
    );
    assert_eq!(
        put(&client, path, state(2, 2, 1 << 20)).await.0,
        200,
        "a megabyte"
    );
    assert_eq!(put(&client, path, state(3, 3, (1 << 20) + 1)).await.0, 400);
    assert_eq!(put(&client, path, state(3, 3, 0)).await.0, 400);
    let kept = client.get(path).await.unwrap().body;
    assert_eq!(kept["state"]["version"], 2);
    let basic = server.user("basic").await;
    assert_eq!(basic.get(path).await.unwrap().body["state"], Value::Null);
    assert_eq!(server.client().get(path).await.unwrap().status, 401);
}

#[tokio::test]
async fn drafts_are_kept_up_to_a_quarter_of_a_megabyte() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, _) = registered(&server, "ada").await;
    let mut there = server.client();
    there.sign_in_keyed("ada", PASSWORD).await.unwrap();
    let path = "/api/e2ee/drafts";
    let kept = here.get(path).await.unwrap();
    assert_eq!((kept.status, &kept.body["blob"]), (200, &Value::Null));
    let blob = |byte: u8, size: usize| json!({ "blob": base64url(&vec![byte; size]) });
    assert_eq!(put(&here, path, blob(1, 256 << 10)).await.0, 200);
    assert_eq!(
        there.get(path).await.unwrap().body["blob"],
        blob(1, 256 << 10)["blob"]
    );
    for beyond in [(256 << 10) + 1, 384 << 10] {
        let (status, body) = put(&here, path, blob(2, beyond)).await;
        assert_eq!(
            (status, body["code"].as_str()),
            (413, Some("payload_too_large")),
            "{beyond}"
        );
    }
    assert_eq!(put(&here, path, blob(2, 0)).await.0, 400);
    assert_eq!(put(&here, path, json!({ "blob": "=" })).await.0, 422);
    assert_eq!(put(&there, path, blob(3, 30)).await.0, 200, "the last one wins");
    assert_eq!(here.get(path).await.unwrap().body["blob"], blob(3, 30)["blob"]);
    let basic = server.user("basic").await;
    for (status, body) in [
        put(&basic, path, blob(4, 30)).await,
        (403, basic.get(path).await.unwrap().body),
    ] {
        assert_eq!((status, body["code"].as_str()), (403, Some("needs_identity")));
    }
    assert_eq!(server.client().get(path).await.unwrap().status, 401);
}

#[tokio::test]
async fn an_account_is_opened_again_with_its_key_alone() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (client, _) = registered(&server, "ada").await;
    let (status, body) = post(
        &client,
        "/api/auth/unlock",
        json!({ "auth_key": base64url(&[1; 32]) }),
    )
    .await;
    assert_eq!(
        (status, body["code"].as_str()),
        (401, Some("invalid_credentials"))
    );
    let basic = server.user("basic").await;
    let (status, body) = post(
        &basic,
        "/api/auth/unlock",
        json!({ "auth_key": base64url(&[1; 32]) }),
    )
    .await;
    assert_eq!((status, body["code"].as_str()), (403, Some("needs_identity")));
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let directory = directory();
    let server = Server::start(directory.path());
    registered(&server, "ada").await;
    let refused = server
        .client()
        .sign_in_keyed("ada", "another password")
        .await
        .map(|_| ());
    assert!(
        matches!(refused, Err(ClientError::Refused { status: 401, .. })),
        "{refused:?}"
    );
    let short = server.client().register_keyed("bob", "short").await.map(|_| ());
    assert!(
        matches!(short, Err(ClientError::Untrusted(Untrusted::Parameters))),
        "{short:?}"
    );
}

#[tokio::test]
async fn another_password_ends_the_other_sign_ins() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, _) = registered(&server, "ada").await;
    let mut there = server.client();
    there.sign_in_keyed("ada", PASSWORD).await.unwrap();
    let mut socket = there.socket().await.unwrap();
    let wrong = here
        .change_password("ada", "not the password", "another password")
        .await;
    assert!(
        matches!(wrong, Err(ClientError::Refused { status: 401, .. })),
        "{wrong:?}"
    );
    assert_eq!(there.get("/api/session").await.unwrap().status, 200);

    here.change_password("ada", PASSWORD, "another password")
        .await
        .unwrap();
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4001));
    assert_eq!(there.get("/api/session").await.unwrap().status, 401);
    assert_eq!(here.get("/api/session").await.unwrap().status, 200);
    let old = server.client().sign_in_keyed("ada", PASSWORD).await.map(|_| ());
    assert!(
        matches!(old, Err(ClientError::Refused { status: 401, .. })),
        "{old:?}"
    );
    server
        .client()
        .sign_in_keyed("ada", "another password")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_recovery_code_opens_what_the_password_did() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.client();
    let (made, code) = client.register_keyed("ada", PASSWORD).await.unwrap();
    let stranger = chat_e2ee::recovery::RecoveryCode::from_entropy([7; 17]);
    for (name, code) in [("ada", &stranger), ("nobody", &code)] {
        let refused = server
            .client()
            .recover(name, code, "a new password")
            .await
            .map(|_| ());
        assert!(
            matches!(refused, Err(ClientError::Refused { status: 401, .. })),
            "{refused:?}"
        );
    }
    let mut elsewhere = server.client();
    let new_code = elsewhere.recover("ada", &code, "a new password").await.unwrap();
    assert_eq!(
        client.get("/api/session").await.unwrap().status,
        401,
        "signed out everywhere"
    );
    let opened = server
        .client()
        .sign_in_keyed("ada", "a new password")
        .await
        .unwrap();
    assert!(opened.master == made.master, "nothing is lost");
    let again = server
        .client()
        .recover("ada", &code, "a third password")
        .await
        .map(|_| ());
    assert!(
        matches!(again, Err(ClientError::Refused { status: 401, .. })),
        "a code is good once: {again:?}"
    );
    server
        .client()
        .recover("ada", &new_code, "a third password")
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_on_the_disk_or_in_the_log_has_the_password() {
    let directory = directory();
    let elsewhere = tempfile::tempdir().unwrap();
    let log = elsewhere.path().join("log");
    let server = crate::canaries::start(directory.path(), &log);
    let canary = "canary-7f3a-password";
    let (keys, code) = server.client().register_keyed("ada", canary).await.unwrap();
    server.client().sign_in_keyed("ada", canary).await.unwrap();
    let master = keys.master;
    server.stop("-TERM");
    let said = std::fs::read_to_string(&log).unwrap();
    let secret = chat_e2ee::secret::Secret::expose(&master).to_vec();
    let hidden = [
        canary.as_bytes().to_vec(),
        secret,
        code.entropy().to_vec(),
        code.to_text().into_bytes(),
    ];
    for file in crate::server::files(directory.path()) {
        let bytes = std::fs::read(&file).unwrap();
        for needle in &hidden {
            let found = bytes
                .windows(needle.len())
                .any(|window| window == needle.as_slice());
            assert!(!found, "{}", file.display());
        }
    }
    assert!(!said.contains(canary) && !said.contains(&code.to_text()));
    assert!(said.contains("/api/auth/register/finish"), "the log was read");
}

#[tokio::test]
async fn another_encryption_key_and_the_old_one_stays() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (client, made) = registered(&server, "ada").await;
    let wrong = client.rotate("ada", "not the password").await;
    assert!(
        matches!(wrong, Err(ClientError::Refused { status: 401, .. })),
        "{wrong:?}"
    );
    client.rotate("ada", PASSWORD).await.unwrap();
    client.rotate("ada", PASSWORD).await.unwrap();
    let opened = server.client().sign_in_keyed("ada", PASSWORD).await.unwrap();
    let numbers: Vec<_> = opened.agreement.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(opened.agreement[0].1 == made.agreement[0].1);
    assert_eq!(client.directory().await.unwrap().len(), 3);
}

#[tokio::test]
async fn another_identity_is_confirmed_by_the_one_before() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.client();
    let (made, old_code) = client.register_keyed("ada", PASSWORD).await.unwrap();
    let mut there = server.client();
    there.sign_in_keyed("ada", PASSWORD).await.unwrap();
    let code = client.reset_identity("ada", PASSWORD).await.unwrap();
    assert_eq!(there.get("/api/session").await.unwrap().status, 401);
    assert_eq!(client.get("/api/session").await.unwrap().status, 200);

    let opened = server.client().sign_in_keyed("ada", PASSWORD).await.unwrap();
    assert!(opened.master != made.master);
    assert_eq!(opened.signing.0, 2);
    assert!(
        opened.agreement[0].1 == made.agreement[0].1,
        "what was sealed to it can still be opened"
    );
    let known = client.directory().await.unwrap();
    assert_eq!(known.newest(opened.user).unwrap().statement().generation, 2);
    let again = server
        .client()
        .recover("ada", &old_code, "a new password")
        .await
        .map(|_| ());
    assert!(
        matches!(again, Err(ClientError::Refused { status: 401, .. })),
        "{again:?}"
    );
    server
        .client()
        .recover("ada", &code, "a new password")
        .await
        .unwrap();
}

#[tokio::test]
async fn two_who_rotate_at_once_do_not_both() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (client, _) = registered(&server, "ada").await;
    let (one, other) = tokio::join!(client.rotate("ada", PASSWORD), client.rotate("ada", PASSWORD));
    let known = client.directory().await.unwrap();
    let done = [&one, &other].iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(known.len(), 1 + done as u64, "{one:?} {other:?}");
    for outcome in [one, other] {
        assert!(
            matches!(outcome, Ok(()) | Err(ClientError::Refused { status: 409, .. })),
            "{outcome:?}"
        );
    }
    server.client().sign_in_keyed("ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_first_administrator_makes_their_keys_at_the_first_sign_in() {
    let directory = directory();
    let server = Server::start(directory.path());
    let password = server.first_password();
    let mut client = server.client();
    let pending = client.sign_in_keyed("admin", &password).await;
    assert!(
        matches!(pending, Err(ClientError::Untrusted(Untrusted::NoKeysYet))),
        "{pending:?}"
    );
    let elsewhere = server.admin().await;
    // Until then nothing that needs keys can be done, and everything else can.
    let refused = client.change_password("admin", &password, PASSWORD).await;
    assert!(refused.is_err());
    client.say("before").await.unwrap();

    let (made, _) = client.make_keys("Admin", &password).await.unwrap();
    client.say("afterwards").await.unwrap();
    assert_eq!(elsewhere.get("/api/session").await.unwrap().status, 401);
    let again = client.make_keys("admin", &password).await;
    assert!(again.is_err());
    let shown = json!({ "username": "admin", "password": password, "session": "bearer" });
    let (status, body) = post(&server.client(), "/login", shown).await;
    assert_eq!((status, &body["code"]), (400, &json!("derived_auth_required")));
    let opened = server.client().sign_in_keyed("admin", &password).await.unwrap();
    assert!(opened.master == made.master);
    assert_eq!(client.directory().await.unwrap().len(), 1);
    client
        .change_password("admin", &password, PASSWORD)
        .await
        .unwrap();
    server.client().sign_in_keyed("admin", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn of_two_first_sign_ins_at_once_one_makes_the_keys() {
    let directory = directory();
    let server = Server::start(directory.path());
    let password = server.first_password();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let client = server.admin().await;
        let password = password.clone();
        tries.spawn(async move { client.make_keys("admin", &password).await.is_ok() });
    }
    let made = tries.join_all().await;
    assert_eq!(made.iter().filter(|is_made| **is_made).count(), 1, "{made:?}");
    let mut client = server.client();
    client.sign_in_keyed("admin", &password).await.unwrap();
    assert_eq!(client.directory().await.unwrap().len(), 1);
}
