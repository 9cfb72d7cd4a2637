//! Frames that clients send.

use chat_domain::{RoomId, Seq, id::IdOutOfRange, limit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    decode,
    problem::{FieldProblem, Problem},
    request::SendMessage,
    schema,
};

/// A frame of a client. Text is JSON with a `type`; what else stands in it depends on that.
#[derive(Debug)]
pub enum ClientFrame {
    /// Says who the client is.
    Auth(Auth),
    /// Posts a message.
    Message(SendMessage),
    /// Types, or has stopped.
    Typing(Typing),
    /// Asks for what was missed in some rooms.
    Resume(Resume),
    /// Asks for a [`super::ServerFrame::Pong`].
    Ping(Ping),
}

/// `auth`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Auth {
    /// A session token or a token for the socket; a browser is known by its cookie and leaves it out.
    pub token: Option<String>,
    /// The rooms that the client knows already, and up to where.
    #[serde(default)]
    resume: Vec<Known>,
    /// Of a keyed account: the place of the newest record of the directory that the client knows. If there is a newer one,
    /// `dir` comes right after `auth_ok`.
    #[schema(value_type = Option<schema::DirectoryPlace>)]
    pub dir_seq: Option<u64>,
}

impl Auth {
    /// Where the client wants to go on.
    ///
    /// # Errors
    /// `invalid`.
    pub fn resume(&self) -> Result<Vec<(RoomId, Seq)>, Problem> {
        places("resume", &self.resume)
    }
}

/// `typing`
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub struct Typing {
    /// Types, or has stopped.
    pub is_typing: bool,
    /// Where; without one, in the plain room, if there is one.
    #[schema(value_type = Option<schema::RoomId>)]
    room_id: Option<u64>,
}

impl Typing {
    /// Where; without one, in the plain room.
    ///
    /// # Errors
    /// `invalid`.
    pub fn room(&self) -> Result<Option<RoomId>, Problem> {
        self.room_id
            .map(RoomId::parse)
            .transpose()
            .map_err(|wrong| Problem::invalid(vec![FieldProblem::new("room_id", &wrong)]))
    }
}

/// `resume`
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Resume {
    rooms: Vec<Known>,
    /// Of a keyed account: the place of the newest record of the directory that the client knows. If there is a newer one,
    /// `dir` comes first.
    #[schema(value_type = Option<schema::DirectoryPlace>)]
    pub dir_seq: Option<u64>,
}

impl Resume {
    /// Where the client wants to go on.
    ///
    /// # Errors
    /// `invalid`.
    pub fn places(&self) -> Result<Vec<(RoomId, Seq)>, Problem> {
        places("rooms", &self.rooms)
    }
}

/// A room that a client knows up to a place.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
struct Known {
    #[schema(value_type = schema::RoomId)]
    room_id: u64,
    #[schema(value_type = schema::Seq)]
    after_seq: u64,
}

fn places(field: &str, known: &[Known]) -> Result<Vec<(RoomId, Seq)>, Problem> {
    if known.len() > limit::RESUME_ROOMS {
        let message = format!("may name {} rooms at most", limit::RESUME_ROOMS);
        return Err(Problem::invalid(vec![FieldProblem::new(field, &message)]));
    }
    let place = |(at, known): (usize, &Known)| {
        let wrong = |name: &str, wrong: IdOutOfRange| {
            Problem::invalid(vec![FieldProblem::new(format!("{field}[{at}].{name}"), &wrong)])
        };
        let room = RoomId::parse(known.room_id).map_err(|no| wrong("room_id", no))?;
        let after = Seq::parse(known.after_seq).map_err(|no| wrong("after_seq", no))?;
        Ok((room, after))
    };
    known.iter().enumerate().map(place).collect()
}

/// `ping`
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub struct Ping {
    /// The client's own time, given back as it is.
    pub t: Option<f64>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    name: String,
}

/// What of a refused frame tells its sender which one it was.
#[derive(Debug, Default, Deserialize)]
pub struct Reference {
    /// The client's own name for the message.
    pub client_id: Option<String>,
}

impl ClientFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// `bad_request` for what is no JSON object, `invalid` for an unknown type or a field that is wrong.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let bytes = text.as_bytes();
        let kind: Kind = decode::object(bytes)?;
        match kind.name.as_str() {
            "auth" => decode::object(bytes).map(Self::Auth),
            "message" => decode::object(bytes).map(Self::Message),
            "typing" => decode::object(bytes).map(Self::Typing),
            "resume" => decode::object(bytes).map(Self::Resume),
            "ping" => decode::object(bytes).map(Self::Ping),
            _ => Err(Problem::invalid(vec![FieldProblem::new(
                "type",
                &"must be auth, message, typing, resume or ping",
            )])),
        }
    }

    /// What of a frame, right or wrong, tells its sender which one it was.
    #[must_use]
    pub fn reference(text: &str) -> Reference {
        serde_json::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        assert!(matches!(
            ClientFrame::parse(r#"{"type":"auth"}"#),
            Ok(ClientFrame::Auth(Auth { token: None, .. }))
        ));
        assert!(matches!(
            ClientFrame::parse(r#"{"type":"ping","t":1.5}"#),
            Ok(ClientFrame::Ping(_))
        ));
        let message = r#"{"type":"message","content":"hi","message_type":"text"}"#;
        assert!(matches!(ClientFrame::parse(message), Ok(ClientFrame::Message(_))));
        for (bad, status) in [
            ("", 400),
            ("[]", 400),
            ("{}", 422),
            (r#"{"type":7}"#, 422),
            (r#"{"type":"shutdown"}"#, 422),
            (r#"{"type":"message"}"#, 422),
            (r#"{"type":"auth","token":7}"#, 422),
            (r#"{"type":"typing"}"#, 422),
            (r#"{"type":"resume","rooms":[{"room_id":1}]}"#, 422),
        ] {
            assert_eq!(ClientFrame::parse(bad).unwrap_err().status, status, "{bad}");
        }
    }

    #[test]
    fn places_to_resume_from() {
        let resume = |rooms: &str| {
            let frame = format!(r#"{{"type":"resume","rooms":{rooms}}}"#);
            let Ok(ClientFrame::Resume(resume)) = ClientFrame::parse(&frame) else {
                panic!("{frame}")
            };
            resume.places()
        };
        let places = resume(r#"[{"room_id":1,"after_seq":0},{"room_id":2,"after_seq":7,"log_seq":3}]"#);
        let numbers: Vec<_> = places
            .unwrap()
            .iter()
            .map(|(r, s)| (r.number(), s.number()))
            .collect();
        assert_eq!(numbers, [(1, 0), (2, 7)]);
        let wrong = resume(r#"[{"room_id":1,"after_seq":0},{"room_id":0,"after_seq":0}]"#).unwrap_err();
        assert_eq!(wrong.fields[0].field, "rooms[1].room_id");
        let many = vec![r#"{"room_id":1,"after_seq":0}"#; limit::RESUME_ROOMS + 1].join(",");
        assert_eq!(resume(&format!("[{many}]")).unwrap_err().fields[0].field, "rooms");
    }

    #[test]
    fn a_refused_frame_is_known_by_its_client_id() {
        let bad = r#"{"type":"message","client_id":"c1"}"#;
        assert_eq!(ClientFrame::reference(bad).client_id.as_deref(), Some("c1"));
        assert_eq!(ClientFrame::reference("nonsense").client_id, None);
    }
}
