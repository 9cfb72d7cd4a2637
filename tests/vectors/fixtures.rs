//! The directories and logs that cases name.

use std::collections::BTreeMap;

use chat_e2ee::directory::{Directory, DirectoryError, Record, RecordBody};
use chat_e2ee::ed25519::Signature;
use chat_e2ee::encoding::{array_from_base64url, from_base64url};
use chat_e2ee::identity::Signed;
use chat_e2ee::ids::{InstanceId, UserId};
use chat_e2ee::log::{LogError, RoomLog};
use serde_json::{Value, json};

use crate::bytes::{In, hex};

/// What stands once in the file and is named in many cases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixtures {
    pub(crate) directories: BTreeMap<String, Value>,
    pub(crate) logs: BTreeMap<String, Value>,
}

impl Fixtures {
    pub(crate) fn of_json(json: &Value) -> Self {
        let map = |name: &str| {
            let map = json[name].as_object().unwrap();
            map.iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        Self {
            directories: map("directories"),
            logs: map("logs"),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "directories": self.directories, "logs": self.logs })
    }

    /// The directory of a case, replayed: an error is the case's.
    pub(crate) fn directory(&self, given: In<'_>) -> Result<Directory, DirectoryError> {
        let records = &self.directories[given.text("directory")];
        replay(InstanceId(given.array("instance")), records)
    }

    /// The log of a case, all of which must be valid.
    pub(crate) fn log(&self, given: In<'_>, directory: &Directory) -> RoomLog {
        let entries = self.logs[given.text("log")].as_array().unwrap();
        let upto = given.get("log_upto").and_then(Value::as_u64);
        let upto = upto.map_or(entries.len(), |upto| upto.try_into().unwrap());
        let instance = InstanceId(given.array("instance"));
        let mut log = RoomLog::empty(instance, crate::world::room_of(given.int("room")));
        for entry in &entries[..upto] {
            apply(&mut log, entry, directory).unwrap();
        }
        log
    }
}

/// Applies an entry as it stands in JSON.
pub(crate) fn apply(log: &mut RoomLog, entry: &Value, directory: &Directory) -> Result<(), LogError> {
    let entry = In(entry.as_object().unwrap());
    let bytes = from_base64url(entry.text("e")).map_err(LogError::from)?;
    let signature = array_from_base64url(entry.text("s")).map_err(LogError::from)?;
    log.apply(&bytes, &Signature(signature), directory).map(drop)
}

pub(crate) fn replay(instance: InstanceId, records: &Value) -> Result<Directory, DirectoryError> {
    let mut directory = Directory::empty(instance);
    for record in records.as_array().unwrap() {
        directory.append(&record_of(In(record.as_object().unwrap())))?;
    }
    Ok(directory)
}

fn record_of(record: In<'_>) -> Record {
    let body = if record.get("h").is_some() {
        RecordBody::Erased {
            hash: array_from_base64url(record.text("h")).unwrap(),
            user: UserId::new(record.int("user_id")).unwrap(),
        }
    } else {
        let signature = |name: &str| Signature(array_from_base64url(record.text(name)).unwrap());
        RecordBody::Statement(Signed {
            bytes: from_base64url(record.text("t")).unwrap(),
            signature: signature("s"),
            continuation: record.get("ps").map(|_| signature("ps")),
        })
    };
    Record {
        i: record.int("i"),
        at: record.int("ts"),
        body,
    }
}

/// The state of a room, as the vectors compare it.
pub(crate) fn summary(log: &RoomLog) -> Value {
    let Some(room) = log.room() else {
        return Value::Null;
    };
    let members: Vec<_> = room
        .members
        .iter()
        .map(|(user, member)| {
            json!({
                "user": user.get(),
                "gen": member.generation,
                "ed_pub": hex(member.key.map_or([0; 32], |key| *key.as_bytes())),
                "role": member.role.number(),
                "active": member.active,
                "banned": member.banned,
            })
        })
        .collect();
    let epoch = room.epoch().map(|epoch| {
        let readers: Vec<_> = epoch.body.readers.iter().map(reader_json).collect();
        json!({
            "epoch": epoch.body.number,
            "hash": hex(epoch.hash),
            "es_commit": hex(epoch.body.commitment),
            "history": u8::from(epoch.body.shared_history),
            "reason": epoch.body.reason.number(),
            "ts": epoch.at,
            "log_seq": epoch.place,
            "readers": readers,
        })
    });
    json!({
        "log_seq": log.len() - 1,
        "head": hex(log.head()),
        "kind": u8::from(room.kind == chat_e2ee::log::Kind::Direct),
        "join": u8::from(room.policy.open),
        "add": u8::from(room.policy.members_add),
        "history": u8::from(room.policy.shared_history),
        "rot_msgs": room.policy.rot_msgs,
        "rot_secs": room.policy.rot_secs,
        "name": room.policy.name,
        "members": members,
        "epoch": epoch,
    })
}

pub(crate) fn reader_json(reader: &chat_e2ee::log::Reader) -> Value {
    json!({ "user": reader.user.get(), "gen": reader.generation, "kem": reader.kem })
}
