//! Register: make a basic account and sign in.

use std::sync::Arc;

use chat_domain::{AccountKind, Password, Refusal, User, Username};
use chat_ports::{NewUser, Notice, PasswordHasher, Ports, Registered, UserStore};

use crate::{App, Error, Origin, SignedInNow};

/// A basic account that somebody asks for.
#[derive(Debug)]
pub struct Registration {
    /// Its name.
    pub username: Username,
    /// Its password.
    pub password: Password,
}

impl<P: Ports> App<P> {
    /// Makes a basic account, a member of the plain room, and signs it in.
    ///
    /// # Errors
    /// `forbidden` where strangers make no accounts, `username_taken`, `rate_limited` by address.
    pub async fn register(&self, asked: Registration, origin: &Origin) -> Result<SignedInNow, Error> {
        if !self.settings.plain_api {
            return Err(Refusal::RegistrationClosed.into());
        }
        self.quotas
            .registration(origin.network(), self.settings.registrations, self.now())?;
        let password = self.ports.passwords().hash(asked.password).await?;
        let new = NewUser {
            username: asked.username,
            kind: AccountKind::Basic,
            password: Some(password),
            is_admin: false,
            joins: self.plain_room().await?,
            made_by: None,
            awaited: None,
            at: self.now(),
        };
        let registered = self.ports.users().register(new).await?;
        let user = self.announce(registered);
        self.open_session(user, origin).await
    }

    /// Tells those who are connected that somebody new is there.
    pub(crate) fn announce(&self, registered: Registered) -> User {
        if let Some(joined) = registered.joined {
            self.publish(Notice::Happened(Arc::new(joined)));
        }
        registered.user
    }
}
