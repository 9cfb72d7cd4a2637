//! Keyed accounts.

use chat_domain::keyed::{DirectoryRecord, PasswordRecord, RecoveryRecord, SealedKeys, SealedState};
use chat_domain::{AccountKind, Grant, SessionId, Timestamp, TokenHash, User, UserId, Username};
use chat_ports::{
    Conflict, IdentityChange, KeyStore, KeyedCredential, NewKeyedUser, NewKeys, NewSecrets, Registered,
    StoreError,
};

use crate::user_store::Account;
use crate::{MemoryStore, state::State};

impl State {
    fn register_keyed(&mut self, new: NewKeyedUser) -> Result<Registered, StoreError> {
        if self.keys.directory.len() as u64 != new.record.i {
            // A name that is taken is told first, as by every store.
            return Err(
                if self.by_name(&new.username).is_some() || self.users.contains_key(&new.id) {
                    Conflict::UsernameTaken.into()
                } else {
                    Conflict::DirectoryMoved.into()
                },
            );
        }
        let registered = self.insert_user(
            new.id,
            Account {
                username: new.username,
                kind: AccountKind::Keyed,
                is_admin: false,
                joins: new.joins,
                at: new.at,
            },
        )?;
        let keys = SealedKeys {
            signing: vec![new.signing],
            agreement: vec![new.agreement],
        };
        self.keys.passwords.insert(new.id, new.password);
        self.keys.recoveries.insert(new.id, new.recovery);
        self.keys.sealed.insert(new.id, keys);
        self.keys.directory.push(new.record);
        Ok(registered)
    }
}

impl State {
    fn replace_secrets(
        &mut self,
        user: UserId,
        secrets: NewSecrets,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        if !self.keys.passwords.contains_key(&user) {
            return Err(Conflict::UnknownUser.into());
        }
        if let Some(recovery) = secrets.recovery {
            self.keys.recoveries.insert(user, recovery);
        }
        let Some(password) = secrets.password else {
            return Ok(Vec::new());
        };
        self.keys.passwords.insert(user, password);
        let mut ended = self.sessions_with(|it| it.user_id == user && it.grant == Grant::Full);
        ended.retain(|it| Some(it.id) != keep);
        self.close(&ended);
        Ok(ended.into_iter().map(|it| it.id).collect())
    }

    pub(crate) fn forget_awaited(&mut self, user: UserId) {
        self.keys
            .passwords
            .retain(|owner, record| *owner != user || record.locked.is_some());
    }

    fn await_keys(&mut self, user: UserId, password: PasswordRecord) -> Result<(), StoreError> {
        let known = self.users.get(&user).map(|(user, _)| user.kind);
        if known != Some(AccountKind::Basic) {
            return Err(Conflict::UnknownUser.into());
        }
        self.keys.passwords.insert(user, password);
        Ok(())
    }

    /// Whose link it is.
    fn reset_link(&self, token: TokenHash, at: Timestamp) -> Option<UserId> {
        let found = self
            .keys
            .reset_links
            .iter()
            .find(|(_, link)| link.0 == token && at < link.1);
        found.map(|(owner, _)| *owner)
    }

    /// The version that the account's next state has.
    fn next_state(&self, user: UserId) -> u64 {
        self.keys.states.get(&user).map_or(0, |kept| kept.version) + 1
    }

    fn use_reset_link(
        &mut self,
        token: TokenHash,
        at: Timestamp,
        change: IdentityChange,
    ) -> Result<Vec<SessionId>, StoreError> {
        let user = change.record.user;
        if self.reset_link(token, at) != Some(user) {
            return Err(Conflict::DeadLink.into());
        }
        let ended = self.append_identity(change, None)?;
        self.keys.reset_links.remove(&user);
        Ok(ended)
    }

    fn append_identity(
        &mut self,
        change: IdentityChange,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        let user = change.record.user;
        if self.keys.passwords.contains_key(&user) && self.keys.directory.len() as u64 != change.record.i {
            return Err(Conflict::DirectoryMoved.into());
        }
        if let Some(state) = &change.state
            && self.next_state(user) != state.version
        {
            return Err(Conflict::StateMoved.into());
        }
        let ended = self.replace_secrets(user, change.secrets, keep)?;
        if let Some((user, password)) = self.users.get_mut(&user) {
            user.kind = AccountKind::Keyed;
            *password = None;
        }
        let sealed = self.keys.sealed.entry(user).or_default();
        if matches!(change.keys, NewKeys::Anew(_)) {
            self.keys.states.remove(&user);
            self.keys.drafts.remove(&user);
            self.keys.states.extend(change.state.map(|state| (user, state)));
        }
        match change.keys {
            NewKeys::Same => {}
            NewKeys::Another(key) => sealed.agreement.push(key),
            NewKeys::Anew(keys) => *sealed = keys,
        }
        self.keys.directory.push(change.record);
        Ok(ended)
    }
}

impl KeyStore for MemoryStore {
    async fn instance(&self, fresh: [u8; 16]) -> Result<[u8; 16], StoreError> {
        Ok(*self.writing()?.keys.instance.get_or_insert(fresh))
    }

    async fn reserve_users(&self, count: u64) -> Result<UserId, StoreError> {
        self.writing()?.reserve_users(count)
    }

    async fn register_keyed(&self, account: NewKeyedUser) -> Result<Registered, StoreError> {
        self.writing()?.register_keyed(account)
    }

    async fn keyed_credential(&self, username: &Username) -> Result<Option<KeyedCredential>, StoreError> {
        let state = self.state();
        let Some((user, _)) = state.by_name(username) else {
            return Ok(None);
        };
        let known = state.keys.passwords.get(&user.id);
        Ok(known.map(|password| KeyedCredential {
            user: user.clone(),
            password: password.clone(),
        }))
    }

    async fn password_record(&self, user: UserId) -> Result<Option<PasswordRecord>, StoreError> {
        Ok(self.state().keys.passwords.get(&user).cloned())
    }

    async fn recovery_record(
        &self,
        username: &Username,
    ) -> Result<Option<(User, RecoveryRecord)>, StoreError> {
        let state = self.state();
        let Some((user, _)) = state.by_name(username) else {
            return Ok(None);
        };
        let known = state.keys.recoveries.get(&user.id);
        Ok(known.map(|recovery| (user.clone(), recovery.clone())))
    }

    async fn replace_secrets(
        &self,
        user: UserId,
        secrets: NewSecrets,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.writing()?.replace_secrets(user, secrets, keep)
    }

    async fn await_keys(&self, user: UserId, password: PasswordRecord) -> Result<(), StoreError> {
        self.writing()?.await_keys(user, password)
    }

    async fn sealed_keys(&self, user: UserId) -> Result<SealedKeys, StoreError> {
        Ok(self.state().keys.sealed.get(&user).cloned().unwrap_or_default())
    }

    async fn directory(&self, from: u64, limit: u32) -> Result<Vec<DirectoryRecord>, StoreError> {
        let state = self.state();
        let page = state.keys.directory.iter().filter(|record| record.i >= from);
        Ok(page.take(limit as usize).cloned().collect())
    }

    async fn newest_record(&self) -> Result<Option<DirectoryRecord>, StoreError> {
        Ok(self.state().keys.directory.last().cloned())
    }

    async fn record_of(&self, user: UserId) -> Result<Option<DirectoryRecord>, StoreError> {
        let state = MemoryStore::state(self);
        Ok(state
            .keys
            .directory
            .iter()
            .rfind(|record| record.user == user)
            .cloned())
    }

    async fn append_identity(
        &self,
        change: IdentityChange,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.writing()?.append_identity(change, keep)
    }

    async fn reset_link(&self, token: TokenHash, at: Timestamp) -> Result<Option<User>, StoreError> {
        let state = MemoryStore::state(self);
        let owner = state.reset_link(token, at);
        let known = owner.and_then(|owner| state.users.get(&owner));
        Ok(known.map(|(user, _)| user.clone()))
    }

    async fn use_reset_link(
        &self,
        token: TokenHash,
        at: Timestamp,
        change: IdentityChange,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.writing()?.use_reset_link(token, at, change)
    }

    async fn state(&self, user: UserId) -> Result<Option<SealedState>, StoreError> {
        Ok(MemoryStore::state(self).keys.states.get(&user).cloned())
    }

    async fn state_version(&self, user: UserId) -> Result<Option<u64>, StoreError> {
        let state = MemoryStore::state(self);
        Ok(state.keys.states.get(&user).map(|kept| kept.version))
    }

    async fn put_state(&self, user: UserId, new: SealedState) -> Result<Option<SealedState>, StoreError> {
        let mut state = self.writing()?;
        let kept = state.keys.states.get(&user).cloned();
        if state.next_state(user) != new.version {
            let none = SealedState {
                version: 0,
                sealed: Vec::new(),
            };
            return Ok(Some(kept.unwrap_or(none)));
        }
        state.keys.states.insert(user, new);
        Ok(None)
    }

    async fn drafts(&self, user: UserId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(MemoryStore::state(self).keys.drafts.get(&user).cloned())
    }

    async fn put_drafts(&self, user: UserId, sealed: Vec<u8>) -> Result<(), StoreError> {
        self.writing()?.keys.drafts.insert(user, sealed);
        Ok(())
    }
}
