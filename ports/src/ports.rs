//! All ports as one bundle, so that a use case needs one type parameter.

use std::sync::Arc;

use crate::{
    AccountSecrets, Clock, Entropy, EventBus, KeyStore, MessageStore, ModerationStore, PasswordHasher,
    RoomStore, SessionStore, Upkeep, UserStore,
};

/// The world as the application sees it. Asynchronous ports are types (static dispatch), synchronous ones are
/// objects; the backend is chosen by one `match` in the root.
pub trait Ports: Send + Sync + 'static {
    /// Accounts.
    type Users: UserStore;
    /// What keyed accounts consist of.
    type Keys: KeyStore;
    /// Sessions.
    type Sessions: SessionStore;
    /// Rooms.
    type Rooms: RoomStore;
    /// Messages and all other events.
    type Messages: MessageStore;
    /// What is done to accounts.
    type Moderation: ModerationStore;
    /// Keeping the store in good shape.
    type Upkeep: Upkeep;
    /// Password hashing.
    type Passwords: PasswordHasher;
    /// The keyring, as keyed accounts need it.
    type Secrets: AccountSecrets;

    /// Accounts.
    fn users(&self) -> &Self::Users;
    /// What keyed accounts consist of.
    fn keys(&self) -> &Self::Keys;
    /// Sessions.
    fn sessions(&self) -> &Self::Sessions;
    /// Rooms.
    fn rooms(&self) -> &Self::Rooms;
    /// Messages and all other events.
    fn messages(&self) -> &Self::Messages;
    /// What is done to accounts.
    fn moderation(&self) -> &Self::Moderation;
    /// Keeping the store in good shape.
    fn upkeep(&self) -> &Self::Upkeep;
    /// Password hashing.
    fn passwords(&self) -> &Self::Passwords;
    /// The keyring, as keyed accounts need it.
    fn secrets(&self) -> &Self::Secrets;
    /// The time.
    fn clock(&self) -> &dyn Clock;
    /// Chance.
    fn entropy(&self) -> &dyn Entropy;
    /// News.
    fn bus(&self) -> &dyn EventBus;
}

/// Ports whose stores are all one database.
pub struct Bundle<S, H> {
    /// The database.
    pub store: S,
    /// Password hashing.
    pub hasher: H,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// News.
    pub bus: Arc<dyn EventBus>,
}

impl<S, H> Ports for Bundle<S, H>
where
    S: UserStore + KeyStore + SessionStore + RoomStore + MessageStore + ModerationStore + Upkeep,
    H: PasswordHasher + AccountSecrets,
{
    type Users = S;
    type Keys = S;
    type Sessions = S;
    type Rooms = S;
    type Messages = S;
    type Moderation = S;
    type Upkeep = S;
    type Passwords = H;
    type Secrets = H;

    fn users(&self) -> &S {
        &self.store
    }

    fn keys(&self) -> &S {
        &self.store
    }

    fn sessions(&self) -> &S {
        &self.store
    }

    fn rooms(&self) -> &S {
        &self.store
    }

    fn messages(&self) -> &S {
        &self.store
    }

    fn moderation(&self) -> &S {
        &self.store
    }

    fn upkeep(&self) -> &S {
        &self.store
    }

    fn passwords(&self) -> &H {
        &self.hasher
    }

    fn secrets(&self) -> &H {
        &self.hasher
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    fn bus(&self) -> &dyn EventBus {
        &*self.bus
    }
}
