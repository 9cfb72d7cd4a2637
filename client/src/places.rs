//! How far one has heard in every room.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The newest place that was heard in every room.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<u64, u64>);

/// What a frame is for who goes by places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The next event of this room.
    Next { room: u64, seq: u64 },
    /// Heard before.
    Known,
    /// Something is missing before it.
    Gap { room: u64 },
    /// No event of a room.
    None,
}

impl Places {
    /// Notes down where a room stands, if it was not known.
    pub(crate) fn begin(&mut self, room: u64, last: u64) {
        self.0.entry(room).or_insert(last);
    }

    /// Where one is in a room.
    pub(crate) fn in_room(&self, room: u64) -> u64 {
        self.0.get(&room).copied().unwrap_or(0)
    }

    /// Goes on elsewhere, whatever was heard before.
    pub(crate) fn jump(&mut self, room: u64, to: u64) {
        self.0.insert(room, to);
    }

    /// What a frame is, and moves on with it.
    pub(crate) fn take(&mut self, frame: &Value) -> Place {
        let Some((room, first, last)) = event(frame) else {
            return Place::None;
        };
        // A room that one has just been brought into begins with one's own coming.
        let at = self.0.entry(room).or_insert(first.saturating_sub(1));
        if last <= *at {
            return Place::Known;
        }
        if first > *at + 1 {
            return Place::Gap { room };
        }
        *at = last;
        Place::Next { room, seq: last }
    }

    /// As the server wants to be told them.
    pub(crate) fn to_resume(&self) -> Value {
        let known = self.0.iter();
        known
            .map(|(room, seq)| json!({ "room_id": room, "after_seq": seq }))
            .collect()
    }
}

/// The room and the places of an event.
fn event(frame: &Value) -> Option<(u64, u64, u64)> {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    let kind = frame.get("type").and_then(Value::as_str)?;
    match kind {
        "new_message" => {
            let message = frame.get("message")?;
            let seq = number(message, "seq")?;
            Some((number(message, "room_id")?, seq, seq))
        }
        "withheld" => Some((
            number(frame, "room_id")?,
            number(frame, "seq")?,
            number(frame, "to_seq")?,
        )),
        "message_edited" | "reaction" | "message_deleted" | "member_joined" | "member_left"
        | "room_changed" => {
            let seq = number(frame, "seq")?;
            Some((number(frame, "room_id")?, seq, seq))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seq: u64) -> Value {
        json!({ "type": "new_message", "message": { "room_id": 1, "seq": seq } })
    }

    #[test]
    fn every_place_is_taken_once_and_in_order() {
        let mut places = Places::default();
        places.begin(1, 4);
        assert_eq!(places.take(&said(4)), Place::Known);
        assert_eq!(places.take(&said(5)), Place::Next { room: 1, seq: 5 });
        assert_eq!(places.take(&said(5)), Place::Known);
        assert_eq!(places.take(&said(7)), Place::Gap { room: 1 });
        let withheld = json!({ "type": "withheld", "room_id": 1, "seq": 6, "to_seq": 8 });
        assert_eq!(places.take(&withheld), Place::Next { room: 1, seq: 8 });
        let left = json!({ "type": "member_left", "room_id": 1, "seq": 9 });
        assert_eq!(places.take(&left), Place::Next { room: 1, seq: 9 });
        assert_eq!(places.to_resume(), json!([{ "room_id": 1, "after_seq": 9 }]));
    }

    #[test]
    fn an_acknowledgement_is_no_event() {
        let mut places = Places::default();
        assert_eq!(
            places.take(&json!({ "type": "ack", "room_id": 1, "seq": 5 })),
            Place::None
        );
        assert_eq!(
            places.take(&json!({ "type": "typing", "room_id": 1 })),
            Place::None
        );
    }

    #[test]
    fn a_new_room_begins_where_one_came_in() {
        let mut places = Places::default();
        let joined = json!({ "type": "member_joined", "room_id": 2, "seq": 70 });
        assert_eq!(places.take(&joined), Place::Next { room: 2, seq: 70 });
        assert_eq!(places.in_room(2), 70);
    }
}
