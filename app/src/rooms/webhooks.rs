//! Webhooks: addresses under which other programs post into a room.
//!
//! Each posts as an account of its own, which has no password, and so can do nothing else; it is a member of the room and
//! is seen there.

use chat_domain::{
    AccountKind, Grant, Mode, Refusal, RoomKind, Session, SessionId, User, Username, membership,
    moderation::{Act, Admin, Authority},
    room::Member,
};
use chat_ports::{Conflict, NewSession, NewUser, Ports, RoomStore, SessionStore, StoreError, UserStore};

use crate::{App, Error, Origin, SessionToken};

impl<P: Ports> App<P> {
    /// Makes a webhook for a group of mode `server`, under a name that nobody else has. Its token is the only secret in its
    /// address, and this is the only time that it is seen. What was done half, because the server was killed, is completed
    /// by asking again.
    ///
    /// # Errors
    /// `room_is_e2ee`; `forbidden` for a room that is no group; `username_taken`; `too_many_tokens`.
    pub async fn add_webhook(
        &self,
        admin: &Admin,
        member: &Member,
        name: Username,
        origin: &Origin,
    ) -> Result<(Session, User, SessionToken), Error> {
        let room = member.room();
        if room.mode == Mode::E2ee {
            return Err(Refusal::RoomIsE2ee.into());
        }
        if room.kind != RoomKind::Group {
            return Err(Refusal::Forbidden.into());
        }
        let account = self.account_of_webhook(admin, name).await?;
        self.bring_webhook_in(member, &account).await?;
        let token = SessionToken::draw(self.ports.entropy());
        let grant = Grant::Webhook { room: room.id };
        let new = NewSession {
            made_by: Some(Authority::Admin(admin.clone()).actor()),
            ..self.new_session(account.id, &token, grant, origin)
        };
        let session = self.ports.sessions().open_session(new).await?;
        Ok((session, account, token))
    }

    /// The webhooks of a room with the accounts that they post as, in the order in which they were made.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn webhooks(&self, _: &Admin, member: &Member) -> Result<Vec<(Session, User)>, Error> {
        Ok(self.ports.sessions().webhooks_of(member.room().id).await?)
    }

    /// Takes a webhook away: its address is worth nothing when this returns, and its account is no member of the room any
    /// more. What it has posted stays.
    ///
    /// # Errors
    /// `not_found` for what is no webhook of this room.
    pub async fn remove_webhook(&self, admin: &Admin, member: &Member, id: SessionId) -> Result<(), Error> {
        let webhooks = self.webhooks(admin, member).await?;
        let meant = webhooks.into_iter().find(|(session, _)| session.id == id);
        let (_, account) = meant.ok_or(Refusal::NotFound)?;
        let authority = Authority::Admin(admin.clone());
        self.moderate(&authority, account.id, Act::SignOut).await?;
        match self.remove_member(member, account.id).await {
            // Somebody has put it out of the room already.
            Ok(()) | Err(Error::Refused(Refusal::NotFound)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A new account or one that was a webhook's and is nobody's now.
    async fn account_of_webhook(&self, admin: &Admin, name: Username) -> Result<User, Error> {
        let Some(known) = self.ports.users().credential(&name).await? else {
            let new = NewUser {
                username: name,
                kind: AccountKind::Basic,
                password: None,
                is_admin: false,
                joins: None,
                made_by: Some(Authority::Admin(admin.clone()).actor()),
                awaited: None,
                at: self.now(),
            };
            return Ok(self.ports.users().register(new).await?.user);
        };
        let user = known.user;
        let is_webhooks = user.kind == AccountKind::Basic && known.password.is_none();
        let is_free = is_webhooks
            && user.banned(self.now()).is_none()
            && self.ports.sessions().sessions_of(user.id).await?.is_empty();
        if is_free {
            Ok(user)
        } else {
            Err(Refusal::UsernameTaken.into())
        }
    }

    async fn bring_webhook_in(&self, member: &Member, account: &User) -> Result<(), Error> {
        let entry = membership::add(member, account, self.now())?;
        match self.ports.rooms().enter(entry).await {
            Ok(joined) => {
                self.tell_of_members(vec![joined]);
                Ok(())
            }
            Err(StoreError::Conflict(Conflict::AlreadyMember)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
