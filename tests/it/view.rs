//! What one sees of a room, put together from what one was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A message on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// None: deleted.
    pub(crate) content: Option<String>,
    pub(crate) seq: u64,
    pub(crate) reactions: BTreeSet<(String, u64)>,
}

/// What one sees of a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct View {
    pub(crate) messages: BTreeMap<u64, Seen>,
    /// The newest place.
    pub(crate) seq: u64,
}

impl View {
    /// A room as its history shows it.
    pub(crate) fn of(history: &[Value], seq: u64) -> Self {
        let messages = history.iter().map(seen).collect();
        Self { messages, seq }
    }

    /// Without what was deleted.
    pub(crate) fn shown(&self) -> Self {
        let mut shown = self.clone();
        shown.messages.retain(|_, message| message.content.is_some());
        shown
    }

    /// Takes the next event in; it is to be the next one.
    pub(crate) fn take(&mut self, seq: u64, frame: &Value) {
        let from = frame["seq"].as_u64().filter(|_| frame["type"] == "withheld");
        assert_eq!(from.unwrap_or(seq), self.seq + 1, "out of order: {frame}");
        self.seq = seq;
        let target = |name: &str| frame[name].as_u64().unwrap();
        match frame["type"].as_str().unwrap() {
            "new_message" | "message_edited" => {
                let (id, message) = seen(&frame["message"]);
                self.messages.insert(id, message);
            }
            "message_deleted" => {
                if let Some(message) = self.messages.get_mut(&target("id")) {
                    message.content = None;
                    message.reactions.clear();
                }
            }
            "reaction" => {
                let reaction = (frame["emoji"].as_str().unwrap().to_owned(), target("user_id"));
                let Some(message) = self.messages.get_mut(&target("target_id")) else {
                    return;
                };
                // What stands under a message that was deleted meanwhile is not to be seen.
                if frame["added"] == true && message.content.is_some() {
                    message.reactions.insert(reaction);
                } else {
                    message.reactions.remove(&reaction);
                }
            }
            _ => {}
        }
    }
}

fn seen(message: &Value) -> (u64, Seen) {
    let mut reactions = BTreeSet::new();
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let emoji = reaction["emoji"].as_str().unwrap();
        for user in reaction["user_ids"].as_array().unwrap() {
            reactions.insert((emoji.to_owned(), user.as_u64().unwrap()));
        }
    }
    let shown = Seen {
        content: message["content"].as_str().map(ToOwned::to_owned),
        seq: message["seq"].as_u64().unwrap(),
        reactions,
    };
    (message["id"].as_u64().unwrap(), shown)
}
