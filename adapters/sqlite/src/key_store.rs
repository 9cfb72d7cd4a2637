//! Keyed accounts.

use chat_domain::keyed::{
    Derivation, DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKey, SealedKeys, SealedState,
    SignedStatement, Stretching,
};
use chat_domain::{AccountKind, SessionId, Timestamp, TokenHash, User, UserId, Username};
use chat_ports::{
    Conflict, IdentityChange, KeyStore, KeyedCredential, NewKeyedUser, NewKeys, NewSecrets, Registered,
    Sealer, StoreError,
};
use rusqlite::{Connection, Row, named_params};

use crate::user_store::{Account, insert_user};
use crate::{SqliteStore, rows};

const PASSWORD: &str =
    "iterations, salt, argon_salt, argon_memory_kib, argon_passes, argon_lanes, pepper, verifier, locked";
const RECORD: &str = "i, user_id, statement, signature, continuation, head, head_signature, at";

impl KeyStore for SqliteStore {
    async fn instance(&self, fresh: [u8; 16]) -> Result<[u8; 16], StoreError> {
        self.write(move |connection, _| {
            let sql = "INSERT INTO instance (one, id) VALUES (1, ?1) ON CONFLICT DO NOTHING";
            rows::run(connection, sql, [&fresh[..]])?;
            let known = rows::one(connection, "SELECT id FROM instance", [], |row| array(row, "id"))?;
            known.ok_or_else(|| StoreError::failed("no instance"))
        })
        .await
    }

    async fn reserve_users(&self, count: u64) -> Result<UserId, StoreError> {
        self.write(move |connection, _| {
            let first = rows::next_id(connection, "users")?;
            let last = first + count.saturating_sub(1);
            let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'users'";
            if rows::run(connection, sql, [last])? == 0 {
                let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES ('users', ?1)";
                rows::run(connection, sql, [last])?;
            }
            UserId::parse(first).map_err(StoreError::failed)
        })
        .await
    }

    async fn register_keyed(&self, account: NewKeyedUser) -> Result<Registered, StoreError> {
        self.write(move |connection, _| register(connection, account))
            .await
    }

    async fn keyed_credential(&self, username: &Username) -> Result<Option<KeyedCredential>, StoreError> {
        let key = username.key();
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, {PASSWORD} FROM users JOIN keyed_accounts ON keyed_accounts.user_id = users.id
                 WHERE username_key = ?1",
                rows::USER
            );
            rows::one(connection, &sql, [key], |row| credential(row, sealer))
        })
        .await
    }

    async fn password_record(&self, user: UserId) -> Result<Option<PasswordRecord>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!("SELECT {PASSWORD} FROM keyed_accounts WHERE user_id = ?1");
            rows::one(connection, &sql, [user.number()], password)
        })
        .await
    }

    async fn recovery_record(
        &self,
        username: &Username,
    ) -> Result<Option<(User, RecoveryRecord)>, StoreError> {
        let key = username.key();
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {}, recovery, recovery_verifier FROM users
                 JOIN keyed_accounts ON keyed_accounts.user_id = users.id
                 WHERE username_key = ?1 AND recovery IS NOT NULL",
                rows::USER
            );
            rows::one(connection, &sql, [key], |row| {
                let recovery = RecoveryRecord {
                    sealed: rows::get(row, "recovery")?,
                    verifier: array(row, "recovery_verifier")?,
                };
                Ok((rows::user(row, sealer)?, recovery))
            })
        })
        .await
    }

    async fn replace_secrets(
        &self,
        user: UserId,
        secrets: NewSecrets,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection, _| replace(connection, user, secrets, keep))
            .await
    }

    async fn await_keys(&self, user: UserId, password: PasswordRecord) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let sql = "SELECT 1 FROM users WHERE id = ?1 AND kind = 'basic'";
            rows::one(connection, sql, [user.number()], |_| Ok(()))?.ok_or(Conflict::UnknownUser)?;
            forget_awaited(connection, user)?;
            insert_record(connection, user, password, None)
        })
        .await
    }

    async fn sealed_keys(&self, user: UserId) -> Result<SealedKeys, StoreError> {
        self.read(move |connection, _| {
            let of_kind = |kind: &str| {
                let sql =
                    "SELECT number, sealed FROM sealed_keys WHERE user_id = ?1 AND kind = ?2 ORDER BY number";
                rows::all(connection, sql, (user.number(), kind), |row| {
                    Ok(SealedKey {
                        number: rows::get(row, "number")?,
                        sealed: rows::get(row, "sealed")?,
                    })
                })
            };
            Ok(SealedKeys {
                signing: of_kind("signing")?,
                agreement: of_kind("agreement")?,
            })
        })
        .await
    }

    async fn directory(&self, from: u64, limit: u32) -> Result<Vec<DirectoryRecord>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!("SELECT {RECORD} FROM directory WHERE i >= ?1 ORDER BY i LIMIT ?2");
            rows::all(connection, &sql, (from, limit), record)
        })
        .await
    }

    async fn newest_record(&self) -> Result<Option<DirectoryRecord>, StoreError> {
        self.read(|connection, _| {
            let sql = format!("SELECT {RECORD} FROM directory ORDER BY i DESC LIMIT 1");
            rows::one(connection, &sql, [], record)
        })
        .await
    }

    async fn record_of(&self, user: UserId) -> Result<Option<DirectoryRecord>, StoreError> {
        self.read(move |connection, _| {
            let sql = format!("SELECT {RECORD} FROM directory WHERE user_id = ?1 ORDER BY i DESC LIMIT 1");
            rows::one(connection, &sql, [user.number()], record)
        })
        .await
    }

    async fn append_identity(
        &self,
        change: IdentityChange,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection, _| append_identity(connection, change, keep))
            .await
    }

    async fn reset_link(&self, token: TokenHash, at: Timestamp) -> Result<Option<User>, StoreError> {
        self.read(move |connection, sealer| {
            let sql = format!(
                "SELECT {} FROM users JOIN reset_links ON reset_links.user_id = users.id
                 WHERE token_hash = ?1 AND ends_at > ?2",
                rows::USER
            );
            let key = (&token.as_bytes()[..], at.millis());
            rows::one(connection, &sql, key, |row| rows::user(row, sealer))
        })
        .await
    }

    async fn use_reset_link(
        &self,
        token: TokenHash,
        at: Timestamp,
        change: IdentityChange,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |connection, _| {
            let user = change.record.user.number();
            let sql = "DELETE FROM reset_links WHERE user_id = ?1 AND token_hash = ?2 AND ends_at > ?3";
            if rows::run(connection, sql, (user, &token.as_bytes()[..], at.millis()))? == 0 {
                return Err(Conflict::DeadLink.into());
            }
            append_identity(connection, change, None)
        })
        .await
    }

    async fn state(&self, user: UserId) -> Result<Option<SealedState>, StoreError> {
        self.read(move |connection, _| state(connection, user)).await
    }

    async fn state_version(&self, user: UserId) -> Result<Option<u64>, StoreError> {
        self.read(move |connection, _| {
            let sql = "SELECT version FROM account_states WHERE user_id = ?1";
            rows::one(connection, sql, [user.number()], |row| {
                rows::number(row, "version")
            })
        })
        .await
    }

    async fn put_state(&self, user: UserId, new: SealedState) -> Result<Option<SealedState>, StoreError> {
        self.write(move |connection, _| put_state(connection, user, new))
            .await
    }

    async fn drafts(&self, user: UserId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection, _| {
            let sql = "SELECT sealed FROM account_drafts WHERE user_id = ?1";
            rows::one(connection, sql, [user.number()], |row| rows::get(row, "sealed"))
        })
        .await
    }

    async fn put_drafts(&self, user: UserId, sealed: Vec<u8>) -> Result<(), StoreError> {
        self.write(move |connection, _| {
            let sql = "INSERT INTO account_drafts (user_id, sealed) VALUES (?1, ?2)
                       ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed";
            rows::run(connection, sql, (user.number(), sealed)).map(drop)
        })
        .await
    }
}

fn register(connection: &Connection, new: NewKeyedUser) -> Result<Registered, StoreError> {
    let registered = insert_user(
        connection,
        Account {
            id: new.id.number(),
            username: new.username,
            kind: AccountKind::Keyed,
            password: None,
            is_admin: false,
            joins: new.joins,
            at: new.at,
        },
    )?;
    insert_record(connection, new.id, new.password, Some(new.recovery))?;
    insert_key(connection, new.id, "signing", new.signing)?;
    insert_key(connection, new.id, "agreement", new.agreement)?;
    append(connection, &new.record)?;
    Ok(registered)
}

/// What is kept of an account's password and recovery code.
pub(crate) fn insert_record(
    connection: &Connection,
    user: UserId,
    password: PasswordRecord,
    recovery: Option<RecoveryRecord>,
) -> Result<(), StoreError> {
    let PasswordRecord {
        derivation,
        stretching,
        verifier,
        locked,
    } = password;
    let (sealed, recovery_verifier) = recovery.map(|it| (it.sealed, it.verifier)).unzip();
    rows::run(
        connection,
        "INSERT INTO keyed_accounts (user_id, iterations, salt, argon_salt, argon_memory_kib, argon_passes, argon_lanes,
                                     pepper, verifier, locked, recovery, recovery_verifier)
         VALUES (:id, :iterations, :salt, :argon_salt, :memory, :passes, :lanes, :pepper, :verifier, :locked, :recovery,
                 :recovery_verifier)",
        named_params! {
            ":id": user.number(),
            ":iterations": derivation.iterations,
            ":salt": &derivation.salt[..],
            ":argon_salt": &stretching.salt[..],
            ":memory": stretching.memory_kib,
            ":passes": stretching.passes,
            ":lanes": stretching.lanes,
            ":pepper": stretching.pepper,
            ":verifier": &verifier[..],
            ":locked": locked,
            ":recovery": sealed,
            ":recovery_verifier": recovery_verifier.as_ref().map(|it| &it[..]),
        },
    )?;
    Ok(())
}

fn append_identity(
    connection: &Connection,
    change: IdentityChange,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let user = change.record.user;
    let ended = replace(connection, user, change.secrets, keep)?;
    // With its first keys a basic account becomes a keyed one, whose password nobody may send any more.
    let sql = "UPDATE users SET kind = 'keyed', password_hash = NULL WHERE id = ?1 AND kind = 'basic'";
    rows::run(connection, sql, [user.number()])?;
    if matches!(change.keys, NewKeys::Anew(_)) {
        renew_state(connection, user, change.state)?;
        let sql = "DELETE FROM account_drafts WHERE user_id = ?1";
        rows::run(connection, sql, [user.number()])?;
    }
    put_keys(connection, user, change.keys)?;
    append(connection, &change.record)?;
    Ok(ended)
}

/// The state that was sealed under keys which are gone goes too, or makes room for this one.
fn renew_state(connection: &Connection, user: UserId, new: Option<SealedState>) -> Result<(), StoreError> {
    let Some(new) = new else {
        let sql = "DELETE FROM account_states WHERE user_id = ?1";
        return rows::run(connection, sql, [user.number()]).map(drop);
    };
    match put_state(connection, user, new)? {
        None => Ok(()),
        Some(_) => Err(Conflict::StateMoved.into()),
    }
}

/// Puts a state in the place of the one before, if that is its predecessor; else gives the one that is there.
fn put_state(
    connection: &Connection,
    user: UserId,
    new: SealedState,
) -> Result<Option<SealedState>, StoreError> {
    let kept = state(connection, user)?;
    if kept.as_ref().map_or(0, |kept| kept.version) + 1 != new.version {
        return Ok(Some(kept.unwrap_or(SealedState {
            version: 0,
            sealed: Vec::new(),
        })));
    }
    let sql = "INSERT INTO account_states (user_id, version, sealed) VALUES (?1, ?2, ?3)
               ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, sealed = excluded.sealed";
    rows::run(connection, sql, (user.number(), new.version, new.sealed))?;
    Ok(None)
}

/// Keeps a link, in the place of the account's one before.
pub(crate) fn put_reset_link(
    connection: &Connection,
    user: UserId,
    token: &TokenHash,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO reset_links (user_id, token_hash, ends_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, ends_at = excluded.ends_at";
    let row = (user.number(), &token.as_bytes()[..], until.millis());
    rows::run(connection, sql, row).map(drop)
}

/// Forgets what is kept of the password of an account whose keys are awaited.
pub(crate) fn forget_awaited(connection: &Connection, user: UserId) -> Result<(), StoreError> {
    let sql = "DELETE FROM keyed_accounts WHERE user_id = ?1 AND locked IS NULL";
    rows::run(connection, sql, [user.number()]).map(drop)
}

fn insert_key(connection: &Connection, user: UserId, kind: &str, key: SealedKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO sealed_keys (user_id, kind, number, sealed) VALUES (?1, ?2, ?3, ?4)";
    rows::run(connection, sql, (user.number(), kind, key.number, key.sealed)).map(drop)
}

fn put_keys(connection: &Connection, user: UserId, keys: NewKeys) -> Result<(), StoreError> {
    match keys {
        NewKeys::Same => Ok(()),
        NewKeys::Another(key) => insert_key(connection, user, "agreement", key),
        NewKeys::Anew(keys) => {
            let sql = "DELETE FROM sealed_keys WHERE user_id = ?1";
            rows::run(connection, sql, [user.number()])?;
            for key in keys.signing {
                insert_key(connection, user, "signing", key)?;
            }
            for key in keys.agreement {
                insert_key(connection, user, "agreement", key)?;
            }
            Ok(())
        }
    }
}

fn replace(
    connection: &Connection,
    user: UserId,
    secrets: NewSecrets,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let id = user.number();
    let sql = "SELECT 1 FROM keyed_accounts WHERE user_id = ?1";
    rows::one(connection, sql, [id], |_| Ok(()))?.ok_or(Conflict::UnknownUser)?;
    if let Some(recovery) = secrets.recovery {
        let sql = "UPDATE keyed_accounts SET recovery = ?2, recovery_verifier = ?3 WHERE user_id = ?1";
        rows::run(connection, sql, (id, recovery.sealed, &recovery.verifier[..]))?;
    }
    let Some(password) = secrets.password else {
        return Ok(Vec::new());
    };
    let PasswordRecord {
        derivation,
        stretching,
        verifier,
        locked,
    } = password;
    rows::run(
        connection,
        "UPDATE keyed_accounts SET iterations = :iterations, salt = :salt, argon_salt = :argon_salt,
             argon_memory_kib = :memory, argon_passes = :passes, argon_lanes = :lanes, pepper = :pepper,
             verifier = :verifier, locked = :locked
         WHERE user_id = :id",
        named_params! {
            ":id": id,
            ":iterations": derivation.iterations,
            ":salt": &derivation.salt[..],
            ":argon_salt": &stretching.salt[..],
            ":memory": stretching.memory_kib,
            ":passes": stretching.passes,
            ":lanes": stretching.lanes,
            ":pepper": stretching.pepper,
            ":verifier": &verifier[..],
            ":locked": locked,
        },
    )?;
    rows::all(
        connection,
        "DELETE FROM sessions WHERE user_id = ?1 AND kind = 'full' AND id <> ?2 RETURNING id AS session_id",
        (id, keep.map_or(0, SessionId::number)),
        rows::session_id,
    )
}

/// Appends a record to the directory, if it is the next one.
fn append(connection: &Connection, record: &DirectoryRecord) -> Result<(), StoreError> {
    let sql = "SELECT coalesce(max(i) + 1, 0) AS n FROM directory";
    let next = rows::one(connection, sql, [], |row| rows::number(row, "n"))?;
    if next != Some(record.i) {
        return Err(Conflict::DirectoryMoved.into());
    }
    rows::run(
        connection,
        "INSERT INTO directory (i, user_id, statement, signature, continuation, head, head_signature, at)
         VALUES (:i, :user, :statement, :signature, :continuation, :head, :head_signature, :at)",
        named_params! {
            ":i": record.i,
            ":user": record.user.number(),
            ":statement": record.statement.bytes,
            ":signature": &record.statement.signature[..],
            ":continuation": record.statement.continuation.as_ref().map(|it| &it[..]),
            ":head": &record.head[..],
            ":head_signature": &record.head_signature[..],
            ":at": record.at.millis(),
        },
    )?;
    Ok(())
}

fn credential(row: &Row<'_>, sealer: &dyn Sealer) -> Result<KeyedCredential, StoreError> {
    Ok(KeyedCredential {
        user: rows::user(row, sealer)?,
        password: password(row)?,
    })
}

fn password(row: &Row<'_>) -> Result<PasswordRecord, StoreError> {
    Ok(PasswordRecord {
        derivation: Derivation {
            iterations: rows::get(row, "iterations")?,
            salt: array(row, "salt")?,
        },
        stretching: Stretching {
            salt: array(row, "argon_salt")?,
            memory_kib: rows::get(row, "argon_memory_kib")?,
            passes: rows::get(row, "argon_passes")?,
            lanes: rows::get(row, "argon_lanes")?,
            pepper: rows::get(row, "pepper")?,
        },
        verifier: array(row, "verifier")?,
        locked: rows::get(row, "locked")?,
    })
}

fn record(row: &Row<'_>) -> Result<DirectoryRecord, StoreError> {
    let continuation: Option<Vec<u8>> = rows::get(row, "continuation")?;
    Ok(DirectoryRecord {
        i: rows::number(row, "i")?,
        user: UserId::parse(rows::number(row, "user_id")?).map_err(StoreError::failed)?,
        at: Timestamp::from_millis(rows::number(row, "at")?),
        statement: SignedStatement {
            bytes: rows::get(row, "statement")?,
            signature: array(row, "signature")?,
            continuation: continuation.map(exactly).transpose()?,
        },
        head: array(row, "head")?,
        head_signature: array(row, "head_signature")?,
    })
}

fn state(connection: &Connection, user: UserId) -> Result<Option<SealedState>, StoreError> {
    let sql = "SELECT version, sealed FROM account_states WHERE user_id = ?1";
    rows::one(connection, sql, [user.number()], |row| {
        Ok(SealedState {
            version: rows::number(row, "version")?,
            sealed: rows::get(row, "sealed")?,
        })
    })
}

fn array<const N: usize>(row: &Row<'_>, column: &str) -> Result<[u8; N], StoreError> {
    exactly(rows::get::<Vec<u8>>(row, column)?)
}

fn exactly<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], StoreError> {
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| StoreError::failed(format!("{} bytes instead of {N}", bytes.len())))
}
