//! Frames that clients send.

use serde::Deserialize;

use crate::{decode, problem::Problem, request::SendMessage};

/// A frame of a client. Text is JSON with a `type`; what else stands in it depends on that.
#[derive(Debug)]
pub enum ClientFrame {
    /// Says who the client is.
    Auth(Auth),
    /// Posts a message.
    Message(SendMessage),
    /// Asks for a [`super::ServerFrame::Pong`].
    Ping(Ping),
}

/// `auth`
#[derive(Debug, Deserialize)]
pub struct Auth {
    /// A session token or a token for the socket; a browser is known by its cookie and leaves it out.
    pub token: Option<String>,
}

/// `ping`
#[derive(Debug, Clone, Copy, Deserialize)]
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
            "ping" => decode::object(bytes).map(Self::Ping),
            _ => Err(Problem::invalid(vec![crate::problem::FieldProblem::new(
                "type",
                &"must be auth, message or ping",
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
            Ok(ClientFrame::Auth(Auth { token: None }))
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
        ] {
            assert_eq!(ClientFrame::parse(bad).unwrap_err().status, status, "{bad}");
        }
    }

    #[test]
    fn a_refused_frame_is_known_by_its_client_id() {
        let bad = r#"{"type":"message","client_id":"c1"}"#;
        assert_eq!(ClientFrame::reference(bad).client_id.as_deref(), Some("c1"));
        assert_eq!(ClientFrame::reference("nonsense").client_id, None);
    }
}
