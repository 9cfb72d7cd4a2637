//! Starting and stopping.

use serde_json::Value;

use crate::server::{Server, directory, program};

#[tokio::test]
async fn a_stop_tells_every_socket_and_exits_with_0() {
    for signal in ["-INT", "-TERM"] {
        let directory = directory();
        let server = Server::start(directory.path());
        let mut sockets = Vec::new();
        for i in 0..10 {
            sockets.push(server.user(&format!("user_{i}")).await.socket().await.unwrap());
        }
        sockets[0].say("the last word").await.unwrap();
        sockets[0].next_of("ack").await.unwrap().unwrap();
        server.signal(signal);
        for mut socket in sockets {
            while socket.next().await.unwrap().is_some() {}
            assert_eq!(socket.closed().unwrap().code, 1001);
        }
        assert!(server.wait().success());
    }
}

#[test]
fn a_stop_with_nobody_there_exits_with_0() {
    let directory = directory();
    assert!(Server::start(directory.path()).stop("-INT").success());
}

#[test]
fn init_sets_up_once() {
    let directory = directory();
    let run = || {
        program(directory.path())
            .args(["init", "--admin", "root_admin", "--json"])
            .output()
            .unwrap()
    };
    let first: Value = serde_json::from_slice(&run().stdout).unwrap();
    assert_eq!(first["username"], "root_admin");
    assert_eq!(first["password"].as_str().unwrap().len(), 23);
    let again: Value = serde_json::from_slice(&run().stdout).unwrap();
    assert_eq!(again["password"], Value::Null);
    let server = Server::start(directory.path());
    assert!(server.printed().is_empty(), "no second administrator");
}

#[test]
fn two_servers_do_not_share_a_directory() {
    let directory = directory();
    let _server = Server::start(directory.path());
    let mut second = program(directory.path());
    second
        .args(["serve", "--port", "0"])
        .stderr(std::process::Stdio::piped());
    let output = second.output().unwrap();
    assert!(!output.status.success());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("another server")
    );
}

#[tokio::test]
async fn the_address_can_be_chosen() {
    let directory = directory();
    let server = Server::start_with(
        directory.path(),
        &["--host", "127.0.0.2"],
        &[("APP_NAME", "Northlight")],
    );
    assert!(
        server.address().starts_with("http://127.0.0.2:"),
        "{}",
        server.address()
    );
    assert_eq!(
        server.client().get("/api/csrf").await.unwrap().body["app_name"],
        "Northlight"
    );
}
