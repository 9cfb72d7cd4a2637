//! What is done to accounts.

use chat_domain::{
    AuditId, PasswordHash, SessionId, Timestamp, User, UserId,
    moderation::{self, Act, AuditEntry, Measure},
};
use chat_ports::{Conflict, ModerationStore, Outcome, Sealer, StoreError};
use rusqlite::{Connection, named_params};

use crate::{SqliteStore, actor, audit, key_store, rows, user_store};

impl ModerationStore for SqliteStore {
    async fn carry_out(&self, measure: Measure) -> Result<Outcome, StoreError> {
        self.write(move |connection, sealer| carry_out(connection, sealer, &measure))
            .await
    }

    async fn count_active_admins(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.read(move |connection, _| active_admins(connection, at))
            .await
    }

    async fn users_after(&self, after: Option<UserId>, most: u32) -> Result<Vec<User>, StoreError> {
        let after = after.map_or(0, UserId::number);
        self.read(move |connection, sealer| {
            let sql = format!("SELECT {} FROM users WHERE id > ?1 ORDER BY id", rows::USER);
            let read = |row: &rusqlite::Row<'_>| rows::user(row, sealer);
            rows::readable(connection, &sql, [after], "user_id", most as usize, read)
        })
        .await
    }

    async fn audit_log(&self, before: Option<AuditId>, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |connection, sealer| audit::before(connection, sealer, before, most))
            .await
    }
}

fn carry_out(connection: &Connection, sealer: &dyn Sealer, measure: &Measure) -> Result<Outcome, StoreError> {
    let Measure { by, target, act, at } = measure;
    actor::may_administer(connection, *by, *at)?;
    let user = user_store::by_id(connection, sealer, *target)?.ok_or(Conflict::UnknownUser)?;
    let admins = active_admins(connection, *at)?;
    moderation::leaves_an_admin(act, &user, admins, *at).map_err(|_| Conflict::LastAdmin)?;
    let Some(after) = act.applied_to(&user, *at) else {
        return Ok(Outcome {
            user,
            is_new: false,
            ended: Vec::new(),
        });
    };
    update(connection, sealer, &after)?;
    if let Act::SetPassword(hash) = act {
        set_password(connection, *target, hash)?;
        key_store::forget_awaited(connection, *target)?;
    }
    if let Act::IssueReset { token, until } = act {
        key_store::put_reset_link(connection, *target, token, *until)?;
    }
    let ended = if act.signs_out() {
        end_sessions(connection, *target)?
    } else {
        Vec::new()
    };
    let line = audit::Line {
        by: *by,
        action: act.action(),
        target: target.number(),
        reason: act.reason(),
        until: act.until(),
        at: *at,
    };
    audit::write(connection, sealer, &line)?;
    Ok(Outcome {
        user: after,
        is_new: true,
        ended,
    })
}

fn active_admins(connection: &Connection, at: Timestamp) -> Result<u64, StoreError> {
    let counted = rows::one(
        connection,
        "SELECT count(*) AS n FROM users WHERE is_admin = 1 AND (ban_since IS NULL OR ban_until <= ?1)",
        [at.millis()],
        |row| rows::number(row, "n"),
    )?;
    Ok(counted.unwrap_or(0))
}

fn update(connection: &Connection, sealer: &dyn Sealer, user: &User) -> Result<(), StoreError> {
    let id = user.id.number();
    let ban = user.ban.as_ref();
    let seal = |reason: &String| sealer.seal(rows::BAN_REASON, id, reason.as_bytes());
    let reason = ban.and_then(|ban| ban.reason.as_ref()).map(seal);
    rows::run(
        connection,
        "UPDATE users SET is_admin = :is_admin, ban_since = :since, ban_until = :until, ban_reason = :reason
         WHERE id = :id",
        named_params! {
            ":id": id,
            ":is_admin": user.is_admin,
            ":since": ban.map(|ban| ban.since.millis()),
            ":until": ban.and_then(|ban| ban.until).map(Timestamp::millis),
            ":reason": reason.transpose().map_err(StoreError::failed)?,
        },
    )
    .map(drop)
}

fn set_password(connection: &Connection, user: UserId, hash: &PasswordHash) -> Result<(), StoreError> {
    let sql = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
    rows::run(connection, sql, (user.number(), hash.expose())).map(drop)
}

fn end_sessions(connection: &Connection, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    rows::all(
        connection,
        "DELETE FROM sessions WHERE user_id = ?1
         RETURNING id AS session_id",
        [user.number()],
        rows::session_id,
    )
}
