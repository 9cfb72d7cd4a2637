//! What entries say, by their type.

use crate::encoding::{Reader as Bytes, Unreadable, Writer, display_text, in_range};
use crate::ids::UserId;

use super::MAX_MEMBERS;

const MAX_NAME: usize = 80;
const MAX_REASON: usize = 200;
const MIN_ROT_MSGS: u32 = 100;
const MIN_ROT_SECS: u32 = 3600;

/// What sort of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any number of people.
    Group,
    /// Two people, for ever the same.
    Direct,
}

/// What a member may do, each more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Talks.
    Member,
    /// Adds, removes, deletes.
    Moderator,
    /// Appoints, and sets the policy.
    Owner,
}

impl Role {
    /// The number in entries.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Member => 0,
            Self::Moderator => 1,
            Self::Owner => 2,
        }
    }

    const fn of_number(number: u8) -> Result<Self, Unreadable> {
        match number {
            0 => Ok(Self::Member),
            1 => Ok(Self::Moderator),
            2 => Ok(Self::Owner),
            _ => Err(Unreadable::Malformed),
        }
    }
}

/// A room's rules. There is no field for encryption: no entry can turn it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether everybody with an account may join; otherwise people are added.
    pub open: bool,
    /// Whether every member may add people; otherwise moderators do.
    pub members_add: bool,
    /// Whether newcomers may read what was said before.
    pub shared_history: bool,
    /// Messages after which the epoch is to change.
    pub rot_msgs: u32,
    /// Seconds after which the epoch is to change.
    pub rot_secs: u32,
    /// The room's name: 1 to 80 bytes in a group, empty in a direct conversation.
    pub name: String,
}

impl Policy {
    fn flags(&self, writer: Writer) -> Writer {
        writer
            .u8(self.open.into())
            .u8(self.members_add.into())
            .u8(self.shared_history.into())
            .u32(self.rot_msgs)
            .u32(self.rot_secs)
    }

    /// What `create` and `policy` both begin with; the name follows further on.
    fn parse_flags(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            open: bytes.flag()?,
            members_add: bytes.flag()?,
            shared_history: bytes.flag()?,
            rot_msgs: in_range(bytes.u32()?, MIN_ROT_MSGS, u32::MAX)?,
            rot_secs: in_range(bytes.u32()?, MIN_ROT_SECS, u32::MAX)?,
            name: String::new(),
        })
    }

    fn parse_name(self, bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let name = display_text(bytes.prefixed(MAX_NAME)?)?.to_owned();
        Ok(Self { name, ..self })
    }

    /// Whether these are the rules of a direct conversation.
    pub(super) const fn is_closed_pair(&self) -> bool {
        !self.open && !self.members_add && self.name.is_empty()
    }
}

/// Begins a room; its author is the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// What sort of room.
    pub kind: Kind,
    /// Its first rules.
    pub policy: Policy,
    /// The creator's signing key.
    pub key: [u8; 32],
}

/// Makes somebody a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Add {
    /// Whom.
    pub user: UserId,
    /// Of which identity.
    pub generation: u32,
    /// Its signing key.
    pub key: [u8; 32],
}

/// Makes the author a member of an open room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Of which identity.
    pub generation: u32,
    /// Its signing key.
    pub key: [u8; 32],
}

/// Ends somebody's membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remove {
    /// Whose.
    pub user: UserId,
    /// Whether they cannot join again until they are added.
    pub ban: bool,
    /// What the moderator says about it: at most 200 bytes.
    pub reason: String,
}

/// Gives a member a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRole {
    /// Whom.
    pub user: UserId,
    /// Which.
    pub role: Role,
}

/// Why an epoch was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There was none.
    First,
    /// Somebody was put out, or left, or has another identity.
    Removal,
    /// So much time has gone, or so many messages.
    Schedule,
    /// The author had not the key of the current one.
    NoKey,
    /// Somebody joined who is not to read what was before.
    Join,
    /// A reader has a new encryption key.
    KeyRotated,
    /// The rules were changed.
    Policy,
}

impl Reason {
    /// The number in entries.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Removal => 2,
            Self::Schedule => 3,
            Self::NoKey => 4,
            Self::Join => 5,
            Self::KeyRotated => 6,
            Self::Policy => 7,
        }
    }

    const fn of_number(number: u8) -> Result<Self, Unreadable> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Removal),
            3 => Ok(Self::Schedule),
            4 => Ok(Self::NoKey),
            5 => Ok(Self::Join),
            6 => Ok(Self::KeyRotated),
            7 => Ok(Self::Policy),
            _ => Err(Unreadable::Malformed),
        }
    }
}

/// Somebody to whom an epoch's secret is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// Of which identity.
    pub generation: u32,
    /// With which encryption key.
    pub kem: u32,
}

/// Begins an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochBody {
    /// Counts the room's epochs from 1.
    pub number: u32,
    /// Hash of the entry that began the one before, or zeros.
    pub previous: [u8; 32],
    /// The commitment to the secret.
    pub commitment: [u8; 32],
    /// Whether newcomers may be given the secret.
    pub shared_history: bool,
    /// Why.
    pub reason: Reason,
    /// To whom the secret is wrapped, by user, ascending.
    pub readers: Vec<Reader>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Begins the room.
    Create(Create),
    /// Makes somebody a member.
    Add(Add),
    /// Makes the author a member.
    Join(Join),
    /// Ends somebody's membership.
    Remove(Remove),
    /// Ends the author's membership.
    Leave,
    /// Gives a role.
    Role(SetRole),
    /// Sets the rules.
    Policy(Policy),
    /// Begins an epoch.
    Epoch(EpochBody),
}

impl Body {
    /// The number of the type.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::Create(_) => 1,
            Self::Add(_) => 2,
            Self::Join(_) => 3,
            Self::Remove(_) => 4,
            Self::Leave => 5,
            Self::Role(_) => 6,
            Self::Policy(_) => 7,
            Self::Epoch(_) => 8,
        }
    }

    /// The bytes of the body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes = Writer::inner();
        match self {
            Self::Create(it) => {
                let kind = bytes.u8(u8::from(it.kind == Kind::Direct));
                it.policy
                    .flags(kind)
                    .raw(&it.key)
                    .prefixed(it.policy.name.as_bytes())
            }
            Self::Add(it) => bytes
                .u64(it.user.get())
                .u32(it.generation)
                .raw(&it.key)
                .u8(Role::Member.number()),
            Self::Join(it) => bytes.u32(it.generation).raw(&it.key).prefixed(&[]),
            Self::Remove(it) => bytes
                .u64(it.user.get())
                .u8(it.ban.into())
                .prefixed(it.reason.as_bytes()),
            Self::Leave => bytes,
            Self::Role(it) => bytes.u64(it.user.get()).u8(it.role.number()),
            Self::Policy(policy) => policy.flags(bytes).prefixed(policy.name.as_bytes()),
            Self::Epoch(it) => it.encode(bytes),
        }
        .finish()
    }

    /// Reads a body of the type with this number. 9 and 10 are reserved and refused.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`]
    pub fn parse(number: u8, body: &[u8]) -> Result<Self, Unreadable> {
        let mut bytes = Bytes::inner(body);
        let it = match number {
            1 => Self::Create(Create::parse(&mut bytes)?),
            2 => Self::Add(Add::parse(&mut bytes)?),
            3 => Self::Join(Join::parse(&mut bytes)?),
            4 => Self::Remove(Remove::parse(&mut bytes)?),
            5 => Self::Leave,
            6 => Self::Role(SetRole {
                user: UserId::new(bytes.u64()?)?,
                role: Role::of_number(bytes.u8()?)?,
            }),
            7 => Self::Policy(Policy::parse_flags(&mut bytes)?.parse_name(&mut bytes)?),
            8 => Self::Epoch(EpochBody::parse(&mut bytes)?),
            _ => return Err(Unreadable::Malformed),
        };
        bytes.end()?;
        Ok(it)
    }
}

impl Create {
    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let kind = if bytes.flag()? { Kind::Direct } else { Kind::Group };
        let policy = Policy::parse_flags(bytes)?;
        let key = bytes.array()?;
        let policy = policy.parse_name(bytes)?;
        let lawful = match kind {
            Kind::Group => !policy.name.is_empty(),
            Kind::Direct => policy.is_closed_pair(),
        };
        if lawful {
            Ok(Self { kind, policy, key })
        } else {
            Err(Unreadable::Malformed)
        }
    }
}

impl Add {
    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let it = Self {
            user: UserId::new(bytes.u64()?)?,
            generation: bytes.counter()?,
            key: bytes.array()?,
        };
        // A role is given by an entry of its own.
        in_range(bytes.u8()?, 0, 0)?;
        Ok(it)
    }
}

impl Join {
    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let it = Self {
            generation: bytes.counter()?,
            key: bytes.array()?,
        };
        // A proof of invitation, not used in this version.
        bytes.prefixed(0)?;
        Ok(it)
    }
}

impl Remove {
    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            user: UserId::new(bytes.u64()?)?,
            ban: bytes.flag()?,
            reason: display_text(bytes.prefixed(MAX_REASON)?)?.to_owned(),
        })
    }
}

impl EpochBody {
    fn encode(&self, bytes: Writer) -> Writer {
        let count = u32::try_from(self.readers.len()).unwrap_or(u32::MAX);
        let head = bytes
            .u32(self.number)
            .raw(&self.previous)
            .raw(&self.commitment)
            .u8(self.shared_history.into())
            .u8(self.reason.number())
            .u32(count);
        self.readers.iter().fold(head, |bytes, reader| {
            bytes
                .u64(reader.user.get())
                .u32(reader.generation)
                .u32(reader.kem)
        })
    }

    fn parse(bytes: &mut Bytes<'_>) -> Result<Self, Unreadable> {
        let number = bytes.counter()?;
        let previous = bytes.array()?;
        if (number == 1) != (previous == [0; 32]) {
            return Err(Unreadable::Malformed);
        }
        let commitment = bytes.array()?;
        let shared_history = bytes.flag()?;
        let reason = Reason::of_number(bytes.u8()?)?;
        let count = usize::try_from(bytes.u32()?).map_err(|_| Unreadable::Malformed)?;
        let mut readers = Vec::with_capacity(in_range(count, 0, MAX_MEMBERS)?);
        for _ in 0..count {
            readers.push(Reader {
                user: UserId::new(bytes.u64()?)?,
                generation: bytes.counter()?,
                kem: bytes.counter()?,
            });
        }
        if !readers.is_sorted_by(|one, next| one.user < next.user) {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            number,
            previous,
            commitment,
            shared_history,
            reason,
            readers,
        })
    }
}
