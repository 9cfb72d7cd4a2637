//! Beginning anew by a link, for who has lost password and recovery code.

use chat_e2ee::account::Iterations;
use chat_e2ee::ed25519::PrivateKey;
use chat_e2ee::ids::{InstanceId, UserId};
use chat_e2ee::recovery::RecoveryCode;
use chat_e2ee::secret::{MasterKey, Secret as _, SigningSeed};
use serde_json::{Value, json};

use super::{Keys, Predecessor, Untrusted, bytes, counter, derive, identity_of, number, set};
use crate::chance::draw;
use crate::error::{ClientError, text};
use crate::http::Client;

impl Client {
    /// Begins anew with another identity and another password, by the token of a link that an administrator has issued, and
    /// signs in. What was sealed for the old identity stays closed, and members of rooms have to let the new one in. The code
    /// that comes back is the only one that recovers the account from now on: it is the caller's to show.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted::OwnKeyMismatch`] if the directory has other keys for the account afterwards.
    pub async fn reset(&mut self, token: &str, password: &str) -> Result<(Keys, RecoveryCode), ClientError> {
        let shown = json!({ "reset_token": token });
        let begun = self.post("/api/auth/reset/begin", &shown).await?.success()?;
        let owner = begun.get("user").ok_or(Untrusted::Form)?;
        let username = text(owner, "username").ok_or(Untrusted::Form)?;
        let instance = InstanceId(bytes(&begun, "instance_id")?);
        let derived = derive(instance, username, password, draw()?, Iterations::DEFAULT).await?;
        let keys = Keys {
            instance,
            user: UserId::new(number(owner, "id")?).map_err(|_| Untrusted::Form)?,
            usr: derived.usr.clone(),
            signing: (1, PrivateKey::from_seed(&SigningSeed::from_bytes(draw()?))),
            agreement: Vec::new(),
            master: MasterKey::from_bytes(draw()?),
        };
        let code = RecoveryCode::from_entropy(draw()?);
        let (mut body, keys) = identity_of(&derived, keys, &code, &predecessor(&begun)?)?;
        set(&mut body, "reset_token", token);
        let made = self.post("/api/auth/reset/finish", &body).await?.success()?;
        self.accept(&made);
        keys.are_published(&self.directory().await?)?;
        Ok((keys, code))
    }
}

fn predecessor(begun: &Value) -> Result<Predecessor, Untrusted> {
    let previous = begun.get("prev").ok_or(Untrusted::Form)?;
    let countable =
        |name| counter(previous, name).and_then(|n| (n < u32::MAX).then_some(n).ok_or(Untrusted::Form));
    Ok(Predecessor {
        generation: countable("gen")?,
        kem: countable("kem")?,
        hash: bytes(previous, "hash")?,
    })
}
