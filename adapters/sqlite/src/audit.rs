//! The audit log: what was done to whom, by whom and why.

use chat_domain::{
    AuditId, Timestamp, UserId,
    moderation::{Action, Actor, AuditEntry},
};
use chat_ports::{Column, Sealer, StoreError};
use rusqlite::{Connection, Row, named_params};

use crate::rows;

const DETAIL: Column = Column::new("admin_logs.detail");

/// A line to be written.
pub(crate) struct Line<'a> {
    pub(crate) by: Actor,
    pub(crate) action: Action,
    pub(crate) target: u64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) at: Timestamp,
}

impl Line<'_> {
    /// A line without further details.
    pub(crate) const fn about(action: Action, by: Actor, target: u64, at: Timestamp) -> Self {
        Self {
            by,
            action,
            target,
            reason: None,
            until: None,
            at,
        }
    }
}

pub(crate) fn write(connection: &Connection, sealer: &dyn Sealer, line: &Line<'_>) -> Result<(), StoreError> {
    let id = rows::next_id(connection, "admin_logs")?;
    let seal = |reason: &str| sealer.seal(DETAIL, id, reason.as_bytes());
    let detail = line.reason.map(seal).transpose().map_err(StoreError::failed)?;
    let admin = match line.by {
        Actor::Admin(admin) => Some(admin.number()),
        Actor::Shell => None,
    };
    rows::run(
        connection,
        "INSERT INTO admin_logs (id, admin_id, action, target_user_id, detail, ends_at, created_at)
         VALUES (:id, :admin, :action, :target, :detail, :until, :at)",
        named_params! {
            ":id": id,
            ":admin": admin,
            ":action": line.action.name(),
            ":target": line.target,
            ":detail": detail,
            ":until": line.until.map(Timestamp::millis),
            ":at": line.at.millis(),
        },
    )
    .map(drop)
}

/// The newest lines before this one, backwards.
pub(crate) fn before(
    connection: &Connection,
    sealer: &dyn Sealer,
    before: Option<AuditId>,
    most: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let before = before.map_or(chat_domain::id::MAX_ID + 1, AuditId::number);
    rows::readable(
        connection,
        "SELECT id, admin_id, action, target_user_id, detail, ends_at, created_at
         FROM admin_logs WHERE id < ?1 ORDER BY id DESC",
        [before],
        "id",
        most as usize,
        |row| entry(row, sealer),
    )
}

fn entry(row: &Row<'_>, sealer: &dyn Sealer) -> Result<AuditEntry, StoreError> {
    let id = rows::number(row, "id")?;
    let user = |number: u64| UserId::parse(number).map_err(StoreError::failed);
    let admin: Option<u64> = rows::get(row, "admin_id")?;
    let until: Option<u64> = rows::get(row, "ends_at")?;
    Ok(AuditEntry {
        id: AuditId::parse(id).map_err(StoreError::failed)?,
        by: admin.map_or(Ok(Actor::Shell), |admin| user(admin).map(Actor::Admin))?,
        action: rows::named(row, "action", Action::of_name)?,
        target: user(rows::number(row, "target_user_id")?)?,
        reason: rows::optional_text(row, "detail", DETAIL, id, sealer)?,
        until: until.map(Timestamp::from_millis),
        at: rows::time(row, "created_at")?,
    })
}
