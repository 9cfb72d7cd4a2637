//! The gateway: from the handshake of a connection to its end.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chat_app::{App, SessionToken, SignedIn};
use chat_domain::{Seq, Timestamp, event::Person, limit};
use chat_ports::Ports;
use chat_wire::{ClientFrame, Problem, ServerFrame};
use http::{HeaderValue, Request};
use hyper::upgrade::OnUpgrade;
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade};
use tokio::net::TcpStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    close::CloseCode,
    connection::{Connection, End, Inbound},
    dispatch::{self, Taken},
    frame, handshake,
    hub::{
        Hub, Peer,
        room::{RoomHub, Told, fan_out},
    },
};

/// How often the hub looks after its connections.
const TICK: Duration = Duration::from_secs(1);
/// Events that a connection which is behind reads at once.
const PAGE: u32 = 100;

/// What HTTP calls for a request to `/ws`: with the request's head, the session that its cookie names and the
/// client's address. On `Ok` it answers 101 with this `Sec-WebSocket-Accept`.
pub type Upgrade =
    Arc<dyn Fn(Request<()>, Option<SessionToken>, IpAddr) -> Result<HeaderValue, Problem> + Send + Sync>;

/// Takes in connections.
pub struct Gateway<P> {
    app: Arc<App<P>>,
    hub: Arc<Hub>,
    tasks: TaskTracker,
    stop: CancellationToken,
    last_id: AtomicU64,
}

impl<P: Ports> Gateway<P> {
    /// Starts the gateway. Its tasks end when `stop` is cancelled: every connection is then told that the server
    /// goes away.
    pub fn start(app: Arc<App<P>>, hub: Arc<Hub>, tasks: TaskTracker, stop: CancellationToken) -> Arc<Self> {
        let gateway = Arc::new(Self {
            app,
            hub,
            tasks,
            stop,
            last_id: AtomicU64::new(0),
        });
        gateway.tasks.spawn(look_after(Arc::clone(&gateway)));
        gateway
    }

    /// The gateway as the one function that HTTP needs of it.
    #[must_use]
    pub fn upgrade(self: &Arc<Self>) -> Upgrade {
        let gateway = Arc::clone(self);
        Arc::new(move |request, cookie, _address| gateway.accept(request, cookie))
    }

    fn accept(
        self: &Arc<Self>,
        mut request: Request<()>,
        cookie: Option<SessionToken>,
    ) -> Result<HeaderValue, Problem> {
        let accept = handshake::accept(&request)
            .map_err(|no| Problem::new(no.status.as_u16(), "bad_request", no.detail))?;
        let upgrade = hyper::upgrade::on(&mut request);
        self.tasks.spawn(take_in(Arc::clone(self), upgrade, cookie));
        Ok(accept)
    }

    /// Signs a connection in: greets it, and brings it up to date in every room.
    async fn enter(
        &self,
        who: &SignedIn,
        connection: &Arc<Connection>,
    ) -> Result<Vec<Arc<RoomHub>>, CloseCode> {
        let rooms = self.app.subscribe(who).await.map_err(|error| {
            dispatch::problem(&self.app, &error);
            CloseCode::GoingAway
        })?;
        let user = who.user();
        self.hub.enter(
            peer(who, connection),
            Person::from(user),
            self.app.now(),
            |online, count| {
                dispatch::send(connection, &ServerFrame::auth_ok(user, &rooms, online, count));
            },
        );
        let mut joined = Vec::with_capacity(rooms.len());
        for mine in &rooms {
            let hub = self.hub.room(mine.room.id, mine.room.last_seq, |hub| {
                self.tasks
                    .spawn(fan_out(Arc::clone(&self.app), hub, self.stop.clone()));
            });
            self.catch_up(who, connection, &hub, mine.room.id, mine.room.last_seq)
                .await?;
            joined.push(hub);
        }
        Ok(joined)
    }

    /// Reads on from `from` until the connection is live in the room.
    async fn catch_up(
        &self,
        who: &SignedIn,
        connection: &Arc<Connection>,
        hub: &RoomHub,
        room: chat_domain::RoomId,
        mut from: Seq,
    ) -> Result<(), CloseCode> {
        let user = who.user().id;
        while !hub.go_live(connection, user, from) {
            let missed = self.app.room_events(room, from, PAGE).await.map_err(|error| {
                dispatch::problem(&self.app, &error);
                CloseCode::GoingAway
            })?;
            from = missed.last().map_or(from, |event| event.seq);
            let frames: Vec<Bytes> = missed
                .into_iter()
                .map(|event| Told::new(Arc::new(event)).to(user))
                .collect();
            connection.send(&frames);
        }
        Ok(())
    }
}

fn peer(who: &SignedIn, connection: &Arc<Connection>) -> Peer {
    Peer {
        connection: Arc::clone(connection),
        session: who.session().id,
        user: who.user().id,
    }
}

async fn look_after<P: Ports>(gateway: Arc<Gateway<P>>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = ticks.tick() => gateway.hub.tick(gateway.app.now()),
            () = gateway.stop.cancelled() => return,
        }
    }
}

async fn take_in<P: Ports>(gateway: Arc<Gateway<P>>, upgrade: OnUpgrade, cookie: Option<SessionToken>) {
    // The client hung up before it had its 101.
    let Ok(upgraded) = upgrade.await else { return };
    let Ok(parts) = upgrade::downcast::<TokioIo<TcpStream>>(upgraded) else {
        tracing::error!("an upgraded connection is no TCP stream");
        return;
    };
    let id = gateway.last_id.fetch_add(1, Ordering::Relaxed);
    let connection = Arc::new(Connection::new(id, parts.io.into_inner(), gateway.app.now()));
    let app = Arc::clone(&gateway.app);
    let now = move || app.now();
    let mut inbound = Inbound::new(&connection, &parts.read_buf, &gateway.stop, &now);
    let end = serve(&gateway, &mut inbound, cookie.as_ref()).await;
    inbound.finish(end).await;
}

/// Serves a connection until its end, which it returns.
async fn serve<P: Ports>(
    gateway: &Gateway<P>,
    inbound: &mut Inbound<'_>,
    cookie: Option<&SessionToken>,
) -> End {
    let in_time = tokio::time::timeout(limit::AUTH_DEADLINE, first_frame(gateway, inbound, cookie));
    let who = match in_time.await {
        Ok(Ok(who)) => who,
        Ok(Err(end)) => return end,
        Err(_) => return End::Tell(CloseCode::Unauthenticated),
    };
    let connection = Arc::clone(inbound.connection);
    let end = match gateway.enter(&who, &connection).await {
        Ok(rooms) => {
            let end = talk(gateway, inbound, &who, cookie).await;
            for room in rooms {
                room.leave(connection.id());
            }
            end
        }
        Err(code) => End::Tell(code),
    };
    gateway.hub.leave(&peer(&who, &connection), gateway.app.now());
    end
}

/// The first frame says who the client is; anything else in its place ends the connection.
async fn first_frame<P: Ports>(
    gateway: &Gateway<P>,
    inbound: &mut Inbound<'_>,
    cookie: Option<&SessionToken>,
) -> Result<SignedIn, End> {
    let text = inbound.next().await?;
    let Ok(ClientFrame::Auth(auth)) = ClientFrame::parse(&text) else {
        return Err(End::Tell(CloseCode::Unauthenticated));
    };
    dispatch::authenticate(&gateway.app, &auth, cookie)
        .await
        .map_err(End::Tell)
}

async fn talk<P: Ports>(
    gateway: &Gateway<P>,
    inbound: &mut Inbound<'_>,
    who: &SignedIn,
    cookie: Option<&SessionToken>,
) -> End {
    let mut refusals = Refusals::default();
    loop {
        let text = match inbound.next().await {
            Ok(text) => text,
            Err(end) => return end,
        };
        match dispatch::dispatch(&gateway.app, who, inbound.connection, &text).await {
            Taken::Refused if refusals.too_many(gateway.app.now()) => {
                return End::Tell(CloseCode::RateLimitIgnored);
            }
            Taken::Done | Taken::Refused => {}
            Taken::Auth(auth) => match dispatch::authenticate(&gateway.app, &auth, cookie).await {
                Ok(again) if again.user().id == who.user().id => greet_again(gateway, inbound, who).await,
                Ok(_) => return End::Tell(CloseCode::Unauthenticated),
                Err(code) => return End::Tell(code),
            },
        }
    }
}

/// Answers a later `auth` of the same user: it changes nothing.
async fn greet_again<P: Ports>(gateway: &Gateway<P>, inbound: &Inbound<'_>, who: &SignedIn) {
    match gateway.app.subscribe(who).await {
        Ok(rooms) => {
            gateway.hub.look(|online, count| {
                let told = ServerFrame::auth_ok(who.user(), &rooms, online, count);
                dispatch::send(inbound.connection, &told);
            });
        }
        Err(error) => {
            let problem = dispatch::problem(&gateway.app, &error);
            inbound
                .connection
                .send(&[frame::text(&ServerFrame::error(&problem, None).to_json())]);
        }
    }
}

/// Counts refusals: who goes on against a wall is sent away.
#[derive(Default)]
struct Refusals {
    since: Timestamp,
    count: u32,
}

impl Refusals {
    fn too_many(&mut self, now: Timestamp) -> bool {
        if now.since(self.since) >= limit::REFUSALS_WINDOW {
            (self.since, self.count) = (now, 0);
        }
        self.count += 1;
        self.count >= limit::REFUSALS
    }
}
