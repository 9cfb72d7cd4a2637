//! A disk that is full.

use std::path::PathBuf;

use chat_client::Client;
use rusqlite::Connection;
use serde_json::json;

use crate::{
    checker,
    disk::Disk,
    run,
    scale::chance,
    server::{PASSWORD, Server},
    writers::Writers,
};

/// Messages that one socket sends although none of them is taken: more than a client may be refused for its own fault.
const IN_VAIN: usize = 25;

pub(crate) fn refuses_and_resumes() {
    run(async {
        let (disk, data) = disk(24);
        let server = Server::start_apart(&data);
        let ada = server.user("ada").await;
        ada.say("while there is room").await.unwrap();
        server.kill();
        a_while_passes(&data);

        let server = Server::start_apart(&data);
        let writers = Writers::begin(&server, &mut chance("refuses_and_resumes")).await;
        writers.acknowledged(50).await;
        disk.fill();
        // Each of them, and more than once.
        writers.refused(50).await;
        let ada = ada.at(server.address()).unwrap();
        reads_and_refuses(&ada).await;
        disk.free();
        resumes(&server, writers, &data).await;
    });
}

pub(crate) fn filled_by_what_is_said() {
    run(async {
        let (disk, data) = disk(8);
        let server = Server::start_apart(&data);
        let ada = server.user("ada").await;
        ada.say("while there is room").await.unwrap();
        let writers = Writers::begin(&server, &mut chance("filled_by_what_is_said")).await;
        writers.refused(50).await;
        disk.grow(64);
        resumes(&server, writers, &data).await;
    });
}

pub(crate) fn started_on() {
    run(async {
        let (disk, data) = disk(24);
        let server = Server::start_apart(&data);
        let ada = server.user("ada").await;
        ada.say("while there is room").await.unwrap();
        let writers = Writers::begin(&server, &mut chance("started_on")).await;
        writers.acknowledged(50).await;
        disk.fill();
        writers.refused(10).await;
        server.kill();
        checker::check(&writers.journal(), &data);

        let server = Server::start_apart(&data);
        writers.moved(&server);
        reads_and_refuses(&ada.at(server.address()).unwrap()).await;
        disk.free();
        resumes(&server, writers, &data).await;
    });
}

fn disk(mebibytes: u32) -> (Disk, PathBuf) {
    let disk = Disk::mount(mebibytes).unwrap();
    let data = disk.path().join("data");
    (disk, data)
}

/// Every session was last used a while ago, so that its next use is worth noting down.
fn a_while_passes(data: &std::path::Path) {
    let database = Connection::open(data.join("chat.db")).unwrap();
    let sql = "UPDATE sessions SET last_used_at = last_used_at - 3600000";
    database.execute(sql, []).unwrap();
}

async fn reads_and_refuses(ada: &Client) {
    let said = json!({ "content": "in vain", "message_type": "text" });
    let refused = ada.post("/api/send-message", &said).await.unwrap();
    assert_eq!((refused.status, refused.code()), (507, "storage_full"));
    let refused = ada
        .clone()
        .sign_in("ada", PASSWORD)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("507") && refused.contains("storage_full"),
        "{refused}"
    );

    for path in ["/api/messages", "/api/rooms", "/api/session", "/healthz"] {
        assert_eq!(ada.get(path).await.unwrap().status, 200, "{path}");
    }
    let ready = ada.get("/readyz").await.unwrap();
    assert_eq!((ready.status, &ready.body["status"]), (200, &json!("degraded")));

    // Who is signed in comes in, and stays: it is not their fault.
    let mut socket = ada.socket().await.unwrap();
    for n in 0..IN_VAIN {
        let mut said = said.clone();
        said["type"] = "message".into();
        said["client_id"] = n.to_string().into();
        socket.send(&said).await.unwrap();
        let error = socket.next_of("error").await.unwrap().unwrap();
        assert_eq!(
            (&error["code"], &error["client_id"]),
            (&json!("storage_full"), &said["client_id"])
        );
    }
    socket.send(&json!({ "type": "ping" })).await.unwrap();
    socket.next_of("pong").await.unwrap().unwrap();
}

/// There is room again.
async fn resumes(server: &Server, writers: Writers, data: &std::path::Path) {
    writers.acknowledged(50).await;
    let client = writers.client();
    assert_eq!(client.get("/readyz").await.unwrap().body["status"], "ready");
    server.client().sign_in("ada", PASSWORD).await.unwrap();
    let journal = writers.finish().await;
    assert_eq!(journal.refusals.keys().collect::<Vec<_>>(), ["storage_full"]);
    checker::check_view(&journal, &client).await;
    server.signal("-KILL");
    checker::check(&journal, data);
}
