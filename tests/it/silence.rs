//! Clients that are not there any more, or have never been, and a server that is told to stop: the real deadlines.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::{
    handshake,
    proxy::{Cut, Proxy},
    raw::Raw,
    scale::rounds,
    server::{Server, directory},
};

/// Ten seconds pass here.
#[tokio::test]
async fn who_never_says_who_they_are_is_told_so_and_hung_up_on() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut raw = Raw::connect(server.client().authority()).await;
    raw.say(handshake::opening()).await;
    assert_eq!(raw.head().await.unwrap().status, 101);
    let last = raw.rest().await;
    assert_eq!(
        last[..2],
        [0x88, u8::try_from(last.len() - 2).unwrap()],
        "one close"
    );
    assert_eq!(last[2..4], 4001u16.to_be_bytes());
}

/// A minute passes here.
#[tokio::test]
async fn who_is_gone_without_a_word_is_told_to_the_others_within_a_minute() {
    if rounds(0, 1) == 0 {
        println!(
            "who_is_gone_without_a_word_is_told_to_the_others_within_a_minute: left out, for it waits for a minute; \
             CHAT_TEST_SCALE=full waits"
        );
        return;
    }
    let directory = directory();
    let server = Server::start(directory.path());
    let mut watcher = server.user("ada").await.socket().await.unwrap();
    let line = Proxy::to(server.address()).await;
    let mut bea = chat_client::Client::new(line.address()).unwrap();
    bea.register("bea", crate::server::PASSWORD).await.unwrap();
    let _silent = bea.socket().await.unwrap();
    watcher.next_of("user_joined").await.unwrap().unwrap();
    line.cut(Cut::HalfOpen).await;
    let told = timeout(Duration::from_mins(1), watcher.next_of("user_left")).await;
    let told = told.expect("the dead are still there").unwrap().unwrap();
    assert_eq!(told["user"]["username"], json!("bea"));
    // Who asks and is answered all that time stays.
    watcher.say("I am still there").await.unwrap();
    assert!(watcher.next_of("ack").await.unwrap().is_some());
}
