//! All ports as one bundle, so that a use case needs one type parameter.

use std::sync::Arc;

use crate::{
    Clock, Entropy, EventBus, MessageStore, ModerationStore, PasswordHasher, RoomStore, SessionStore, Upkeep,
    UserStore,
};

/// The world as the application sees it. Asynchronous ports are types (static dispatch), synchronous ones are
/// objects; the backend is chosen by one `match` in the root.
pub trait Ports: Send + Sync + 'static {
    /// Accounts.
    type Users: UserStore;
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

    /// Accounts.
    fn users(&self) -> &Self::Users;
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
    S: UserStore + SessionStore + RoomStore + MessageStore + ModerationStore + Upkeep,
    H: PasswordHasher,
{
    type Users = S;
    type Sessions = S;
    type Rooms = S;
    type Messages = S;
    type Moderation = S;
    type Upkeep = S;
    type Passwords = H;

    fn users(&self) -> &S {
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
