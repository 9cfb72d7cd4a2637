//! A store of one's own for a test, a few people in it, and the database behind their backs.

use std::path::PathBuf;
use std::sync::Arc;

use chat_domain::{
    AccountKind, ClientId, Content, Draft, Join, Message, MessageType, Mode, RoomId, RoomKind, RoomName,
    Timestamp, User, Username, change,
    message::{self, Utterance},
    room::{self, Member},
};
use chat_ports::{
    Column, MessageStore, NewRoom, NewUser, RoomStore, SealError, Sealer, StoreError, UserStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::SqliteStore;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// So many rounds: few in everyday runs, all of them with `CHAT_TEST_SCALE=full`.
pub(crate) fn rounds(few: usize, full: usize) -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is run is no configuration of the product"
    )]
    let scale = std::env::var("CHAT_TEST_SCALE").unwrap_or_default();
    if scale == "full" { full } else { few }
}

/// Stands in for the real sealer: binds a value to its place and hides nothing.
pub(crate) struct Labelled;

impl Sealer for Labelled {
    fn seal(&self, column: Column, row: u64, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok([label(column, row).as_bytes(), plaintext].concat())
    }

    fn open(&self, column: Column, row: u64, record: &[u8]) -> Result<Vec<u8>, SealError> {
        let opened = record.strip_prefix(label(column, row).as_bytes());
        opened.map(<[u8]>::to_vec).ok_or(SealError::Forged)
    }
}

fn label(column: Column, row: u64) -> String {
    format!("{}#{row}:", column.name())
}

/// A store and its database.
pub(crate) struct Sample {
    pub(crate) store: SqliteStore,
    directory: TempDir,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(&directory.path().join("chat.db"), Arc::new(Labelled)).unwrap();
        Self { store, directory }
    }

    /// A file of the store.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The database itself, with none of its checks.
    pub(crate) fn database(&self) -> Connection {
        let connection = Connection::open(self.path("chat.db")).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            .unwrap();
        connection
    }

    /// Writes straight into the database.
    pub(crate) fn write(&self, sql: &str) {
        self.database().execute_batch(sql).unwrap();
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        let new = NewUser {
            username: Username::parse(name).unwrap(),
            kind: AccountKind::Basic,
            password: None,
            is_admin: false,
            joins: None,
            made_by: None,
            awaited: None,
            at: START,
        };
        self.store.register(new).await.unwrap().user
    }

    /// An open group.
    pub(crate) async fn room(&self, owner: &User, name: &str) -> RoomId {
        let new = NewRoom {
            name: RoomName::parse(name).unwrap(),
            kind: RoomKind::Group,
            mode: Mode::Server,
            join: Join::Open,
            at: START,
        };
        self.store.create_room(new, owner.into()).await.unwrap().0.room.id
    }

    pub(crate) async fn join(&self, user: &User, room: RoomId) {
        let found = self.store.room(room).await.unwrap().unwrap();
        let entry = chat_domain::membership::join(user, &found, START).unwrap();
        self.store.enter(entry).await.unwrap();
    }

    pub(crate) async fn member(&self, user: &User, room: RoomId) -> Member {
        let found = self.store.room_of(user.id, room).await.unwrap();
        room::may_read(user.clone(), found).unwrap()
    }

    pub(crate) async fn draft(&self, user: &User, room: RoomId, said: Utterance) -> Draft {
        let member = self.member(user, room).await;
        message::draft(&room::may_post(&member).unwrap(), said, START).unwrap()
    }

    /// Says something under a client id.
    pub(crate) async fn say(
        &self,
        user: &User,
        room: RoomId,
        text: &str,
        id: &str,
    ) -> Result<Message, StoreError> {
        let draft = self.draft(user, room, say(text, Some(id))).await;
        let appended = self.store.append_message(draft).await?;
        Ok(appended.message)
    }

    pub(crate) async fn edit(&self, user: &User, message: &Message, text: &str) {
        let member = self.member(user, message.room_id).await;
        let content = Content::parse(text.to_owned()).unwrap();
        let edit = change::edit(&member, message, content, START).unwrap();
        self.store.edit_message(edit).await.unwrap().unwrap();
    }

    pub(crate) async fn delete(&self, user: &User, message: &Message) {
        let member = self.member(user, message.room_id).await;
        let deletion = change::delete(&member, message, START).unwrap();
        self.store.delete_message(deletion).await.unwrap().unwrap();
    }
}

pub(crate) fn say(text: &str, client_id: Option<&str>) -> Utterance {
    Utterance {
        content: Content::parse(text.to_owned()).unwrap(),
        message_type: MessageType::Text,
        reply_to: None,
        client_id: client_id.map(|id| ClientId::parse(id).unwrap()),
    }
}
