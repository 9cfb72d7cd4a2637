//! What operators do from a shell: on a directory that nobody serves, and on a running server.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::server::{PASSWORD, Server, directory, program};

/// A command, done.
pub(crate) struct Done(Output);

impl Done {
    pub(crate) fn status(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn said(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn complained(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status(), 0, "{}", self.complained());
        serde_json::from_str(&self.said()).unwrap()
    }
}

pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Done {
    run_with(directory, arguments, "")
}

/// The same where the operator has set something.
pub(crate) fn run_with_environment(
    directory: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Done {
    let mut command = program(directory);
    command.args(arguments).envs(environment.iter().copied());
    Done(command.stderr(Stdio::piped()).output().unwrap())
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

fn state<'a>(findings: &'a Value, about: &str) -> &'a str {
    let all = findings.as_array().unwrap();
    let found = all.iter().find(|finding| finding["about"] == about).unwrap();
    found["state"].as_str().unwrap()
}

/// What the doctor finds is what is wrong, and it changes nothing.
#[test]
fn the_doctor_finds_what_is_wrong() {
    use std::os::unix::fs::PermissionsExt;

    let directory = directory();
    let data = directory.path().join("data");
    let ask = |environment: &[(&str, &str)]| {
        let mut command = program(&data);
        command
            .args(["doctor", "--json"])
            .envs(environment.iter().copied())
            .env("WEBSOCKET_PORT", "0");
        let done = Done(command.stderr(Stdio::piped()).output().unwrap());
        let findings: Value = serde_json::from_str(&done.said()).unwrap();
        (done.status(), findings)
    };
    let (status, findings) = ask(&[]);
    assert_eq!((status, state(&findings, "data directory")), (0, "doubtful"));
    assert!(!data.exists());

    init(&data);
    let (status, findings) = ask(&[]);
    assert_eq!(status, 0, "{findings}");
    for about in [
        "data directory",
        "rights",
        "database",
        "clock",
        "server",
        "address",
        "proxy",
    ] {
        assert_eq!(state(&findings, about), "good", "{findings}");
    }

    let (status, findings) = ask(&[("WEBSOCKET_HOST", "0.0.0.0")]);
    assert_eq!((status, state(&findings, "address")), (1, "bad"));
    let secure = ("PUBLIC_URL", "https://chat.example.org");
    let (status, findings) = ask(&[secure]);
    assert_eq!((status, state(&findings, "proxy")), (0, "doubtful"));
    let (_, findings) = ask(&[secure, ("TRUSTED_PROXIES", "127.0.0.1")]);
    assert_eq!(state(&findings, "proxy"), "good");

    let keyring = data.join("keyring.json");
    std::fs::set_permissions(&keyring, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (status, findings) = ask(&[]);
    assert_eq!((status, state(&findings, "rights")), (1, "bad"));
    std::fs::set_permissions(&keyring, std::fs::Permissions::from_mode(0o600)).unwrap();

    let database = rusqlite::Connection::open(data.join("chat.db")).unwrap();
    let later = "INSERT INTO messages (room_id, seq, event, user_id, created_at) VALUES (1, 9, 'leave', 1, 9000000000000)";
    database.execute_batch(later).unwrap();
    let (status, findings) = ask(&[]);
    assert_eq!((status, state(&findings, "clock")), (1, "bad"));
    drop(database);
    std::fs::write(
        data.join("chat.db"),
        "no database at all, but long enough to be looked at",
    )
    .unwrap();
    let (status, findings) = ask(&[]);
    assert_eq!((status, state(&findings, "database")), (1, "bad"));
}

#[test]
fn the_doctor_asks_the_server_that_runs() {
    let directory = directory();
    let data = directory.path().join("data");
    let server = Server::start(&data);
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    let mut command = program(&data);
    let done = Done(
        command
            .arg("doctor")
            .env("WEBSOCKET_PORT", port)
            .output()
            .unwrap(),
    );
    assert_eq!(done.status(), 0, "{}", done.said());
    assert!(
        done.said().contains("one runs, and answers at"),
        "{}",
        done.said()
    );
    assert!(
        done.said()
            .lines()
            .all(|line| line.starts_with("ok  ") || line.starts_with("look"))
    );
}

#[tokio::test]
async fn maintenance_is_done_at_once() {
    let directory = directory();
    init(directory.path());
    let done = run(directory.path(), &["maintain", "--json"]).json();
    assert_eq!(done["sessions_ended"], 0);
    let server = Server::start_with(directory.path(), &[], &[("SESSION_LIFETIME", "1")]);
    server.user("ada").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let done = run(directory.path(), &["maintain"]);
    assert!(
        done.said().starts_with("1 session ended"),
        "{} {}",
        done.said(),
        done.complained()
    );
}

/// They need neither a configuration nor a data directory.
#[test]
fn the_command_line_describes_itself() {
    let directory = directory();
    for shell in ["bash", "zsh", "fish"] {
        let done = run(directory.path(), &["--config", "/nowhere", "completions", shell]);
        assert!(
            done.status() == 0 && done.said().contains("passwd"),
            "{}",
            done.complained()
        );
    }
    let page = run(directory.path(), &["man"]);
    assert!(
        page.said().contains(".TH secure\\-chat 1") || page.said().contains(".TH secure-chat 1"),
        "{}",
        page.said()
    );
    let pages = directory.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    assert_eq!(
        run(directory.path(), &["man", "--out", pages.to_str().unwrap()]).status(),
        0
    );
    assert!(pages.join("secure-chat-user-ban.1").exists());
    let version = run(directory.path(), &["--version"]).said();
    assert_eq!(version, format!("secure-chat {}\n", env!("CARGO_PKG_VERSION")));
}
