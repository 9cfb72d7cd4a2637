//! The schemas of the frames, each under a name of its own, for the published descriptions.

use std::borrow::Cow;

use utoipa::openapi::{OneOfBuilder, Ref, RefOr, Schema, schema::Object};
use utoipa::{PartialSchema, ToSchema};

use super::{ServerFrame, client};
use crate::{
    request::SendMessage,
    schema::{Named, names},
};

/// The frames that tell of events of a room: what `GET /api/messages?after=` gives.
const EVENTS: [&str; 8] = [
    "new_message",
    "message_edited",
    "message_deleted",
    "reaction",
    "member_joined",
    "member_left",
    "room_changed",
    "withheld",
];

/// A frame and its schema.
#[derive(Clone)]
pub struct FrameSchema {
    /// What stands in its `type`.
    pub kind: String,
    /// The name of its schema.
    pub name: String,
    /// Its schema.
    pub schema: Object,
}

impl FrameSchema {
    fn new(kind: &str, schema: Object, suffix: &str) -> Self {
        let words = kind.split('_').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        Self {
            kind: kind.to_owned(),
            name: words.collect::<String>() + suffix,
            schema,
        }
    }
}

/// What clients send.
#[must_use]
pub fn of_clients() -> Vec<FrameSchema> {
    let frames = [
        ("auth", client::Auth::schema()),
        ("message", SendMessage::schema()),
        ("typing", client::Typing::schema()),
        ("resume", client::Resume::schema()),
        ("ping", client::Ping::schema()),
    ];
    let typed = frames.into_iter().filter_map(|(kind, schema)| {
        let mut object = object(schema)?;
        object.properties.insert("type".to_owned(), names(&[kind]).into());
        object.required.insert(0, "type".to_owned());
        Some(FrameSchema::new(kind, object, "Request"))
    });
    typed.collect()
}

/// What the server sends.
#[must_use]
pub fn of_server() -> Vec<FrameSchema> {
    let RefOr::T(Schema::OneOf(frames)) = ServerFrame::schema() else {
        return Vec::new();
    };
    let named = frames.items.into_iter().filter_map(|frame| {
        let object = object(frame)?;
        let kind = kind(&object)?;
        Some(FrameSchema::new(&kind, object, "Frame"))
    });
    named.collect()
}

/// All schemas that those of the frames name.
#[must_use]
pub fn named_by_frames() -> Vec<Named> {
    let mut named = Vec::new();
    client::Auth::schemas(&mut named);
    client::Typing::schemas(&mut named);
    client::Resume::schemas(&mut named);
    SendMessage::schemas(&mut named);
    ServerFrame::schemas(&mut named);
    named
}

fn object(schema: RefOr<Schema>) -> Option<Object> {
    if let RefOr::T(Schema::Object(object)) = schema {
        Some(object)
    } else {
        None
    }
}

fn kind(frame: &Object) -> Option<String> {
    let RefOr::T(Schema::Object(kind)) = frame.properties.get("type")? else {
        return None;
    };
    let name = kind.enum_values.as_ref()?.first()?.as_str()?;
    Some(name.to_owned())
}

/// A frame that tells of an event of a room.
#[derive(Debug)]
pub enum EventFrame {}

impl PartialSchema for EventFrame {
    fn schema() -> RefOr<Schema> {
        let one_of = events().iter().fold(OneOfBuilder::new(), |one_of, frame| {
            one_of.item(Ref::from_schema_name(&frame.name))
        });
        one_of
            .description(Some("An event of a room, as the socket tells of it."))
            .into()
    }
}

impl ToSchema for EventFrame {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EventFrame")
    }

    fn schemas(named: &mut Vec<Named>) {
        named.extend(
            events()
                .into_iter()
                .map(|frame| (frame.name, frame.schema.into())),
        );
        ServerFrame::schemas(named);
    }
}

fn events() -> Vec<FrameSchema> {
    let mut frames = of_server();
    frames.retain(|frame| EVENTS.contains(&frame.kind.as_str()));
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientFrame;

    #[test]
    fn every_frame_is_there() {
        assert_eq!(of_server().len(), 22);
        assert_eq!(events().len(), EVENTS.len());
        for frame in of_clients() {
            let refused = ClientFrame::parse(&format!(r#"{{"type":"{}"}}"#, frame.kind));
            let unknown = refused.is_err_and(|problem| problem.fields.iter().any(|f| f.field == "type"));
            assert!(!unknown, "{}", frame.kind);
        }
        let error = ClientFrame::parse(r#"{"type":"?"}"#).unwrap_err();
        for frame in of_clients() {
            assert!(error.detail.contains(&frame.kind), "{}", error.detail);
        }
    }
}
