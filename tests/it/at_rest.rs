//! What lies on the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::server::{PASSWORD, Server, directory, files, program};

#[tokio::test]
async fn neither_text_nor_token_nor_password_is_on_the_disk() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    ada.say("the secret of the harbour").await.unwrap();
    let token = ada.token().unwrap().to_owned();
    server.kill();
    let mut scanned = 0;
    for path in files(directory.path()) {
        let bytes = fs::read(&path).unwrap();
        scanned += bytes.len();
        for secret in ["the secret of the harbour", &token, PASSWORD] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret:?} in {}", path.display());
        }
    }
    assert!(scanned > 10_000, "there was something to scan");
}

#[tokio::test]
async fn files_are_their_owners_own() {
    let parent = directory();
    let data = parent.path().join("data");
    let server = Server::start(&data);
    server.user("ada").await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_keyring_that_is_open_to_others_stops_the_start() {
    let directory = directory();
    assert!(
        program(directory.path())
            .arg("init")
            .output()
            .unwrap()
            .status
            .success()
    );
    let keyring = directory.path().join("keyring.json");
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o640)).unwrap();
    let output = program(directory.path())
        .arg("serve")
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        said.contains("keyring.json") && said.contains("chmod 600"),
        "{said}"
    );
}

#[test]
fn a_database_without_its_keyring_gets_no_new_one() {
    let directory = directory();
    assert!(
        program(directory.path())
            .arg("init")
            .output()
            .unwrap()
            .status
            .success()
    );
    let keyring = directory.path().join("keyring.json");
    fs::remove_file(&keyring).unwrap();
    let output = program(directory.path())
        .arg("serve")
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("keyring.json"),
        "{said}"
    );
    assert!(!keyring.exists());
}
