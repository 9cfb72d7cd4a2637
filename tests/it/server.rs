//! A server of one's own for every test.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use chat_client::{Client, Socket};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running server; it is killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    address: String,
    printed: Vec<String>,
}

/// A start that came to nothing.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it printed before.
    pub(crate) printed: Vec<String>,
}

/// The program, with its data in this directory.
pub(crate) fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secure-chat"));
    command
        .arg("--data-dir")
        .arg(directory)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    // A test makes more accounts and messages in a second than people do.
    command
        .env("RATE_LIMIT_MESSAGES", "100000")
        .env("RATE_LIMIT_REGISTRATIONS", "100000");
    command
}

/// An address of this machine that goes with this directory alone.
pub(crate) fn own_host(directory: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    directory.hash(&mut hasher);
    let [a, b, c, ..] = hasher.finish().to_le_bytes();
    // Neither the first nor the last address of the network.
    format!("127.{a}.{b}.{}", c.clamp(1, 254))
}

impl Server {
    /// Starts a server on any free port, and returns once it listens.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[], &[])
    }

    /// Starts one where no other test's server will ever answer: for those who come back to where it was.
    pub(crate) fn start_apart(directory: &Path) -> Self {
        Self::start_with(directory, &["--host", &own_host(directory)], &[])
    }

    pub(crate) fn start_with(directory: &Path, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = program(directory);
        command
            .args(["serve", "--port", "0"])
            .args(flags)
            .envs(environment.iter().copied());
        Self::spawn(&mut command).unwrap_or_else(|ended| panic!("it ended instead of listening: {ended:?}"))
    }

    /// Starts a server that may have so many files and connections open at once.
    pub(crate) fn start_with_few_descriptors(
        directory: &Path,
        descriptors: usize,
        environment: &[(&str, &str)],
    ) -> Self {
        let program = program(directory);
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("ulimit -n {descriptors}; exec \"$0\" \"$@\""))
            .arg(program.get_program())
            .args(program.get_args())
            .args(["serve", "--port", "0"])
            .env_clear()
            .envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        Self::spawn(&mut command).unwrap_or_else(|ended| panic!("it ended instead of listening: {ended:?}"))
    }

    /// Starts a server by this command, and returns once it listens or has ended.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Ended> {
        // From here on it is ended whatever happens, also when the next lines panic.
        let mut server = Self {
            process: command.stdout(Stdio::piped()).spawn().unwrap(),
            address: String::new(),
            printed: Vec::new(),
        };
        for line in BufReader::new(server.process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut server.address);
                return Ok(server);
            }
            server.printed.push(line);
        }
        Err(Ended {
            printed: std::mem::take(&mut server.printed),
            status: server.wait(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it printed before it listened.
    pub(crate) fn printed(&self) -> &[String] {
        &self.printed
    }

    /// The log of a server that was started with few descriptors.
    pub(crate) fn log(&mut self) -> ChildStderr {
        self.process.stderr.take().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address).unwrap()
    }

    /// A client with an account of its own.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.client();
        client.register(name, PASSWORD).await.unwrap();
        client
    }

    /// The first administrator, whose password this start has printed.
    pub(crate) async fn admin(&self) -> Client {
        let mut client = self.client();
        client.sign_in("admin", &self.first_password()).await.unwrap();
        client
    }

    /// The first administrator's, as it was shown.
    pub(crate) fn first_password(&self) -> String {
        let shown = self.printed().join(" ");
        let password = shown.split("with the password ").nth(1).unwrap();
        password.split_whitespace().next().unwrap().to_owned()
    }

    /// The most memory that it had resident since [`Server::forget_peak_memory`], in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kibibytes: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
        kibibytes * 1_024
    }

    /// From here on the peak is counted anew.
    pub(crate) fn forget_peak_memory(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5").unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as a power cut would, for the process.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, as a service manager (`-TERM`) or ctrl-C (`-INT`) does, and waits.
    pub(crate) fn stop(self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// Returns when it has ended by itself, which somebody else may be waiting for as well.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        // A process is no task: what tells of its end to one who waits would not let go of a test that fails.
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        loop {
            looks.tick().await;
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
        }
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.process.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn directory() -> TempDir {
    TempDir::new().unwrap()
}

/// What lies in this directory and can be read.
pub(crate) fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
}

/// The texts of the next messages on this socket.
pub(crate) async fn hear(socket: &mut Socket, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let frame = socket.next_of("new_message").await.unwrap().unwrap();
        texts.push(frame["message"]["content"].as_str().unwrap().to_owned());
    }
    texts
}

/// All messages of the plain room, oldest first.
pub(crate) async fn history(client: &Client) -> Vec<serde_json::Value> {
    let mut messages: Vec<serde_json::Value> = Vec::new();
    let mut path = "/api/messages?limit=100".to_owned();
    loop {
        let page = client.get(&path).await.unwrap().success().unwrap();
        messages.splice(0..0, page["messages"].as_array().unwrap().clone());
        if page["has_more"] == false {
            return messages;
        }
        path = format!("/api/messages?limit=100&before={}", messages[0]["seq"]);
    }
}
