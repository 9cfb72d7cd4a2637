//! What the application needs from the world: narrow traits and their errors, one file per ability.
//!
//! Stores: one method is one atomic commit. A decision that was read earlier is checked again by the write and
//! comes back as a *named* [`Conflict`]. Nothing may be told to anybody before the method has returned `Ok`.
//! Every promise written at a method is a test in `chat-contract`, which runs over every store.

pub mod account_secrets;
pub mod clock;
pub mod entropy;
pub mod error;
pub mod event_bus;
pub mod key_store;
pub mod message_store;
pub mod moderation_store;
pub mod password_hasher;
pub mod ports;
pub mod room_store;
pub mod sealer;
pub mod session_store;
pub mod upkeep;
pub mod user_store;

pub use account_secrets::AccountSecrets;
pub use clock::Clock;
pub use entropy::Entropy;
pub use error::{Conflict, StoreError};
pub use event_bus::{Cut, EventBus, Listener, Notice};
pub use key_store::{IdentityChange, KeyStore, KeyedCredential, NewKeyedUser, NewKeys, NewSecrets};
pub use message_store::{Appended, MessagePage, MessageStore, Page};
pub use moderation_store::{ModerationStore, Outcome};
pub use password_hasher::{HasherError, PasswordHasher};
pub use ports::{Bundle, Ports};
pub use room_store::{MyRoom, NewRoom, RoomStore};
pub use sealer::{Column, SealError, Sealer};
pub use session_store::{KnownSession, NewSession, SessionStore, Which};
pub use upkeep::Upkeep;
pub use user_store::{Credential, NewUser, Registered, UserStore};
