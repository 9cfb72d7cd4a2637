//! The directory (specification, 4.5.2): every identity statement that a server ever accepted, in a chain of hashes
//! that clients keep whole. Entries of rooms' logs name a link of it, so that a server which shows two people two
//! directories is found out.

use std::collections::BTreeMap;

use crate::ed25519::{PrivateKey, PublicKey, Signature};
use crate::encoding::Writer;
use crate::hash::sha256;
use crate::identity::{Identity, NotAnIdentity, Signed};
use crate::ids::{InstanceId, UserId, Usr};
use crate::label::Label;

/// The head before the first record.
pub const NO_HEAD: [u8; 32] = [0; 32];

/// A record as the server gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place, from 0.
    pub i: u64,
    /// Milliseconds since 1970, by the server's clock.
    pub at: u64,
    /// What was appended.
    pub body: RecordBody,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordBody {
    /// A statement.
    Statement(Signed),
    /// What is left of an erased account's statement: the chain still verifies.
    Erased {
        /// `stmt_hash`
        hash: [u8; 32],
        /// Whose it was.
        user: UserId,
    },
}

/// Why a record or a head is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// A record out of place, or a head beyond the known records.
    #[error("the directory's records do not come in their order")]
    OutOfOrder,
    /// The server has shown another directory before, or signed another one.
    #[error("the server shows two directories")]
    Fork,
    /// A head's signature does not fit.
    #[error("the signature of the directory's head does not fit")]
    BadSignature,
    /// The statement in a record.
    #[error(transparent)]
    Identity(#[from] NotAnIdentity),
}

impl DirectoryError {
    /// The code in the vectors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfOrder => "bad_directory",
            Self::Fork => "directory_fork",
            Self::BadSignature => "bad_signature",
            Self::Identity(error) => error.code(),
        }
    }
}

/// An account's statements.
#[derive(Debug, Clone, Default)]
struct History {
    /// In their order, each with its place.
    statements: Vec<(u64, Identity)>,
    /// Place of the first erased record.
    erased: Option<u64>,
}

/// The directory as far as it was replicated, every statement checked.
#[derive(Debug, Clone)]
pub struct Directory {
    instance: InstanceId,
    heads: Vec<[u8; 32]>,
    accounts: BTreeMap<UserId, History>,
    names: BTreeMap<Usr, UserId>,
}

impl Directory {
    /// Without a record.
    #[must_use]
    pub const fn empty(instance: InstanceId) -> Self {
        Self {
            instance,
            heads: Vec::new(),
            accounts: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Takes the next record. On an error nothing is changed.
    ///
    /// # Errors
    /// [`DirectoryError`]
    pub fn append(&mut self, record: &Record) -> Result<(), DirectoryError> {
        if record.i != self.len() {
            return Err(DirectoryError::OutOfOrder);
        }
        let hash = match &record.body {
            RecordBody::Statement(signed) => self.take(record.i, signed)?,
            RecordBody::Erased { hash, user } => {
                self.accounts
                    .entry(*user)
                    .or_default()
                    .erased
                    .get_or_insert(record.i);
                *hash
            }
        };
        self.heads
            .push(link(self.instance, record.i, record.at, &self.head(), &hash));
        Ok(())
    }

    fn take(&mut self, i: u64, signed: &Signed) -> Result<[u8; 32], NotAnIdentity> {
        let identity = self.check(signed)?;
        let statement = identity.statement();
        let (user, name) = (statement.user, statement.usr.clone());
        let hash = *identity.hash();
        self.names.insert(name, user);
        self.accounts
            .entry(user)
            .or_default()
            .statements
            .push((i, identity));
        Ok(hash)
    }

    /// Checks a statement as the next record: against its account's last one, and that nobody else has its name.
    ///
    /// # Errors
    /// [`NotAnIdentity`]
    pub fn check(&self, signed: &Signed) -> Result<Identity, NotAnIdentity> {
        // Whose last statement it has to follow is read from the statement itself.
        let claimed = crate::identity::Statement::parse(&signed.bytes)?;
        let history = self.accounts.get(&claimed.user);
        let last = history
            .and_then(|history| history.statements.last())
            .map(|(_, last)| last);
        let identity = Identity::check(signed, self.instance, last)?;
        let erased = history.is_some_and(|history| history.erased.is_some());
        if erased || self.taken(&claimed.usr, claimed.user) {
            return Err(NotAnIdentity::Conflict);
        }
        Ok(identity)
    }

    fn taken(&self, usr: &Usr, by_other_than: UserId) -> bool {
        self.names.get(usr).is_some_and(|&owner| owner != by_other_than)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.heads.len()).unwrap_or(u64::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The newest head, or [`NO_HEAD`].
    #[must_use]
    pub fn head(&self) -> [u8; 32] {
        self.heads.last().copied().unwrap_or(NO_HEAD)
    }

    /// The head after the record at `i`.
    #[must_use]
    pub fn head_at(&self, i: u64) -> Option<&[u8; 32]> {
        self.heads.get(usize::try_from(i).ok()?)
    }

    /// An account's newest statement at `i` or before.
    #[must_use]
    pub fn latest(&self, user: UserId, i: u64) -> Option<&Identity> {
        let statements = &self.accounts.get(&user)?.statements;
        let after = statements.partition_point(|(place, _)| *place <= i);
        statements
            .get(after.checked_sub(1)?)
            .map(|(_, identity)| identity)
    }

    /// An account's newest statement of all.
    #[must_use]
    pub fn newest(&self, user: UserId) -> Option<&Identity> {
        self.latest(user, u64::MAX)
    }

    /// An account's statements that were not erased, in their order.
    pub fn statements_of(&self, user: UserId) -> impl Iterator<Item = &Identity> {
        let history = self.accounts.get(&user);
        let statements = history.map(|history| history.statements.iter());
        statements.into_iter().flatten().map(|(_, identity)| identity)
    }

    /// Whether the account was erased at `i` or before.
    #[must_use]
    pub fn erased_by(&self, user: UserId, i: u64) -> bool {
        let erased = self.accounts.get(&user).and_then(|history| history.erased);
        erased.is_some_and(|place| place <= i)
    }

    /// Whether the account was erased at all.
    #[must_use]
    pub fn is_erased(&self, user: UserId) -> bool {
        self.erased_by(user, u64::MAX)
    }

    /// Whether this directory continues one whose head was pinned.
    ///
    /// # Errors
    /// [`DirectoryError::Fork`], [`DirectoryError::OutOfOrder`] if it has not come that far.
    pub fn continues(&self, i: u64, head: &[u8; 32]) -> Result<(), DirectoryError> {
        match self.head_at(i) {
            None => Err(DirectoryError::OutOfOrder),
            Some(own) if own != head => Err(DirectoryError::Fork),
            Some(_) => Ok(()),
        }
    }

    /// Whether a head that the server signed is this directory's.
    ///
    /// # Errors
    /// [`DirectoryError`]
    pub fn agrees(&self, signed: &SignedHead, instance_key: &PublicKey) -> Result<(), DirectoryError> {
        if !instance_key.verifies(&signed.encode(self.instance), &signed.signature) {
            return Err(DirectoryError::BadSignature);
        }
        self.continues(signed.i, &signed.head)
    }
}

/// The head after a record: of the head before it, and the hash of its statement.
#[must_use]
pub fn link(instance: InstanceId, i: u64, at: u64, before: &[u8; 32], hash: &[u8; 32]) -> [u8; 32] {
    sha256(
        &Writer::new(Label::DirRecord)
            .raw(instance.as_bytes())
            .u64(i)
            .raw(before)
            .raw(hash)
            .u64(at)
            .finish(),
    )
}

/// A head that the server has signed: evidence, should it show another directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Place of the newest record.
    pub i: u64,
    /// The head after it.
    pub head: [u8; 32],
    /// That record's time, milliseconds since 1970.
    pub at: u64,
    /// Under the installation's key.
    pub signature: Signature,
}

impl SignedHead {
    /// Signs a head.
    #[must_use]
    pub fn sign(key: &PrivateKey, instance: InstanceId, i: u64, head: [u8; 32], at: u64) -> Self {
        Self {
            signature: key.sign(&head_bytes(instance, i, &head, at)),
            i,
            head,
            at,
        }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn encode(&self, instance: InstanceId) -> Vec<u8> {
        head_bytes(instance, self.i, &self.head, self.at)
    }
}

/// The bytes of a head that are signed, for who has the key elsewhere.
#[must_use]
pub fn head_bytes(instance: InstanceId, i: u64, head: &[u8; 32], at: u64) -> Vec<u8> {
    Writer::new(Label::DirHead)
        .raw(instance.as_bytes())
        .u64(i)
        .raw(head)
        .u64(at)
        .finish()
}
