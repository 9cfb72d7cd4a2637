//! A connection on which exactly what is wanted is said, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// How long anything may take before the test fails; what takes longer says so itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Raw {
    stream: TcpStream,
    /// What has come and was not asked for yet.
    held: Vec<u8>,
}

/// An answer of the server's.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A field's value, if it is there once.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} is there twice: {}", self.head);
        Some(value.trim())
    }

    /// The lines of the head, but for those of these fields.
    pub(crate) fn head_without(&self, names: &[&str]) -> Vec<&str> {
        let is_left_out = |line: &str| {
            let name = line.split(':').next().unwrap_or_default();
            names.iter().any(|left_out| name.eq_ignore_ascii_case(left_out))
        };
        self.head.lines().filter(|line| !is_left_out(line)).collect()
    }

    /// The items of a list, in small letters, on however many lines.
    pub(crate) fn items(&self, name: &str) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let items = values.flat_map(|(_, value)| value.split(','));
        items.map(|item| item.trim().to_ascii_lowercase()).collect()
    }

    /// The `code` of a problem, which is shown as every other one is.
    pub(crate) fn problem(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(self.field("content-type"), Some("application/problem+json"));
        assert_eq!(self.field("x-content-type-options"), Some("nosniff"));
        assert_eq!(self.field("cache-control"), Some("no-store"));
        assert_eq!(
            (&body["status"], &body["success"]),
            (&json!(self.status), &json!(false))
        );
        body["code"].as_str().unwrap().to_owned()
    }
}

impl Raw {
    /// Connects to `host:port`.
    pub(crate) async fn connect(authority: &str) -> Self {
        Self::connect_from("127.0.0.1", authority).await
    }

    /// The same from another address of this machine.
    pub(crate) async fn connect_from(source: &str, authority: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
        let stream = timeout(PATIENCE, socket.connect(authority.parse().unwrap())).await;
        let stream = stream.expect("it does not accept").unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            held: Vec::new(),
        }
    }

    /// Says something. Returns whether the other end took it all: who was hung up on finds out here or when they listen.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let said = timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await;
        said.expect("it does not read").is_ok()
    }

    /// The next so many bytes; fewer if the connection ends before.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.held.len() < count && self.hear().await {}
        let count = count.min(self.held.len());
        self.held.drain(..count).collect()
    }

    /// The next answer; `None` if the connection ends before it is there as a whole.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let mut answer = self.head().await?;
        let length = answer
            .field("content-length")
            .map(|length| length.parse().unwrap());
        answer.body = self.take(length.unwrap_or(0)).await;
        (answer.body.len() == length.unwrap_or(0)).then_some(answer)
    }

    /// The head of the next answer; `None` if the connection ends before.
    pub(crate) async fn head(&mut self) -> Option<Answer> {
        let end = loop {
            let end = self.held.windows(4).position(|window| window == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None if self.hear().await => {}
                None => return None,
            }
        };
        let head = String::from_utf8(self.take(end).await).unwrap();
        Some(Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: Vec::new(),
        })
    }

    /// All answers until the connection ends.
    pub(crate) async fn answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.answer().await {
            answers.push(answer);
        }
        assert!(
            self.held.is_empty(),
            "half an answer: {}",
            self.held.escape_ascii()
        );
        answers
    }

    /// Asks for a page. Returns the status; `None` if the connection ends instead.
    pub(crate) async fn get(&mut self, path: &str) -> Option<u16> {
        self.say(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .await;
        self.answer().await.map(|answer| answer.status)
    }

    /// Everything until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let over = async { while self.hear().await {} };
        timeout(PATIENCE, over).await.expect("it does not end");
        std::mem::take(&mut self.held)
    }

    /// Waits for more. Returns whether any came before the end.
    async fn hear(&mut self) -> bool {
        let read = timeout(Duration::from_mins(2), self.stream.read_buf(&mut self.held)).await;
        // A reset ends a connection as well.
        matches!(read.expect("nothing comes"), Ok(1..))
    }
}
