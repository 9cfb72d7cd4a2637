//! What operators do from a shell: on a directory that nobody serves, and on a running server.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::server::{PASSWORD, Server, directory, program};

/// A command, done.
struct Done(Output);

impl Done {
    fn status(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn said(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn complained(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    fn json(&self) -> Value {
        assert_eq!(self.status(), 0, "{}", self.complained());
        serde_json::from_str(&self.said()).unwrap()
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Done {
    run_with(directory, arguments, "")
}

fn run_with(directory: &Path, arguments: &[&str], input: &str) -> Done {
    let mut command = program(directory);
    command.args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // Who asks for no input may be gone already.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    Done(process.wait_with_output().unwrap())
}

/// Sets everything up; the password of the first administrator.
fn init(directory: &Path) -> String {
    let made = run(directory, &["init", "--json"]).json();
    made["password"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn accounts_are_seen_to_without_a_server() {
    let directory = directory();
    init(directory.path());
    let made = run(directory.path(), &["user", "add", "robot", "--json"]).json();
    let drawn = made["password"].as_str().unwrap().to_owned();
    let given = run_with(
        directory.path(),
        &["user", "add", "Ada", "--admin", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert_eq!((given.status(), given.said().as_str()), (0, "Ada was made.\n"));

    let listed = run(directory.path(), &["user", "list", "--json"]).json();
    let shown: Vec<_> = listed.as_array().unwrap().iter().collect();
    let names: Vec<_> = shown
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["admin", "robot", "Ada"]);
    let admins: Vec<_> = shown.iter().map(|user| user["is_admin"] == true).collect();
    assert_eq!(admins, [true, false, true]);

    let server = Server::start(directory.path());
    server.client().sign_in("robot", &drawn).await.unwrap();
    server.client().sign_in("ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_ban_from_the_shell_is_in_force_at_once() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let mut socket = ada.socket().await.unwrap();
    let banned = run(
        directory.path(),
        &["user", "ban", "ADA", "--for", "7d", "--reason", "spam", "--json"],
    )
    .json();
    assert_eq!(
        (&banned["is_banned"], &banned["ban_reason"]),
        (&true.into(), &"spam".into())
    );
    let told = socket.next_of("banned").await.unwrap().unwrap();
    assert_eq!(told["reason"], "spam");
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4004));
    assert_eq!(ada.get("/api/messages").await.unwrap().status, 401);
    let refused = server
        .client()
        .sign_in("ada", PASSWORD)
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("banned"), "{refused}");

    let lifted = run(directory.path(), &["user", "unban", "ada"]);
    assert_eq!(lifted.said(), "ada is not banned.\n");
    server.client().sign_in("ada", PASSWORD).await.unwrap();
    let again = run(directory.path(), &["user", "unban", "ada"]);
    assert_eq!(again.said(), "ada is not banned already; nothing was changed.\n");
    assert_eq!(again.status(), 0);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let mut socket = ada.socket().await.unwrap();
    let set = run(directory.path(), &["user", "passwd", "ada", "--json"]).json();
    while socket.next().await.unwrap().is_some() {}
    assert_eq!(socket.closed().map(|closed| closed.code), Some(4001));
    assert_eq!(ada.get("/api/messages").await.unwrap().status, 401);
    assert!(server.client().sign_in("ada", PASSWORD).await.is_err());
    let new = set["password"].as_str().unwrap();
    server.client().sign_in("ada", new).await.unwrap();
}

/// What is refused leaves nothing behind, says why in one line, and is told apart from what has failed.
#[test]
fn exit_codes() {
    let directory = directory();
    let nothing = run(directory.path(), &["user", "list"]);
    assert_eq!(nothing.status(), 1);
    assert!(
        nothing.complained().contains("secure-chat init"),
        "{}",
        nothing.complained()
    );
    assert!(!directory.path().join("chat.db").exists());

    init(directory.path());
    let refused: [(&[&str], &str); 6] = [
        (
            &["user", "promote", "nobody"],
            "There is no account named \"nobody\".",
        ),
        (
            &["user", "ban", "no such name!"],
            "There is no account named \"no such name!\".",
        ),
        (
            &["user", "demote", "admin"],
            "The last administrator cannot be removed.",
        ),
        (
            &["user", "ban", "admin"],
            "The last administrator cannot be removed.",
        ),
        (&["user", "add", "ADMIN"], "This username is taken."),
        (&["user", "add", "a"], "The username must have 3 to 50 characters"),
    ];
    for (arguments, why) in refused {
        let done = run(directory.path(), arguments);
        assert_eq!(done.status(), 3, "{arguments:?}: {}", done.complained());
        let complaint = done.complained();
        assert!(
            complaint.contains(why) && complaint.lines().count() == 1,
            "{complaint}"
        );
        assert_eq!(done.said(), "");
    }
    let short = run_with(
        directory.path(),
        &["user", "add", "ada", "--password-stdin"],
        "short\n",
    );
    assert_eq!(short.status(), 3);
    assert!(
        short
            .complained()
            .contains("The password must have at least 8 characters")
    );
    for wrong in [
        &["user", "ban"][..],
        &["user", "ban", "x", "--for", "soon"],
        &["sing"],
    ] {
        assert_eq!(run(directory.path(), wrong).status(), 2, "{wrong:?}");
    }
    let listed = run(directory.path(), &["user", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

/// The socket is nobody's but the owner's, and what is no request is refused.
#[tokio::test]
async fn the_socket_of_the_command_line_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let directory = directory();
    let _server = Server::start(directory.path());
    let path = directory.path().join("control.sock");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for nonsense in ["{}\n", "\n", "[1,2", "{\"do\":\"sing\"}\n"] {
        let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (&answer["answer"], &answer["code"]),
            (&"refused".into(), &"invalid".into())
        );
    }
}
