//! The use cases, one file per verb, reached by every transport.
//!
//! A use case takes what authentication and the rules hand out as proof ([`SignedIn`], `Member`, `MayPost`), so
//! a transport cannot forget a check: without the proof the call does not compile.

pub mod accounts;
pub mod error;
pub mod keyed;
pub mod messages;
mod moderation;
mod quotas;
mod remembered;
mod rooms;
pub mod settings;
pub mod setup;

pub use accounts::{Origin, SignedIn, SignedInNow, token::SessionToken};
pub use error::Error;
pub use settings::Settings;

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat_domain::{RoomId, Timestamp, TokenHash, UserId, room::Member, typing::Typing};
use chat_e2ee::ids::InstanceId;
use chat_ports::{Notice, Ports};

use accounts::ws_token::WsTokens;
use keyed::secrets::Recoveries;
use quotas::Quotas;
use remembered::Remembered;

/// The application: the ports, the settings, and what is only remembered while it runs.
pub struct App<P> {
    ports: P,
    settings: Settings,
    quotas: Quotas,
    ws_tokens: WsTokens,
    typing: Mutex<Typing>,
    /// Who is signed in by which token.
    sign_ins: Remembered<TokenHash, SignedIn>,
    /// Who belongs where, for those who write.
    members: Remembered<(RoomId, UserId), Arc<Member>>,
    /// The plain room never changes once it is made.
    plain_room: OnceLock<RoomId>,
    /// Nor does the installation's id.
    instance: OnceLock<InstanceId>,
    /// Recoveries that were begun.
    recoveries: Recoveries,
    /// Ids that were set aside for accounts to come.
    spare_ids: Mutex<Range<u64>>,
}

impl<P: Ports> App<P> {
    /// Puts the application on its ports.
    pub fn new(ports: P, settings: Settings) -> Self {
        Self {
            ports,
            settings,
            quotas: Quotas::default(),
            ws_tokens: WsTokens::default(),
            typing: Mutex::default(),
            sign_ins: Remembered::default(),
            members: Remembered::default(),
            plain_room: OnceLock::new(),
            instance: OnceLock::new(),
            recoveries: Recoveries::default(),
            spare_ids: Mutex::new(0..0),
        }
    }

    /// What the operator has chosen.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ports, for the root and for tests.
    pub const fn ports(&self) -> &P {
        &self.ports
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.ports.clock().now()
    }

    /// A number under which an internal failure is logged and named to who met it: 16 hexadecimal digits.
    pub fn incident_id(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.ports.entropy().draw::<8>())
    }

    fn typing(&self) -> MutexGuard<'_, Typing> {
        self.typing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spare_ids(&self) -> MutexGuard<'_, Range<u64>> {
        self.spare_ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, notice: Notice) {
        self.ports.bus().publish(notice);
    }
}
