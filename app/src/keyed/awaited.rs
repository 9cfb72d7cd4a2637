//! Accounts that others have made: their password is the server's or the operator's until the first sign-in with a client
//! that makes keys (`docs/protocol-encryption.md`, 4.4.1).

use chat_domain::keyed::{Derivation, PasswordRecord};
use chat_domain::{Password, UserId, Username};
use chat_e2ee::account::Iterations;
use chat_ports::{AccountSecrets as _, Ports};

use crate::{App, Error};

impl<P: Ports> App<P> {
    /// What is kept of such a password, and the id that it is bound to, which is set aside.
    pub(crate) async fn awaited(
        &self,
        username: &Username,
        password: Password,
    ) -> Result<(UserId, PasswordRecord), Error> {
        let id = self.next_user_id().await?;
        Ok((id, self.awaited_record(id, username, password).await?))
    }

    /// The same for an account that is there.
    pub(crate) async fn awaited_record(
        &self,
        user: UserId,
        username: &Username,
        password: Password,
    ) -> Result<PasswordRecord, Error> {
        let derivation = Derivation {
            iterations: Iterations::DEFAULT.get(),
            salt: self.ports.entropy().draw(),
        };
        let instance = *self.instance_id().await?.as_bytes();
        let derived = self
            .ports
            .secrets()
            .derive(password, instance, username.key(), derivation.clone());
        self.password_record(derived.await?, user, derivation, None).await
    }
}
