//! What was tried and what was answered, in one order.

use std::collections::BTreeMap;

use serde_json::Value;

/// The order in which things happened, as those saw it who did them.
pub(crate) type Tick = u64;

/// A message that somebody wants to say.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) user: u64,
    pub(crate) room: u64,
    pub(crate) client_id: String,
    pub(crate) content: String,
    /// When it was sent for the first time.
    pub(crate) began: Tick,
    pub(crate) stored: Option<Receipt>,
}

/// An acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) id: u64,
    pub(crate) seq: u64,
    pub(crate) at: Tick,
}

/// Anything else that takes a place in a room.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) user: u64,
    pub(crate) room: u64,
    pub(crate) what: Deed,
    pub(crate) is_acknowledged: bool,
}

/// What is done in a room beside talking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Edit {
        message: u64,
        content: String,
    },
    Delete {
        message: u64,
    },
    React {
        message: u64,
        emoji: String,
        added: bool,
    },
    Join,
    Leave,
    Topic(String),
}

impl Deed {
    /// What the database keeps of it in the open: the kind of event, the message that it is about, the emoji and
    /// whether it was added.
    pub(crate) fn trace(&self) -> Trace {
        let trace = |event: &str, message: u64| Trace {
            event: event.to_owned(),
            message: (message > 0).then_some(message),
            reaction: None,
        };
        match self {
            Self::Edit { message, .. } => trace("edit", *message),
            Self::Delete { message } => trace("deletion", *message),
            Self::React {
                message,
                emoji,
                added,
            } => Trace {
                reaction: Some((emoji.clone(), *added)),
                ..trace("reaction", *message)
            },
            Self::Join => trace("join", 0),
            Self::Leave => trace("leave", 0),
            Self::Topic(_) => trace("settings", 0),
        }
    }
}

/// What the database keeps of a deed in the open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trace {
    pub(crate) event: String,
    pub(crate) message: Option<u64>,
    pub(crate) reaction: Option<(String, bool)>,
}

/// Everything that was tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    pub(crate) said: Vec<Said>,
    pub(crate) done: Vec<Done>,
    /// How often the server said that it cannot now, by its code.
    pub(crate) refusals: BTreeMap<String, usize>,
    /// Where the rooms stood before anybody wrote.
    pub(crate) begin: BTreeMap<u64, u64>,
    acknowledged: usize,
    now: Tick,
}

impl Journal {
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    pub(crate) fn refused(&self) -> usize {
        self.refusals.values().sum()
    }

    /// Somebody is about to say something; the number of the entry.
    pub(crate) fn says(&mut self, user: u64, room: u64, client_id: String, content: String) -> usize {
        self.now += 1;
        self.said.push(Said {
            user,
            room,
            client_id,
            content,
            began: self.now,
            stored: None,
        });
        self.said.len() - 1
    }

    /// What was said is acknowledged, by an `ack` or the message itself.
    pub(crate) fn stored(&mut self, entry: usize, ack: &Value) {
        self.now += 1;
        self.acknowledged += 1;
        let number = |name: &str| ack[name].as_u64().unwrap();
        let said = &mut self.said[entry];
        assert_eq!((number("room_id"), said.stored), (said.room, None), "{ack}");
        said.stored = Some(Receipt {
            id: number("id"),
            seq: number("seq"),
            at: self.now,
        });
    }

    /// Somebody is about to do something; the number of the entry.
    pub(crate) fn does(&mut self, user: u64, room: u64, what: Deed) -> usize {
        self.done.push(Done {
            user,
            room,
            what,
            is_acknowledged: false,
        });
        self.done.len() - 1
    }

    pub(crate) fn acknowledge(&mut self, entry: usize) {
        self.acknowledged += 1;
        self.done[entry].is_acknowledged = true;
    }

    pub(crate) fn refuse(&mut self, code: &str) {
        *self.refusals.entry(code.to_owned()).or_default() += 1;
    }
}
