//! Who comes and goes leaves nothing behind.

use std::fs;
use std::time::Duration;

use chat_client::{Client, Socket};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    scale::rounds,
    server::{Server, directory},
    writers::DEADLINE,
};

/// Who come and go at the same time.
const PEOPLE: usize = 16;
/// Descriptors that may be more or less: readers of the database are opened as they are needed.
const LEEWAY: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_and_goes_leaves_no_descriptor_and_no_memory_behind() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(server.user(&format!("user{n}")).await);
    }
    let cycles = rounds(2_000, 20_000);
    // Whatever the server keeps for good it has made by then.
    come_and_go(&people, cycles / 5).await;
    let (descriptors, memory) = (descriptors(&server), memory(&server));
    come_and_go(&people, cycles).await;

    let near = descriptors.saturating_sub(LEEWAY)..=descriptors + LEEWAY;
    let mut looks = interval(Duration::from_millis(20));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let settled = async {
        while !near.contains(&self::descriptors(&server)) {
            looks.tick().await;
        }
    };
    let settled = timeout(DEADLINE, settled).await;
    let now = (self::descriptors(&server), self::memory(&server));
    println!(
        "before and after {cycles} cycles: {descriptors} and {} descriptors, {memory} and {} KiB",
        now.0, now.1
    );
    assert!(settled.is_ok(), "{descriptors} descriptors became {}", now.0);
    assert!(now.1 <= memory + memory / 10, "{memory} KiB became {}", now.1);
}

async fn come_and_go(people: &[Client], cycles: usize) {
    let mut coming = JoinSet::new();
    for client in people {
        let (client, cycles) = (client.clone(), cycles / people.len());
        coming.spawn(async move {
            for n in 0..cycles {
                visit(&client, n).await;
            }
        });
    }
    coming.join_all().await;
}

/// Comes, says something and goes: mostly after the answer, sometimes before it, sometimes without a word.
async fn visit(client: &Client, n: usize) {
    if n.is_multiple_of(10) {
        drop(Socket::connect(client.authority()).await.unwrap());
        return;
    }
    let mut socket = client.socket().await.unwrap();
    socket.say("only passing by").await.unwrap();
    if n % 10 != 1 {
        socket.next_of("ack").await.unwrap().unwrap();
    }
}

fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid()))
        .unwrap()
        .count()
}

/// Resident memory in KiB.
fn memory(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
