//! The two stores, and the comparison of what they say.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use chat_crypto::{AtRestSealer, Keyring};
use chat_domain::{EventId, RoomId, Seq, Timestamp, UserId};
use chat_memory::MemoryStore;
use chat_ports::{MessageStore, ModerationStore, Page, RoomStore, SessionStore, StoreError, UserStore};
use chat_sqlite::SqliteStore;
use chat_system::SystemEntropy;
use tempfile::TempDir;

use super::{call::Call, draw};

/// Memory and database.
pub(crate) struct Pair {
    pub(crate) memory: MemoryStore,
    database: Option<SqliteStore>,
    directory: TempDir,
}

/// Makes a call on both and compares the answers, each of which `$read` may bring into another shape.
macro_rules! both {
    ($pair:expr, |$store:ident| $call:expr, $read:expr) => {{
        let ours = {
            let $store = &$pair.memory;
            $call.await
        };
        let theirs = {
            let $store = $pair.database();
            $call.await
        };
        compare(&answer(ours.map($read)), &answer(theirs.map($read)))
    }};
    ($pair:expr, |$store:ident| $call:expr) => {
        both!($pair, |$store| $call, |answer| answer)
    };
}

fn answer<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| match error {
        StoreError::Conflict(conflict) => format!("{conflict:?}"),
        // In which words a store fails is its own affair.
        StoreError::Failed(_) => "failed".to_owned(),
        StoreError::Busy | StoreError::Full => error.to_string(),
    })
}

fn compare<T: PartialEq + Debug>(
    memory: &Result<T, String>,
    database: &Result<T, String>,
) -> Result<(), String> {
    if memory == database {
        Ok(())
    } else {
        Err(format!("memory: {memory:#?}\ndatabase: {database:#?}"))
    }
}

impl Pair {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let keyring = directory.path().join("keyring.json");
        Keyring::create(&keyring, None, &SystemEntropy, Timestamp::default()).unwrap();
        Self {
            memory: MemoryStore::default(),
            database: Some(open(directory.path())),
            directory,
        }
    }

    fn database(&self) -> &SqliteStore {
        self.database.as_ref().unwrap()
    }

    /// Makes a call on both; says what differs.
    pub(crate) async fn carry_out(&mut self, call: &Call) -> Result<(), String> {
        match call.clone() {
            Call::Register(new) => both!(self, |s| s.register(new.clone())),
            Call::RegisterFirst(new) => both!(self, |s| s.register_first(new.clone())),
            Call::Credential(name) => both!(self, |s| s.credential(&name), |found| {
                found.map(|known| (known.user, known.password))
            }),
            Call::User(user) => both!(self, |s| s.user(user)),
            Call::CountUsers => both!(self, |s| s.count_users()),
            Call::OpenSession(new) => both!(self, |s| s.open_session(new.clone())),
            Call::SessionByToken(token) => both!(self, |s| s.session_by_token(&token)),
            Call::TouchSession(session, at) => both!(self, |s| s.touch_session(session, at)),
            Call::CloseSession(session) => both!(self, |s| s.close_session(session)),
            Call::SweepSessions(created, used, now) => {
                both!(self, |s| s.sweep_sessions(created, used, now), |mut ended| {
                    ended.sort_unstable();
                    ended
                })
            }
            Call::SessionsOf(user) => both!(self, |s| s.sessions_of(user)),
            Call::CloseSessions(user, which) => {
                both!(self, |s| s.close_sessions(user, which), |mut ended| {
                    ended.sort_unstable();
                    ended
                })
            }
            Call::WebhooksOf(room) => both!(self, |s| s.webhooks_of(room)),
            Call::CarryOut(measure) => both!(self, |s| s.carry_out(measure.clone()), |mut outcome| {
                outcome.ended.sort_unstable();
                outcome
            }),
            Call::CountActiveAdmins(at) => both!(self, |s| s.count_active_admins(at)),
            Call::UsersAfter(after, most) => both!(self, |s| s.users_after(after, most)),
            Call::AuditLog(before, most) => both!(self, |s| s.audit_log(before, most)),
            Call::EnsurePlainRoom(new) => both!(self, |s| s.ensure_plain_room(new.clone())),
            Call::PlainRoom => both!(self, |s| s.plain_room()),
            Call::CreateRoom(new, owner) => both!(self, |s| s.create_room(new.clone(), owner.clone())),
            Call::DirectRoom(pair, by, at) => both!(self, |s| s.direct_room(pair, by, at)),
            Call::Room(room) => both!(self, |s| s.room(room)),
            Call::RoomOf(user, room) => both!(self, |s| s.room_of(user, room)),
            Call::RoomsOf(user) => both!(self, |s| s.rooms_of(user)),
            Call::OpenRooms(user, after, most) => both!(self, |s| s.open_rooms(user, after, most)),
            Call::Members(room, after, most) => both!(self, |s| s.members(room, after, most)),
            Call::Enter(entry) => both!(self, |s| s.enter(entry.clone())),
            Call::Exit(exit) => both!(self, |s| s.exit(exit.clone())),
            Call::ChangeRoom(change) => both!(self, |s| s.change_room(change.clone())),
            Call::MarkRead(user, room, seq) => both!(self, |s| s.mark_read(user, room, seq)),
            Call::Append(draft) => both!(self, |s| s.append_message(draft.clone())),
            Call::Page(room, page) => both!(self, |s| s.page_messages(room, page)),
            Call::EventsAfter(room, after, most) => both!(self, |s| s.events_after(room, after, most)),
            Call::Message(id) => both!(self, |s| s.message(id)),
            Call::Edit(edit) => both!(self, |s| s.edit_message(edit.clone())),
            Call::Delete(deletion) => both!(self, |s| s.delete_message(deletion.clone())),
            Call::React(change) => both!(self, |s| s.react(change.clone())),
            Call::SentBefore(room, author, said) => {
                both!(self, |s| s.sent_before(room, author, said.clone()))
            }
            Call::Reopen => {
                drop(self.database.take());
                self.database = Some(open(self.directory.path()));
                Ok(())
            }
        }
    }

    /// Compares all that can be read.
    pub(crate) async fn compare_everything(&mut self) -> Result<(), String> {
        for call in self.everything().await {
            let compared = self.carry_out(&call).await;
            compared.map_err(|difference| format!("{call:?}\n{difference}"))?;
        }
        Ok(())
    }

    async fn everything(&self) -> Vec<Call> {
        let all = draw::Known::of(&self.memory).await;
        // One more than there are: that one is to be missing in both.
        let users = || (1..=all.users + 1).map(|n| UserId::parse(n).unwrap());
        let rooms = || (1..=all.rooms + 1).map(|n| RoomId::parse(n).unwrap());
        let most = u32::MAX;
        let mut calls = vec![
            Call::CountUsers,
            Call::PlainRoom,
            Call::UsersAfter(None, most),
            Call::AuditLog(None, most),
        ];
        calls.extend(draw::names().map(Call::Credential));
        calls.extend(draw::tokens().map(Call::SessionByToken));
        for user in users() {
            calls.extend([
                Call::User(user),
                Call::RoomsOf(user),
                Call::SessionsOf(user),
                Call::OpenRooms(user, None, most),
            ]);
            calls.extend(rooms().map(|room| Call::RoomOf(user, room)));
        }
        for room in rooms() {
            calls.extend([
                Call::Room(room),
                Call::Members(room, None, most),
                Call::WebhooksOf(room),
                Call::Page(room, Page::Newest { offset: 0, most }),
                Call::EventsAfter(room, Seq::ZERO, most),
            ]);
        }
        calls.extend((1..=all.events + 1).map(|n| Call::Message(EventId::parse(n).unwrap())));
        calls
    }
}

fn open(directory: &Path) -> SqliteStore {
    let keyring = Keyring::load(&directory.join("keyring.json"), None).unwrap();
    let sealer = AtRestSealer::new(keyring, Arc::new(SystemEntropy));
    SqliteStore::open(&directory.join("chat.db"), Arc::new(sealer)).unwrap()
}
