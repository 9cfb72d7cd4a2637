//! What an account remembers from one client to the next: read, checked against what the server shows now, merged with what
//! other clients have stored, and stored (`docs/protocol-encryption.md`, 4.12).

use chat_e2ee::directory::Directory;
use chat_e2ee::identity::Statement;
use chat_e2ee::ids::UserId;
use chat_e2ee::state::{AccountState, StateError};
use serde_json::{Value, json};

use super::{Keys, Untrusted, millis, number, sealed};
use crate::chance::draw;
use crate::error::ClientError;
use crate::http::Client;

const PATH: &str = "/api/e2ee/state";
/// How often a place is fought for with other clients of the account.
const TRIES: usize = 20;

/// What an account remembers, as far as it is known here.
#[derive(Debug, Clone)]
pub struct Memory {
    /// What is remembered; what is changed here is stored by [`Client::keep`].
    pub state: AccountState,
    /// The version of the stored one that this was made from; 0: there is none.
    version: u64,
    directory: Directory,
}

impl Memory {
    /// The version of the stored state that this was made from; 0: none is stored yet.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The directory that it was checked against.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Remembers the keys of people that one meets, unless they were met before.
    pub fn meet(&mut self, users: impl IntoIterator<Item = UserId>) {
        self.state.meet(&self.directory, users, millis());
    }

    /// What the directory says of this account.
    pub(super) fn own_statement(&self, keys: &Keys) -> Result<Statement, Untrusted> {
        let own = self.directory.newest(keys.user);
        own.map(|identity| identity.statement().clone())
            .ok_or(Untrusted::OwnKeyMismatch)
    }

    /// The state as its next version, for this account.
    pub(super) fn sealed(&self, keys: &Keys) -> Result<Value, ClientError> {
        let version = self.version + 1;
        let sealed = self
            .state
            .seal(&keys.master.state_key(), &keys.usr, version, &draw()?);
        let sealed = sealed.map_err(Untrusted::State)?;
        Ok(json!({ "version": version, "blob": chat_e2ee::encoding::base64url(&sealed) }))
    }
}

/// A state as it is stored.
struct Stored {
    version: u64,
    state: AccountState,
}

impl Stored {
    /// Opens what the server gives; `None`: nothing is stored.
    fn open(given: &Value, keys: &Keys) -> Result<Option<Self>, Untrusted> {
        if given.is_null() {
            return Ok(None);
        }
        let version = number(given, "version")?;
        let blob = sealed(given, "blob")?;
        let state = AccountState::open(&keys.master.state_key(), keys.instance, &keys.usr, version, &blob)?;
        Ok(Some(Self { version, state }))
    }
}

impl Client {
    /// What the account remembers. It is checked against the installation and the directory that the server shows now; an
    /// account that remembers nothing yet begins with what is shown.
    ///
    /// # Errors
    /// [`Untrusted::State`]: the state is not the account's own, the server is not the one that it was, its directory does not
    /// go on from where it was, or has an identity for this account that its owner has not made.
    pub async fn recall(&self, keys: &Keys) -> Result<Memory, ClientError> {
        self.recalled(keys, None).await
    }

    /// Brings what is remembered here up to date with what other clients of the account have stored, and checks it again.
    ///
    /// # Errors
    /// As [`Client::recall`]; [`Untrusted::StateRollback`] for an older state than is known here. Then nothing has changed.
    pub async fn recall_again(&self, keys: &Keys, memory: &mut Memory) -> Result<(), ClientError> {
        *memory = self.recalled(keys, Some(memory)).await?;
        Ok(())
    }

    /// Stores what is remembered here, merged with what other clients have stored meanwhile.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted::StateRollback`] for an older state than is known here, [`Untrusted::State`] for one that
    /// contradicts what was seen here.
    pub async fn keep(&self, keys: &Keys, memory: &mut Memory) -> Result<(), ClientError> {
        let mut tries = 1..=TRIES;
        loop {
            let answer = self.put(PATH, &memory.sealed(keys)?).await?;
            if answer.status != 409 || tries.next().is_none() {
                answer.success()?;
                memory.version += 1;
                return Ok(());
            }
            let kept = &answer.body;
            let theirs = match number(kept, "version") {
                Ok(0) => None,
                _ => Stored::open(kept, keys)?,
            };
            // After it was stored: so it has come at least as far.
            memory.directory = self.directory().await?;
            if let Some((state, version)) = merged(Some(memory), theirs, &memory.directory)? {
                (memory.state, memory.version) = (state, version);
            }
        }
    }

    async fn recalled(&self, keys: &Keys, known: Option<&Memory>) -> Result<Memory, ClientError> {
        let mut looked_at = None;
        loop {
            let theirs = Stored::open(&self.stored().await?, keys)?;
            let installation = self.installation().await?;
            let directory = self.directory_of(&installation).await?;
            let begun = || {
                let mut state = AccountState::empty(installation.clone());
                state.add_own(directory.statements_of(keys.user).map(|it| *it.hash()));
                (state, 0)
            };
            let (mut state, version) = merged(known, theirs, &directory)?.unwrap_or_else(begun);
            match state.check(&installation, &directory, keys.user) {
                Ok(()) => {
                    state.reached(&directory);
                    return Ok(Memory {
                        state,
                        version,
                        directory,
                    });
                }
                // Another client of the account may have remembered and said something between the two looks.
                Err(StateError::ForeignIdentity) if looked_at != Some(version) => looked_at = Some(version),
                Err(error) => return Err(Untrusted::State(error).into()),
            }
        }
    }

    async fn stored(&self) -> Result<Value, ClientError> {
        let answer = self.get(PATH).await?.success()?;
        Ok(answer.get("state").cloned().unwrap_or_default())
    }
}

/// What is known here and what is stored, as one and with the stored one's version, each going on in this directory; `None`:
/// neither is there.
fn merged(
    known: Option<&Memory>,
    theirs: Option<Stored>,
    directory: &Directory,
) -> Result<Option<(AccountState, u64)>, Untrusted> {
    let version = theirs.as_ref().map_or(0, |theirs| theirs.version);
    if known.is_some_and(|known| version < known.version) {
        return Err(Untrusted::StateRollback);
    }
    let states = [
        known.map(|known| known.state.clone()),
        theirs.map(|theirs| theirs.state),
    ];
    for state in states.iter().flatten() {
        state.is_continued_by(directory)?;
    }
    let state = match states {
        [Some(mine), Some(theirs)] => mine.merged_with(theirs)?,
        [Some(one), None] | [None, Some(one)] => one,
        [None, None] => return Ok(None),
    };
    Ok(Some((state, version)))
}
