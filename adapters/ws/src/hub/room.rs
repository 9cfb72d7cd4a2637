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
use chat_domain::{Event, EventBody, RoomId, Seq, UserId};
use chat_ports::Ports;
use chat_wire::ServerFrame;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    connection::Connection,
    frame,
    hub::members::{Member, Members},
};

/// News that wait for the one before them, at most; then that one is read from the store.
const EARLY: usize = 64;
/// How long news wait for the one before them.
const PATIENCE: Duration = Duration::from_millis(100);
/// Events that are read from the store at once.
const PAGE: u32 = 100;

/// One room's part of the hub.
pub(crate) struct RoomHub {
    id: RoomId,
    inbox: Mutex<Vec<Arc<Event>>>,
    news: Notify,
    head: Mutex<Head>,
}

struct Head {
    /// The newest place that has been told, or is being told.
    last: Seq,
    members: Members,
}

impl RoomHub {
    pub(crate) fn new(id: RoomId, last: Seq) -> Self {
        Self {
            id,
            inbox: Mutex::default(),
            news: Notify::new(),
            head: Mutex::new(Head {
                last,
                members: Members::default(),
            }),
        }
    }

    fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes news down, in the publisher's turn.
    pub(crate) fn hear(&self, event: Arc<Event>) {
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
        self.news.notify_one();
    }

    /// Lets a connection hear everything after `from`. False if it is behind: something later has been told
    /// already, and it has to read on first.
    pub(crate) fn go_live(&self, connection: &Arc<Connection>, user: UserId, from: Seq) -> bool {
        let mut head = self.head();
        let up_to_date = head.last <= from;
        if up_to_date {
            head.members.insert(Member {
                connection: Arc::clone(connection),
                user,
                from,
            });
        }
        up_to_date
    }

    pub(crate) fn leave(&self, connection: u64) {
        self.head().members.remove(connection);
    }

    fn take_inbox(&self) -> Vec<Arc<Event>> {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells the events, which follow on what was told before, to every connection that has not read them.
    async fn tell(&self, events: &[Told]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
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
                } else {
                    let own: Vec<Bytes> = events
                        .iter()
                        .filter(|told| told.seq > member.from)
                        .map(|told| told.to(member.user))
                        .collect();
                    member.connection.send(&own);
                }
            }
            if groups.len() > 1 {
                // A large room must not keep the others from their turn.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Tells a room's news, as long as the server runs.
pub(crate) async fn fan_out<P: Ports>(app: Arc<App<P>>, room: Arc<RoomHub>, stop: CancellationToken) {
    let mut last = room.head().last;
    let mut early = BTreeMap::new();
    loop {
        let waited_in_vain = tokio::select! {
            () = stop.cancelled() => return,
            () = room.news.notified() => false,
            () = tokio::time::sleep(PATIENCE), if !early.is_empty() => true,
        };
        early.extend(room.take_inbox().into_iter().map(|event| (event.seq, event)));
        if waited_in_vain || early.len() > EARLY {
            early.extend(read_on(&app, room.id, last).await);
        }
        early.retain(|seq, _| *seq > last);
        let ready = in_order(&mut early, last);
        last = ready.last().map_or(last, |told| told.seq);
        room.tell(&ready).await;
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
            EventBody::Posted(message) if message.client_id.is_some() => Some(message.author),
            EventBody::Posted(_)
            | EventBody::Edited { .. }
            | EventBody::Reacted { .. }
            | EventBody::Deleted { .. }
            | EventBody::Joined { .. }
            | EventBody::Left { .. }
            | EventBody::RoomChanged(_) => None,
        };
        Self {
            seq: event.seq,
            author,
            to_others: encode(&event, None),
            to_author: OnceLock::new(),
            event,
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
    ServerFrame::of_event(event, reader)
        .map(|told| frame::text(&told.to_json()))
        .unwrap_or_default()
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
        assert!(room.go_live(&connection, user, start));
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
            room.hear(Arc::clone(event));
        }
        let telling = fan_out(app, Arc::clone(&room), CancellationToken::new());
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
        room.hear(Arc::clone(&events[19]));
        tokio::select! {
            heard = hear(&mut far_end, 20) => assert_eq!(heard, numbers(20)),
            () = fan_out(app, room, CancellationToken::new()) => panic!("it ends only at a stop"),
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
        assert!(room.go_live(&late, UserId::parse(99).unwrap(), events[4].seq));
        for event in &events {
            room.hear(Arc::clone(event));
        }
        tokio::select! {
            heard = hear(&mut far_end, 5) => assert_eq!(heard, numbers(10)[5..]),
            () = fan_out(app, room, CancellationToken::new()) => panic!("it ends only at a stop"),
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
            room.hear(Arc::clone(event));
        }
        tokio::select! {
            heard = hear(&mut far_end, 3) => assert_eq!(heard, numbers(3)),
            () = fan_out(app, Arc::clone(&room), CancellationToken::new()) => panic!("it ends only at a stop"),
        }
        let (near, _far_end) = pair().await;
        let behind = Arc::new(Connection::new(2, near, Timestamp::default()));
        let reader = UserId::parse(99).unwrap();
        assert!(!room.go_live(&behind, reader, events[1].seq));
        assert!(room.go_live(&behind, reader, events[2].seq));
    }
}
