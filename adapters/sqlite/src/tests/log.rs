//! The write-ahead log stays small, whoever reads meanwhile.

use std::sync::Arc;
use std::time::Duration;

use chat_domain::{RoomId, User};
use chat_ports::{MessageStore, Page, StoreError};
use tokio::{sync::watch, task::JoinSet};

use super::sample::{Sample, rounds, say};
use crate::rows;

const MIB: u64 = 1 << 20;
const WRITERS: usize = 256;
const READERS: usize = 3;

/// A store under load.
struct Load {
    sample: Sample,
    author: User,
    room: RoomId,
    is_over: watch::Sender<bool>,
    /// How large the log was at most.
    largest: watch::Sender<u64>,
}

impl Load {
    async fn new() -> Self {
        let sample = Sample::new();
        let author = sample.user("ada").await;
        let room = sample.room(&author, "tides").await;
        Self {
            sample,
            author,
            room,
            is_over: watch::Sender::new(false),
            largest: watch::Sender::new(0),
        }
    }

    fn log_size(&self) -> u64 {
        std::fs::metadata(self.sample.path("chat.db-wal")).map_or(0, |found| found.len())
    }

    /// Says something long again and again.
    async fn write(self: Arc<Self>) {
        let text = "x".repeat(16_000);
        let draft = self.sample.draft(&self.author, self.room, say(&text, None)).await;
        while !*self.is_over.borrow() {
            self.sample.store.append_message(draft.clone()).await.unwrap();
            let size = self.log_size();
            self.largest
                .send_if_modified(|largest| std::mem::replace(largest, size.max(*largest)) < size);
        }
    }

    async fn read(self: Arc<Self>) {
        let newest = Page::Newest { offset: 0, most: 5 };
        while !*self.is_over.borrow() {
            self.sample.store.page_messages(self.room, newest).await.unwrap();
        }
    }

    /// Reads on and on, and holds on to what there was, for as long as it is let.
    async fn read_without_end(&self) -> Result<Option<u64>, StoreError> {
        let endless = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up)
                       SELECT max(up.n) AS n FROM users, up";
        let reading = self
            .sample
            .store
            .read(move |connection, _| rows::one(connection, endless, [], |row| rows::number(row, "n")));
        in_time(reading).await
    }

    /// Nothing is written any more.
    async fn goes_back(&self) {
        in_time(async {
            while self.log_size() > 8 * MIB {
                self.sample.store.ping().await.unwrap();
            }
        })
        .await;
    }
}

async fn in_time<F: Future>(waited: F) -> F::Output {
    let deadline = Duration::from_mins(1);
    tokio::time::timeout(deadline, waited)
        .await
        .expect("it never ends")
}

fn writing(load: &Arc<Load>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..WRITERS {
        tasks.spawn(Arc::clone(load).write());
    }
    for _ in 0..READERS {
        tasks.spawn(Arc::clone(load).read());
    }
    tasks
}

/// While a reader holds on to what it saw, the log cannot be started over. It grows then, but the reader is ended and
/// the writer waits for that; and it is cut off in the end, also if nothing is written any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_bounded_and_goes_back_when_its_readers_have_ended() {
    let load = Arc::new(Load::new().await);
    let tasks = writing(&load);
    for _ in 0..rounds(1, 20) {
        let ended = load.read_without_end().await;
        assert!(matches!(ended, Err(StoreError::Busy)), "{ended:?}");
    }
    load.is_over.send_replace(true);
    tasks.join_all().await;
    let largest = *load.largest.borrow();
    assert!(largest > 32 * MIB, "{largest}: nobody was in the way");
    assert!(largest <= 64 * MIB, "{largest}");
    load.goes_back().await;
}

/// Somebody else's reader cannot be ended. Rather than wait for it again and again the log grows, and goes back later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_reads_holds_up_the_log_and_not_the_chat() {
    let load = Arc::new(Load::new().await);
    let stranger = load.sample.database();
    let holding = "BEGIN; SELECT count(*) FROM messages";
    stranger.execute_batch(holding).unwrap();
    let tasks = writing(&load);
    let mut largest = load.largest.subscribe();
    in_time(largest.wait_for(|largest| *largest > 80 * MIB))
        .await
        .unwrap();
    load.is_over.send_replace(true);
    tasks.join_all().await;
    assert!(load.log_size() > 80 * MIB);
    stranger.execute_batch("COMMIT").unwrap();
    load.goes_back().await;
}
