//! Post by the address of a webhook.

use chat_domain::{Grant, Message, Refusal, message::Utterance};
use chat_ports::Ports;

use crate::{App, Error, SessionToken};

impl<P: Ports> App<P> {
    /// Posts what another program says into the room that its webhook is for. It is on the disk when this returns.
    ///
    /// # Errors
    /// `not_found` for a token that is no webhook's (any more); those of [`App::post_message`].
    pub async fn post_by_webhook(&self, token: &SessionToken, said: Utterance) -> Result<Message, Error> {
        let who = match self.authenticate(token).await {
            Err(Error::Refused(Refusal::Unauthenticated | Refusal::Banned { .. })) => {
                return Err(Refusal::NotFound.into());
            }
            found => found?,
        };
        let Grant::Webhook { room } = who.session().grant else {
            return Err(Refusal::NotFound.into());
        };
        let member = self.enter_room(&who, Some(room)).await?;
        Ok(self.post_message(&member, said, |_| ()).await?.message)
    }
}
