//! What an account remembers from one client to the next, and what it finds out by it.

use std::path::Path;

use chat_client::keyed::{Keys, Memory, Untrusted};
use chat_client::{Client, ClientError};
use chat_e2ee::encoding::base64url;
use chat_e2ee::hash::sha256;
use chat_e2ee::identity::Statement;
use chat_e2ee::json::{Json, Members};
use chat_e2ee::sealed_box::{self, Binding, Purpose};
use chat_e2ee::secret::{AgreementScalar, Secret as _};
use chat_e2ee::state::StateError;
use chat_e2ee::{pkcs8, x25519};
use http::Method;
use serde_json::{Value, json};

use crate::command_line::run;
use crate::server::{Server, directory, files};

const PASSWORD: &str = "a password nobody else has";

async fn registered(server: &Server, name: &str) -> (Client, Keys) {
    let mut client = server.client();
    let (keys, _) = client.register_keyed(name, PASSWORD).await.unwrap();
    (client, keys)
}

async fn signed_in(server: &Server, name: &str) -> (Client, Keys) {
    let mut client = server.client();
    let keys = client.sign_in_keyed(name, PASSWORD).await.unwrap();
    (client, keys)
}

fn refused(result: Result<Memory, ClientError>) -> Untrusted {
    match result.map(drop) {
        Err(ClientError::Untrusted(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn put(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let json = [("content-type", "application/json")];
    let answer = client.request(Method::PUT, path, &json, Some(body.to_string()));
    let answer = answer.await.unwrap();
    (answer.status, answer.body)
}

#[tokio::test]
async fn what_one_client_has_seen_the_other_knows() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, keys) = registered(&server, "ada").await;
    let (_, bob) = registered(&server, "bob").await;
    let mut memory = here.recall(&keys).await.unwrap();
    assert_eq!((memory.version(), memory.state.own.len()), (0, 1));
    memory.meet([bob.user]);
    memory.state.settings = Members::default().with("theme", Json::Text("dark".to_owned()));
    here.keep(&keys, &mut memory).await.unwrap();
    assert_eq!(memory.version(), 1);

    let (there, keys) = signed_in(&server, "ada").await;
    let known = there.recall(&keys).await.unwrap();
    assert_eq!(known.state, memory.state);
    let pin = &known.state.pins[&bob.user];
    assert_eq!((pin.usr.as_str(), pin.generation), ("bob", 1));
    let signing = bob.signing.1.public().unwrap();
    assert_eq!(pin.signing, *signing.as_bytes());
    assert_eq!(known.state.directory, Some((1, known.directory().head())));
}

#[tokio::test]
async fn two_who_write_at_once_lose_nothing_of_each_other() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, keys) = registered(&server, "ada").await;
    let (there, same_keys) = signed_in(&server, "ada").await;
    let (_, bob) = registered(&server, "bob").await;
    let mut mine = here.recall(&keys).await.unwrap();
    let mut theirs = there.recall(&same_keys).await.unwrap();
    mine.meet([bob.user]);
    theirs.meet([bob.user]);
    let (_, cyd) = registered(&server, "cyd").await;
    there.recall_again(&same_keys, &mut theirs).await.unwrap();
    theirs.meet([cyd.user]);
    let (one, other) = tokio::join!(here.keep(&keys, &mut mine), there.keep(&same_keys, &mut theirs));
    one.unwrap();
    other.unwrap();
    here.recall_again(&keys, &mut mine).await.unwrap();
    there.recall_again(&same_keys, &mut theirs).await.unwrap();
    assert_eq!(mine.state, theirs.state);
    assert_eq!((mine.version(), theirs.version()), (2, 2));
    assert_eq!(mine.state.pins.len(), 2);
    assert_eq!(mine.state.directory.unwrap().0, 2);
}

/// An identity stays the account's own, however it has changed, and what was sealed stays readable.
#[tokio::test]
async fn what_the_owner_does_is_no_alarm() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, keys) = registered(&server, "ada").await;
    let (_, bob) = registered(&server, "bob").await;
    let mut memory = here.recall(&keys).await.unwrap();
    memory.meet([bob.user]);
    // More than any other body may have.
    let long = Json::Text("a".repeat(600_000));
    memory.state.settings = Members::default().with("long", long);
    here.keep(&keys, &mut memory).await.unwrap();
    here.rotate("ada", PASSWORD).await.unwrap();
    here.recall_again(&keys, &mut memory).await.unwrap();
    assert_eq!((memory.version(), memory.state.own.len()), (2, 2));

    let drafts = json!({ "blob": base64url(&[7; 40]) });
    assert_eq!(put(&here, "/api/e2ee/drafts", drafts).await.0, 200);
    here.reset_identity("ada", PASSWORD).await.unwrap();
    let (there, new_keys) = signed_in(&server, "ada").await;
    let known = there.recall(&new_keys).await.unwrap();
    assert_eq!((known.version(), known.state.own.len()), (3, 3));
    assert_eq!(known.state.pins, memory.state.pins);
    assert_eq!(known.state.settings, memory.state.settings);
    let drafts = there.get("/api/e2ee/drafts").await.unwrap().body;
    assert_eq!(drafts["blob"], Value::Null, "nobody can open them any more");
    let old = refused(there.recall(&keys).await);
    assert_eq!(
        old,
        Untrusted::State(StateError::Malformed),
        "the old key opens nothing"
    );

    let link = run(directory.path(), &["user", "reset-link", "ada", "--json"]).json();
    let (_, token) = link["link"].as_str().unwrap().split_once("/#/reset/").unwrap();
    let mut anew = server.client();
    let (keys, _) = anew.reset(token, PASSWORD).await.unwrap();
    let begun = anew.recall(&keys).await.unwrap();
    assert_eq!((begun.version(), begun.state.own.len()), (0, 4));
    assert!(begun.state.pins.is_empty());
}

/// Somebody who has the keys publishes another one, and no client of the owner's remembers to have done so.
#[tokio::test]
async fn a_statement_that_the_owner_has_not_made_is_found_out() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, keys) = registered(&server, "ada").await;
    let mut memory = here.recall(&keys).await.unwrap();
    here.keep(&keys, &mut memory).await.unwrap();
    let last = memory.directory().newest(keys.user).unwrap().statement().clone();
    let scalar = AgreementScalar::from_bytes([9; 32]);
    let statement = Statement {
        kem: 2,
        agreement: *x25519::PublicKey::of(&scalar).unwrap().as_bytes(),
        previous: sha256(&last.encode()),
        ..last
    };
    let signed = statement.sign(&keys.signing.1, None);
    let binding = Binding::account(Purpose::X25519(2), keys.instance, &keys.usr);
    let plain = pkcs8::encode(pkcs8::Kind::X25519, &scalar);
    let sealed = sealed_box::seal(&keys.master.key_encryption_key(), &binding, &[1; 12], &plain);
    let prelogin = json!({ "username": "ada" });
    let prelogin = here.post("/api/auth/prelogin", &prelogin).await.unwrap().body;
    let body = json!({
        "auth_key": base64url(&shown(&keys, &prelogin)),
        "identity": { "t": base64url(&signed.bytes), "s": base64url(&signed.signature.0) },
        "x_box": { "kem": 2, "box": base64url(&sealed) },
    });
    let (status, answer) = put(&here, "/api/e2ee/identity", body).await;
    assert_eq!(status, 200, "{answer}");

    let foreign = Untrusted::State(StateError::ForeignIdentity);
    assert_eq!(refused(here.recall(&keys).await), foreign);
    let before = memory.clone();
    let again = here.recall_again(&keys, &mut memory).await;
    assert!(matches!(again, Err(ClientError::Untrusted(why)) if why == foreign));
    assert_eq!((memory.version(), memory.state), (before.version(), before.state));
    let (there, keys) = signed_in(&server, "ada").await;
    assert_eq!(refused(there.recall(&keys).await), foreign);
    let rotated = there.rotate("ada", PASSWORD).await;
    assert!(matches!(rotated, Err(ClientError::Untrusted(why)) if why == foreign));
}

/// What a client shows at sign-in.
fn shown(keys: &Keys, prelogin: &Value) -> [u8; 32] {
    let salt = prelogin["salt"].as_str().unwrap();
    let salt = chat_e2ee::encoding::array_from_base64url(salt).unwrap();
    let password = chat_e2ee::account::Password::new(PASSWORD).unwrap();
    let iterations = chat_e2ee::account::Iterations::DEFAULT;
    let key = chat_e2ee::secret::PasswordKey::derive(&password, keys.instance, &keys.usr, &salt, iterations);
    *key.auth_key().expose()
}

fn copy(from: &Path, to: &Path) {
    for file in files(to) {
        std::fs::remove_file(file).unwrap();
    }
    for file in files(from) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_server_that_goes_back_is_found_out() {
    let (directory, saved) = (directory(), directory());
    let server = Server::start(directory.path());
    let (client, keys) = registered(&server, "ada").await;
    let mut first = client.recall(&keys).await.unwrap();
    client.keep(&keys, &mut first).await.unwrap();
    server.stop("-TERM");
    copy(directory.path(), saved.path());

    let server = Server::start(directory.path());
    registered(&server, "bob").await;
    let (client, keys) = signed_in(&server, "ada").await;
    client.recall_again(&keys, &mut first).await.unwrap();
    let mut later = first.clone();
    client.keep(&keys, &mut later).await.unwrap();
    server.stop("-TERM");
    copy(saved.path(), directory.path());

    let server = Server::start(directory.path());
    let (client, keys) = signed_in(&server, "ada").await;
    let rollback = client.recall_again(&keys, &mut later).await;
    assert!(
        matches!(rollback, Err(ClientError::Untrusted(Untrusted::StateRollback))),
        "{rollback:?}"
    );
    // The state is as new as was known; the directory is not.
    let shorter = client.recall_again(&keys, &mut first).await;
    let fork = Untrusted::State(StateError::DirectoryFork);
    assert!(matches!(shorter, Err(ClientError::Untrusted(why)) if why == fork));
    // And once it has grown again, it is another one.
    registered(&server, "eve").await;
    let other = client.recall_again(&keys, &mut first).await;
    assert!(matches!(other, Err(ClientError::Untrusted(why)) if why == fork));
    let kept = client.keep(&keys, &mut later).await;
    assert!(
        matches!(kept, Err(ClientError::Untrusted(Untrusted::StateRollback))),
        "{kept:?}"
    );
}

#[tokio::test]
async fn another_identity_takes_the_state_that_is_there_or_none() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (here, keys) = registered(&server, "ada").await;
    let (there, same_keys) = signed_in(&server, "ada").await;
    let mut memory = here.recall(&keys).await.unwrap();
    here.keep(&keys, &mut memory).await.unwrap();
    let (reset, ()) = tokio::join!(here.reset_identity("ada", PASSWORD), async {
        // Either it is quicker than the other identity, or its session has ended.
        if let Ok(mut theirs) = there.recall(&same_keys).await {
            let _ = there.keep(&same_keys, &mut theirs).await;
        }
    });
    let generation = match reset {
        Ok(_) => 2,
        Err(ClientError::Refused { status: 409, body }) => {
            assert_eq!(body["code"], "state_conflict");
            1
        }
        Err(other) => panic!("{other}"),
    };
    let (client, keys) = signed_in(&server, "ada").await;
    assert_eq!(keys.signing.0, generation);
    client.recall(&keys).await.unwrap();
}
