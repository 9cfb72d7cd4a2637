//! A message that is sent again under the same `client_id` is one message: by whichever door, at whichever moment,
//! whatever became of it meanwhile.

mod attempt;

use std::collections::HashMap;
use std::path::Path;
use std::slice::from_ref;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use chat_client::{Client, ClientError, Socket};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    scale::{chance, rounds},
    server::{PASSWORD, Server, directory},
};

use attempt::{Answer, Named, Sender, Way};

/// How many send at the same time, all of them as the same author.
const SENDERS: usize = 8;

/// What was done to a message after it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Said,
    Edited,
    Deleted,
    /// The server was killed while it was asked to do something.
    Unknown,
}

/// A message with what is still to be tried with it.
#[derive(Debug, Clone)]
struct Task {
    named: Named,
    ways: Vec<Way>,
    fate: Fate,
}

/// What every answer so far has said.
#[derive(Default)]
struct Ledger(Mutex<HashMap<String, Place>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    id: u64,
    seq: u64,
    /// Somebody was told that it was new.
    was_made: bool,
}

impl Ledger {
    fn note(&self, client_id: &str, answer: &Answer) {
        let &Answer::Is { id, seq, made } = answer else {
            panic!("{client_id} is not known again");
        };
        let mut known = self.0.lock().unwrap();
        let place = known.entry(client_id.to_owned()).or_insert(Place {
            id,
            seq,
            was_made: false,
        });
        assert_eq!((id, seq), (place.id, place.seq), "{client_id}");
        assert!(!(made && place.was_made), "{client_id} was made twice");
        place.was_made |= made;
    }

    fn place(&self, client_id: &str) -> Option<Place> {
        self.0.lock().unwrap().get(client_id).copied()
    }
}

/// What all senders of a round share.
struct Round {
    tasks: Mutex<Vec<Task>>,
    done: Mutex<Vec<Task>>,
    ledger: Arc<Ledger>,
    /// How often something was sent.
    sent: watch::Sender<usize>,
    is_killed: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_by_any_way_and_across_crashes_is_one_message() {
    let directory = directory();
    let mut rng = chance("what_is_sent_again_by_any_way_and_across_crashes_is_one_message");
    let (count, crashes) = (rounds(200, 10_000), rounds(3, 20));
    let ledger = Arc::new(Ledger::default());
    let mut fresh = tasks(count, &mut rng);
    let (mut left, mut tried, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for crash in 1..=crashes {
        left.extend(fresh.split_off(count - count * crash / crashes));
        left.extend(again(&mut tried, &mut rng));
        let kill_after = Some(rng.usize(1..left.len()));
        told.extend(
            send_all(
                directory.path(),
                &ledger,
                &mut left,
                &mut tried,
                kill_after,
                &mut rng,
            )
            .await,
        );
    }
    left.append(&mut tried);
    for task in &mut left {
        task.ways.insert(0, Way::Rest);
    }
    told.extend(send_all(directory.path(), &ledger, &mut left, &mut tried, None, &mut rng).await);
    assert_eq!((left.len(), tried.len()), (0, count));
    let server = Server::start(directory.path());
    each_is_there_once(&signed_in(&server, "ada").await, &tried, &ledger).await;
    let times = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), times, "something was told twice");
}

fn tasks(count: usize, rng: &mut Rng) -> Vec<Task> {
    let task = |n| Task {
        named: Named {
            client_id: format!("c{n}"),
            content: format!("message {n}"),
        },
        ways: (0..rng.usize(2..=4)).map(|_| Way::any(rng)).collect(),
        fate: Fate::Said,
    };
    (0..count).map(task).collect()
}

/// Takes some of what was tried before the crash, to be tried again after it.
fn again(tried: &mut Vec<Task>, rng: &mut Rng) -> Vec<Task> {
    let picked = |_: &Task| rng.u8(..4) == 0;
    let (mut again, rest) = std::mem::take(tried).into_iter().partition::<Vec<_>, _>(picked);
    *tried = rest;
    for task in &mut again {
        task.ways = vec![Way::any(rng)];
    }
    again
}

async fn signed_in(server: &Server, name: &str) -> Client {
    let mut client = server.client();
    if client.sign_in(name, PASSWORD).await.is_err() {
        client.register(name, PASSWORD).await.unwrap();
    }
    client
}

/// Lets everybody send until all is done, or the server is killed in the middle of it. Returns what a listener heard.
async fn send_all(
    directory: &Path,
    ledger: &Arc<Ledger>,
    left: &mut Vec<Task>,
    tried: &mut Vec<Task>,
    kill_after: Option<usize>,
    rng: &mut Rng,
) -> Vec<u64> {
    rng.shuffle(left);
    let round = Arc::new(Round {
        tasks: Mutex::new(std::mem::take(left)),
        done: Mutex::default(),
        ledger: Arc::clone(ledger),
        sent: watch::Sender::new(0),
        is_killed: AtomicBool::new(false),
    });
    let many = [
        ("MAX_SOCKETS_PER_USER", "1000"),
        ("MAX_SOCKETS_PER_ADDRESS", "1000"),
    ];
    let server = Server::start_with(directory, &[], &many);
    let (ada, bea) = (signed_in(&server, "ada").await, signed_in(&server, "bea").await);
    let mut listening = JoinSet::new();
    listening.spawn(listen(bea.socket().await.unwrap()));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let sender = Sender::new(ada.clone()).await.unwrap();
        senders.spawn(send(sender, Arc::clone(&round), rng.fork()));
    }
    if let Some(many) = kill_after {
        let mut sent = round.sent.subscribe();
        tokio::select! {
            _ = sent.wait_for(|sent| *sent >= many) => {}
            // Who ends before has nothing left to send, or panics.
            Some(ended) = senders.join_next() => ended.unwrap(),
        }
        round.is_killed.store(true, Ordering::SeqCst);
        server.kill();
        senders.join_all().await;
    } else {
        senders.join_all().await;
        assert!(server.stop("-TERM").success());
    }
    left.append(&mut round.tasks.lock().unwrap());
    tried.append(&mut round.done.lock().unwrap());
    listening.join_all().await.concat()
}

async fn listen(mut socket: Socket) -> Vec<u64> {
    let mut ids = Vec::new();
    while let Some(frame) = socket.next_of("new_message").await.unwrap() {
        ids.push(frame["message"]["id"].as_u64().unwrap());
    }
    ids
}

/// Takes one message after the other until none is left, or the server is gone.
async fn send(mut sender: Sender, round: Arc<Round>, mut rng: Rng) {
    loop {
        let Some(mut task) = round.tasks.lock().unwrap().pop() else {
            return;
        };
        match carry_out(&mut sender, &round, &mut task, &mut rng).await {
            Ok(()) => round.done.lock().unwrap().push(task),
            Err(error) => {
                assert!(round.is_killed.load(Ordering::SeqCst), "{error}");
                round.tasks.lock().unwrap().push(task);
                return;
            }
        }
    }
}

async fn carry_out(
    sender: &mut Sender,
    round: &Round,
    task: &mut Task,
    rng: &mut Rng,
) -> Result<(), ClientError> {
    while let Some(way) = task.ways.last().copied() {
        for answer in sender.send(&task.named, way).await? {
            round.ledger.note(&task.named.client_id, &answer);
        }
        round.sent.send_modify(|sent| *sent += 1);
        task.ways.pop();
        if let Some(place) = round.ledger.place(&task.named.client_id) {
            change(sender.client(), task, place, rng).await?;
            try_another_content(sender, round, task, rng).await?;
        }
    }
    Ok(())
}

/// Now and then the author edits or deletes what is stored, as on another device.
async fn change(client: &Client, task: &mut Task, place: Place, rng: &mut Rng) -> Result<(), ClientError> {
    let (path, body, fate) = match rng.u8(..20) {
        0 => (
            "/api/delete-message",
            json!({ "message_id": place.id }),
            Fate::Deleted,
        ),
        1 | 2 => (
            "/api/edit-message",
            json!({ "message_id": place.id, "content": format!("{}, edited", task.named.content) }),
            Fate::Edited,
        ),
        _ => return Ok(()),
    };
    if matches!(task.fate, Fate::Deleted | Fate::Unknown) {
        return Ok(());
    }
    task.fate = Fate::Unknown;
    let answer = client.post(path, &body).await?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    task.fate = fate;
    Ok(())
}

/// Now and then its name is used for something else, which is refused; of a deleted message nothing is known any more.
async fn try_another_content(
    sender: &mut Sender,
    round: &Round,
    task: &Task,
    rng: &mut Rng,
) -> Result<(), ClientError> {
    let ways = [Way::SameSocket, Way::NewSocket, Way::Rest, Way::Storm(4)];
    let Some(way) = rng.choice(ways).filter(|_| rng.u8(..4) == 0) else {
        return Ok(());
    };
    let endings = ["!", ", edited"];
    let other = Named {
        content: format!("{}{}", task.named.content, rng.choice(endings).unwrap()),
        ..task.named.clone()
    };
    for answer in sender.send(&other, way).await? {
        match task.fate {
            Fate::Said | Fate::Edited => assert_eq!(answer, Answer::Conflict, "{task:?}"),
            Fate::Unknown if answer == Answer::Conflict => {}
            Fate::Deleted | Fate::Unknown => round.ledger.note(&other.client_id, &answer),
        }
    }
    Ok(())
}

/// What is stored is what was answered: every message once, in its place, with its text.
async fn each_is_there_once(client: &Client, tasks: &[Task], ledger: &Ledger) {
    let mut stored = HashMap::new();
    for frame in events(client).await {
        if frame["type"] != "new_message" {
            continue;
        }
        let message = &frame["message"];
        let client_id = message["client_id"].as_str().unwrap().to_owned();
        let before = stored.insert(client_id, message.clone());
        assert_eq!(before, None, "stored twice: {message}");
    }
    assert_eq!(stored.len(), tasks.len());
    for task in tasks {
        let (message, place) = (
            &stored[&task.named.client_id],
            ledger.place(&task.named.client_id),
        );
        let found = (message["id"].as_u64().unwrap(), message["seq"].as_u64().unwrap());
        assert_eq!(place.map(|place| (place.id, place.seq)), Some(found));
        let edited = format!("{}, edited", task.named.content);
        let expected = match task.fate {
            Fate::Said => Some(task.named.content.as_str()),
            Fate::Edited => Some(edited.as_str()),
            Fate::Deleted => None,
            Fate::Unknown => continue,
        };
        assert_eq!(message["content"].as_str(), expected, "{task:?}");
    }
}

/// Everything that happened in the plain room.
async fn events(client: &Client) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/messages?limit=100&after={after}");
        let page = client.get(&path).await.unwrap().success().unwrap();
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        if page["has_more"] == false {
            return events;
        }
        after += 100;
    }
}

#[tokio::test]
async fn another_content_under_the_same_name_is_refused_by_every_door() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut sender = Sender::new(server.user("ada").await).await.unwrap();
    let named = |content: &str| Named {
        client_id: "c1".to_owned(),
        content: content.to_owned(),
    };
    let first = sender.send(&named("hello"), Way::Rest).await.unwrap().remove(0);
    let Answer::Is { id, seq, made: true } = first else {
        panic!("{first:?}")
    };
    let known = Answer::Is { id, seq, made: false };
    let ways = [Way::SameSocket, Way::NewSocket, Way::Rest];
    for way in ways {
        assert_eq!(sender.send(&named("hello"), way).await.unwrap(), from_ref(&known));
        assert_eq!(sender.send(&named("hey"), way).await.unwrap(), [Answer::Conflict]);
    }
    // What was edited on another device is still what it was sent as, for who has no answer yet.
    for content in ["hello, edited", "hello, edited again"] {
        let edit = json!({ "message_id": id, "content": content });
        let edited = sender.client().post("/api/edit-message", &edit).await.unwrap();
        assert_eq!(edited.status, 200, "{}", edited.body);
        for way in ways {
            assert_eq!(sender.send(&named("hello"), way).await.unwrap(), from_ref(&known));
            for other in ["hey", content] {
                assert_eq!(sender.send(&named(other), way).await.unwrap(), [Answer::Conflict]);
            }
        }
    }
    let again = json!({ "content": "hello", "message_type": "text", "client_id": "c1" });
    let answer = sender.client().post("/api/send-message", &again).await.unwrap();
    assert_eq!(
        answer.body["message"]["content"], "hello, edited again",
        "as it is now"
    );
    // Of a deleted message nothing is kept that could be compared.
    let deletion = json!({ "message_id": id });
    let deleted = sender
        .client()
        .post("/api/delete-message", &deletion)
        .await
        .unwrap();
    assert_eq!(deleted.status, 200, "{}", deleted.body);
    for way in ways {
        for content in ["hello", "hey"] {
            assert_eq!(sender.send(&named(content), way).await.unwrap(), from_ref(&known));
        }
    }
    let answer = sender.client().post("/api/send-message", &again).await.unwrap();
    assert_eq!(answer.body["message"]["content"], Value::Null);
    assert_eq!(
        events(sender.client())
            .await
            .iter()
            .filter(|frame| frame["type"] == "new_message")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_name_is_its_authors_and_its_rooms_own() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let tides = json!({ "name": "tides", "join": "open" });
    let made = ada.post("/api/rooms", &tides).await.unwrap().success().unwrap();
    let room = &made["room"]["id"];
    let elsewhere = json!({ "content": "hello", "message_type": "text", "client_id": "c1", "room_id": room });
    let here = json!({ "content": "hello", "message_type": "text", "client_id": "c1" });
    let mut first = Vec::new();
    for status in [201, 200, 200] {
        let mut ids = Vec::new();
        for (author, body) in [(&ada, &here), (&bea, &here), (&ada, &elsewhere)] {
            let answer = author.post("/api/send-message", body).await.unwrap();
            assert_eq!(answer.status, status, "{}", answer.body);
            ids.push(answer.body["message"]["id"].as_u64().unwrap());
        }
        if first.is_empty() {
            first.clone_from(&ids);
        }
        assert_eq!(ids, first);
    }
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 3);
}
