//! The bots of the README, run as they stand there.
//!
//! What a machine lacks is looked for once; a trial that cannot run is *ignored* by name, with what it needs, so that
//! the runner's own count shows it. Under `CI` nothing may be lacking, and such a trial fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[expect(
    dead_code,
    reason = "these are the tests of `tests/it`, which use more of them"
)]
#[path = "it/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

use server::{Server, directory};

const README: &str = include_str!("../README.md");
const TOOLS: [&str; 3] = ["curl", "jq", "websocat"];

/// The block of the README behind this mark.
fn block(mark: &str) -> String {
    let behind = README.split_once(&format!("<!-- {mark} -->")).unwrap().1;
    let block = behind.split_once("```").unwrap().1;
    let (_, block) = block.split_once('\n').unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// Has the README's own words make an account and a token for it.
fn token(server: &Server) -> String {
    let script = block("a token for a bot").replace("127.0.0.1:8080", server.client().authority());
    let made = Command::new("sh")
        .args(["-c", &format!("{script}\nprintf %s \"$TOKEN\"")])
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap();
    assert!(
        token.starts_with("sct_"),
        "{token} {}",
        String::from_utf8_lossy(&made.stderr)
    );
    token
}

/// Ends with the test.
struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended by itself; all of a shell's pipe ends with it, for it has a group of its own.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Bot {
    use std::os::unix::process::CommandExt;

    Bot(command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap())
}

/// Somebody says "!ping" and is answered once; what only looks like it is not answered.
async fn answers(bot: impl FnOnce(&str, &str) -> Bot) {
    let directory = directory();
    let server = Server::start(directory.path());
    let token = token(&server);
    let ada = server.user("ada").await;
    let mut ear = ada.socket().await.unwrap();
    let _bot = bot(server.client().authority(), &token);
    let came = ear.next_of("user_joined").await.unwrap().unwrap();
    assert_eq!(came["user"]["username"], "my_bot");
    for text in ["ping", "!ping", "!ping!"] {
        ada.say(text).await.unwrap();
    }
    let answered = async {
        loop {
            let told = ear.next_of("new_message").await.unwrap().unwrap();
            if told["message"]["username"] == "my_bot" {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_mins(1), answered)
        .await
        .expect("it does not answer");
    assert_eq!(told["message"]["content"], "pong");
    let history = server::history(&ada).await;
    let pongs = history.iter().filter(|message| message["content"] == "pong");
    assert_eq!(pongs.count(), 1, "it answers what was asked, and once");
}

async fn in_shell() {
    let script = block("a bot in shell");
    assert_eq!(
        script,
        include_str!("../docs/bots/ping.sh"),
        "the README shows another bot"
    );
    let shell = |host: &str, token: &str| {
        start(
            Command::new("sh")
                .args(["-c", &script])
                .env("HOST", host)
                .env("TOKEN", token),
        )
    };
    answers(shell).await;
}

async fn in_rust() {
    let shown = block("a bot in Rust");
    assert_eq!(
        shown,
        include_str!("../docs/bots/ping.rs"),
        "the README shows another bot"
    );
    let program = example("ping");
    answers(|host, token| start(Command::new(program).args([&format!("http://{host}"), token]))).await;
}

/// Where cargo has put an example of this package: beside this test.
fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples")
        .join(name)
}

#[expect(clippy::disallowed_methods, reason = "a runner may ask where it runs")]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

fn is_there(tool: &str) -> bool {
    let mut asked = Command::new(tool);
    asked
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

fn trial<T: Future<Output = ()> + 'static>(name: &str, test: fn() -> T, lacks: &[&str]) -> Trial {
    if lacks.is_empty() || is_ci() {
        let test = move || {
            tokio::runtime::Runtime::new().unwrap().block_on(test());
            Ok(())
        };
        return Trial::test(name, test);
    }
    Trial::test(name, || Ok(()))
        .with_kind(format!("needs {}", lacks.join(", ")))
        .with_ignored_flag(true)
}

fn main() -> ExitCode {
    let lacking =
        |tools: &[&'static str]| -> Vec<_> { tools.iter().copied().filter(|tool| !is_there(tool)).collect() };
    let mut lacking_for_rust = lacking(&TOOLS[..2]);
    // `cargo test` builds it, and a run of this test alone does not.
    if !example("ping").exists() {
        lacking_for_rust.push("cargo build --example ping");
    }
    let trials = vec![
        trial("in_shell", in_shell, &lacking(&TOOLS)),
        trial("in_rust", in_rust, &lacking_for_rust),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
