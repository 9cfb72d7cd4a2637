//! One slow phone does not slow the room, and costs the server a bounded buffer.

use std::net::SocketAddr;

use chat_client::{Client, Socket};
use serde_json::{Value, json};
use tokio::{net::TcpSocket, task::JoinSet};

use crate::{
    scale::rounds,
    server::{Server, directory},
};

/// Messages after which those who stalled read on: by then too much has waited for every one of them.
const ENOUGH: u64 = 1_000;
/// Messages on their way at once.
const WINDOW: u64 = 64;
/// Of those who stalled, so many read everything afterwards; for the others it is enough to have been told to come back.
const CATCHING_UP: usize = 10;
/// Those who read what comes.
const READERS: usize = 4;
/// What a stalled reader's kernel takes for it.
const RECEIVE_BUFFER: u32 = 4 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_readers_cost_a_bounded_buffer_and_catch_up_later() {
    let (stalled, messages) = (rounds(10, 100), rounds(1_200, 20_000) as u64);
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("MAX_SOCKETS_PER_USER", "200")]);
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let mut slow = Vec::new();
    for _ in 0..stalled {
        slow.push(slow_socket(&bea).await);
    }
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let socket = bea.socket().await.unwrap();
        reading.spawn(reads_everything(socket, messages));
    }
    let begin = slow[0].greeting()["rooms"][0]["last_seq"].as_u64().unwrap();

    server.forget_peak_memory();
    let before = server.peak_memory();
    let mut talker = ada.socket().await.unwrap();
    says(&mut talker, ENOUGH).await;
    let mut cut_off = JoinSet::new();
    for socket in slow {
        cut_off.spawn(is_cut_off(socket, begin));
    }
    let last = says(&mut talker, messages - ENOUGH).await;
    assert_eq!(last, begin + messages);
    assert_eq!(reading.join_all().await, [last; READERS]);
    let grown = server.peak_memory().saturating_sub(before);
    println!(
        "{stalled} stalled readers, {messages} messages of 1 KiB: {} KiB more memory",
        grown / 1024
    );
    assert!(grown < 64 * 1024 * 1024, "{grown} bytes");
    let heard = cut_off.join_all().await;
    assert_eq!(heard.len(), stalled);
    let mut catching_up = JoinSet::new();
    for heard in heard.into_iter().take(CATCHING_UP) {
        catching_up.spawn(catches_up(bea.clone(), heard));
    }
    assert_eq!(catching_up.join_all().await, [last; CATCHING_UP]);
}

/// A socket whose kernel holds next to nothing for it.
async fn slow_socket(client: &Client) -> Socket {
    let address: SocketAddr = client.authority().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let mut socket = Socket::open(stream, client.authority()).await.unwrap();
    socket.authenticate(client.token()).await.unwrap();
    socket
}

/// Says so many things of 1 KiB; returns the place of the last.
async fn says(socket: &mut Socket, count: u64) -> u64 {
    let (mut sent, mut last) = (0, 0);
    for acknowledged in 0..count {
        while sent < count.min(acknowledged + WINDOW) {
            socket.say(&"x".repeat(1_024)).await.unwrap();
            sent += 1;
        }
        let ack = socket.next_of("ack").await.unwrap().unwrap();
        last = ack["seq"].as_u64().unwrap();
    }
    last
}

/// Reads so many messages, which must come in order; returns the place of the last.
async fn reads_everything(mut socket: Socket, count: u64) -> u64 {
    let mut last = socket.greeting()["rooms"][0]["last_seq"].as_u64().unwrap();
    for _ in 0..count {
        let frame = socket.next_of("new_message").await.unwrap().unwrap();
        assert_eq!(place(&frame), last + 1);
        last += 1;
    }
    last
}

/// Reads what is still to be had and is told that it was too slow. Returns the place of the last event that it heard.
async fn is_cut_off(mut socket: Socket, begin: u64) -> u64 {
    let mut last = begin;
    while let Some(frame) = socket.next().await.unwrap() {
        if frame["type"] == "new_message" {
            assert_eq!(place(&frame), last + 1);
            last += 1;
        }
    }
    assert_eq!(socket.closed().unwrap().code, 4009);
    last
}

/// Comes back and has everything in the end. Returns the place of the last event.
async fn catches_up(client: Client, mut last: u64) -> u64 {
    let mut socket = Socket::connect(client.authority()).await.unwrap();
    let resume = json!([{ "room_id": 1, "after_seq": last }]);
    socket
        .authenticate_from(client.token(), &resume, None)
        .await
        .unwrap();
    loop {
        let frame = socket.next().await.unwrap().unwrap();
        match frame["type"].as_str().unwrap() {
            "new_message" => {
                assert_eq!(place(&frame), last + 1);
                last += 1;
            }
            "resumed" if frame["complete"] == true => return last,
            // Too much for the socket: the rest is read as history.
            "resumed" => return reads_history(&client, last).await,
            _ => {}
        }
    }
}

async fn reads_history(client: &Client, mut last: u64) -> u64 {
    loop {
        let path = format!("/api/messages?room_id=1&limit=100&after={last}");
        let page = client.get(&path).await.unwrap().success().unwrap();
        for frame in page["events"].as_array().unwrap() {
            assert_eq!(place(frame), last + 1);
            last += 1;
        }
        if page["has_more"] == false {
            return last;
        }
    }
}

fn place(frame: &Value) -> u64 {
    frame["message"]["seq"].as_u64().unwrap()
}
