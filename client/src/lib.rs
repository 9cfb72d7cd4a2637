//! The Rust client: for tests, benches, bots and the command line.
//!
//! It speaks the published contract and nothing else: a [`Client`] makes requests, a [`Socket`] of it hears what
//! happens.
//!
//! ```no_run
//! # async fn bot() -> Result<(), chat_client::ClientError> {
//! let mut client = chat_client::Client::new("http://127.0.0.1:8080")?;
//! client.sign_in("bot", "a long password").await?;
//! let mut socket = client.socket().await?;
//! socket.say("hello").await?;
//! while let Some(frame) = socket.next().await? {
//!     println!("{frame}");
//! }
//! # Ok(()) }
//! ```

mod http;
mod socket;

pub use http::{Answer, Client, ClientError};
pub use socket::{Closed, Socket};
