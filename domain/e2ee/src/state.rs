//! What an account remembers of a server from one client to the next, so that none has to believe it anew
//! (specification, 4.12): the installation, how far its directory had come, the account's own statements, the keys of
//! people as they were first seen, the rooms.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::{Directory, NO_HEAD};
use crate::encoding::Unreadable;
use crate::ids::{InstanceId, RoomId, UserId, Usr};
use crate::json::{Json, Members, NotJson, integer};
use crate::sealed_box::{self, Binding, Purpose};
use crate::secret::StateKey;

mod merge;

/// The most bytes of a state.
pub const MOST_BYTES: usize = 1 << 20;

/// Why a state is not gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not opened, or not in the form that the protocol prescribes.
    #[error("the account's state was not sealed by its owner in the form that the protocol prescribes")]
    Malformed,
    /// More than a server keeps.
    #[error("the account's state is too large")]
    TooLarge,
    /// The server calls itself by another id or key than it did.
    #[error("this is not the server that it was")]
    InstanceChanged,
    /// The directory does not go on from where it was.
    #[error("the server shows another directory than before")]
    DirectoryFork,
    /// The directory has a statement of the account that its owner has not made.
    #[error("the directory has an identity for this account that its owner has not made")]
    ForeignIdentity,
    /// Two clients of the account were shown two logs of a room.
    #[error("the server shows two logs of a room")]
    RoomLogFork,
}

impl StateError {
    /// The code of the protocol.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "bad_state",
            Self::TooLarge => "too_large",
            Self::InstanceChanged => "instance_changed",
            Self::DirectoryFork => "directory_fork",
            Self::ForeignIdentity => "foreign_identity",
            Self::RoomLogFork => "room_log_fork",
        }
    }
}

impl From<NotJson> for StateError {
    fn from(NotJson: NotJson) -> Self {
        Self::Malformed
    }
}

impl From<Unreadable> for StateError {
    fn from(_: Unreadable) -> Self {
        Self::Malformed
    }
}

/// The installation, as it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Its id.
    pub id: InstanceId,
    /// The key of its signatures.
    pub key: [u8; 32],
}

/// Somebody's keys, as they were first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The name in lower case.
    pub usr: Usr,
    /// The generation.
    pub generation: u32,
    /// The signing key.
    pub signing: [u8; 32],
    /// When that was, milliseconds since 1970.
    pub first_seen: u64,
    /// Whether the two have compared their numbers.
    pub verified: bool,
    more: Members,
}

/// Who reads the messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Its members alone.
    EndToEnd,
    /// The server too.
    Server,
}

/// A room, as far as its log was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPin {
    /// Who reads it: it never changes.
    pub mode: Mode,
    /// The hash of the log's first entry.
    pub genesis: [u8; 32],
    /// The place of the newest entry.
    pub seq: u64,
    /// That entry's hash.
    pub head: [u8; 32],
    /// The newest epoch.
    pub epoch: u64,
    more: Members,
}

/// What an account remembers. What newer clients have put there beside it is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// Of which server.
    pub installation: Installation,
    /// How far the directory had come: the newest record's place and head. `None`: it had no record.
    pub directory: Option<(u64, [u8; 32])>,
    /// Hashes of the account's own statements, in their order.
    pub own: Vec<[u8; 32]>,
    /// The keys of others.
    pub pins: BTreeMap<UserId, Pin>,
    /// The rooms.
    pub rooms: BTreeMap<RoomId, RoomPin>,
    /// What its owner has chosen, as it stands.
    pub settings: Members,
    more: Members,
}

impl AccountState {
    /// Of an account that has not remembered anything yet.
    #[must_use]
    pub fn empty(installation: Installation) -> Self {
        Self {
            installation,
            directory: None,
            own: Vec::new(),
            pins: BTreeMap::new(),
            rooms: BTreeMap::new(),
            settings: Members::default(),
            more: Members::default(),
        }
    }

    /// Reads the JSON.
    ///
    /// # Errors
    /// [`StateError::Malformed`]
    pub fn parse(plaintext: &[u8]) -> Result<Self, StateError> {
        let mut members = Json::parse_bytes(plaintext)?.object()?;
        members.version_1()?;
        let mut installation = members.take("inst")?.object()?;
        Ok(Self {
            installation: Installation {
                id: InstanceId(installation.take("id")?.fixed()?),
                key: installation.take("key")?.fixed()?,
            },
            directory: place(members.take("dir")?)?,
            own: members
                .take("own")?
                .array()?
                .into_iter()
                .map(Json::fixed)
                .collect::<Result<_, _>>()?,
            pins: by_id(members.take("pins")?, UserId::new, Pin::parse)?,
            rooms: by_id(members.take("rooms")?, RoomId::new, RoomPin::parse)?,
            settings: members.take("settings")?.object()?,
            more: members,
        })
    }

    /// Writes the JSON: equal states are equal texts.
    ///
    /// # Errors
    /// [`StateError::TooLarge`]
    pub fn render(&self) -> Result<Vec<u8>, StateError> {
        let directory = match self.directory {
            Some((i, head)) => [Json::of_integer(i), Json::of_bytes(&head)],
            None => [Json::Number("-1".to_owned()), Json::of_bytes(&NO_HEAD)],
        };
        let own = self.own.iter().map(|hash| Json::of_bytes(hash)).collect();
        let pins = self.pins.iter().map(|(id, pin)| (id.get(), pin.json()));
        let rooms = self.rooms.iter().map(|(id, room)| (id.get(), room.json()));
        let installation = Members::default()
            .with("id", Json::of_bytes(self.installation.id.as_bytes()))
            .with("key", Json::of_bytes(&self.installation.key));
        let members = self
            .more
            .clone()
            .with("v", Json::of_integer(1))
            .with("inst", Json::Object(installation))
            .with("dir", Json::Array(directory.into()))
            .with("own", Json::Array(own))
            .with("pins", ids(pins))
            .with("rooms", ids(rooms))
            .with("settings", Json::Object(self.settings.clone()));
        let text = Json::Object(members).to_text().into_bytes();
        if text.len() <= MOST_BYTES {
            Ok(text)
        } else {
            Err(StateError::TooLarge)
        }
    }

    /// Opens a state of this version.
    ///
    /// # Errors
    /// [`StateError::Malformed`]: also for one of another version, or another account's.
    pub fn open(
        key: &StateKey,
        instance: InstanceId,
        usr: &Usr,
        version: u64,
        sealed: &[u8],
    ) -> Result<Self, StateError> {
        let binding = Binding::account(Purpose::State(version), instance, usr);
        let plaintext = sealed_box::open(key, &binding, sealed).map_err(|_| StateError::Malformed)?;
        Self::parse(&plaintext)
    }

    /// Seals the state as this version. The IV is drawn anew for every box.
    ///
    /// # Errors
    /// [`StateError::TooLarge`]
    pub fn seal(
        &self,
        key: &StateKey,
        usr: &Usr,
        version: u64,
        iv: &[u8; 12],
    ) -> Result<Vec<u8>, StateError> {
        let binding = Binding::account(Purpose::State(version), self.installation.id, usr);
        Ok(sealed_box::seal(key, &binding, iv, &self.render()?))
    }

    /// Whether the server shows what it showed when this was remembered: the same installation, a directory that goes on
    /// from the same head, and of the account no statement that its owner has not made. (One that was about to be made and
    /// never was may be remembered as well.)
    ///
    /// # Errors
    /// [`StateError::InstanceChanged`], [`StateError::DirectoryFork`], [`StateError::ForeignIdentity`]
    pub fn check(
        &self,
        installation: &Installation,
        directory: &Directory,
        user: UserId,
    ) -> Result<(), StateError> {
        if self.installation != *installation {
            return Err(StateError::InstanceChanged);
        }
        self.is_continued_by(directory)?;
        let own: BTreeSet<_> = self.own.iter().collect();
        let are_own = directory
            .statements_of(user)
            .all(|identity| own.contains(identity.hash()));
        if are_own {
            Ok(())
        } else {
            Err(StateError::ForeignIdentity)
        }
    }

    /// Whether the directory goes on from where it was when this was remembered.
    ///
    /// # Errors
    /// [`StateError::DirectoryFork`]
    pub fn is_continued_by(&self, directory: &Directory) -> Result<(), StateError> {
        let Some((i, head)) = &self.directory else {
            return Ok(());
        };
        directory
            .continues(*i, head)
            .map_err(|_| StateError::DirectoryFork)
    }

    /// Remembers how far the directory has come, which was checked.
    pub fn reached(&mut self, directory: &Directory) {
        let newest = directory.len().checked_sub(1);
        self.directory = newest.map(|i| (i, directory.head()));
    }

    /// Remembers statements that the owner makes, or takes for their own.
    pub fn add_own(&mut self, hashes: impl IntoIterator<Item = [u8; 32]>) {
        for hash in hashes {
            if !self.own.contains(&hash) {
                self.own.push(hash);
            }
        }
    }

    /// Remembers the keys of people that were not known before. Who is known stays as they were first seen.
    pub fn meet(&mut self, directory: &Directory, users: impl IntoIterator<Item = UserId>, now: u64) {
        for user in users {
            let Some(identity) = directory.newest(user).filter(|it| !it.statement().closed) else {
                continue;
            };
            let statement = identity.statement();
            self.pins.entry(user).or_insert_with(|| Pin {
                usr: statement.usr.clone(),
                generation: statement.generation,
                signing: statement.signing,
                first_seen: now,
                verified: false,
                more: Members::default(),
            });
        }
    }
}

/// A place in the directory; −1 is the one before its first record.
fn place(json: Json) -> Result<Option<(u64, [u8; 32])>, StateError> {
    let pair: Result<[Json; 2], _> = json.array()?.try_into();
    let [i, head] = pair.map_err(|_| StateError::Malformed)?;
    let head = head.fixed()?;
    if i == Json::Number("-1".to_owned()) {
        return Ok(None);
    }
    Ok(Some((i.integer()?, head)))
}

fn by_id<Id: Ord, T>(
    json: Json,
    id: impl Fn(u64) -> Result<Id, Unreadable>,
    parse: impl Fn(Members) -> Result<T, StateError>,
) -> Result<BTreeMap<Id, T>, StateError> {
    json.object()?
        .into_iter()
        .map(|(name, one)| match integer(&name)? {
            0 => Err(StateError::Malformed),
            number => Ok((id(number)?, parse(one.object()?)?)),
        })
        .collect()
}

fn ids(all: impl Iterator<Item = (u64, Json)>) -> Json {
    let members = all.fold(Members::default(), |members, (id, one)| {
        members.with(&id.to_string(), one)
    });
    Json::Object(members)
}

impl Pin {
    fn parse(mut members: Members) -> Result<Self, StateError> {
        Ok(Self {
            usr: Usr::parse(members.take("u")?.text()?.as_bytes())?,
            generation: counter(members.take("g")?)?,
            signing: members.take("ed")?.fixed()?,
            first_seen: members.take("t")?.integer()?,
            verified: members.take("ok")?.boolean()?,
            more: members,
        })
    }

    fn json(&self) -> Json {
        let members = self.more.clone();
        Json::Object(
            members
                .with("u", Json::Text(self.usr.as_str().to_owned()))
                .with("g", Json::of_integer(self.generation.into()))
                .with("ed", Json::of_bytes(&self.signing))
                .with("t", Json::of_integer(self.first_seen))
                .with("ok", Json::Bool(self.verified)),
        )
    }
}

fn counter(json: Json) -> Result<u32, StateError> {
    let number = u32::try_from(json.integer()?).map_err(|_| StateError::Malformed)?;
    if number == 0 {
        Err(StateError::Malformed)
    } else {
        Ok(number)
    }
}

impl RoomPin {
    fn parse(mut members: Members) -> Result<Self, StateError> {
        Ok(Self {
            mode: match members.take("mode")?.text()?.as_str() {
                "e2ee" => Mode::EndToEnd,
                "server" => Mode::Server,
                _ => return Err(StateError::Malformed),
            },
            genesis: members.take("genesis")?.fixed()?,
            seq: members.take("seq")?.integer()?,
            head: members.take("head")?.fixed()?,
            epoch: members.take("epoch")?.integer()?,
            more: members,
        })
    }

    fn json(&self) -> Json {
        let mode = match self.mode {
            Mode::EndToEnd => "e2ee",
            Mode::Server => "server",
        };
        let members = self.more.clone();
        Json::Object(
            members
                .with("mode", Json::Text(mode.to_owned()))
                .with("genesis", Json::of_bytes(&self.genesis))
                .with("seq", Json::of_integer(self.seq))
                .with("head", Json::of_bytes(&self.head))
                .with("epoch", Json::of_integer(self.epoch)),
        )
    }
}

#[cfg(test)]
mod tests;
