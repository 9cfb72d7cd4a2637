//! Sign in with a name and a password (basic accounts).

use chat_domain::{Grant, Password, Refusal, User, UserId, Username};
use chat_ports::{NewSession, PasswordHasher, Ports, SessionStore, UserStore};

use crate::{App, Error, Origin, SessionToken, SignedIn, SignedInNow, quotas};

/// A name and a password that somebody tries. A name that cannot be one is tried all the same, so that the
/// answer and its time are those of an unknown name.
#[derive(Debug)]
pub struct Attempt {
    /// The name, if it can be one.
    pub username: Option<Username>,
    /// The password.
    pub password: Password,
}

impl<P: Ports> App<P> {
    /// Signs in. An unknown name and a wrong password are told apart by neither words nor time.
    ///
    /// # Errors
    /// `invalid_credentials`; `banned`, to who proved the password only; `rate_limited` after many failures from
    /// this address or for this name.
    pub async fn sign_in(&self, attempt: Attempt, origin: &Origin) -> Result<SignedInNow, Error> {
        let name = attempt.username.as_ref().map(Username::key).unwrap_or_default();
        let keys = [
            quotas::Attempt::From(origin.network()),
            quotas::Attempt::For(name.clone()),
        ];
        self.quotas.sign_in(&keys, self.now())?;

        let credential = match &attempt.username {
            Some(username) => self.ports.users().credential(username).await?,
            None => None,
        };
        let (user, hash) = credential.map_or((None, None), |known| (Some(known.user), known.password));
        let proved = self.ports.passwords().verify(attempt.password, hash).await?;
        let Some(user) = user.filter(|_| proved) else {
            self.quotas.sign_in_failed(keys, self.now());
            return Err(Refusal::InvalidCredentials.into());
        };
        self.quotas.sign_in_succeeded(name);
        user.admit(self.now())?;
        self.open_session(user, origin).await
    }

    pub(crate) async fn open_session(&self, user: User, origin: &Origin) -> Result<SignedInNow, Error> {
        self.make_room_for_a_session(user.id).await?;
        let token = SessionToken::draw(self.ports.entropy());
        let new = self.new_session(user.id, &token, Grant::Full, origin);
        let session = self.ports.sessions().open_session(new).await?;
        Ok(SignedInNow {
            signed_in: SignedIn {
                user,
                session,
                token: token.hash(),
            },
            token,
        })
    }

    pub(crate) fn new_session(
        &self,
        user_id: UserId,
        token: &SessionToken,
        grant: Grant,
        origin: &Origin,
    ) -> NewSession {
        NewSession {
            user_id,
            token: token.hash(),
            at: self.now(),
            address: origin.address.to_string(),
            agent: origin.agent.clone(),
            grant,
            name: None,
            made_by: None,
        }
    }
}
