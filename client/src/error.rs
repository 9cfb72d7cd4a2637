//! What can go wrong between a client and its server.

use serde_json::Value;

/// What can go wrong between a client and its server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an address like `http://127.0.0.1:8080`.
    #[error("not an address like http://127.0.0.1:8080: {0}")]
    Address(String),
    /// The server could not be reached, or hung up.
    #[error("the server cannot be reached: {0}")]
    Io(#[from] std::io::Error),
    /// The answer was no HTTP.
    #[error("the answer was no HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// The request could not be written.
    #[error("the request could not be written: {0}")]
    Request(#[from] http::Error),
    /// The answer was no JSON.
    #[error("the answer was no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] Box<tungstenite::Error>),
    /// The server's answer is not gone on with.
    #[error(transparent)]
    Untrusted(#[from] crate::keyed::Untrusted),
    /// The server said no.
    #[error("{status}: {body}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem (RFC 9457).
        body: Value,
    },
}

/// The text under this name.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}
