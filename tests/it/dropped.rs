//! Who drops out comes back without a gap and without a double.

use std::time::Duration;

use chat_client::{Client, ClientError, Followed, Follower, NewMessage, Patience, Poster, Receipt};
use fastrand::Rng;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    proxy::{Cut, Proxy},
    scale::{chance, rounds},
    server::{PASSWORD, Server, directory, history},
    view::View,
};

const CLIENTS: usize = 20;
/// Between two messages of one client: all of them together say 200 in a second.
const PACE: Duration = Duration::from_millis(100);
const PATIENCE: Patience = Patience {
    silence: Duration::from_secs(1),
    pause: Duration::from_millis(500),
};

/// A line that is not back by then was never noticed to be gone.
const UNNOTICED: Duration = Duration::from_secs(20);

/// What one follower was told so far.
#[derive(Clone, Default)]
struct Told {
    view: View,
    connected: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_cut_off_again_and_again_see_what_is_stored() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut rng = chance("clients_that_are_cut_off_again_and_again_see_what_is_stored");
    let cuts = rounds(5, 100);
    let mut users = Vec::new();
    for n in 0..CLIENTS {
        users.push(server.user(&format!("user{n}")).await);
    }
    let begin = last_seq(&users[0]).await;

    let (mut listening, mut lines) = (JoinSet::new(), Vec::new());
    for n in 0..CLIENTS {
        let proxy = Proxy::to(server.address()).await;
        let mut client = Client::new(proxy.address()).unwrap();
        client.sign_in(&format!("user{n}"), PASSWORD).await.unwrap();
        let (follower, poster) = client.follow(PATIENCE);
        let (tell, mut told) = watch::channel(Told::default());
        tell.send_modify(|told| told.view.seq = begin);
        listening.spawn(listen(follower, tell));
        told.wait_for(|told| told.connected == 1).await.unwrap();
        lines.push((proxy, poster, told));
    }

    // Every line is cut so often while everybody talks; then the talk ends, and the lines hold.
    let quiet = CancellationToken::new();
    let (mut talking, mut cutting, mut views) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for (direct, (proxy, poster, told)) in users.iter().zip(lines) {
        talking.spawn(talk(direct.clone(), poster, quiet.clone(), rng.fork()));
        cutting.spawn(cut_off(proxy, cuts, told.clone(), rng.fork()));
        views.push(told);
    }
    let _proxies = cutting.join_all().await;
    quiet.cancel();
    let receipts = talking.join_all().await.concat();

    let last = last_seq(&users[0]).await;
    let log = log(&users[0], begin).await;
    assert_eq!(log.seq, last);
    assert_eq!(log.shown(), View::of(&history(&users[0]).await, last));
    is_told_once(&log, &receipts);
    for (n, mut told) in views.into_iter().enumerate() {
        let caught_up = told.wait_for(|told| told.view.seq >= last);
        let caught_up = tokio::time::timeout(Duration::from_mins(1), caught_up).await;
        let told = caught_up.expect("it never caught up").unwrap().clone();
        assert!(
            told.connected > cuts,
            "user{n} connected {} times",
            told.connected
        );
        for (id, message) in &log.messages {
            assert_eq!(told.view.messages.get(id), Some(message), "user{n}, message {id}");
        }
        assert_eq!(told.view, log, "user{n}");
    }
}

/// What was acknowledged is in the log, at its place, and nothing is there but that.
fn is_told_once(log: &View, receipts: &[Receipt]) {
    assert_eq!(log.messages.len(), receipts.len());
    for receipt in receipts {
        let stored = log.messages.get(&receipt.id).map(|message| message.seq);
        assert_eq!(stored, Some(receipt.seq), "{receipt:?}");
    }
}

/// What the log of the plain room comes to, from a place on.
async fn log(client: &Client, after: u64) -> View {
    let mut view = View {
        seq: after,
        ..View::default()
    };
    loop {
        let path = format!("/api/messages?room_id=1&limit=100&after={}", view.seq);
        let page = client.get(&path).await.unwrap().success().unwrap();
        for frame in page["events"].as_array().unwrap() {
            view.take(place(frame), frame);
        }
        if page["has_more"] == false {
            return view;
        }
    }
}

fn place(frame: &serde_json::Value) -> u64 {
    let seq = match frame["type"].as_str().unwrap() {
        "new_message" => &frame["message"]["seq"],
        "withheld" => &frame["to_seq"],
        _ => &frame["seq"],
    };
    seq.as_u64().unwrap()
}

async fn last_seq(client: &Client) -> u64 {
    let rooms = client.get("/api/rooms").await.unwrap().success().unwrap();
    rooms["rooms"][0]["last_seq"].as_u64().unwrap()
}

async fn listen(mut follower: Follower, told: watch::Sender<Told>) {
    while let Some(followed) = follower.next().await {
        match followed {
            Followed::Connected(_) => told.send_modify(|told| told.connected += 1),
            Followed::Event { seq, frame, .. } => told.send_modify(|told| told.view.take(seq, &frame)),
            Followed::Other(frame) => assert_ne!(frame["type"], "error", "{frame}"),
            Followed::Directory(_) | Followed::State { .. } | Followed::Recovered => {
                panic!("nobody here has keys")
            }
            Followed::Disconnected => {}
            Followed::Ended(code) => panic!("sent away with {code}"),
        }
    }
}

/// Cuts a line so often, each time when it had come back; the line is returned, for it is to hold from then on.
async fn cut_off(proxy: Proxy, cuts: usize, mut told: watch::Receiver<Told>, mut rng: Rng) -> Proxy {
    for _ in 0..cuts {
        let before = told.borrow_and_update().connected;
        let how = match rng.u8(..4) {
            0 => Cut::Fin,
            1 => Cut::Rst,
            // Longer than the client waits.
            2 => Cut::Stall(PATIENCE.silence * 3 / 2),
            _ => Cut::HalfOpen,
        };
        proxy.cut(how).await;
        let came_back = told.wait_for(|told| told.connected > before);
        if tokio::time::timeout(UNNOTICED, came_back).await.is_err() {
            // On a busy machine a client may see what was stalled before it sees that nothing came.
            proxy.cut(Cut::Rst).await;
            told.wait_for(|told| told.connected > before).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
    }
    proxy
}

/// Says something again and again, and now and then changes what it said, until it is to be quiet. Returns what the
/// server has acknowledged: everything in the end.
async fn talk(direct: Client, poster: Poster, quiet: CancellationToken, mut rng: Rng) -> Vec<Receipt> {
    let mut ticks = tokio::time::interval(PACE);
    let (mut posts, mut receipts) = (JoinSet::new(), Vec::<Receipt>::new());
    for n in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            () = quiet.cancelled() => break,
        }
        let poster = poster.clone();
        posts.spawn(async move { post(&poster, format!("message {n}")).await.unwrap() });
        while let Some(receipt) = posts.try_join_next() {
            receipts.push(receipt.unwrap());
        }
        if let Some(one) = rng.choice(&receipts) {
            change(&direct, one.id, rng.u8(..10)).await;
        }
    }
    receipts.extend(posts.join_all().await);
    receipts
}

async fn post(poster: &Poster, content: String) -> Result<Receipt, ClientError> {
    let new = NewMessage {
        room_id: None,
        content,
        client_id: None,
    };
    poster.post(new).await
}

async fn change(client: &Client, id: u64, which: u8) {
    let (path, body) = match which {
        0 => ("delete-message", json!({})),
        1 => ("edit-message", json!({ "content": format!("{id}, once more") })),
        2 => ("react", json!({ "emoji": "👍", "added": true })),
        3 => ("react", json!({ "emoji": "👍", "added": false })),
        _ => return,
    };
    let mut body = body;
    body["message_id"] = id.into();
    let answer = client.post(&format!("/api/{path}"), &body).await.unwrap();
    // What was deleted before can be neither edited nor reacted to.
    assert!(
        matches!(answer.status, 200 | 404 | 409),
        "{path}: {}",
        answer.body
    );
}
