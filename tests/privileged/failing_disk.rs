//! A disk that does not take what it is given.

use std::fs::{self, File};
use std::process::Command;

use fastrand::Rng;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    checker, run,
    scale::{chance, rounds},
    server::{Server, directory},
    strace::{self, SYNCS},
    writers::{DEADLINE, Writers},
};

pub(crate) fn the_log() {
    run(async {
        let directory = directory();
        let failing = strace::failing(directory.path(), Some("chat.db-wal"), SYNCS, "EIO", "20..25");
        let said = goes_on(&directory, failing, chance("the_log"), "internal").await;
        assert_eq!(lines(&said, "writes fail"), 1, "{said}");
        assert_eq!(lines(&said, "takes writes again"), 1, "{said}");
    });
}

pub(crate) fn no_room() {
    run(async {
        let directory = directory();
        let failing = strace::failing(directory.path(), None, "pwrite64", "ENOSPC", "200..230");
        let said = goes_on(&directory, failing, chance("no_room"), "storage_full").await;
        assert!(lines(&said, "the disk is full") > 0, "{said}");
        assert_eq!(
            lines(&said, "the disk is full"),
            lines(&said, "takes writes again")
        );
    });
}

pub(crate) fn the_database() {
    run(async {
        let directory = directory();
        let writers = begin(&directory, chance("the_database")).await;
        let log = directory.path().join("said");
        let mut failing = strace::failing(directory.path(), Some("chat.db"), SYNCS, "EIO", "1+");
        failing.stderr(File::create(&log).unwrap());
        let mut server = Server::spawn(&mut failing).unwrap();
        writers.moved(&server);
        // Once the log is large enough to be copied.
        let status = timeout(DEADLINE, server.ended()).await.unwrap();
        assert_eq!(status.code(), Some(1), "{status}");
        let said = fs::read_to_string(&log).unwrap();
        let last_words = "secure-chat: the database cannot be kept on this disk";
        assert_eq!(lines(&said, last_words), 1, "{said}");
        nothing_is_lost(&directory, writers).await;
    });
}

/// Whatever it is that cannot be synced, the server goes on or ends in good order.
pub(crate) fn any_file() {
    run(async {
        let directory = directory();
        let mut rng = chance("any_file");
        let writers = begin(&directory, rng.fork()).await;
        for _ in 0..rounds(3, 50) {
            let from = rng.usize(1..30);
            let when = format!("{from}..{}", from + rng.usize(..6));
            let mut failing = strace::failing(directory.path(), None, SYNCS, "EIO", &when);
            match Server::spawn(&mut failing) {
                Ok(mut server) => {
                    writers.moved(&server);
                    tokio::select! {
                        () = writers.acknowledged(200) => {}
                        status = server.ended() => assert_eq!(status.code(), Some(1), "{when}"),
                    }
                    server.kill();
                }
                Err(ended) => assert_eq!(ended.status.code(), Some(1), "{when}"),
            }
            checker::check(&writers.journal(), directory.path());
        }
        nothing_is_lost(&directory, writers).await;
    });
}

/// Lets eight begin to write. The server that they began with has stopped.
async fn begin(directory: &TempDir, mut rng: Rng) -> Writers {
    let server = Server::start_apart(directory.path());
    let writers = Writers::begin(&server, &mut rng).await;
    writers.acknowledged(10).await;
    assert!(server.stop("-TERM").success());
    // The start that follows has nothing to copy.
    checker::empty_log(directory.path());
    writers
}

/// Lets eight write to a server that cannot for a while, which says so and nothing else, goes on being read, and goes
/// on writing by itself; and loses nothing when it is killed. Returns its log.
async fn goes_on(directory: &TempDir, mut failing: Command, rng: Rng, code: &str) -> String {
    let writers = begin(directory, rng).await;
    let log = directory.path().join("said");
    failing.stderr(File::create(&log).unwrap());
    let server = Server::spawn(&mut failing).unwrap();
    writers.moved(&server);
    writers.refused(1).await;
    let client = writers.client();
    for path in ["/api/messages", "/healthz", "/readyz"] {
        assert_eq!(client.get(path).await.unwrap().status, 200, "{path}");
    }
    writers.acknowledged(100).await;
    assert_eq!(client.get("/readyz").await.unwrap().body["status"], "ready");
    assert_eq!(writers.journal().refusals.keys().collect::<Vec<_>>(), [code]);
    server.kill();
    nothing_is_lost(directory, writers).await;
    fs::read_to_string(log).unwrap()
}

/// The server has ended; the next one goes on from there.
async fn nothing_is_lost(directory: &TempDir, writers: Writers) {
    checker::check(&writers.journal(), directory.path());
    let server = Server::start_apart(directory.path());
    writers.moved(&server);
    writers.acknowledged(20).await;
    let client = writers.client();
    let journal = writers.finish().await;
    checker::check_view(&journal, &client).await;
    server.kill();
    checker::check(&journal, directory.path());
}

fn lines(text: &str, words: &str) -> usize {
    text.lines().filter(|line| line.contains(words)).count()
}
