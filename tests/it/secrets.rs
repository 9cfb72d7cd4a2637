//! A password and a recovery code stay with their owner: they are in nothing that is sent, logged or stored, however they
//! are spelled. The page is held to the same by the scenario `canaries` of `tests/browser`.

use std::fs;
use std::path::Path;

use chat_client::Client;
use chat_e2ee::recovery::RecoveryCode;
use chat_e2ee::secret::Secret;

use crate::canaries;
use crate::recorder::Recorder;
use crate::scan::{Haystack, contents};
use crate::server::directory;

const NAME: &str = "canary_bird";
const FIRST: &str = "canary \"one\\ pässwort 7f3a";
const SECOND: &str = "canary \"two\\ pässwort 7f3a";
const THIRD: &str = "canary \"three\\ pässwort 7f3a";
const WRONG: &str = "canary \"wrong\\ pässwort 7f3a";

/// Everything that a code says: as it is shown, typed and drawn.
fn of_code(code: &RecoveryCode) -> Vec<Vec<u8>> {
    let shown = code.to_text();
    let plain = shown.replace('-', "");
    vec![
        plain.to_lowercase().into_bytes(),
        shown.to_lowercase().into_bytes(),
        plain.into_bytes(),
        shown.into_bytes(),
        code.entropy().to_vec(),
    ]
}

/// All that a keyed account goes through. What must be nowhere, afterwards.
async fn live(address: &str) -> Vec<Vec<u8>> {
    let client = || Client::new(address).unwrap();
    let mut home = client();
    let (keys, first) = home.register_keyed(NAME, FIRST).await.unwrap();
    assert!(client().sign_in_keyed(NAME, WRONG).await.is_err());
    client().sign_in_keyed(NAME, FIRST).await.unwrap();
    assert!(home.change_password(NAME, WRONG, SECOND).await.is_err());
    home.change_password(NAME, FIRST, SECOND).await.unwrap();
    home.rotate(NAME, SECOND).await.unwrap();
    let second = home.reset_identity(NAME, SECOND).await.unwrap();
    assert!(client().recover(NAME, &first, THIRD).await.is_err());
    let mut away = client();
    let third = away.recover(NAME, &second, THIRD).await.unwrap();
    away.say("hello").await.unwrap();

    let mut secrets: Vec<_> = [FIRST, SECOND, THIRD, WRONG]
        .iter()
        .map(|it| it.as_bytes().to_vec())
        .collect();
    secrets.extend([&first, &second, &third].into_iter().flat_map(of_code));
    secrets.push(Secret::expose(&keys.master).to_vec());
    secrets
}

/// The places that hold one of the secrets, and how it is spelled there.
fn leaks(places: &[(String, Vec<u8>)], secrets: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, bytes) in places {
        let haystack = Haystack::new(bytes);
        for secret in secrets {
            if let Some(spelling) = haystack.spelling_of(secret) {
                found.push(format!(
                    "{:?} in {place} as {spelling}",
                    secret.escape_ascii().to_string()
                ));
            }
        }
    }
    found
}

fn on_disk(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let all = contents(directory).into_iter();
    all.map(|(path, bytes)| (path.display().to_string(), bytes))
        .collect()
}

#[tokio::test]
async fn no_password_is_sent_logged_or_stored() {
    let directory = directory();
    let (data, log) = (directory.path().join("data"), directory.path().join("log"));
    let server = canaries::start(&data, &log);
    let line = Recorder::to(server.address()).await;
    let secrets = live(line.address()).await;
    // As it runs, with what is not in the database yet; and once it has ended.
    let mut places = on_disk(&data);
    assert!(
        places.iter().any(|(path, _)| path.ends_with("-wal")),
        "{:?}",
        places.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    places.push((
        "what was printed".to_owned(),
        server.printed().join("\n").into_bytes(),
    ));
    assert!(server.stop("-TERM").success());
    places.extend(on_disk(&data));
    let (said, logged) = (line.said(), fs::read(&log).unwrap());
    places.extend([
        ("the requests".to_owned(), said.clone()),
        ("the log".to_owned(), logged.clone()),
    ]);
    assert_eq!(leaks(&places, &secrets), Vec::<String>::new());

    // That it would have been found: what is there is.
    let name = [NAME.as_bytes().to_vec()];
    assert!(!leaks(&[("the requests".to_owned(), said)], &name).is_empty());
    assert!(
        !leaks(&on_disk(&data), &name).is_empty(),
        "the name is in the database"
    );
    let route = [b"/api/auth/recover/finish".to_vec()];
    assert!(!leaks(&[("the log".to_owned(), logged)], &route).is_empty());
}
