//! Accounts.

use chat_domain::{
    AccountKind, PasswordHash, Role, RoomId, Timestamp, User, UserId, Username, event::Person,
    moderation::Action,
};
use chat_ports::{Conflict, Credential, NewUser, Registered, Sealer, StoreError, UserStore};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, actor, audit, key_store, room_store, rows};

impl UserStore for SqliteStore {
    async fn register(&self, user: NewUser) -> Result<Registered, StoreError> {
        self.write(move |connection, sealer| register(connection, sealer, user))
            .await
    }

    async fn register_first(&self, user: NewUser) -> Result<Option<Registered>, StoreError> {
        self.write(move |connection, sealer| {
            if count(connection)? > 0 {
                return Ok(None);
            }
            register(connection, sealer, user).map(Some)
        })
        .await
    }

    async fn credential(&self, username: &Username) -> Result<Option<Credential>, StoreError> {
        let key = username.key();
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, password_hash FROM users WHERE username_key = ?1",
                rows::USER
            );
            rows::one(connection, &sql, [key], |row| {
                let password: Option<String> = rows::get(row, "password_hash")?;
                Ok(Credential {
                    user: rows::user(row, sealer)?,
                    password: password.map(PasswordHash::from_phc),
                })
            })
        })
        .await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(move |connection, sealer| by_id(connection, sealer, id))
            .await
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        self.read(|connection, _| count(connection)).await
    }
}

fn count(connection: &Connection) -> Result<u64, StoreError> {
    let found = rows::one(connection, "SELECT count(*) AS n FROM users", [], |row| {
        rows::number(row, "n")
    })?;
    Ok(found.unwrap_or(0))
}

pub(crate) fn by_id(
    connection: &Connection,
    sealer: &dyn Sealer,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let sql = format!("SELECT {} FROM users WHERE id = ?1", rows::USER);
    rows::one(connection, &sql, [id.number()], |row| rows::user(row, sealer))
}

fn register(connection: &Connection, sealer: &dyn Sealer, new: NewUser) -> Result<Registered, StoreError> {
    if let Some(by) = new.made_by {
        actor::may_administer(connection, by, new.at)?;
    }
    let id = match &new.awaited {
        Some((id, _)) => id.number(),
        None => rows::next_id(connection, "users")?,
    };
    let account = Account {
        id,
        username: new.username,
        kind: new.kind,
        password: new.password,
        is_admin: new.is_admin,
        joins: new.joins,
        at: new.at,
    };
    let registered = insert_user(connection, account)?;
    if let Some((user, record)) = new.awaited {
        key_store::insert_record(connection, user, record, None)?;
    }
    if let Some(by) = new.made_by {
        let line = audit::Line::about(Action::AddUser, by, id, new.at);
        audit::write(connection, sealer, &line)?;
    }
    Ok(registered)
}

/// What every account has.
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) username: Username,
    pub(crate) kind: AccountKind,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) is_admin: bool,
    pub(crate) joins: Option<RoomId>,
    pub(crate) at: Timestamp,
}

/// Makes the account, a member of the group that it joins. An id that somebody has is taken like a name.
pub(crate) fn insert_user(connection: &Connection, new: Account) -> Result<Registered, StoreError> {
    let made = rows::run(
        connection,
        "INSERT INTO users (id, username, username_key, kind, password_hash, is_admin, created_at, last_seen_at)
         VALUES (:id, :username, :key, :kind, :password_hash, :is_admin, :at, :at)
         ON CONFLICT DO NOTHING",
        named_params! {
            ":id": new.id,
            ":username": new.username.as_str(),
            ":key": new.username.key(),
            ":kind": rows::account_kind_name(new.kind),
            ":password_hash": new.password.as_ref().map(PasswordHash::expose),
            ":is_admin": new.is_admin,
            ":at": new.at.millis(),
        },
    )?;
    if made == 0 {
        return Err(Conflict::UsernameTaken.into());
    }
    let user = User {
        id: UserId::parse(new.id).map_err(StoreError::failed)?,
        username: new.username,
        kind: new.kind,
        is_admin: new.is_admin,
        ban: None,
        created_at: new.at,
        last_seen_at: new.at,
    };
    let join = |room| {
        check_group(connection, room)?;
        room_store::join(connection, room, Person::from(&user), Role::Member, None, new.at)
    };
    let joined = new.joins.map(join).transpose()?;
    Ok(Registered { user, joined })
}

fn check_group(connection: &Connection, room: RoomId) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM rooms WHERE id = ?1 AND kind = 'group'";
    let found = rows::one(connection, sql, [room.number()], |_| Ok(()))?;
    found.ok_or_else(|| StoreError::failed(format!("there is no group {room}")))
}
