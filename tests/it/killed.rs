//! What was acknowledged is there for good, whenever the server is ended.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;

use crate::{
    checker,
    journal::{Deed, Journal, Receipt},
    scale::{chance, rounds},
    server::{Server, directory},
    writers::Writers,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_ended_what_was_acknowledged_is_there_once_and_in_order() {
    let directory = directory();
    let mut rng = chance("whenever_it_is_ended_what_was_acknowledged_is_there_once_and_in_order");
    let mut server = Server::start_apart(directory.path());
    let writers = Writers::begin(&server, &mut rng).await;
    for round in 0..rounds(10, 50) {
        // From the very beginning to where the log has been cut off.
        writers.acknowledged(1 << rng.u32(0..10)).await;
        if round % 5 == 4 {
            assert!(server.stop("-TERM").success());
        } else {
            server.kill();
        }
        checker::check(&writers.journal(), directory.path());
        server = Server::start_apart(directory.path());
        writers.moved(&server);
    }
    let client = writers.client();
    let journal = writers.finish().await;
    assert_eq!(journal.refused(), 0, "{:?}", journal.refusals);
    checker::check_view(&journal, &client).await;
    server.kill();
    checker::check(&journal, directory.path());
    println!("{} acknowledged", journal.acknowledged());
}

/// The test of the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_planted_is_found() {
    let directory = directory();
    let server = Server::start_apart(directory.path());
    let writers = Writers::begin(&server, &mut chance("what_is_planted_is_found")).await;
    writers.acknowledged(100).await;
    let journal = writers.finish().await;
    server.kill();
    checker::check(&journal, directory.path());

    let is_found = |plant: &dyn Fn(&mut Journal)| {
        let mut planted = journal.clone();
        plant(&mut planted);
        catch_unwind(AssertUnwindSafe(|| checker::check(&planted, directory.path()))).is_err()
    };
    assert!(!is_found(&|_| ()));
    let lost = |journal: &mut Journal| {
        let entry = journal.says(1, 1, "lost".into(), "lost".into());
        journal.said[entry].stored = Some(Receipt { id: 1, seq: 1, at: 1 });
    };
    assert!(is_found(&lost), "acknowledged and not stored");
    let elsewhere = |journal: &mut Journal| journal.said[0].stored.as_mut().unwrap().seq += 1;
    assert!(is_found(&elsewhere), "stored at another place than told");
    assert!(
        is_found(&|journal| drop(journal.said.remove(0))),
        "stored and not said"
    );
    let undone = |journal: &mut Journal| {
        let entry = journal.does(1, 1, Deed::Topic("lost".into()));
        journal.acknowledge(entry);
    };
    assert!(is_found(&undone), "acknowledged and not done");
    assert!(is_found(&|journal| journal.done.clear()), "done by nobody");
    let late = |journal: &mut Journal| journal.said[0].began = u64::MAX;
    assert!(
        is_found(&late),
        "begun after others were acknowledged, and before them"
    );

    let database = Connection::open(directory.path().join("chat.db")).unwrap();
    let unacknowledged = "INSERT INTO messages (room_id, seq, event, user_id, created_at)
                          SELECT id, last_seq + 2, 'settings', 1, 1 FROM rooms WHERE id = 1";
    database.execute(unacknowledged, []).unwrap();
    assert!(is_found(&|_| ()), "a gap");
}
