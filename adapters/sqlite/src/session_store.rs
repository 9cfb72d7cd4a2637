//! Sessions.

use chat_domain::{
    Grant, RoomId, Session, SessionId, Timestamp, TokenHash, TokenName, User, UserId, limit,
    moderation::Action,
};
use chat_ports::{Conflict, KnownSession, NewSession, Sealer, SessionStore, StoreError, Which};
use rusqlite::{Connection, Row, named_params};

use crate::{SqliteStore, actor, audit, rows};

impl SessionStore for SqliteStore {
    async fn open_session(&self, session: NewSession) -> Result<Session, StoreError> {
        self.write(move |connection, sealer| open(connection, sealer, &session))
            .await
    }

    async fn session_by_token(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        let token = *token;
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, {} FROM sessions JOIN users ON users.id = sessions.user_id
                 WHERE sessions.token_hash = ?1",
                rows::SESSION,
                rows::USER
            );
            rows::one(connection, &sql, [token.as_bytes()], |row| {
                Ok((rows::session(row)?, rows::user(row, sealer)?))
            })
        })
        .await
    }

    async fn touch_session(&self, session: SessionId, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let params = named_params! { ":id": session.number(), ":at": at.millis() };
            rows::run(
                connection,
                "UPDATE sessions SET last_used_at = max(last_used_at, :at) WHERE id = :id",
                params,
            )?;
            rows::run(
                connection,
                "UPDATE users SET last_seen_at = max(last_seen_at, :at)
                 WHERE id = (SELECT user_id FROM sessions WHERE id = :id)",
                params,
            )?;
            Ok(())
        })
        .await
    }

    async fn close_session(&self, session: SessionId) -> Result<bool, StoreError> {
        self.write(move |connection, _| {
            let closed = rows::run(
                connection,
                "DELETE FROM sessions WHERE id = ?1",
                [session.number()],
            )?;
            Ok(closed > 0)
        })
        .await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<KnownSession>, StoreError> {
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, address, agent, name FROM sessions WHERE user_id = ?1
                 ORDER BY last_used_at DESC, id DESC",
                rows::SESSION
            );
            let read = |row: &Row<'_>| known(row, sealer);
            rows::readable(connection, &sql, [user.number()], "session_id", usize::MAX, read)
        })
        .await
    }

    async fn close_sessions(&self, user: UserId, which: Which) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection, _| {
            let (kept, most) = match which {
                Which::AllBut(kept) => (kept.number(), 0),
                Which::Beyond(most) => (0, most),
            };
            rows::all(
                connection,
                "DELETE FROM sessions WHERE id IN (
                     SELECT id FROM sessions WHERE user_id = ?1 AND kind = 'full' AND id <> ?2
                     ORDER BY last_used_at DESC, id DESC LIMIT -1 OFFSET ?3)
                 RETURNING id AS session_id",
                (user.number(), kept, most),
                rows::session_id,
            )
        })
        .await
    }

    async fn webhooks_of(&self, room: RoomId) -> Result<Vec<(Session, User)>, StoreError> {
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, {} FROM sessions JOIN users ON users.id = sessions.user_id
                 WHERE sessions.room_id = ?1 ORDER BY sessions.id",
                rows::SESSION,
                rows::USER
            );
            let read = |row: &Row<'_>| Ok((rows::session(row)?, rows::user(row, sealer)?));
            rows::readable(connection, &sql, [room.number()], "session_id", usize::MAX, read)
        })
        .await
    }

    async fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        self.write(move |connection, _| {
            rows::all(
                connection,
                "DELETE FROM sessions
                 WHERE kind = 'full' AND (created_at < ?1 OR last_used_at < ?2) OR ends_at <= ?3
                 RETURNING id AS session_id, user_id",
                [created_before.millis(), used_before.millis(), now.millis()],
                |row| Ok((rows::session_id(row)?, rows::user_id(row, "user_id")?)),
            )
        })
        .await
    }
}

fn known(row: &Row<'_>, sealer: &dyn Sealer) -> Result<KnownSession, StoreError> {
    let session = rows::session(row)?;
    let id = session.id.number();
    let name = rows::optional_text(row, "name", rows::TOKEN_NAME, id, sealer)?;
    let name = name.map(|name| TokenName::parse(&name).map_err(StoreError::failed));
    Ok(KnownSession {
        address: rows::optional_text(row, "address", rows::ADDRESS, id, sealer)?.unwrap_or_default(),
        agent: rows::optional_text(row, "agent", rows::AGENT, id, sealer)?.unwrap_or_default(),
        name: name.transpose()?,
        session,
    })
}

fn has_room_for(connection: &Connection, new: &NewSession) -> Result<bool, StoreError> {
    let (sql, of, most) = match new.grant {
        Grant::Full => return Ok(true),
        Grant::Token { .. } => (
            "SELECT count(*) AS n FROM sessions WHERE user_id = ?1 AND kind = 'token'",
            new.user_id.number(),
            limit::TOKENS_PER_USER,
        ),
        Grant::Webhook { room } => (
            "SELECT count(*) AS n FROM sessions WHERE room_id = ?1",
            room.number(),
            limit::WEBHOOKS_PER_ROOM,
        ),
    };
    let there = rows::one(connection, sql, [of], |row| rows::number(row, "n"))?;
    Ok(there.unwrap_or(0) < most)
}

fn open(connection: &Connection, sealer: &dyn Sealer, new: &NewSession) -> Result<Session, StoreError> {
    let active = rows::run(
        connection,
        "UPDATE users SET last_seen_at = max(last_seen_at, :at)
         WHERE id = :user AND (ban_since IS NULL OR ban_until <= :at)",
        named_params! { ":user": new.user_id.number(), ":at": new.at.millis() },
    )?;
    if active == 0 {
        return Err(Conflict::UserInactive.into());
    }
    if let Some(by) = new.made_by {
        actor::may_administer(connection, by, new.at)?;
    }
    if !has_room_for(connection, new)? {
        return Err(Conflict::TooManyTokens.into());
    }
    let id = rows::next_id(connection, "sessions")?;
    let seal = |column, text: &str| {
        sealer
            .seal(column, id, text.as_bytes())
            .map_err(StoreError::failed)
    };
    let name = new
        .name
        .as_ref()
        .map(|name| seal(rows::TOKEN_NAME, name.as_str()));
    let columns = columns(new.grant);
    rows::run(
        connection,
        "INSERT INTO sessions (id, token_hash, user_id, created_at, last_used_at, address, agent, name, kind, scopes,
                               ends_at, room_id)
         VALUES (:id, :token, :user, :at, :at, :address, :agent, :name, :kind, :scopes, :ends_at, :room)",
        named_params! {
            ":id": id,
            ":token": new.token.as_bytes(),
            ":user": new.user_id.number(),
            ":at": new.at.millis(),
            ":address": seal(rows::ADDRESS, &new.address)?,
            ":agent": seal(rows::AGENT, &new.agent)?,
            ":name": name.transpose()?,
            ":kind": columns.kind,
            ":scopes": columns.scopes,
            ":ends_at": columns.ends_at,
            ":room": columns.room,
        },
    )?;
    if let Some(by) = new.made_by {
        let line = audit::Line::about(Action::AddWebhook, by, new.user_id.number(), new.at);
        audit::write(connection, sealer, &line)?;
    }
    Ok(Session {
        id: SessionId::parse(id).map_err(StoreError::failed)?,
        user_id: new.user_id,
        created_at: new.at,
        last_used_at: new.at,
        grant: new.grant,
    })
}

/// A grant as the table has it.
#[derive(Default)]
struct Columns {
    kind: &'static str,
    scopes: Option<String>,
    ends_at: Option<u64>,
    room: Option<u64>,
}

fn columns(grant: Grant) -> Columns {
    match grant {
        Grant::Full => Columns {
            kind: "full",
            ..Columns::default()
        },
        Grant::Token { scopes, ends_at } => Columns {
            kind: "token",
            scopes: Some(scopes.names().collect::<Vec<_>>().join(" ")),
            ends_at: ends_at.map(Timestamp::millis),
            room: None,
        },
        Grant::Webhook { room } => Columns {
            kind: "webhook",
            room: Some(room.number()),
            ..Columns::default()
        },
    }
}
