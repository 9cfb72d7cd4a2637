//! Sockets.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::{Message, protocol::CloseFrame};

use crate::error::{ClientError, text};

/// Why the server closed a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code; 1005 for none, 1006 for a connection that just ended.
    pub code: u16,
    /// In words.
    pub reason: String,
}

/// A connection to the server's socket.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    closed: Option<Closed>,
    greeting: Value,
}

impl Socket {
    /// Opens a socket and says nothing yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn connect(authority: &str) -> Result<Self, ClientError> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Self::open(stream, authority).await
    }

    /// Opens a socket over this connection to the server and says nothing yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn open(stream: TcpStream, authority: &str) -> Result<Self, ClientError> {
        let opened = tokio_tungstenite::client_async(format!("ws://{authority}/ws"), stream).await;
        let (stream, _) = opened.map_err(Box::new)?;
        Ok(Self {
            stream,
            closed: None,
            greeting: Value::Null,
        })
    }

    /// Says who one is and waits for the greeting.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Refused`] if the server closes instead.
    pub async fn authenticate(&mut self, token: Option<&str>) -> Result<(), ClientError> {
        self.authenticate_from(token, &json!([]), None).await
    }

    /// The same, going on in these rooms from where one was (a list of `{"room_id","after_seq"}`), and in the directory of
    /// identities from this place.
    ///
    /// # Errors
    /// As [`Socket::authenticate`].
    pub async fn authenticate_from(
        &mut self,
        token: Option<&str>,
        resume: &Value,
        directory: Option<u64>,
    ) -> Result<(), ClientError> {
        let auth = json!({ "type": "auth", "token": token, "resume": resume, "dir_seq": directory });
        self.send(&auth).await?;
        match self.next().await? {
            Some(frame) if text(&frame, "type") == Some("auth_ok") => {
                self.greeting = frame;
                Ok(())
            }
            other => Err(ClientError::Refused {
                status: 401,
                body: other.unwrap_or_default(),
            }),
        }
    }

    /// The `auth_ok` frame.
    #[must_use]
    pub const fn greeting(&self) -> &Value {
        &self.greeting
    }

    /// Posts a message to the plain room.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn say(&mut self, content: &str) -> Result<(), ClientError> {
        self.send(&json!({ "type": "message", "content": content, "message_type": "text" }))
            .await
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(&mut self, frame: &Value) -> Result<(), ClientError> {
        self.send_text(frame.to_string()).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_text(&mut self, text: String) -> Result<(), ClientError> {
        Ok(self.stream.send(Message::text(text)).await.map_err(Box::new)?)
    }

    /// The next frame; `None` once the server has closed, for the reason in [`Socket::closed`].
    ///
    /// # Errors
    /// [`ClientError`] for a frame that is no JSON.
    pub async fn next(&mut self) -> Result<Option<Value>, ClientError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Some(serde_json::from_str(&text)?)),
                Some(Ok(Message::Close(frame))) => self.closed = Some(reason(frame)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    self.closed.get_or_insert(Closed {
                        code: 1006,
                        reason: String::new(),
                    });
                    return Ok(None);
                }
            }
        }
    }

    /// The next frame of this type; others are passed over.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn next_of(&mut self, kind: &str) -> Result<Option<Value>, ClientError> {
        while let Some(frame) = self.next().await? {
            if text(&frame, "type") == Some(kind) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Why the server closed, once it has.
    #[must_use]
    pub const fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }
}

fn reason(frame: Option<CloseFrame>) -> Closed {
    frame.map_or(
        Closed {
            code: 1005,
            reason: String::new(),
        },
        |frame| Closed {
            code: frame.code.into(),
            reason: frame.reason.as_str().to_owned(),
        },
    )
}
