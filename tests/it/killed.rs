//! What was acknowledged is there for good, whenever the server is ended.

use crate::{
    checker,
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
