//! Sign in with a name and a password (basic accounts).

use chat_domain::{AccountKind, Grant, Password, Refusal, User, UserId, Username};
use chat_ports::{NewSession, PasswordHasher, Ports, SessionStore, UserStore};

use crate::{App, Error, Origin, SessionToken, SignedIn, SignedInNow};

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
    /// this address or for this name; `derived_auth_required` for a keyed account.
    pub async fn sign_in(&self, attempt: Attempt, origin: &Origin) -> Result<SignedInNow, Error> {
        let name = attempt.username.as_ref().map(Username::key).unwrap_or_default();
        let (from, patience) = (origin.network(), self.settings.patience);
        self.quotas.sign_in(from, &name, patience, self.now())?;
        let proved = match self.proved(attempt).await {
            Ok(Some(user)) => user,
            Ok(None) => {
                self.quotas.sign_in_failed(from, self.now());
                return Err(Refusal::InvalidCredentials.into());
            }
            Err(error) => {
                self.quotas.sign_in_not_tried(name);
                return Err(error);
            }
        };
        self.quotas.sign_in_succeeded(name);
        proved.admit(self.now())?;
        self.open_session(proved, origin).await
    }

    /// Whose name and password these are, if they are anybody's.
    async fn proved(&self, attempt: Attempt) -> Result<Option<User>, Error> {
        let credential = match &attempt.username {
            Some(username) => self.ports.users().credential(username).await?,
            None => None,
        };
        // Nobody may type it where it is sent: it is neither hashed nor compared, and this says why.
        if credential
            .as_ref()
            .is_some_and(|known| known.user.kind == AccountKind::Keyed)
        {
            return Err(Refusal::KeyedAccount.into());
        }
        let (user, hash) = credential.map_or((None, None), |known| (Some(known.user), known.password));
        let is_right = self.ports.passwords().verify(attempt.password, hash).await?;
        Ok(user.filter(|_| is_right))
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
