//! The gateway: takes in connections, and looks after all of them.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat_app::{App, SessionToken};
use chat_domain::{Network, Timestamp};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderMap, Request};
use tokio::{net::TcpStream, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    connection::{Connection, Inbound},
    handshake,
    hub::Hub,
    talk,
};

/// How often the hub looks after its connections.
const TICK: Duration = Duration::from_secs(1);

/// What HTTP calls for a request to `/ws`: with the request's head, the session that its cookie names and the
/// client's address. On `Ok` it answers 101 with these fields, and then has the connection taken over.
pub type Upgrade = Arc<
    dyn Fn(&Request<()>, Option<SessionToken>, IpAddr) -> Result<(HeaderMap, TakeOver), Problem>
        + Send
        + Sync,
>;

/// Takes a connection over, with what the client has sent already, until its end.
pub type TakeOver = Box<dyn FnOnce(TcpStream, Bytes) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// How many connections there may be at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one user.
    pub per_user: usize,
    /// From one address.
    pub per_address: usize,
}

/// Takes in connections.
pub struct Gateway<P> {
    pub(crate) app: Arc<App<P>>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) limits: Limits,
    started: Instant,
    last_id: AtomicU64,
    addresses: Mutex<HashMap<Network, usize>>,
}

impl<P: Ports> Gateway<P> {
    /// Starts the gateway. Its tasks end when `stop` is cancelled: every connection is then told that the server
    /// goes away.
    pub fn start(
        app: Arc<App<P>>,
        hub: Arc<Hub>,
        limits: Limits,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let gateway = Arc::new(Self {
            app,
            hub,
            tasks,
            stop,
            limits,
            started: Instant::now(),
            last_id: AtomicU64::new(0),
            addresses: Mutex::default(),
        });
        gateway.tasks.spawn(look_after(Arc::clone(&gateway)));
        gateway
    }

    /// The time that connections are measured by: since the start. Whoever sets the machine's clock must not end them
    /// all, or keep those whose other end is gone.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::default().after(self.started.elapsed())
    }

    /// The gateway as the one function that HTTP needs of it.
    #[must_use]
    pub fn upgrade(self: &Arc<Self>) -> Upgrade {
        let gateway = Arc::clone(self);
        Arc::new(move |request, cookie, address| gateway.accept(request, cookie, address))
    }

    fn accept(
        self: &Arc<Self>,
        request: &Request<()>,
        cookie: Option<SessionToken>,
        address: IpAddr,
    ) -> Result<(HeaderMap, TakeOver), Problem> {
        let fields = handshake::accept(request)
            .map_err(|no| Problem::new(no.status.as_u16(), "bad_request", no.detail))?;
        let place = self.place_for(address).ok_or_else(|| {
            let detail = "There are too many connections from this address.";
            Problem::new(429, "rate_limited", detail)
        })?;
        let taker = |stream, early| Box::pin(take_in(place, stream, early, cookie)) as _;
        Ok((fields, Box::new(taker)))
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place_for(self: &Arc<Self>, address: IpAddr) -> Option<Place<P>> {
        let network = Network::of(address);
        let mut addresses = self.addresses();
        let taken = addresses.entry(network).or_default();
        if *taken >= self.limits.per_address {
            return None;
        }
        *taken += 1;
        self.hub.meters.sockets.increment(1);
        Some(Place {
            gateway: Arc::clone(self),
            network,
        })
    }
}

/// A connection's place among those of its address; given back when it is dropped.
struct Place<P: Ports> {
    gateway: Arc<Gateway<P>>,
    network: Network,
}

impl<P: Ports> Drop for Place<P> {
    fn drop(&mut self) {
        self.gateway.hub.meters.sockets.decrement(1);
        let mut addresses = self.gateway.addresses();
        if let Some(taken) = addresses.get_mut(&self.network) {
            *taken -= 1;
            if *taken == 0 {
                addresses.remove(&self.network);
            }
        }
    }
}

async fn look_after<P: Ports>(gateway: Arc<Gateway<P>>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = gateway.stop.cancelled() => return,
        }
        gateway.hub.tick(gateway.now());
        gateway.hub.close_empty_rooms();
        gateway.app.expire_typing();
    }
}

/// Serves a connection. A connection that is idle costs what lives here across an `await`: what happens only at its
/// beginning and its end is boxed.
async fn take_in<P: Ports>(place: Place<P>, stream: TcpStream, early: Bytes, cookie: Option<SessionToken>) {
    let gateway = &place.gateway;
    let id = gateway.last_id.fetch_add(1, Ordering::Relaxed);
    let connection = Arc::new(Connection::new(id, stream, gateway.now()));
    let now = || gateway.now();
    let most = gateway.app.settings().limits.body;
    let mut inbound = Inbound::new(&connection, &gateway.stop, &now, most);
    inbound.take(&early);
    drop(early);
    let end = talk::serve(gateway, &mut inbound, cookie.as_ref()).await;
    Box::pin(inbound.finish(end)).await;
}
