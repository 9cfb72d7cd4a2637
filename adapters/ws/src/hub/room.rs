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
