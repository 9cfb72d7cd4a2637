//! Killed at a chosen call, with eight who write.

use tokio::time::timeout;

use crate::{
    checker, run,
    scale::chance,
    server::{Server, directory},
    strace::{self, SYNCS, spread},
    writers::{DEADLINE, Writers},
};

pub(crate) fn any_sync() {
    run(killed_at_any("any_sync", SYNCS));
}

pub(crate) fn any_write() {
    run(killed_at_any("any_write", "pwrite64"));
}

async fn killed_at_any(test: &str, calls: &str) {
    let directory = directory();
    let mut rng = chance(test);
    let server = Server::start_apart(directory.path());
    let writers = Writers::begin(&server, &mut rng).await;
    writers.acknowledged(10).await;
    server.kill();
    for nth in spread(100, 10) {
        // The first calls are those of the start itself, which is that of a server that was killed before.
        let status = match Server::spawn(&mut strace::killed_at(directory.path(), calls, nth)) {
            Ok(mut server) => {
                writers.moved(&server);
                let ended = timeout(DEADLINE, server.ended()).await;
                ended.unwrap_or_else(|_| panic!("there was no call {nth}"))
            }
            Err(ended) => ended.status,
        };
        assert!(strace::was_killed(status), "call {nth}: {status}");
        checker::check(&writers.journal(), directory.path());
    }
    let server = Server::start_apart(directory.path());
    writers.moved(&server);
    let client = writers.client();
    let journal = writers.finish().await;
    checker::check_view(&journal, &client).await;
    server.kill();
    checker::check(&journal, directory.path());
    println!("{test}: {} acknowledged", journal.acknowledged());
}
