//! What every handler sees.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chat_app::{App, Error, SignedIn};
use chat_domain::{Need, Refusal, RoomId, SessionId, limit::Limits, moderation::Admin, room::Member};
use chat_ports::Ports;
use chat_wire::Problem;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    carrier::Carrier,
    cookies::Cookies,
    handlers::descriptions::Documents,
    handover::Upgrade,
    hosts::Hosts,
    meters::Meters,
    metrics::Metrics,
    problem::{self, Refused},
    request_id::RequestIds,
};

/// How the storage does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It reads and writes.
    Ready,
    /// It reads, and takes nothing that is new.
    Degraded,
    /// It does not answer.
    Down,
}

/// Asks how the storage does.
pub type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Readiness> + Send>> + Send + Sync>;

/// What every handler sees.
pub(crate) struct Shared<P> {
    pub(crate) app: Arc<App<P>>,
    pub(crate) hosts: Hosts,
    pub(crate) cookies: Cookies,
    pub(crate) upgrade: Upgrade,
    pub(crate) readiness: Probe,
    pub(crate) version: &'static str,
    /// Whether the causes of failures are told to who meets them.
    pub(crate) tells_causes: bool,
    pub(crate) tasks: TaskTracker,
    pub(crate) request_ids: RequestIds,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) meters: Meters,
    pub(crate) documents: Documents,
}

impl<P: Ports> Shared<P> {
    /// Who makes the request, and may do what it needs.
    pub(crate) async fn who(&self, carrier: &Carrier, need: Need) -> Result<SignedIn, Refused> {
        let token = carrier.session().ok_or_else(Problem::unauthenticated)?;
        let who = self.app.authenticate(token).await;
        let who = who.map_err(|error| self.refused(&error))?;
        who.allow(need).map_err(|refusal| self.refused(&refusal.into()))?;
        Ok(who)
    }

    /// Proof that the signed-in user administers the server.
    pub(crate) fn admin(&self, who: &SignedIn) -> Result<Admin, Refused> {
        let admin = Admin::prove(who.user().clone(), self.app.now());
        admin.map_err(|refusal| self.refused(&refusal.into()))
    }

    /// The room of a request's path, as its member sees it. What is no number is no room.
    pub(crate) async fn room(&self, who: &SignedIn, path: &str) -> Result<Member, Refused> {
        let room = number(path).and_then(|n| RoomId::parse(n).ok());
        let room = room.ok_or_else(|| Problem::of(&Refusal::NotFound.into()))?;
        let entered = self.app.enter_room(who, Some(room)).await;
        entered.map_err(|error| self.refused(&error))
    }

    /// The number of a session in a path. What is no number is no session.
    pub(crate) fn session_id(path: &str) -> Result<SessionId, Refused> {
        let id = number(path).and_then(|n| SessionId::parse(n).ok());
        id.ok_or_else(|| Problem::of(&Refusal::NotFound.into()).into())
    }

    /// How much may be sent at once.
    pub(crate) fn limits(&self) -> &Limits {
        &self.app.settings().limits
    }

    pub(crate) fn refused(&self, error: &Error) -> Refused {
        problem::of_error(&self.app, error, self.tells_causes)
    }

    /// Runs a change to its end, also when the client hangs up meanwhile: what was stored must also be told.
    pub(crate) async fn complete<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Refused> {
        let done = self.tasks.spawn(change.in_current_span()).await;
        let done = done.unwrap_or_else(|panic| Err(Error::Internal(panic.into())));
        done.map_err(|error| self.refused(&error))
    }
}

/// A number in a path: digits alone.
pub(crate) fn number(path: &str) -> Option<u64> {
    let digits = !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| path.parse().ok())?
}
