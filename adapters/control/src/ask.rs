//! The command line's end of the socket.

use std::io;
use std::path::Path;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use crate::{Answer, LONGEST, Request};

/// A question that was not answered. Whether it was done is not known, unless the server was not reached.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens at the socket.
    #[error(
        "a server is using the data directory, and does not answer at {path}: it may be starting, or stopping"
    )]
    NotReached {
        /// The socket.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The server has gone away.
    #[error("the server went away before it answered")]
    Lost(#[source] io::Error),
    /// What it said is no answer.
    #[error("the server is of another version: it does not speak as this program does")]
    Strange(#[source] serde_json::Error),
}

/// Asks the server that listens at `path`, and returns its answer.
///
/// # Errors
/// [`AskError`].
pub async fn ask(path: &Path, request: &Request) -> Result<Answer, AskError> {
    let stream = UnixStream::connect(path).await;
    let stream = stream.map_err(|source| AskError::NotReached {
        path: path.display().to_string(),
        source,
    })?;
    let line = exchange(stream, request).await.map_err(AskError::Lost)?;
    serde_json::from_str(&line).map_err(AskError::Strange)
}

async fn exchange(mut stream: UnixStream, request: &Request) -> io::Result<String> {
    let mut asked = serde_json::to_vec(request)?;
    asked.push(b'\n');
    stream.write_all(&asked).await?;
    let mut answered = String::new();
    BufReader::new(stream.take(LONGEST))
        .read_line(&mut answered)
        .await?;
    if answered.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answered)
}
