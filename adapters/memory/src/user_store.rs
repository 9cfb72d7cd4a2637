//! Accounts.

use chat_domain::{
    AccountKind, Role, RoomId, RoomKind, Timestamp, User, UserId, Username, moderation::Action,
};
use chat_ports::{Conflict, Credential, NewUser, Registered, StoreError, UserStore};

use crate::{MemoryStore, state::State};

impl State {
    pub(crate) fn by_name(&self, username: &Username) -> Option<&(User, Option<chat_domain::PasswordHash>)> {
        self.users
            .values()
            .find(|(user, _)| user.username.key() == username.key())
    }

    fn register(&mut self, new: NewUser) -> Result<Registered, StoreError> {
        if let Some(actor) = new.made_by {
            self.may_act(actor, new.at)?;
        }
        let account = Account {
            username: new.username,
            kind: new.kind,
            is_admin: new.is_admin,
            joins: new.joins,
            at: new.at,
        };
        self.can_make(&account)?;
        let id = match &new.awaited {
            Some((id, _)) => *id,
            None => self.next_user()?,
        };
        let registered = self.insert_user(id, account)?;
        if let Some((id, record)) = new.awaited {
            self.keys.passwords.insert(id, record);
        }
        if let Some(entry) = self.users.get_mut(&id) {
            entry.1 = new.password;
        }
        if let Some(actor) = new.made_by {
            self.log(actor, Action::AddUser, id, (None, None), new.at)?;
        }
        Ok(registered)
    }

    /// Whether nobody has the name, and there is the group that it joins.
    fn can_make(&self, new: &Account) -> Result<(), StoreError> {
        if self.by_name(&new.username).is_some() {
            return Err(Conflict::UsernameTaken.into());
        }
        let is_group = |id| {
            self.rooms
                .get(&id)
                .is_some_and(|room| room.kind == RoomKind::Group)
        };
        if !new.joins.is_none_or(is_group) {
            return Err(StoreError::failed("no such group"));
        }
        Ok(())
    }

    /// Makes the account, a member of the group that it joins. An id that somebody has is taken like a name.
    pub(crate) fn insert_user(&mut self, id: UserId, new: Account) -> Result<Registered, StoreError> {
        self.can_make(&new)?;
        if self.users.contains_key(&id) {
            return Err(Conflict::UsernameTaken.into());
        }
        let user = User {
            id,
            username: new.username,
            kind: new.kind,
            is_admin: new.is_admin,
            ban: None,
            created_at: new.at,
            last_seen_at: new.at,
        };
        self.users.insert(user.id, (user.clone(), None));
        let join = |room| self.join(room, (&user).into(), Role::Member, None, new.at);
        let joined = new.joins.map(join).transpose()?;
        Ok(Registered { user, joined })
    }
}

/// What every account has.
pub(crate) struct Account {
    pub(crate) username: Username,
    pub(crate) kind: AccountKind,
    pub(crate) is_admin: bool,
    pub(crate) joins: Option<RoomId>,
    pub(crate) at: Timestamp,
}

impl UserStore for MemoryStore {
    async fn register(&self, user: NewUser) -> Result<Registered, StoreError> {
        self.writing()?.register(user)
    }

    async fn register_first(&self, user: NewUser) -> Result<Option<Registered>, StoreError> {
        let mut state = self.writing()?;
        if !state.users.is_empty() {
            return Ok(None);
        }
        state.register(user).map(Some)
    }

    async fn credential(&self, username: &Username) -> Result<Option<Credential>, StoreError> {
        let state = self.state();
        let found = state.by_name(username);
        Ok(found.map(|(user, password)| Credential {
            user: user.clone(),
            password: password.clone(),
        }))
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.state().users.get(&id).map(|(user, _)| user.clone()))
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.state().users.len() as u64)
    }
}
