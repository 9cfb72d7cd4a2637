//! Messages on their way: each is sent again, under the same name, until the server has said what became of it.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::error::{ClientError, text};

/// A message to be posted.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Where; without one, in the plain room.
    pub room_id: Option<u64>,
    /// What.
    pub content: String,
    /// Its name; the same one is the same message for ever. Without one a random name is given.
    pub client_id: Option<String>,
}

impl NewMessage {
    /// This text for this room, under a random name.
    #[must_use]
    pub fn new(room_id: u64, content: impl Into<String>) -> Self {
        Self {
            room_id: Some(room_id),
            content: content.into(),
            client_id: None,
        }
    }

    /// The same under this name: 1–64 of `A-Z a-z 0-9 _ -`.
    #[must_use]
    pub fn known_as(self, client_id: impl Into<String>) -> Self {
        let client_id = Some(client_id.into());
        Self { client_id, ..self }
    }
}

/// What the server has stored for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The message's name.
    pub client_id: String,
    /// Its id.
    pub id: u64,
    /// Its room.
    pub room_id: u64,
    /// Its place there.
    pub seq: u64,
}

pub(crate) type Answer = oneshot::Sender<Result<Receipt, ClientError>>;

struct Pending {
    client_id: String,
    frame: String,
    answer: Answer,
}

/// Messages that have no answer yet, in the order of their posting.
#[derive(Default)]
pub(crate) struct Outbox(VecDeque<Pending>);

impl Outbox {
    /// Takes a message in; returns the frame to be sent.
    pub(crate) fn take(&mut self, client_id: String, new: &NewMessage, answer: Answer) -> String {
        let mut frame = json!({
            "type": "message", "content": new.content, "message_type": "text", "client_id": client_id,
        });
        if let (Some(room), Some(fields)) = (new.room_id, frame.as_object_mut()) {
            fields.insert("room_id".to_owned(), json!(room));
        }
        let frame = frame.to_string();
        self.0.push_back(Pending {
            client_id,
            frame: frame.clone(),
            answer,
        });
        frame
    }

    /// All frames, to be sent again.
    pub(crate) fn frames(&self) -> Vec<String> {
        self.0.iter().map(|pending| pending.frame.clone()).collect()
    }

    /// The message was stored.
    pub(crate) fn stored(&mut self, ack: &Value) {
        let number = |name: &str| ack.get(name).and_then(Value::as_u64).unwrap_or_default();
        if let Some(pending) = text(ack, "client_id").and_then(|id| self.remove(id)) {
            let receipt = Receipt {
                client_id: pending.client_id,
                id: number("id"),
                room_id: number("room_id"),
                seq: number("seq"),
            };
            // Who asked may have gone away.
            let _ = pending.answer.send(Ok(receipt));
        }
    }

    /// The message was refused. Returns after how many seconds it is to be sent again, if that may help.
    pub(crate) fn refused(&mut self, error: &Value) -> Option<u64> {
        let code = text(error, "code").unwrap_or_default();
        if matches!(code, "rate_limited" | "unavailable" | "storage_full" | "internal") {
            let wait = error.get("retry_after").and_then(Value::as_u64);
            return Some(wait.unwrap_or(1));
        }
        if let Some(pending) = text(error, "client_id").and_then(|id| self.remove(id)) {
            let _ = pending.answer.send(Err(ClientError::Refused {
                status: 0,
                body: error.clone(),
            }));
        }
        None
    }

    fn remove(&mut self, client_id: &str) -> Option<Pending> {
        let at = self.0.iter().position(|pending| pending.client_id == client_id)?;
        self.0.remove(at)
    }
}
