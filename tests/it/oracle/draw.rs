//! Draws calls so that interesting things happen: few users, few rooms, few texts and names; and again and again a call
//! that was allowed a while ago, and perhaps made then, when what it was allowed for may be over.

use std::time::Duration;

use chat_domain::{
    AccountKind, AuditId, ClientId, Content, EventId, Grant, Join, Message, MessageType, Mode, PasswordHash,
    Role, RoomId, RoomKind, RoomName, Scopes, Seq, SessionId, Timestamp, TokenHash, TokenName, User, UserId,
    Username, change,
    event::Emoji,
    membership::{self, Settings},
    message::{self, Utterance},
    moderation::{self, Act, Actor, Admin, Authority},
    room::{self, Member, SlowMode, Topic},
};
use chat_memory::MemoryStore;
use chat_ports::{
    MessageStore, ModerationStore, NewRoom, NewSession, NewUser, Page, RoomStore, UserStore, Which,
};
use fastrand::Rng;

use super::call::Call;

const NAMES: [&str; 8] = ["ada", "bea", "cid", "dan", "eve", "fay", "gus", "hal"];
const TOKENS: u8 = 8;
/// Beyond so many, users and rooms are seldom made.
const USERS: u64 = 5;
const ROOMS: u64 = 5;
const EMOJI: u32 = 24;
/// Of different lengths, so that an answer that is printed shows which one it is.
const TEXTS: [&str; 6] = ["a", "bb", "ccc", "dddd", "eeeee", "füü füü"];
const CLIENT_IDS: [&str; 5] = ["c1", "c2", "c3", "c4", "c5"];

/// What is drawn, and how often beside the others.
const KINDS: [(Kind, u32); 38] = [
    (Kind::Register, 6),
    (Kind::RegisterFirst, 1),
    (Kind::Credential, 2),
    (Kind::User, 1),
    (Kind::CountUsers, 1),
    (Kind::OpenSession, 5),
    (Kind::SessionByToken, 3),
    (Kind::TouchSession, 3),
    (Kind::CloseSession, 2),
    (Kind::SweepSessions, 3),
    (Kind::SessionsOf, 2),
    (Kind::CloseSessions, 2),
    (Kind::WebhooksOf, 1),
    (Kind::EnsurePlainRoom, 2),
    (Kind::PlainRoom, 1),
    (Kind::CreateRoom, 3),
    (Kind::DirectRoom, 4),
    (Kind::Room, 1),
    (Kind::RoomOf, 2),
    (Kind::RoomsOf, 5),
    (Kind::OpenRooms, 4),
    (Kind::Members, 4),
    (Kind::Enter, 20),
    (Kind::Exit, 16),
    (Kind::ChangeRoom, 16),
    (Kind::MarkRead, 5),
    (Kind::Append, 40),
    (Kind::Page, 8),
    (Kind::EventsAfter, 8),
    (Kind::Message, 3),
    (Kind::Edit, 14),
    (Kind::Delete, 10),
    (Kind::React, 24),
    (Kind::SentBefore, 4),
    (Kind::CarryOut, 14),
    (Kind::CountActiveAdmins, 1),
    (Kind::UsersAfter, 2),
    (Kind::AuditLog, 2),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Register,
    RegisterFirst,
    Credential,
    User,
    CountUsers,
    OpenSession,
    SessionByToken,
    TouchSession,
    CloseSession,
    SweepSessions,
    SessionsOf,
    CloseSessions,
    WebhooksOf,
    EnsurePlainRoom,
    PlainRoom,
    CreateRoom,
    DirectRoom,
    Room,
    RoomOf,
    RoomsOf,
    OpenRooms,
    Members,
    Enter,
    Exit,
    ChangeRoom,
    MarkRead,
    Append,
    Page,
    EventsAfter,
    Message,
    Edit,
    Delete,
    React,
    SentBefore,
    CarryOut,
    CountActiveAdmins,
    UsersAfter,
    AuditLog,
}

/// How much there is. Numbers are given from 1 on without a gap, of every kind.
pub(crate) struct Known {
    pub(crate) users: u64,
    pub(crate) rooms: u64,
    /// Of all rooms together.
    pub(crate) events: u64,
}

impl Known {
    pub(crate) async fn of(store: &MemoryStore) -> Self {
        let users = store.count_users().await.unwrap();
        let (mut rooms, mut events) = (0, 0);
        while let Some(room) = store.room(RoomId::parse(rooms + 1).unwrap()).await.unwrap() {
            rooms += 1;
            events += room.last_seq.number();
        }
        Self { users, rooms, events }
    }
}

pub(crate) fn names() -> impl Iterator<Item = Username> {
    NAMES.iter().map(|name| Username::parse(name).unwrap())
}

pub(crate) fn tokens() -> impl Iterator<Item = TokenHash> {
    (0..TOKENS).map(|n| TokenHash::from_bytes([n; 32]))
}

pub(crate) struct Draw {
    rng: Rng,
    now: Timestamp,
    /// Each sequence has more of some kinds and less of others.
    weights: Vec<(Kind, u32)>,
    /// Whether all eyes are on one message.
    is_crowded: bool,
    sessions: u64,
    /// What was allowed, and may yet be done.
    held: Vec<Call>,
}

impl Draw {
    pub(crate) fn new(mut rng: Rng) -> Self {
        let is_crowded = rng.u8(..4) == 0;
        let weights = KINDS.map(|(kind, often)| {
            let more = match (is_crowded, kind) {
                (true, Kind::React) => 10,
                (true, Kind::Delete) => 0,
                _ => [1, 2, 2, 4][rng.usize(..4)],
            };
            (kind, often * more)
        });
        Self {
            rng,
            now: Timestamp::from_millis(1_767_225_600_000),
            weights: weights.to_vec(),
            is_crowded,
            sessions: 0,
            held: Vec::new(),
        }
    }

    /// The next call. What the rules refuse is not called, and another call is drawn.
    pub(crate) async fn next(&mut self, store: &MemoryStore, before: &[Call]) -> Call {
        self.let_time_pass();
        if self.rng.u8(..100) == 0 {
            return Call::Reopen;
        }
        if self.rng.u8(..8) == 0 {
            let made = before.iter().filter(|call| call.writes());
            if let Some(again) = self.rng.choice(made.collect::<Vec<_>>()) {
                return again.clone();
            }
        }
        if self.held.len() > 12 || (!self.held.is_empty() && self.rng.u8(..8) == 0) {
            return self.held.swap_remove(self.rng.usize(..self.held.len()));
        }
        let known = Known::of(store).await;
        loop {
            let kind = self.kind();
            if let Some(call) = self.call(store, &known, kind).await {
                if !(call.writes() && self.rng.u8(..5) == 0) {
                    return call;
                }
                self.held.push(call);
            }
        }
    }

    fn kind(&mut self) -> Kind {
        let all: u32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut left = self.rng.u32(..all);
        for (kind, weight) in &self.weights {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *kind,
            }
        }
        Kind::CountUsers
    }

    /// In whole seconds, so that the same moment comes twice; mostly forward, but clocks are set, too.
    fn let_time_pass(&mut self) {
        let seconds = self.rng.u64(..10);
        self.now = if self.rng.u8(..30) == 0 {
            Timestamp::from_millis(self.now.millis() - 100_000 * seconds)
        } else {
            self.now.after(Duration::from_secs(seconds))
        };
    }

    async fn call(&mut self, store: &MemoryStore, known: &Known, kind: Kind) -> Option<Call> {
        Some(match kind {
            Kind::Register if known.users >= USERS && !self.seldom() => return None,
            Kind::Register => Call::Register(self.new_user(store).await),
            Kind::RegisterFirst => Call::RegisterFirst(self.new_user(store).await),
            Kind::Credential => Call::Credential(self.name()),
            Kind::User => Call::User(self.user_id(known)),
            Kind::CountUsers => Call::CountUsers,
            Kind::OpenSession => Call::OpenSession(self.new_session(known)),
            Kind::SessionByToken => Call::SessionByToken(self.token()),
            Kind::TouchSession => Call::TouchSession(self.session_id(), self.now),
            Kind::CloseSession => Call::CloseSession(self.session_id()),
            Kind::SweepSessions => Call::SweepSessions(self.a_while_ago(), self.a_while_ago(), self.now),
            Kind::SessionsOf => Call::SessionsOf(self.user_id(known)),
            Kind::CloseSessions => Call::CloseSessions(self.user_id(known), self.which()),
            Kind::WebhooksOf => Call::WebhooksOf(self.room_id(known)),
            Kind::EnsurePlainRoom => Call::EnsurePlainRoom(self.new_room()),
            Kind::PlainRoom => Call::PlainRoom,
            Kind::CreateRoom if known.rooms >= ROOMS && !self.seldom() => return None,
            Kind::CreateRoom => {
                let owner = self.user(store, known).await?;
                Call::CreateRoom(self.new_room(), (&owner).into())
            }
            Kind::DirectRoom => self.direct_room(store, known).await?,
            Kind::Room => Call::Room(self.room_id(known)),
            Kind::RoomOf => Call::RoomOf(self.user_id(known), self.room_id(known)),
            Kind::RoomsOf => Call::RoomsOf(self.user_id(known)),
            Kind::OpenRooms => {
                let after = self.rng.bool().then(|| self.room_id(known));
                Call::OpenRooms(self.user_id(known), after, self.few())
            }
            Kind::Members => {
                let after = self.rng.bool().then(|| self.user_id(known));
                Call::Members(self.room_id(known), after, self.few())
            }
            Kind::Enter => self.enter(store, known).await?,
            Kind::Exit => self.exit(store, known).await?,
            Kind::ChangeRoom => {
                let member = self.member(store, known).await?;
                let settings = self.settings();
                Call::ChangeRoom(membership::change(&member, settings, self.now).ok()?)
            }
            Kind::MarkRead if self.seldom() => {
                Call::MarkRead(self.user_id(known), self.room_id(known), self.seq())
            }
            Kind::MarkRead => {
                let member = self.member(store, known).await?;
                Call::MarkRead(member.user().id, member.room().id, self.seq())
            }
            Kind::Append => {
                let member = self.member(store, known).await?;
                let may_post = room::may_post(&member).ok()?;
                let reply_to = self.reply_to(store, known, member.room().id).await;
                let said = self.utterance(reply_to);
                Call::Append(message::draft(&may_post, said, self.now).ok()?)
            }
            Kind::Page => Call::Page(self.room_id(known), self.page()),
            Kind::EventsAfter => Call::EventsAfter(self.room_id(known), self.seq(), self.few()),
            Kind::Message => Call::Message(self.event_id(known)),
            Kind::Edit => {
                let (member, message) = self.message(store, known).await?;
                Call::Edit(change::edit(&member, &message, self.content(), self.now).ok()?)
            }
            Kind::Delete => {
                let (member, message) = self.message(store, known).await?;
                Call::Delete(change::delete(&member, &message, self.now).ok()?)
            }
            Kind::React => {
                let (member, message) = self.message(store, known).await?;
                let (emoji, added) = (self.emoji(), self.rng.u8(..5) > 0);
                Call::React(change::react(&member, &message, emoji, added, self.now).ok()?)
            }
            Kind::SentBefore => {
                let member = self.member(store, known).await?;
                Call::SentBefore(member.room().id, member.user().id, self.utterance(None))
            }
            Kind::CarryOut => {
                let target = self.user(store, known).await?;
                let admins = store.count_active_admins(self.now).await.unwrap();
                let authority = self.authority(store, known).await?;
                let act = self.act();
                Call::CarryOut(moderation::decide(&authority, act, &target, admins, self.now).ok()?)
            }
            Kind::CountActiveAdmins => Call::CountActiveAdmins(self.now),
            Kind::UsersAfter => {
                let after = self.rng.bool().then(|| self.user_id(known));
                Call::UsersAfter(after, self.few())
            }
            Kind::AuditLog => {
                let before = self
                    .rng
                    .bool()
                    .then(|| AuditId::parse(self.rng.u64(1..30)).unwrap());
                Call::AuditLog(before, self.few())
            }
        })
    }

    async fn authority(&mut self, store: &MemoryStore, known: &Known) -> Option<Authority> {
        if self.rng.bool() {
            return Some(Authority::Shell);
        }
        let user = self.user(store, known).await?;
        Admin::prove(user, self.now).ok().map(Authority::Admin)
    }

    fn act(&mut self) -> Act {
        let reason = self.rng.bool().then(|| self.one_of(&TEXTS).to_owned());
        match self.rng.u8(..10) {
            0 | 1 => {
                let soon = self.now.after(Duration::from_secs(self.rng.u64(1..60)));
                let until = self.rng.u8(..4).gt(&0).then_some(soon);
                Act::Ban { until, reason }
            }
            2 | 3 => Act::Unban,
            4 => Act::Kick { reason },
            5 => Act::SignOut,
            6 => Act::Promote,
            7 => Act::Demote,
            8 => Act::IssueReset {
                // No two links have the same one: it is drawn from 256 bits.
                token: TokenHash::from_bytes(std::array::from_fn(|_| self.rng.u8(..))),
                until: self.now,
            },
            _ => Act::SetPassword(PasswordHash::from_phc(format!("$plain${}", self.rng.u8(..9)))),
        }
    }

    async fn direct_room(&mut self, store: &MemoryStore, known: &Known) -> Option<Call> {
        if known.rooms >= ROOMS && !self.seldom() {
            return None;
        }
        let (one, other) = (self.user(store, known).await?, self.user(store, known).await?);
        let pair = membership::pair(&one, &other).ok()?;
        let seen_by = if self.rng.u8(..8) == 0 {
            self.user_id(known)
        } else {
            one.id
        };
        Some(Call::DirectRoom(pair, seen_by, self.now))
    }

    async fn enter(&mut self, store: &MemoryStore, known: &Known) -> Option<Call> {
        let user = self.user(store, known).await?;
        let entry = if self.rng.bool() {
            let found = store.room(self.room_id(known)).await.unwrap()?;
            membership::join(&user, &found, self.now)
        } else {
            let member = self.member(store, known).await?;
            membership::add(&member, &user, self.now)
        };
        entry.ok().map(Call::Enter)
    }

    async fn exit(&mut self, store: &MemoryStore, known: &Known) -> Option<Call> {
        let member = self.member(store, known).await?;
        let exit = if self.rng.bool() {
            membership::leave(&member, self.now)
        } else {
            let user = self.user(store, known).await?;
            let there = store.room_of(user.id, member.room().id).await.unwrap();
            let rank = there.map_or(Role::Member, |(_, there)| there.role);
            membership::remove(&member, (&user).into(), rank, self.now)
        };
        exit.ok().map(Call::Exit)
    }

    async fn new_user(&mut self, store: &MemoryStore) -> NewUser {
        let joins = match self.rng.u8(..4) {
            0 => None,
            1 => self.some_group(store).await,
            _ => store.plain_room().await.unwrap(),
        };
        let username = self.name();
        NewUser {
            password: self
                .rng
                .bool()
                .then(|| PasswordHash::from_phc(format!("$plain${}", username.as_str()))),
            username,
            kind: self.one_of(&[AccountKind::Basic, AccountKind::Keyed]),
            is_admin: self.rng.u8(..4) == 0,
            joins,
            made_by: self.made_by(),
            awaited: None,
            at: self.now,
        }
    }

    /// Mostly its owner.
    fn made_by(&mut self) -> Option<Actor> {
        match self.rng.u8(..6) {
            0 => Some(Actor::Shell),
            1 => Some(Actor::Admin(UserId::parse(self.rng.u64(1..=USERS)).unwrap())),
            _ => None,
        }
    }

    /// A group, or a room that is not there.
    async fn some_group(&mut self, store: &MemoryStore) -> Option<RoomId> {
        let known = Known::of(store).await;
        let id = self.room_id(&known);
        let found = store.room(id).await.unwrap();
        found
            .is_none_or(|room| room.kind == RoomKind::Group)
            .then_some(id)
    }

    fn new_session(&mut self, known: &Known) -> NewSession {
        self.sessions += 1;
        NewSession {
            user_id: self.user_id(known),
            token: self.token(),
            at: self.now,
            address: "192.0.2.1".to_owned(),
            agent: "a browser".to_owned(),
            grant: self.grant(known),
            name: self.rng.bool().then(|| TokenName::parse("a robot").unwrap()),
            made_by: (self.rng.u8(..6) == 0).then_some(Actor::Shell),
        }
    }

    fn grant(&mut self, known: &Known) -> Grant {
        match self.rng.u8(..6) {
            0 | 1 => {
                let names = [&["read"][..], &["write", "read"], &["rooms", "write", "read"]];
                let soon = self.now.after(Duration::from_secs(self.rng.u64(1..60)));
                Grant::Token {
                    scopes: Scopes::parse(self.one_of(&names).iter().copied()).unwrap(),
                    ends_at: self.rng.bool().then_some(soon),
                }
            }
            2 => Grant::Webhook {
                room: self.room_id(known),
            },
            _ => Grant::Full,
        }
    }

    fn which(&mut self) -> Which {
        if self.rng.bool() {
            Which::AllBut(self.session_id())
        } else {
            Which::Beyond(self.rng.u32(..4))
        }
    }

    fn new_room(&mut self) -> NewRoom {
        NewRoom {
            name: self.room_name(),
            kind: RoomKind::Group,
            mode: if self.rng.u8(..12) == 0 {
                Mode::E2ee
            } else {
                Mode::Server
            },
            join: self.one_of(&[Join::Open, Join::Open, Join::Invite]),
            at: self.now,
        }
    }

    fn settings(&mut self) -> Settings {
        let topics = ["", "tides", "winds"].map(|topic| Topic::parse(topic).unwrap());
        Settings {
            name: self.seldom().then(|| self.room_name()),
            join: self.rng.bool().then(|| self.one_of(&[Join::Open, Join::Invite])),
            topic: self.rng.bool().then(|| self.one_of(&topics)),
            slow_mode: self.seldom().then(|| SlowMode::parse(self.rng.u32(..3)).unwrap()),
            read_only: self.seldom().then(|| self.seldom()),
        }
    }

    fn utterance(&mut self, reply_to: Option<EventId>) -> Utterance {
        Utterance {
            content: self.content(),
            message_type: self.one_of(&[MessageType::Text, MessageType::Text, MessageType::Image]),
            reply_to,
            client_id: self
                .rng
                .bool()
                .then(|| ClientId::parse(self.one_of(&CLIENT_IDS)).unwrap()),
        }
    }

    /// Mostly nothing or a message of the room.
    async fn reply_to(&mut self, store: &MemoryStore, known: &Known, room: RoomId) -> Option<EventId> {
        match self.rng.u8(..12) {
            0 => Some(self.event_id(known)),
            1..=3 => {
                let newest = Page::Newest { offset: 0, most: 8 };
                let page = store.page_messages(room, newest).await.unwrap();
                self.rng.choice(page.messages).map(|message| message.id)
            }
            _ => None,
        }
    }

    fn page(&mut self) -> Page {
        let most = self.few();
        if self.rng.bool() {
            let offset = self.rng.u32(..12);
            Page::Newest { offset, most }
        } else {
            let before = self.seq();
            Page::Before { before, most }
        }
    }

    /// A user who is there.
    async fn user(&mut self, store: &MemoryStore, known: &Known) -> Option<User> {
        store.user(self.user_id(known)).await.unwrap()
    }

    /// Somebody in a room, as the rules let them in.
    async fn member(&mut self, store: &MemoryStore, known: &Known) -> Option<Member> {
        let user = self.user(store, known).await?;
        let mine = store.rooms_of(user.id).await.unwrap();
        let room = self.rng.choice(&mine)?.room.id;
        let found = store.room_of(user.id, room).await.unwrap();
        room::may_read(user, found).ok()
    }

    /// Somebody in a room, and a message, mostly of this room.
    async fn message(&mut self, store: &MemoryStore, known: &Known) -> Option<(Member, Message)> {
        let member = self.member(store, known).await?;
        let page = if self.is_crowded {
            let before = Seq::parse(8).unwrap();
            Page::Before { before, most: 8 }
        } else {
            Page::Newest { offset: 0, most: 8 }
        };
        let mut messages = store
            .page_messages(member.room().id, page)
            .await
            .unwrap()
            .messages;
        messages.truncate(if self.is_crowded { 1 } else { 8 });
        let message = match self.rng.choice(messages) {
            Some(message) if self.rng.u8(..8) > 0 => message,
            _ => store.message(self.event_id(known)).await.unwrap()?,
        };
        Some((member, message))
    }

    /// Mostly one that is there.
    fn user_id(&mut self, known: &Known) -> UserId {
        UserId::parse(self.number(known.users)).unwrap()
    }

    fn room_id(&mut self, known: &Known) -> RoomId {
        RoomId::parse(self.number(known.rooms)).unwrap()
    }

    fn event_id(&mut self, known: &Known) -> EventId {
        EventId::parse(self.number(known.events)).unwrap()
    }

    fn session_id(&mut self) -> SessionId {
        SessionId::parse(self.number(self.sessions)).unwrap()
    }

    fn number(&mut self, last: u64) -> u64 {
        let beyond = last == 0 || self.rng.u8(..20) == 0;
        self.rng.u64(1..=last + u64::from(beyond))
    }

    fn seq(&mut self) -> Seq {
        Seq::parse(self.rng.u64(..40)).unwrap()
    }

    /// Names differ in case, too.
    fn name(&mut self) -> Username {
        let name = self.one_of(&NAMES);
        let name = if self.rng.bool() {
            name.to_uppercase()
        } else {
            name.to_owned()
        };
        Username::parse(&name).unwrap()
    }

    fn room_name(&mut self) -> RoomName {
        RoomName::parse(self.one_of(&["tides", "winds & waves", "Ωmega"])).unwrap()
    }

    fn token(&mut self) -> TokenHash {
        TokenHash::from_bytes([self.rng.u8(..TOKENS); 32])
    }

    fn content(&mut self) -> Content {
        Content::parse(self.one_of(&TEXTS).to_owned()).unwrap()
    }

    fn emoji(&mut self) -> Emoji {
        let face = char::from_u32(0x1f600 + self.rng.u32(..EMOJI)).unwrap();
        Emoji::parse(&face.to_string()).unwrap()
    }

    fn a_while_ago(&mut self) -> Timestamp {
        Timestamp::from_millis(self.now.millis() - 1_000 * self.rng.u64(..1_000))
    }

    fn few(&mut self) -> u32 {
        self.rng.u32(..8)
    }

    fn seldom(&mut self) -> bool {
        self.rng.u8(..4) == 0
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(..choices.len())].clone()
    }
}
