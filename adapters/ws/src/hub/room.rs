//! A room's hub: puts the news in order and tells them to every connection that hears the room.
//!
//! Callers whose messages were committed together wake in any order, so news may arrive out of order; they wait
//! here until the one before is there, and if it does not come, it is read from the store. A connection is told
//! from the place on that it has read up to: it is either *live*, and hears everything after that place, or
//! *behind*, and reads on until it is live.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chat_app::App;
use chat_domain::{Event, EventBody, RoomId, Seq, UserId, event::Person};
use chat_ports::Ports;
use chat_wire::ServerFrame;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    connection::Connection,
    frame,
    hub::{
        Hub,
        members::{Member, Members},
    },
    meters::Meters,
};

/// News that wait for the one before them, at most; then that one is read from the store.
const EARLY: usize = 64;
/// How long news wait for the one before them.
const PATIENCE: Duration = Duration::from_millis(100);
/// Events that are read from the store at once.
const PAGE: u32 = 100;

/// What a room is to tell.
pub(crate) enum News {
    /// Something lasting, in the order of its places.
    Event(Arc<Event>),
    /// Somebody types, or has stopped.
    Typing(Person, bool),
}

/// One room's part of the hub.
pub(crate) struct RoomHub {
    id: RoomId,
    /// `None` once the room is closed.
    inbox: Mutex<Option<Inbox>>,
    news: Notify,
    head: Mutex<Head>,
    closed: CancellationToken,
}

/// News that have not been looked at yet.
#[derive(Default)]
struct Inbox {
    news: Vec<News>,
    /// When the first of them came.
    since: Option<Instant>,
}

struct Head {
    /// The newest place that has been told, or is being told.
    last: Seq,
    members: Members,
    /// Looks at an empty room since somebody was there.
    empty: u32,
    closed: bool,
}

/// What became of a connection's wish to hear a room live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// It hears everything from now on.
    Live,
    /// Something later has been told already: it has to read on first.
    Behind,
    /// Nobody had been here for a while, and the room was closed: it has to be opened again.
    Closed,
}

impl RoomHub {
    /// Looks at an empty room after which it is closed.
    const EMPTY: u32 = 5;

    pub(crate) fn new(id: RoomId, last: Seq) -> Self {
        Self {
            id,
            inbox: Mutex::new(Some(Inbox::default())),
            news: Notify::new(),
            head: Mutex::new(Head {
                last,
                members: Members::default(),
                empty: 0,
                closed: false,
            }),
            closed: CancellationToken::new(),
        }
    }

    fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inbox(&self) -> MutexGuard<'_, Option<Inbox>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes news down, in the publisher's turn. False if the room is closed.
    pub(crate) fn hear(&self, news: News) -> bool {
        let mut inbox = self.inbox();
        let Some(open) = &mut *inbox else { return false };
        open.news.push(news);
        open.since.get_or_insert_with(Instant::now);
        drop(inbox);
        self.news.notify_one();
        true
    }

    /// Whether a connection hears the room live.
    pub(crate) fn is_heard_by(&self, connection: u64) -> bool {
        self.head().members.contains(connection)
    }

    /// Lets a connection hear everything after `from`, unless it is behind. `greeting` comes before all of it.
    pub(crate) fn go_live(
        &self,
        connection: &Arc<Connection>,
        user: UserId,
        from: Seq,
        greeting: Option<&Bytes>,
    ) -> Entrance {
        let mut head = self.head();
        if head.closed {
            return Entrance::Closed;
        }
        if head.last > from {
            return Entrance::Behind;
        }
        if let Some(greeting) = greeting {
            connection.send(std::slice::from_ref(greeting));
        }
        head.empty = 0;
        head.members.insert(Member {
            connection: Arc::clone(connection),
            user,
            from,
        });
        Entrance::Live
    }

    pub(crate) fn leave(&self, connection: u64) {
        self.head().members.remove(connection);
    }

    /// Closes the room if nobody has been here for a few looks.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut head = self.head();
        if !head.members.is_empty() {
            return false;
        }
        head.empty += 1;
        head.closed = head.empty >= Self::EMPTY;
        if head.closed {
            self.closed.cancel();
        }
        head.closed
    }

    fn take_inbox(&self) -> Inbox {
        self.inbox().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes what is left, and no more after it.
    fn close_inbox(&self) -> Inbox {
        self.inbox().take().unwrap_or_default()
    }

    /// Tells the events, which follow on what was told before, to every connection that has not read them. Who goes
    /// hears of it, and of nothing after it.
    async fn tell(&self, events: &[Told], meters: &Meters) {
        for part in events.split_inclusive(|told| told.gone().is_some()) {
            let told = self.tell_part(part).await;
            meters.deliveries.increment(told);
            for told in part {
                if let Some(user) = told.gone() {
                    self.head().members.remove_user(user, told.seq);
                }
            }
        }
    }

    /// Returns how many events went to how many connections.
    async fn tell_part(&self, events: &[Told]) -> u64 {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return 0;
        };
        let mut deliveries = 0;
        let groups = {
            let mut head = self.head();
            head.last = last.seq;
            head.members.groups()
        };
        let everything = joined(events.iter().map(|told| told.to_others.clone()));
        let everything = [everything];
        for group in &groups {
            for member in group.members().iter() {
                let others = events.iter().all(|told| told.author != Some(member.user));
                if others && member.from < first.seq {
                    member.connection.send(&everything);
                    deliveries += events.len();
                } else {
                    let own: Vec<Bytes> = events
                        .iter()
                        .filter(|told| told.seq > member.from)
                        .map(|told| told.to(member.user))
                        .collect();
                    if !own.is_empty() {
                        member.connection.send(&own);
                    }
                    deliveries += own.len();
                }
            }
            if groups.len() > 1 {
                // A large room must not keep the others from their turn.
                tokio::task::yield_now().await;
            }
        }
        deliveries as u64
    }

    /// Tells something that nobody misses, to all but who it is about.
    fn whisper(&self, typing: &Person, is_typing: bool) {
        let told = ServerFrame::Typing {
            user_id: typing.id.number(),
            username: typing.username.as_str(),
            is_typing,
            room_id: self.id.number(),
        };
        let frame = frame::text(&told.to_json());
        let groups = self.head().members.groups();
        for group in groups {
            for member in group.members().iter().filter(|member| member.user != typing.id) {
                member.connection.whisper(&frame);
            }
        }
    }
}

/// Tells a room's news, as long as the server runs and anybody is there.
pub(crate) async fn fan_out<P: Ports>(
    app: Arc<App<P>>,
    hub: Arc<Hub>,
    room: Arc<RoomHub>,
    stop: CancellationToken,
) {
    let mut last = room.head().last;
    // What was published before the room was open has been heard by nobody.
    let mut early: BTreeMap<Seq, Arc<Event>> = read_on(&app, room.id, last).await.into_iter().collect();
    let mut since: Option<Instant> = None;
    loop {
        early.retain(|seq, _| *seq > last);
        let ready = in_order(&mut early, last);
        last = ready.last().map_or(last, |told| told.seq);
        room.tell(&ready, &hub.meters).await;
        if let Some(since) = since.filter(|_| !ready.is_empty()) {
            hub.meters.fan_out.record(since.elapsed());
        }
        for told in &ready {
            bring_in(&hub, &told.event);
        }
        let waited_in_vain = tokio::select! {
            () = stop.cancelled() => return,
            () = room.closed.cancelled() => break,
            () = room.news.notified() => {
                // Those whose messages were committed together are ready together, and the first of them has woken us
                // before the others had their turn: what they have to tell goes out with it.
                tokio::task::yield_now().await;
                false
            }
            () = tokio::time::sleep(PATIENCE), if !early.is_empty() => true,
        };
        let inbox = room.take_inbox();
        since = inbox.since;
        for news in inbox.news {
            match news {
                News::Event(event) => {
                    early.insert(event.seq, event);
                }
                News::Typing(person, is_typing) => room.whisper(&person, is_typing),
            }
        }
        if waited_in_vain || early.len() > EARLY {
            early.extend(read_on(&app, room.id, last).await);
        }
    }
    for news in room.close_inbox().news {
        if let News::Event(event) = news {
            bring_in(&hub, &event);
        }
    }
}

/// Has the connections of who became a member enter the room: after its earlier events were told, so that a going
/// before the coming does not put them out again.
pub(crate) fn bring_in(hub: &Hub, event: &Event) {
    if let EventBody::Joined { user, .. } = &event.body {
        hub.bring_in(user.id, event.room_id, event.seq);
    }
}

async fn read_on<P: Ports>(app: &App<P>, room: RoomId, after: Seq) -> Vec<(Seq, Arc<Event>)> {
    match app.room_events(room, after, PAGE).await {
        Ok(events) => events
            .into_iter()
            .map(|event| (event.seq, Arc::new(event)))
            .collect(),
        Err(error) => {
            tracing::error!(%room, ?error, "what was missed in a room could not be read; trying again");
            Vec::new()
        }
    }
}

/// Takes out what follows on `last` without a gap.
fn in_order(early: &mut BTreeMap<Seq, Arc<Event>>, last: Seq) -> Vec<Told> {
    let mut ready = Vec::new();
    let mut next = last.next();
    while let Some(event) = early.remove(&next) {
        ready.push(Told::new(event));
        next = next.next();
    }
    ready
}

/// An event with its frames, each encoded once.
pub(crate) struct Told {
    seq: Seq,
    author: Option<UserId>,
    to_others: Bytes,
    to_author: OnceLock<Bytes>,
    event: Arc<Event>,
}

impl Told {
    pub(crate) fn new(event: Arc<Event>) -> Self {
        let author = match &event.body {
            EventBody::Posted(message) | EventBody::Edited(message) if message.client_id.is_some() => {
                Some(message.author)
            }
            EventBody::Posted(_)
            | EventBody::Edited(_)
            | EventBody::Reacted { .. }
            | EventBody::Deleted { .. }
            | EventBody::Joined { .. }
            | EventBody::Left { .. }
            | EventBody::RoomChanged(_)
            | EventBody::Withheld => None,
        };
        Self {
            seq: event.seq,
            author,
            to_others: encode(&event, None),
            to_author: OnceLock::new(),
            event,
        }
    }

    /// Who is no member any more from here on.
    pub(crate) fn gone(&self) -> Option<UserId> {
        match &self.event.body {
            EventBody::Left { user, .. } => Some(user.id),
            EventBody::Posted(_)
            | EventBody::Edited(_)
            | EventBody::Reacted { .. }
            | EventBody::Deleted { .. }
            | EventBody::Joined { .. }
            | EventBody::RoomChanged(_)
            | EventBody::Withheld => None,
        }
    }

    /// The frame for this user's eyes.
    pub(crate) fn to(&self, user: UserId) -> Bytes {
        if self.author == Some(user) {
            self.to_author
                .get_or_init(|| encode(&self.event, Some(user)))
                .clone()
        } else {
            self.to_others.clone()
        }
    }
}

fn encode(event: &Event, reader: Option<UserId>) -> Bytes {
    frame::text(&ServerFrame::of_event(event, reader).to_json())
}

/// One buffer that everybody shares, so that a batch of events is one write.
fn joined(frames: impl ExactSizeIterator<Item = Bytes> + Clone) -> Bytes {
    if frames.len() == 1 {
        return frames.last().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(frames.clone().map(|frame| frame.len()).sum());
    for frame in frames {
        all.extend_from_slice(&frame);
    }
    all.freeze()
}

#[cfg(test)]
mod tests {
    use chat_app::Settings;
    use chat_domain::{Content, MessageType, Timestamp, Username};
    use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
    use chat_ports::{Bundle, MessageStore, NewUser, RoomStore, UserStore};
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    type Memory = App<Bundle<MemoryStore, PlainHasher>>;

    /// A room with one member who has said so many things, a connection that hears it, and its other end.
    struct Scene {
        app: Arc<Memory>,
        room: Arc<RoomHub>,
        events: Vec<Arc<Event>>,
        far_end: TcpStream,
    }

    async fn scene(said: usize) -> Scene {
        let bus = Arc::new(Recorder::default());
        let ports = Bundle {
            store: MemoryStore::default(),
            hasher: PlainHasher,
            clock: Arc::new(HandClock::new()),
            entropy: Arc::new(SeededEntropy::new(1)),
            bus: Arc::clone(&bus) as _,
        };
        let app = Arc::new(App::new(ports, Settings::default()));
        let (id, user) = member(&app).await;
        let start = app
            .ports()
            .store
            .room_of(user, id)
            .await
            .unwrap()
            .unwrap()
            .0
            .last_seq;
        for i in 0..said {
            say(&app, id, user, i).await;
        }
        let events = app.ports().store.events_after(id, start, 1_000).await.unwrap();
        let (near, far_end) = pair().await;
        let connection = Arc::new(Connection::new(1, near, Timestamp::default()));
        let room = Arc::new(RoomHub::new(id, start));
        assert_eq!(room.go_live(&connection, user, start, None), Entrance::Live);
        Scene {
            app,
            room,
            events: events.into_iter().map(Arc::new).collect(),
            far_end,
        }
    }

    async fn member(app: &Memory) -> (RoomId, UserId) {
        let room = app.ensure_plain_room().await.unwrap().unwrap();
        let ada = NewUser {
            username: Username::parse("ada").unwrap(),
            kind: chat_domain::AccountKind::Basic,
            password: None,
            is_admin: false,
            joins: Some(room.id),
            made_by: None,
            awaited: None,
            at: Timestamp::default(),
        };
        (room.id, app.ports().store.register(ada).await.unwrap().user.id)
    }

    async fn say(app: &Memory, room: RoomId, user: UserId, number: usize) {
        let author = app.ports().store.user(user).await.unwrap().unwrap();
        let found = app.ports().store.room_of(user, room).await.unwrap();
        let member = chat_domain::room::may_read(author, found).unwrap();
        let said = chat_domain::message::Utterance {
            content: Content::parse(number.to_string()).unwrap(),
            message_type: MessageType::Text,
            reply_to: None,
            client_id: None,
        };
        let may_post = chat_domain::room::may_post(&member).unwrap();
        let draft = chat_domain::message::draft(&may_post, said, Timestamp::default()).unwrap();
        app.ports().store.append_message(draft).await.unwrap();
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
        (near.unwrap().0, far.unwrap())
    }

    /// The contents of the next messages, as they arrive.
    async fn hear(far_end: &mut TcpStream, count: usize) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let mut first = [0; 2];
            far_end.read_exact(&mut first).await.unwrap();
            let length = if first[1] == 126 {
                far_end.read_u16().await.unwrap()
            } else {
                u16::from(first[1])
            };
            let mut payload = vec![0; usize::from(length)];
            far_end.read_exact(&mut payload).await.unwrap();
            let text = String::from_utf8(payload).unwrap();
            let content = text
                .split("\"content\":\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            heard.push(content.to_owned());
        }
        heard
    }

    fn numbers(count: usize) -> Vec<String> {
        (0..count).map(|i| i.to_string()).collect()
    }

    #[tokio::test]
    async fn news_out_of_order_are_told_in_order_and_once() {
        let Scene {
            app,
            room,
            events,
            mut far_end,
        } = scene(20).await;
        for event in events.iter().rev().chain(&events) {
            room.hear(News::Event(Arc::clone(event)));
        }
        let telling = fan_out(app, Arc::default(), Arc::clone(&room), CancellationToken::new());
        tokio::select! {
            heard = hear(&mut far_end, 20) => assert_eq!(heard, numbers(20)),
            () = telling => panic!("it ends only at a stop"),
        }
        assert_eq!(room.head().last, events[19].seq);
    }

    #[tokio::test(start_paused = true)]
    async fn news_that_were_lost_are_read_from_the_store() {
        let Scene {
            app,
            room,
            events,
            mut far_end,
        } = scene(20).await;
        // The bus has lost all but the last.
        room.hear(News::Event(Arc::clone(&events[19])));
        tokio::select! {
            heard = hear(&mut far_end, 20) => assert_eq!(heard, numbers(20)),
            () = fan_out(app, Arc::default(), room, CancellationToken::new()) => panic!("it ends only at a stop"),
        }
    }

    #[tokio::test]
    async fn who_has_read_further_hears_nothing_twice() {
        let Scene {
            app, room, events, ..
        } = scene(10).await;
        let (near, mut far_end) = pair().await;
        let late = Arc::new(Connection::new(2, near, Timestamp::default()));
        // This one has read up to the fifth, which the room has not told yet.
        let reader = UserId::parse(99).unwrap();
        assert_eq!(room.go_live(&late, reader, events[4].seq, None), Entrance::Live);
        for event in &events {
            room.hear(News::Event(Arc::clone(event)));
        }
        tokio::select! {
            heard = hear(&mut far_end, 5) => assert_eq!(heard, numbers(10)[5..]),
            () = fan_out(app, Arc::default(), room, CancellationToken::new()) => panic!("it ends only at a stop"),
        }
    }

    #[tokio::test]
    async fn who_is_behind_is_not_live() {
        let Scene {
            app,
            room,
            events,
            mut far_end,
        } = scene(3).await;
        for event in &events {
            room.hear(News::Event(Arc::clone(event)));
        }
        tokio::select! {
            heard = hear(&mut far_end, 3) => assert_eq!(heard, numbers(3)),
            () = fan_out(app, Arc::default(), Arc::clone(&room), CancellationToken::new()) => panic!("it ends only at a stop"),
        }
        let (near, _far_end) = pair().await;
        let behind = Arc::new(Connection::new(2, near, Timestamp::default()));
        let reader = UserId::parse(99).unwrap();
        assert_eq!(
            room.go_live(&behind, reader, events[1].seq, None),
            Entrance::Behind
        );
        assert_eq!(room.go_live(&behind, reader, events[2].seq, None), Entrance::Live);
    }
}
