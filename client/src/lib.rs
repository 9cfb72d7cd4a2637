//! The Rust client: for tests, benches, bots and the command line.
//!
//! It speaks the published contract and nothing else: a [`Client`] makes requests, a [`Socket`] of it hears what
//! happens. [`Client::follow`] does so through every interruption: it comes back with what it knows, is told what it
//! missed, and sends again what was not acknowledged, under the same `client_id`.
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

mod chance;
mod error;
mod follow;
mod http;
pub mod keyed;
mod outbox;
mod places;
mod socket;
mod standing;

pub use error::ClientError;
pub use follow::{Followed, Follower, Patience, Poster};
pub use http::{Answer, Client};
pub use outbox::{NewMessage, Receipt};
pub use socket::{Closed, Socket};
