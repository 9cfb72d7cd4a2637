//! Set up: what has to be there before anybody comes.

use chat_domain::{
    AccountKind, Join, Mode, Password, PasswordHash, Room, RoomKind, RoomName, Secret, User, UserId,
    Username, keyed::PasswordRecord,
};
use chat_ports::{Entropy, NewRoom, NewUser, PasswordHasher, Ports, RoomStore, UserStore};

use crate::{App, Error};

/// The first administrator, as they are shown once.
#[derive(Debug)]
pub struct FirstAdmin {
    /// The name of the account.
    pub username: Username,
    /// Its password, 100 random bits in groups that can be typed; `None`: the operator has chosen one.
    pub password: Option<Secret<String>>,
}

impl<P: Ports> App<P> {
    /// Makes the plain room, if it is wanted and missing.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn ensure_plain_room(&self) -> Result<Option<Room>, Error> {
        if !self.settings.plain_api {
            return Ok(None);
        }
        let rooms = self.ports.rooms();
        // Where it is there already nothing is to be written: a full disk does not stand in the way of a start.
        if let Some(room) = rooms.plain_room().await? {
            return Ok(rooms.room(room).await?);
        }
        let new = NewRoom {
            name: RoomName::parse("plain").map_err(|error| Error::Internal(error.into()))?,
            kind: RoomKind::Group,
            mode: Mode::Server,
            join: Join::Open,
            at: self.now(),
        };
        Ok(Some(rooms.ensure_plain_room(new).await?))
    }

    /// Makes the first administrator with the password that the operator has chosen, or a random one; `None`, and nothing is shown, if there are accounts
    /// already. Of many calls at once one wins.
    ///
    /// The password is shown *before* the account is made. Killed between the two, a password was shown that opens
    /// nothing, and the next start shows another one; the other way round there would be an administrator whose
    /// password nobody has ever seen.
    ///
    /// # Errors
    /// Only those of a store or a hasher that does not answer; what was shown is then good for nothing.
    pub async fn ensure_first_admin(
        &self,
        username: Username,
        chosen: Option<PasswordHash>,
        show: impl FnOnce(&FirstAdmin) + Send,
    ) -> Result<Option<User>, Error> {
        if self.ports.users().count_users().await? > 0 {
            return Ok(None);
        }
        let (password, hash, awaited) = match chosen {
            Some(hash) => (None, hash, None),
            None => self.draw_first_password(&username).await?,
        };
        show(&FirstAdmin {
            username: username.clone(),
            password,
        });
        self.register_first(username, hash, awaited).await
    }

    async fn draw_first_password(
        &self,
        owner: &Username,
    ) -> Result<
        (
            Option<Secret<String>>,
            PasswordHash,
            Option<(UserId, PasswordRecord)>,
        ),
        Error,
    > {
        let drawn = draw_password(self.ports.entropy());
        let password = Password::choose(drawn.clone(), owner);
        let password = password.map_err(|error| Error::Internal(error.into()))?;
        let hash = self.ports.passwords().hash(password.clone()).await?;
        let awaited = self.awaited(owner, password).await?;
        Ok((Some(Secret::new(drawn)), hash, Some(awaited)))
    }

    async fn register_first(
        &self,
        username: Username,
        hash: PasswordHash,
        awaited: Option<(UserId, PasswordRecord)>,
    ) -> Result<Option<User>, Error> {
        let new = NewUser {
            username,
            kind: AccountKind::Basic,
            password: Some(hash),
            is_admin: true,
            joins: self.plain_room().await?,
            made_by: None,
            awaited,
            at: self.now(),
        };
        let made = self.ports.users().register_first(new).await?;
        Ok(made.map(|registered| self.announce(registered)))
    }
}

/// Twenty characters of an alphabet without look-alikes, in groups of five: 100 random bits that can be typed.
#[must_use]
pub fn draw_password(entropy: &dyn Entropy) -> String {
    const ALPHABET: &str = "abcdefghijkmnpqrstuvwxyz23456789";
    let mut password = String::with_capacity(23);
    for (place, byte) in entropy.draw::<20>().into_iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            password.push('-');
        }
        // The alphabet has 32 characters, which divides 256: each is as likely as any other.
        password.extend(ALPHABET.chars().nth(usize::from(byte % 32)));
    }
    password
}
