//! The calls.

use chat_domain::{
    AuditId, Draft, EventId, RoomId, Seq, SessionId, Timestamp, TokenHash, UserId, Username,
    change::{Deletion, Edit, ReactionChange},
    event::Person,
    membership::{self, Entry, Exit, RoomChange},
    message::Utterance,
    moderation::Measure,
};
use chat_ports::{NewRoom, NewSession, NewUser, Page, Which};

/// A call of one of the ports, with everything that it is called with.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Register(NewUser),
    RegisterFirst(NewUser),
    Credential(Username),
    User(UserId),
    CountUsers,
    OpenSession(NewSession),
    SessionByToken(TokenHash),
    TouchSession(SessionId, Timestamp),
    CloseSession(SessionId),
    SweepSessions(Timestamp, Timestamp, Timestamp),
    SessionsOf(UserId),
    CloseSessions(UserId, Which),
    WebhooksOf(RoomId),
    EnsurePlainRoom(NewRoom),
    PlainRoom,
    CreateRoom(NewRoom, Person),
    DirectRoom(membership::Pair, UserId, Timestamp),
    Room(RoomId),
    RoomOf(UserId, RoomId),
    RoomsOf(UserId),
    OpenRooms(UserId, Option<RoomId>, u32),
    Members(RoomId, Option<UserId>, u32),
    Enter(Entry),
    Exit(Exit),
    ChangeRoom(RoomChange),
    MarkRead(UserId, RoomId, Seq),
    Append(Draft),
    Page(RoomId, Page),
    EventsAfter(RoomId, Seq, u32),
    Message(EventId),
    Edit(Edit),
    Delete(Deletion),
    React(ReactionChange),
    SentBefore(RoomId, UserId, Utterance),
    CarryOut(Measure),
    CountActiveAdmins(Timestamp),
    UsersAfter(Option<UserId>, u32),
    AuditLog(Option<AuditId>, u32),
    /// The database is closed and opened again.
    Reopen,
}

impl Call {
    /// Whether it may change something, and is thus worth to be made again later, when what it was allowed for is over.
    pub(crate) const fn writes(&self) -> bool {
        matches!(
            self,
            Self::Register(_)
                | Self::RegisterFirst(_)
                | Self::OpenSession(_)
                | Self::TouchSession(..)
                | Self::CloseSession(_)
                | Self::CloseSessions(..)
                | Self::CreateRoom(..)
                | Self::DirectRoom(..)
                | Self::Enter(_)
                | Self::Exit(_)
                | Self::ChangeRoom(_)
                | Self::MarkRead(..)
                | Self::Append(_)
                | Self::Edit(_)
                | Self::Delete(_)
                | Self::React(_)
                | Self::CarryOut(_)
        )
    }
}
