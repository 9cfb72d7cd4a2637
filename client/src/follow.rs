//! Following: a connection that mends itself.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    chance,
    error::{ClientError, text},
    http::Client,
    outbox::{Answer, NewMessage, Outbox, Receipt},
    places::{Place, Places},
    socket::Socket,
    standing::Standing,
};

/// Events that are read ahead of who follows.
const AHEAD: usize = 256;
/// Messages that wait to be sent.
const POSTS: usize = 256;

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A connection on which nothing was heard for so long is given up. Half-way the server is asked for a sign.
    pub silence: Duration,
    /// The longest pause before coming back; the first is a hundredth of it, and each further one double.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence: Duration::from_mins(1),
            pause: Duration::from_secs(30),
        }
    }
}

/// What is heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    /// Signed in, again perhaps: the `auth_ok` frame.
    Connected(Value),
    /// An event of a room, in order and once.
    Event {
        /// Which room.
        room_id: u64,
        /// Its place there.
        seq: u64,
        /// The frame.
        frame: Value,
    },
    /// The directory of identities has grown: its head. Read what is new ([`Client::directory`]).
    Directory(Value),
    /// The account's sealed state has another version than was known: another session has written it.
    State {
        /// Its version.
        version: u64,
    },
    /// The account was opened with its recovery code elsewhere and has another password: the end follows, but for tokens.
    Recovered,
    /// Anything else: typing, presence, an error that belongs to no message …
    Other(Value),
    /// The connection is gone; the next one is on its way.
    Disconnected,
    /// The server does not want this client any more (signed out, kicked, banned): this is the end.
    Ended(u16),
}

/// Hears what happens. When it is dropped the connection ends.
#[derive(Debug)]
pub struct Follower {
    heard: mpsc::Receiver<Followed>,
    _stop: DropGuard,
}

/// Posts messages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Poster(mpsc::Sender<(NewMessage, Answer)>);

impl Follower {
    pub(crate) fn start(client: Client, patience: Patience) -> (Self, Poster) {
        let (tell, heard) = mpsc::channel(AHEAD);
        let (post, posts) = mpsc::channel(POSTS);
        let stop = CancellationToken::new();
        let line = Line {
            client,
            patience,
            tell,
            posts,
            places: Places::default(),
            standing: Standing::default(),
            outbox: Outbox::default(),
        };
        let stopped = stop.clone();
        TaskTracker::new().spawn(async move {
            tokio::select! {
                () = line.run() => {}
                () = stopped.cancelled() => {}
            }
        });
        let follower = Self {
            heard,
            _stop: stop.drop_guard(),
        };
        (follower, Poster(post))
    }

    /// The next thing that happens; `None` after [`Followed::Ended`].
    pub async fn next(&mut self) -> Option<Followed> {
        self.heard.recv().await
    }
}

impl Poster {
    /// Posts a message and returns once it is stored for good, however long that takes.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if the server will not have it; an I/O error if the follower has ended.
    pub async fn post(&self, new: NewMessage) -> Result<Receipt, ClientError> {
        let ended = || ClientError::Io(std::io::ErrorKind::NotConnected.into());
        let (answer, answered) = oneshot::channel();
        self.0.send((new, answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

/// Why a connection is over.
enum Over {
    /// It broke: come back.
    Broken,
    /// Nobody listens any more, or the server has said that this is the end.
    Done,
}

struct Line {
    client: Client,
    patience: Patience,
    tell: mpsc::Sender<Followed>,
    posts: mpsc::Receiver<(NewMessage, Answer)>,
    places: Places,
    standing: Standing,
    outbox: Outbox,
}

impl Line {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let over = match self.connect().await {
                Ok(mut socket) => {
                    failures = 0;
                    self.talk(&mut socket).await
                }
                Err(over) => over,
            };
            if matches!(over, Over::Done) || self.tell.send(Followed::Disconnected).await.is_err() {
                return;
            }
            failures += 1;
            sleep(self.pause(failures)).await;
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let doubled = (self.patience.pause / 100).saturating_mul(1 << failures.min(10));
        chance::up_to(doubled.min(self.patience.pause))
    }

    async fn connect(&mut self) -> Result<Socket, Over> {
        let opened = timeout(self.patience.silence, self.open()).await;
        match opened {
            Ok(Ok(socket)) => Ok(socket),
            Ok(Err(_)) | Err(_) => Err(Over::Broken),
        }
    }

    async fn open(&mut self) -> Result<Socket, ClientError> {
        let mut socket = Socket::connect(self.client.authority()).await?;
        let resume = self.places.to_resume();
        let directory = self.standing.directory();
        let greeted = socket
            .authenticate_from(self.client.token(), &resume, directory)
            .await;
        if greeted.is_err() && socket.closed().is_some_and(|closed| is_final(closed.code)) {
            // Said by the first frame of the talk.
            return Ok(socket);
        }
        greeted?;
        Ok(socket)
    }

    async fn talk(&mut self, socket: &mut Socket) -> Over {
        if let Some(over) = self.ended(socket).await {
            return over;
        }
        let greeting = socket.greeting().clone();
        let rooms = greeting.get("rooms").and_then(Value::as_array);
        for room in rooms.into_iter().flatten() {
            let number = |name: &str| room.get(name).and_then(Value::as_u64);
            if let (Some(id), Some(last)) = (number("id"), number("last_seq")) {
                self.places.begin(id, last);
            }
        }
        let state = self.standing.greeted(&greeting);
        let news = state.map(|version| Followed::State { version });
        for told in [Some(Followed::Connected(greeting)), news].into_iter().flatten() {
            if let Err(over) = self.tell(told).await {
                return over;
            }
        }
        for frame in self.outbox.frames() {
            if socket.send_text(frame).await.is_err() {
                return Over::Broken;
            }
        }
        self.listen(socket).await
    }

    async fn listen(&mut self, socket: &mut Socket) -> Over {
        let half = self.patience.silence / 2;
        let mut heard = Instant::now();
        let mut asked = false;
        let mut again: Option<Instant> = None;
        loop {
            let quiet = if asked {
                heard + self.patience.silence
            } else {
                heard + half
            };
            let due = again.unwrap_or(quiet);
            tokio::select! {
                frame = socket.next() => match frame {
                    Ok(Some(frame)) => {
                        (heard, asked) = (Instant::now(), false);
                        match self.take(socket, frame).await {
                            Ok(None) => {}
                            Ok(Some(wait)) => again = Some(Instant::now() + Duration::from_secs(wait)),
                            Err(over) => return over,
                        }
                    }
                    Ok(None) => return self.ended(socket).await.unwrap_or(Over::Broken),
                    Err(_) => return Over::Broken,
                },
                post = self.posts.recv(), if !self.posts.is_closed() || !self.posts.is_empty() => {
                    if let Some((new, answer)) = post && self.post(socket, new, answer).await.is_err() {
                        return Over::Broken;
                    }
                }
                () = sleep_until(due), if again.is_some() => {
                    again = None;
                    for frame in self.outbox.frames() {
                        if socket.send_text(frame).await.is_err() {
                            return Over::Broken;
                        }
                    }
                }
                () = sleep_until(quiet) => {
                    if asked || socket.send(&json!({ "type": "ping" })).await.is_err() {
                        return Over::Broken;
                    }
                    asked = true;
                }
            }
        }
    }

    async fn post(
        &mut self,
        socket: &mut Socket,
        new: NewMessage,
        answer: Answer,
    ) -> Result<(), ClientError> {
        let client_id = match &new.client_id {
            Some(id) => id.clone(),
            None => chance::client_id()?,
        };
        let frame = self.outbox.take(client_id, &new, answer);
        socket.send_text(frame).await
    }

    /// Takes a frame. Returns after how many seconds everything on its way is to be sent again, if it is.
    async fn take(&mut self, socket: &mut Socket, frame: Value) -> Result<Option<u64>, Over> {
        match text(&frame, "type").unwrap_or_default() {
            "ack" => self.outbox.stored(&frame),
            "error" if frame.get("client_id").is_some() => return Ok(self.outbox.refused(&frame)),
            "resumed" => self.resumed(&frame).await?,
            "dir" => {
                if let Some(head) = self.standing.grown(&frame) {
                    self.tell(Followed::Directory(head)).await?;
                }
            }
            "state" => {
                if let Some(version) = self.standing.stored(&frame) {
                    self.tell(Followed::State { version }).await?;
                }
            }
            "recovered" => self.tell(Followed::Recovered).await?,
            _ => match self.places.take(&frame) {
                Place::Next { room, seq } => {
                    self.tell(Followed::Event {
                        room_id: room,
                        seq,
                        frame,
                    })
                    .await?;
                }
                Place::Known => {}
                Place::Gap { room } => {
                    let after = self.places.in_room(room);
                    let rooms = json!([{ "room_id": room, "after_seq": after }]);
                    let asked = socket.send(&json!({ "type": "resume", "rooms": rooms })).await;
                    asked.map_err(|_| Over::Broken)?;
                }
                Place::None => self.tell(Followed::Other(frame)).await?,
            },
        }
        Ok(None)
    }

    async fn tell(&self, followed: Followed) -> Result<(), Over> {
        self.tell.send(followed).await.map_err(|_| Over::Done)
    }

    /// Who missed too much to be told it reads the history.
    async fn resumed(&mut self, frame: &Value) -> Result<(), Over> {
        let number = |name: &str| frame.get(name).and_then(Value::as_u64);
        let (Some(room), Some(last)) = (number("room_id"), number("last_seq")) else {
            return Ok(());
        };
        if frame.get("complete") != Some(&Value::Bool(false)) {
            return Ok(());
        }
        if self.places.in_room(room) > last {
            // The server has lost what was heard before (an old backup): it is its log that counts now.
            self.places.jump(room, last);
        }
        while self.places.in_room(room) < last {
            let after = self.places.in_room(room);
            let path = format!("/api/messages?room_id={room}&after={after}");
            let page = self.client.get(&path).await.map_err(|_| Over::Broken)?;
            let page = page.success().map_err(|_| Over::Broken)?;
            let events = page.get("events").and_then(Value::as_array);
            for frame in events.into_iter().flatten() {
                if let Place::Next { room, seq } = self.places.take(frame) {
                    self.tell(Followed::Event {
                        room_id: room,
                        seq,
                        frame: frame.clone(),
                    })
                    .await?;
                }
            }
            if self.places.in_room(room) == after {
                return Err(Over::Broken);
            }
        }
        Ok(())
    }

    async fn ended(&self, socket: &Socket) -> Option<Over> {
        let code = socket.closed().map(|closed| closed.code)?;
        if !is_final(code) {
            return Some(Over::Broken);
        }
        // Who follows may be gone already.
        let _ = self.tell.send(Followed::Ended(code)).await;
        Some(Over::Done)
    }
}

/// Close codes after which coming back would change nothing.
const fn is_final(code: u16) -> bool {
    matches!(code, 4001 | 4003 | 4004)
}
