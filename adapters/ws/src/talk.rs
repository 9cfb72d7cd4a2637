//! What is said on one connection, from its first frame to its last.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_app::{Error, SessionToken, SignedIn};
use chat_domain::{
    AccountKind, Event, EventBody, Room, RoomId, Seq, Timestamp,
    event::Person,
    keyed::DirectoryRecord,
    limit,
    quota::{Bucket, Rate},
};
use chat_ports::{MyRoom, Ports};
use chat_wire::{
    ClientFrame, Problem, ServerFrame,
    frame::client::{Auth, Resume},
};

use crate::{
    close::CloseCode,
    connection::{Connection, End, Inbound, Task},
    dispatch::{self, Taken},
    frame,
    gateway::Gateway,
    hub::{
        Peer,
        room::{Entrance, RoomHub, Told, fan_out},
    },
    meters,
    posts::{Posting, Posts},
};

/// Events that a connection which is behind reads at once.
const PAGE: u32 = 100;
/// How often a connection that is in use is recognised again: its session may be over, or is to be kept alive.
const RECOGNISE: Duration = Duration::from_mins(10);
/// Frames that are no messages (those are counted elsewhere).
const FRAMES: Rate = Rate {
    count: 200,
    window: Duration::from_secs(10),
};

/// Serves a connection until its end, which it returns.
pub(crate) async fn serve<P: Ports>(
    gateway: &Arc<Gateway<P>>,
    inbound: &mut Inbound<'_>,
    cookie: Option<&SessionToken>,
) -> End {
    let begun = Box::pin(begin(gateway, inbound, cookie)).await;
    let mut talk = match begun {
        Ok(talk) => talk,
        Err(end) => return end,
    };
    let mut posts = Posts::default();
    let end = talk.go_on(inbound, cookie, &mut posts).await;
    // What is on its way is to be told to the others, whatever became of its author.
    while posts.next().await.is_some() {}
    talk.leave();
    end
}

/// Learns who the client is, greets it, and brings it up to date.
async fn begin<'a, P: Ports>(
    gateway: &'a Arc<Gateway<P>>,
    inbound: &mut Inbound<'_>,
    cookie: Option<&SessionToken>,
) -> Result<Box<Talk<'a, P>>, End> {
    let in_time = tokio::time::timeout(limit::AUTH_DEADLINE, first_frame(gateway, inbound, cookie));
    let known = in_time.await;
    let (who, place) = known.map_err(|_| End::Tell(CloseCode::Unauthenticated))??;
    let peer = Peer {
        connection: Arc::clone(inbound.connection),
        session: who.session().id,
        user: who.user().id,
        is_keyed: who.user().kind == AccountKind::Keyed,
    };
    let now = gateway.now();
    let registered = gateway.hub.register(peer.clone(), gateway.limits.per_user, now);
    registered.map_err(End::Tell)?;
    let mut talk = Box::new(Talk {
        gateway,
        who,
        peer,
        rooms: Vec::new(),
        recognised: now,
        frames: Bucket::default(),
        refusals: Refusals::default(),
    });
    match talk.enter(inbound, &place).await {
        Ok(()) => Ok(talk),
        Err(end) => {
            talk.leave();
            Err(end)
        }
    }
}

/// The first frame says who the client is; anything else in its place ends the connection.
async fn first_frame<P: Ports>(
    gateway: &Gateway<P>,
    inbound: &mut Inbound<'_>,
    cookie: Option<&SessionToken>,
) -> Result<(SignedIn, Place), End> {
    let unauthenticated = End::Tell(CloseCode::Unauthenticated);
    let Task::Read(text) = inbound.next().await? else {
        return Err(unauthenticated);
    };
    let Ok(ClientFrame::Auth(auth)) = ClientFrame::parse(&text) else {
        return Err(unauthenticated);
    };
    let place = Place {
        rooms: auth.resume().map_err(|_| unauthenticated)?,
        directory: auth.dir_seq,
    };
    let who = dispatch::authenticate(&gateway.app, &auth, cookie).await;
    Ok((who.map_err(End::Tell)?, place))
}

/// How far a client knows things that comes back.
struct Place {
    rooms: Vec<(RoomId, Seq)>,
    /// The place of the newest record of the directory.
    directory: Option<u64>,
}

/// A signed-in connection, in the hands of its task.
struct Talk<'a, P: Ports> {
    gateway: &'a Arc<Gateway<P>>,
    who: SignedIn,
    peer: Peer,
    rooms: Vec<(RoomId, Arc<RoomHub>)>,
    recognised: Timestamp,
    frames: Bucket,
    refusals: Refusals,
}

impl<P: Ports> Talk<'_, P> {
    fn connection(&self) -> &Arc<Connection> {
        &self.peer.connection
    }

    /// Greets the client and brings it up to date in every room.
    async fn enter(&mut self, inbound: &Inbound<'_>, place: &Place) -> Result<(), End> {
        // A session that was ended before the connection could be cut off is found out here.
        let app = &self.gateway.app;
        let again = app.recognise_again(&self.who).await;
        again.map_err(|error| self.failed(&error, CloseCode::Unauthenticated))?;
        let rooms = app.subscribe(&self.who).await;
        let rooms = rooms.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
        let standing = app.standing(&self.who).await;
        let standing = standing.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
        let user = self.who.user();
        self.gateway.hub.greet(
            &self.peer,
            Person::from(user),
            self.gateway.now(),
            |online, count| {
                let told = ServerFrame::auth_ok(user, &rooms, standing.as_ref(), online, count);
                dispatch::send(self.connection(), &told);
                let newest = standing.as_ref().and_then(|standing| standing.newest.as_ref());
                let is_behind =
                    |newest: &&DirectoryRecord| place.directory.is_some_and(|known| known < newest.i);
                if let Some(newest) = newest.filter(is_behind) {
                    dispatch::send(self.connection(), &ServerFrame::dir(newest));
                }
            },
        );
        for MyRoom { room, .. } in rooms {
            let known = place.rooms.iter().find(|(id, _)| *id == room.id);
            match known {
                Some((_, after)) => self.resume(inbound, &room, *after).await?,
                None => self.catch_up(inbound, &room, room.last_seq, None).await?,
            }
        }
        Ok(())
    }

    async fn go_on(
        &mut self,
        inbound: &mut Inbound<'_>,
        cookie: Option<&SessionToken>,
        posts: &mut Posts,
    ) -> End {
        loop {
            let next = tokio::select! {
                biased;
                Some(taken) = posts.next() => {
                    if let Err(end) = self.count(taken) {
                        return end;
                    }
                    continue;
                }
                next = inbound.next(), if !posts.is_full() => next,
            };
            let done = match next {
                Ok(Task::Read(text)) => match Box::pin(self.take(inbound, &text, cookie)).await {
                    Ok(Some(posting)) => posts
                        .start(posting)
                        .await
                        .map_or(Ok(()), |taken| self.count(taken)),
                    taken => taken.map(drop),
                },
                Ok(Task::Enter { room, joined }) => Box::pin(self.come_in(inbound, room, joined)).await,
                Err(end) => Err(end),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Takes a frame. A message is only made ready; the caller sets it on its way.
    async fn take(
        &mut self,
        inbound: &Inbound<'_>,
        text: &str,
        cookie: Option<&SessionToken>,
    ) -> Result<Option<Posting>, End> {
        let now = self.gateway.now();
        if now.since(self.recognised) >= RECOGNISE {
            let again = self.gateway.app.recognise_again(&self.who).await;
            self.who = again.map_err(|error| self.failed(&error, CloseCode::Unauthenticated))?;
            self.recognised = now;
        }
        self.gateway.hub.meters.frames.increment(1);
        let (app, connection) = (&self.gateway.app, &self.peer.connection);
        let ration = || self.frames.take(FRAMES, now);
        match dispatch::dispatch(app, &self.who, connection, text, ration).await {
            Taken::Done => {}
            Taken::Posting(posting) => return Ok(Some(posting)),
            Taken::Refused => self.refused()?,
            Taken::Resume(asked) => self.resume_rooms(inbound, &asked).await?,
            Taken::Auth(auth) => self.authenticate_again(&auth, cookie).await?,
        }
        Ok(None)
    }

    fn count(&mut self, taken: bool) -> Result<(), End> {
        if taken { Ok(()) } else { self.refused() }
    }

    /// Who goes on against a wall is sent away.
    fn refused(&mut self) -> Result<(), End> {
        if self.refusals.too_many(self.gateway.now()) {
            return Err(End::Tell(CloseCode::RateLimitIgnored));
        }
        Ok(())
    }

    /// Answers a later `auth` of the same user: it changes nothing.
    async fn authenticate_again(&self, auth: &Auth, cookie: Option<&SessionToken>) -> Result<(), End> {
        let app = &self.gateway.app;
        let again = dispatch::authenticate(app, auth, cookie)
            .await
            .map_err(End::Tell)?;
        if again.user().id != self.who.user().id {
            return Err(End::Tell(CloseCode::Unauthenticated));
        }
        let rooms = app.subscribe(&self.who).await;
        let rooms = rooms.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
        let standing = app.standing(&self.who).await;
        let standing = standing.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
        self.gateway.hub.look(|online, count| {
            let told = ServerFrame::auth_ok(self.who.user(), &rooms, standing.as_ref(), online, count);
            dispatch::send(self.connection(), &told);
        });
        self.resume_directory(auth.dir_seq).await
    }

    async fn resume_rooms(&mut self, inbound: &Inbound<'_>, asked: &Resume) -> Result<(), End> {
        let places = match asked.places() {
            Ok(places) => places,
            Err(problem) => return self.refuse(&problem),
        };
        self.resume_directory(asked.dir_seq).await?;
        for (room, after) in places {
            match self.gateway.app.enter_room(&self.who, Some(room)).await {
                Ok(member) => {
                    // From here on its live events wait until it is up to date again.
                    if let Some((_, hub)) = self.rooms.iter().find(|(id, _)| *id == room) {
                        hub.leave(self.connection().id());
                    }
                    self.resume(inbound, member.room(), after).await?;
                }
                Err(error) => {
                    let problem = dispatch::problem(&self.gateway.app, &error);
                    self.refuse(&problem)?;
                }
            }
        }
        Ok(())
    }

    /// Tells a client that is behind with the directory where it stands.
    async fn resume_directory(&self, known: Option<u64>) -> Result<(), End> {
        let Some(known) = known else { return Ok(()) };
        let newest = self.gateway.app.directory_after(&self.who, known).await;
        let newest = newest.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
        if let Some(newest) = newest {
            dispatch::send(self.connection(), &ServerFrame::dir(&newest));
        }
        Ok(())
    }

    fn refuse(&mut self, problem: &Problem) -> Result<(), End> {
        meters::refused(problem.code);
        dispatch::send(self.connection(), &ServerFrame::error(problem, None));
        self.refused()
    }

    /// The user became a member of this room, wherever that was done.
    async fn come_in(&mut self, inbound: &Inbound<'_>, room: RoomId, joined: Seq) -> Result<(), End> {
        let known = self.rooms.iter().find(|(id, _)| *id == room);
        if known.is_some_and(|(_, hub)| hub.is_heard_by(self.connection().id())) {
            return Ok(());
        }
        match self.gateway.app.enter_room(&self.who, Some(room)).await {
            Ok(member) => {
                let before = Seq::parse(joined.number().saturating_sub(1)).unwrap_or_default();
                self.catch_up(inbound, member.room(), before, None).await
            }
            // Gone again already.
            Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(self.failed(&error, CloseCode::GoingAway)),
        }
    }

    /// Sends what was missed after a place, says so, and goes live. Who missed too much is told to load the history.
    async fn resume(&mut self, inbound: &Inbound<'_>, room: &Room, after: Seq) -> Result<(), End> {
        let missed = room.last_seq.number().checked_sub(after.number());
        // Who knows more than there is has talked to another server: what they know is worth nothing here.
        let complete = missed.is_some_and(|missed| missed <= u64::from(limit::RESUME_EVENTS));
        let from = if complete { after } else { room.last_seq };
        self.catch_up(inbound, room, from, Some(complete)).await
    }

    /// Reads on from `from` until the connection is live in the room; with `complete`, it is told then.
    async fn catch_up(
        &mut self,
        inbound: &Inbound<'_>,
        room: &Room,
        mut from: Seq,
        complete: Option<bool>,
    ) -> Result<(), End> {
        let Room {
            id: room, last_seq, ..
        } = *room;
        let (user, connection) = (self.who.user().id, Arc::clone(self.connection()));
        loop {
            let hub = self.open(room, last_seq);
            let resumed = complete.map(|complete| resumed(room, from, complete));
            match hub.go_live(&connection, user, from, resumed.as_ref()) {
                Entrance::Live => {
                    self.rooms.retain(|(id, _)| *id != room);
                    self.rooms.push((room, hub));
                    return Ok(());
                }
                Entrance::Closed => continue,
                Entrance::Behind => {}
            }
            let missed = self.gateway.app.room_events(room, from, PAGE).await;
            let mut missed = missed.map_err(|error| self.failed(&error, CloseCode::GoingAway))?;
            let left = missed.iter().position(|event| leaves(event, user));
            // Their own going is the last they hear.
            missed.truncate(left.map_or(missed.len(), |at| at + 1));
            from = missed.last().map_or(from, |event| event.seq);
            let frames: Vec<Bytes> = missed
                .into_iter()
                .map(|event| Told::new(Arc::new(event)).to(user))
                .collect();
            connection.send(&frames);
            if left.is_some() && !self.is_member(room).await? {
                return Ok(());
            }
            inbound.drain().await?;
        }
    }

    async fn is_member(&self, room: RoomId) -> Result<bool, End> {
        match self.gateway.app.enter_room(&self.who, Some(room)).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(self.failed(&error, CloseCode::GoingAway)),
        }
    }

    fn open(&self, room: RoomId, last: Seq) -> Arc<RoomHub> {
        let gateway = self.gateway;
        gateway.hub.room(room, last, |opened| {
            let (app, hub) = (Arc::clone(&gateway.app), Arc::clone(&gateway.hub));
            gateway
                .tasks
                .spawn(fan_out(app, hub, opened, gateway.stop.clone()));
        })
    }

    fn leave(&self) {
        for (_, room) in &self.rooms {
            room.leave(self.connection().id());
        }
        let app = &self.gateway.app;
        if self.gateway.hub.leave(&self.peer, self.gateway.now()) {
            app.stop_typing(self.peer.user);
        }
    }

    /// What a failure means for the connection: a refusal what the caller says, everything else that the server
    /// cannot serve it now.
    fn failed(&self, error: &Error, refused: CloseCode) -> End {
        let code = match error {
            Error::Refused(chat_domain::Refusal::Banned { .. }) => CloseCode::Banned,
            Error::Refused(_) => refused,
            Error::Busy | Error::StorageFull | Error::Internal(_) => {
                dispatch::problem(&self.gateway.app, error);
                CloseCode::GoingAway
            }
        };
        End::Tell(code)
    }
}

fn leaves(event: &Event, user: chat_domain::UserId) -> bool {
    matches!(&event.body, EventBody::Left { user: gone, .. } if gone.id == user)
}

fn resumed(room: RoomId, last: Seq, complete: bool) -> Bytes {
    let told = ServerFrame::Resumed {
        room_id: room.number(),
        last_seq: last.number(),
        complete,
    };
    frame::text(&told.to_json())
}

/// Counts refusals.
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
