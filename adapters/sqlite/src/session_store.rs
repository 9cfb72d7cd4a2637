//! Sessions.

use chat_domain::{Session, SessionId, Timestamp, TokenHash, User, UserId};
use chat_ports::{Conflict, NewSession, Sealer, SessionStore, StoreError};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, rows};

impl SessionStore for SqliteStore {
    async fn open_session(&self, session: NewSession) -> Result<Session, StoreError> {
        self.write(move |connection, sealer| open(connection, sealer, &session))
            .await
    }

    async fn session_by_token(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        let token = *token;
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT sessions.id AS session_id, sessions.created_at AS session_created_at,
                        sessions.last_used_at AS last_used_at, {}
                 FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.token_hash = ?1",
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

    async fn sweep_sessions(
        &self,
        created_before: Timestamp,
        used_before: Timestamp,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        self.write(move |connection, _| {
            rows::all(
                connection,
                "DELETE FROM sessions WHERE created_at < ?1 OR last_used_at < ?2
                 RETURNING id AS session_id, user_id, created_at AS session_created_at, last_used_at",
                [created_before.millis(), used_before.millis()],
                |row| rows::session(row).map(|session| (session.id, session.user_id)),
            )
        })
        .await
    }
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
    let id = rows::next_id(connection, "sessions")?;
    let seal = |column, text: &str| {
        sealer
            .seal(column, id, text.as_bytes())
            .map_err(StoreError::failed)
    };
    rows::run(
        connection,
        "INSERT INTO sessions (id, token_hash, user_id, created_at, last_used_at, address, agent)
         VALUES (:id, :token, :user, :at, :at, :address, :agent)",
        named_params! {
            ":id": id,
            ":token": new.token.as_bytes(),
            ":user": new.user_id.number(),
            ":at": new.at.millis(),
            ":address": seal(rows::ADDRESS, &new.address)?,
            ":agent": seal(rows::AGENT, &new.agent)?,
        },
    )?;
    Ok(Session {
        id: SessionId::parse(id).map_err(StoreError::failed)?,
        user_id: new.user_id,
        created_at: new.at,
        last_used_at: new.at,
    })
}
