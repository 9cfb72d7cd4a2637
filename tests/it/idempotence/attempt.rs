//! The ways in which a message is sent, and sent again.

use chat_client::{Client, ClientError, Socket};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// Parallel attempts at most.
const STORM: usize = 20;

/// A message under its author's own name for it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) client_id: String,
    pub(super) content: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is this message. `made`: by this very attempt, as far as the answer says so.
    Is { id: u64, seq: u64, made: bool },
    /// Another content had this name before.
    Conflict,
}

/// How it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the socket that other messages went by.
    SameSocket,
    /// By a socket of its own.
    NewSocket,
    /// By a request.
    Rest,
    /// By a socket that is dropped right after the sending.
    UnheardSocket,
    /// By a request whose answer nobody waits for.
    UnheardRest,
    /// By so many new sockets and requests at once.
    Storm(usize),
}

impl Way {
    pub(super) fn any(rng: &mut Rng) -> Self {
        match rng.u8(..10) {
            0 | 1 => Self::SameSocket,
            2 => Self::NewSocket,
            3 | 4 => Self::Rest,
            5 | 6 => Self::UnheardSocket,
            7 => Self::UnheardRest,
            _ => Self::Storm(rng.usize(2..=STORM)),
        }
    }
}

/// Somebody who sends, with the socket that stays open.
pub(super) struct Sender {
    client: Client,
    socket: Socket,
}

impl Sender {
    pub(super) async fn new(client: Client) -> Result<Self, ClientError> {
        let socket = client.socket().await?;
        Ok(Self { client, socket })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends the message this way, and returns all answers that were waited for.
    pub(super) async fn send(&mut self, named: &Named, way: Way) -> Result<Vec<Answer>, ClientError> {
        let client = self.client.clone();
        Ok(match way {
            Way::SameSocket => vec![self.by_the_same_socket(named).await?],
            Way::NewSocket => vec![by_new_socket(&client, named).await?],
            Way::Rest => vec![by_request(&client, named).await?],
            Way::UnheardSocket => {
                client.socket().await?.send(&frame(named)).await?;
                Vec::new()
            }
            Way::UnheardRest => {
                unheard_request(&client, named).await?;
                Vec::new()
            }
            Way::Storm(count) => storm(&client, named, count).await?,
        })
    }

    /// Who listens too little, or is refused too often, is sent away, and comes back.
    async fn by_the_same_socket(&mut self, named: &Named) -> Result<Answer, ClientError> {
        let sent = by_socket(&mut self.socket, named).await;
        let Err(error) = sent else { return sent };
        while let Ok(Some(_)) = self.socket.next().await {}
        if !matches!(self.socket.closed(), Some(closed) if [4008, 4009].contains(&closed.code)) {
            return Err(error);
        }
        self.socket = self.client.socket().await?;
        by_socket(&mut self.socket, named).await
    }
}

fn body(named: &Named) -> Value {
    json!({ "content": named.content, "message_type": "text", "client_id": named.client_id })
}

fn frame(named: &Named) -> Value {
    let mut frame = body(named);
    frame["type"] = "message".into();
    frame
}

async fn by_socket(socket: &mut Socket, named: &Named) -> Result<Answer, ClientError> {
    socket.send(&frame(named)).await?;
    loop {
        let Some(heard) = socket.next().await? else {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        };
        if heard["client_id"] != named.client_id {
            continue;
        }
        match heard["type"].as_str() {
            Some("ack") => return Ok(is(&heard, false)),
            Some("error") => {
                assert_eq!(heard["code"], "client_id_conflict", "{heard}");
                return Ok(Answer::Conflict);
            }
            _ => {}
        }
    }
}

async fn by_new_socket(client: &Client, named: &Named) -> Result<Answer, ClientError> {
    by_socket(&mut client.socket().await?, named).await
}

async fn by_request(client: &Client, named: &Named) -> Result<Answer, ClientError> {
    let answer = client.post("/api/send-message", &body(named)).await?;
    Ok(match (answer.status, answer.code()) {
        (201, "") => is(&answer.body["message"], true),
        (200, "") => is(&answer.body["message"], false),
        (409, "client_id_conflict") => Answer::Conflict,
        other => panic!("{other:?}: {}", answer.body),
    })
}

async fn unheard_request(client: &Client, named: &Named) -> Result<(), ClientError> {
    let (body, token) = (body(named).to_string(), client.token().unwrap());
    let head = format!(
        "POST /api/send-message HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        client.authority(),
        body.len(),
    );
    let mut line = TcpStream::connect(client.authority()).await?;
    line.write_all((head + &body).as_bytes()).await?;
    Ok(())
}

async fn storm(client: &Client, named: &Named, count: usize) -> Result<Vec<Answer>, ClientError> {
    let mut attempts = tokio::task::JoinSet::new();
    for n in 0..count {
        let (client, named) = (client.clone(), named.clone());
        attempts.spawn(async move {
            if n % 2 == 0 {
                by_request(&client, &named).await
            } else {
                by_new_socket(&client, &named).await
            }
        });
    }
    attempts.join_all().await.into_iter().collect()
}

fn is(told: &Value, made: bool) -> Answer {
    Answer::Is {
        id: told["id"].as_u64().unwrap(),
        seq: told["seq"].as_u64().unwrap(),
        made,
    }
}
