//! Eight who write without pause, whatever becomes of the server meanwhile, and keep a journal of what they tried and
//! what they were told. Who gets no answer comes back and tries again under the same name.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chat_client::{Answer, Client, ClientError, Socket};
use fastrand::Rng;
use http::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    journal::{Deed, Journal},
    server::Server,
};

pub(crate) const WRITERS: usize = 8;
/// Whatever is waited for in a test comes by then.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// Before trying again, unless there is news of the server.
const PAUSE: Duration = Duration::from_millis(50);
/// Messages that a socket sends before it waits for their acknowledgements, at most.
const BURST: usize = 4;
/// Bytes of a long message: some of them soon fill the log.
const LONG: usize = 16_000;

/// The eight, at work.
pub(crate) struct Writers {
    journal: Arc<Shared>,
    address: watch::Sender<String>,
    quiet: CancellationToken,
    tasks: JoinSet<()>,
    client: Client,
}

/// The journal, with news of every entry.
struct Shared {
    journal: Mutex<Journal>,
    news: watch::Sender<()>,
}

impl Shared {
    fn read(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap()
    }

    fn write<T>(&self, entry: impl FnOnce(&mut Journal) -> T) -> T {
        let done = entry(&mut self.read());
        self.news.send_replace(());
        done
    }
}

impl Writers {
    /// Makes their accounts and rooms, and lets them begin.
    pub(crate) async fn begin(server: &Server, rng: &mut Rng) -> Self {
        let mut clients = Vec::new();
        for n in 0..WRITERS {
            clients.push(server.user(&format!("writer{n}")).await);
        }
        let rooms = rooms(&clients).await;
        let mut journal = Journal::default();
        let mine = clients[0].get("/api/rooms").await.unwrap().success().unwrap();
        for room in mine["rooms"].as_array().unwrap() {
            let number = |name: &str| room[name].as_u64().unwrap();
            journal.begin.insert(number("id"), number("last_seq"));
        }
        let journal = Arc::new(Shared {
            journal: Mutex::new(journal),
            news: watch::Sender::new(()),
        });
        let (address, quiet) = (
            watch::Sender::new(server.address().to_owned()),
            CancellationToken::new(),
        );
        let mut tasks = JoinSet::new();
        for (n, client) in clients.iter().enumerate() {
            let session = client.get("/api/session").await.unwrap().success().unwrap();
            let writer = Writer {
                user: session["user"]["id"].as_u64().unwrap(),
                n,
                client: client.clone(),
                socket: None,
                address: address.subscribe(),
                rooms,
                rng: rng.fork(),
                journal: Arc::clone(&journal),
                counter: 0,
                mine: Vec::new(),
                reaction: None,
                is_in_third: false,
            };
            tasks.spawn(writer.write(quiet.clone()));
        }
        Self {
            journal,
            address,
            quiet,
            tasks,
            client: clients.swap_remove(0),
        }
    }

    /// The server is here now.
    pub(crate) fn moved(&self, server: &Server) {
        self.address.send_replace(server.address().to_owned());
    }

    /// Returns when so many more were acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let before = self.journal.read().acknowledged();
        self.wait_for(|journal| journal.acknowledged() >= before + more)
            .await;
    }

    /// Returns when so many more were refused because the server could not then.
    pub(crate) async fn refused(&self, more: usize) {
        let before = self.journal.read().refused();
        self.wait_for(|journal| journal.refused() >= before + more).await;
    }

    async fn wait_for(&self, happened: impl Fn(&Journal) -> bool) {
        let mut news = self.journal.news.subscribe();
        let waited = timeout(DEADLINE, news.wait_for(|()| happened(&self.journal.read()))).await;
        if waited.is_err() {
            let journal = self.journal();
            panic!(
                "after {} acknowledgements nothing happens any more; refused: {:?}",
                journal.acknowledged(),
                journal.refusals
            );
        }
    }

    /// What has been tried so far.
    pub(crate) fn journal(&self) -> Journal {
        self.journal.read().clone()
    }

    /// The first of them, as the server stands now.
    pub(crate) fn client(&self) -> Client {
        self.client.at(&self.address.borrow()).unwrap()
    }

    /// Lets each bring to its end what it has begun. Everything that was tried has an answer then.
    pub(crate) async fn finish(self) -> Journal {
        self.quiet.cancel();
        let done = timeout(DEADLINE, self.tasks.join_all()).await;
        assert!(done.is_ok(), "somebody never got an answer");
        self.journal.read().clone()
    }
}

/// Three rooms: the plain one, a group of all, and an open one that they come to and leave.
async fn rooms(clients: &[Client]) -> [u64; 3] {
    let mut rooms = [1, 0, 0];
    for room in &mut rooms[1..] {
        let body = json!({ "name": "a group", "join": "open" });
        let made = clients[0]
            .post("/api/rooms", &body)
            .await
            .unwrap()
            .success()
            .unwrap();
        *room = made["room"]["id"].as_u64().unwrap();
    }
    for client in &clients[1..] {
        let path = format!("/api/rooms/{}/join", rooms[1]);
        client.post(&path, &json!({})).await.unwrap().success().unwrap();
    }
    rooms
}

/// What became of a try.
enum Tried {
    /// It is done; what the server says of it.
    Stored(Value),
    /// It will not be done, and why.
    Refused(Value),
    /// Nobody knows, or not now.
    Again,
}

struct Writer {
    user: u64,
    n: usize,
    client: Client,
    socket: Option<Socket>,
    address: watch::Receiver<String>,
    rooms: [u64; 3],
    rng: Rng,
    journal: Arc<Shared>,
    counter: usize,
    /// What this one has said and not deleted: rooms and messages.
    mine: Vec<(u64, u64)>,
    /// The reaction of this one that stands somewhere: room, message, emoji.
    reaction: Option<(u64, u64, String)>,
    is_in_third: bool,
}

impl Writer {
    async fn write(mut self, quiet: CancellationToken) {
        while !quiet.is_cancelled() {
            match (self.rng.u8(..20), self.n) {
                (0, _) => self.edit().await,
                (1, _) => self.delete().await,
                (2 | 3, _) => self.react().await,
                (4, 0) => self.set_topic().await,
                (4, 1 | 5) => self.come_or_go().await,
                (_, n) if n % 2 == 0 => self.say_by_rest().await,
                _ => self.say_by_socket().await,
            }
        }
    }

    /// Notes down the next message.
    fn next_message(&mut self) -> (usize, Value) {
        self.counter += 1;
        let client_id = format!("w{}-{}", self.n, self.counter);
        let long = if self.rng.u8(..3) == 0 {
            self.rng.usize(..LONG)
        } else {
            0
        };
        let content = format!("{client_id} {}", "x".repeat(long));
        let room = self.rooms[self.rng.usize(..2)];
        let said = json!({
            "content": content, "message_type": "text", "room_id": room, "client_id": client_id,
        });
        let entry = self
            .journal
            .write(|journal| journal.says(self.user, room, client_id, content));
        (entry, said)
    }

    fn stored(&mut self, entry: usize, ack: &Value) {
        self.journal.write(|journal| journal.stored(entry, ack));
        let number = |name: &str| ack[name].as_u64().unwrap();
        self.mine.push((number("room_id"), number("id")));
    }

    async fn say_by_rest(&mut self) {
        let (entry, said) = self.next_message();
        let stored = self
            .request_until((Method::POST, "/api/send-message"), &said)
            .await;
        self.stored(entry, &stored.unwrap()["message"]);
    }

    async fn say_by_socket(&mut self) {
        let mut waiting: Vec<(usize, Value)> = Vec::new();
        for _ in 0..self.rng.usize(1..=BURST) {
            let (entry, mut said) = self.next_message();
            said["type"] = "message".into();
            waiting.push((entry, said));
        }
        while !waiting.is_empty() {
            // What has no answer is sent again, by a connection that comes back if it was lost.
            if self.send_and_hear(&mut waiting).await.is_err() {
                self.socket = None;
                self.pause().await;
            }
        }
    }

    /// Sends what is waiting, and hears the answer to each; what was stored waits no longer.
    async fn send_and_hear(&mut self, waiting: &mut Vec<(usize, Value)>) -> Result<(), ClientError> {
        let gone = || ClientError::Io(std::io::ErrorKind::UnexpectedEof.into());
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.here().socket().await?,
        };
        for (_, said) in &*waiting {
            socket.send(said).await?;
        }
        let mut refused = false;
        for _ in 0..waiting.len() {
            let frame = loop {
                let frame = socket.next().await?.ok_or_else(gone)?;
                if frame["type"] == "ack" || frame["type"] == "error" {
                    break frame;
                }
            };
            let is_it = |(_, said): &(usize, Value)| said["client_id"] == frame["client_id"];
            let at = waiting
                .iter()
                .position(is_it)
                .unwrap_or_else(|| panic!("to what? {frame}"));
            if frame["type"] == "ack" {
                let (entry, _) = waiting.remove(at);
                self.stored(entry, &frame);
            } else {
                refused = true;
                self.not_now(frame["code"].as_str().unwrap(), &frame);
            }
        }
        self.socket = Some(socket);
        if refused {
            self.pause().await;
        }
        Ok(())
    }

    async fn edit(&mut self) {
        let Some(&(room, message)) = self.rng.choice(&self.mine) else {
            return;
        };
        self.counter += 1;
        let content = format!("edited {}-{}", self.n, self.counter);
        let body = json!({ "message_id": message, "content": content });
        let edit = Deed::Edit { message, content };
        self.insist(room, edit, (Method::POST, "/api/edit-message"), &body, "")
            .await;
    }

    async fn delete(&mut self) {
        if self.mine.is_empty() {
            return;
        }
        let (room, message) = self.mine.swap_remove(self.rng.usize(..self.mine.len()));
        let body = json!({ "message_id": message });
        let delete = Deed::Delete { message };
        self.insist(
            room,
            delete,
            (Method::POST, "/api/delete-message"),
            &body,
            "not_found",
        )
        .await;
    }

    /// Reacts to something, or takes that back.
    async fn react(&mut self) {
        let standing = self.reaction.take();
        let added = standing.is_none();
        let Some((room, message, emoji)) = standing.or_else(|| self.new_reaction()) else {
            return;
        };
        let body = json!({ "message_id": message, "emoji": emoji, "added": added });
        let react = Deed::React {
            message,
            emoji: emoji.clone(),
            added,
        };
        let entry = self.journal.write(|journal| journal.does(self.user, room, react));
        match self.request_until((Method::POST, "/api/react"), &body).await {
            Ok(_) => {
                self.journal.write(|journal| journal.acknowledge(entry));
                self.reaction = added.then_some((room, message, emoji));
            }
            // Its author has deleted it.
            Err(why) => assert_eq!(why["code"], "not_found", "{why}"),
        }
    }

    fn new_reaction(&mut self) -> Option<(u64, u64, String)> {
        let emoji = if self.rng.bool() { "👍" } else { "🌊" };
        let journal = self.journal.read();
        let said = self.rng.choice(&journal.said)?;
        let stored = said.stored?;
        Some((said.room, stored.id, emoji.to_owned()))
    }

    async fn set_topic(&mut self) {
        self.counter += 1;
        let topic = format!("topic {}", self.counter);
        let (path, body) = (format!("/api/rooms/{}", self.rooms[1]), json!({ "topic": topic }));
        let set = Deed::Topic(topic);
        self.insist(self.rooms[1], set, (Method::PATCH, &path), &body, "")
            .await;
    }

    async fn come_or_go(&mut self) {
        let room = self.rooms[2];
        let (deed, verb, is_so) = if self.is_in_third {
            (Deed::Leave, "leave", "not_found")
        } else {
            (Deed::Join, "join", "already_member")
        };
        let path = format!("/api/rooms/{room}/{verb}");
        self.insist(room, deed, (Method::POST, &path), &json!({}), is_so)
            .await;
        self.is_in_third = !self.is_in_third;
    }

    /// Does something, however long it takes. Once a try had no answer, `is_so` tells that it had come through.
    async fn insist(&mut self, room: u64, what: Deed, how: (Method, &str), body: &Value, is_so: &str) {
        let entry = self.journal.write(|journal| journal.does(self.user, room, what));
        if let Err(why) = self.request_until(how, body).await {
            assert_eq!(why["code"], is_so, "{why}");
        }
        self.journal.write(|journal| journal.acknowledge(entry));
    }

    /// Asks until there is an answer: what was made of it, or why it will not be done.
    async fn request_until(&mut self, (method, path): (Method, &str), body: &Value) -> Result<Value, Value> {
        loop {
            match self.request(method.clone(), path, body).await {
                Tried::Stored(answer) => return Ok(answer),
                Tried::Refused(why) => return Err(why),
                Tried::Again => {}
            }
        }
    }

    async fn request(&mut self, method: Method, path: &str, body: &Value) -> Tried {
        let json = [("content-type", "application/json")];
        let answered = self
            .here()
            .request(method, path, &json, Some(body.to_string()))
            .await;
        match answered {
            Ok(answer) if answer.status < 300 => return Tried::Stored(answer.body),
            Ok(answer) if matches!(answer.status, 404 | 409) => return Tried::Refused(answer.body),
            Ok(Answer { body, .. }) => self.not_now(body["code"].as_str().unwrap_or_default(), &body),
            // The connection is gone, and with it the answer.
            Err(_) => {}
        }
        self.pause().await;
        Tried::Again
    }

    /// Notes down that the server cannot now; that it will not is no answer to what is asked here.
    fn not_now(&self, code: &str, said: &Value) {
        let passing = ["storage_full", "internal", "unavailable"];
        assert!(passing.contains(&code), "{said}");
        self.journal.write(|journal| journal.refuse(code));
    }

    async fn pause(&mut self) {
        // News of the server, or none.
        let _ = timeout(PAUSE, self.address.changed()).await;
    }

    fn here(&mut self) -> Client {
        let address = self.address.borrow_and_update().clone();
        self.client.at(&address).unwrap()
    }
}
