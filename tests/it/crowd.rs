//! More connections than there is room for.

use std::io::{BufRead, BufReader};

use tokio::time::timeout;

use crate::{
    raw::{PATIENCE, Raw},
    server::{Server, directory},
};

/// A connection that is served, as soon as there is room for one.
async fn served(authority: &str) -> Raw {
    let in_time = timeout(PATIENCE, async {
        loop {
            let mut raw = Raw::connect(authority).await;
            if raw.get("/healthz").await == Some(200) {
                return raw;
            }
            tokio::task::yield_now().await;
        }
    });
    in_time.await.expect("there is never room again")
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_another_its_own() {
    let directory = directory();
    let limit = [("MAX_CONNECTIONS_PER_ADDRESS", "4")];
    let server = Server::start_with(directory.path(), &[], &limit);
    let address = server.client().authority().to_owned();
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(served(&address).await);
    }
    for _ in 0..10 {
        let mut refused = Raw::connect(&address).await;
        assert_eq!(refused.rest().await, b"", "it is closed, and nothing is said");
    }
    assert_eq!(
        Raw::connect_from("127.0.0.2", &address)
            .await
            .get("/healthz")
            .await,
        Some(200)
    );
    for raw in &mut open {
        assert_eq!(raw.get("/healthz").await, Some(200), "who is there is served");
    }
    open.pop();
    open.push(served(&address).await);
    assert_eq!(Raw::connect(&address).await.rest().await, b"");
}

#[tokio::test]
async fn a_socket_keeps_its_place_until_it_ends() {
    let directory = directory();
    let limit = [("MAX_CONNECTIONS_PER_ADDRESS", "1")];
    let server = Server::start_with(directory.path(), &[], &limit);
    let ada = server.user("ada").await;
    let opened = async {
        loop {
            match ada.socket().await {
                Ok(socket) => return socket,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let mut socket = timeout(PATIENCE, opened)
        .await
        .expect("there is never room again");
    assert_eq!(Raw::connect(server.client().authority()).await.rest().await, b"");
    socket.say("I am there").await.unwrap();
    assert!(socket.next_of("ack").await.unwrap().is_some());
    drop(socket);
    served(server.client().authority()).await;
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_it_wants() {
    let directory = directory();
    let environment = [
        ("MAX_CONNECTIONS_PER_ADDRESS", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let server = Server::start_with(directory.path(), &[], &environment);
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut raw = Raw::connect(server.client().authority()).await;
        assert_eq!(raw.get("/healthz").await, Some(200));
        open.push(raw);
    }
}

#[tokio::test]
async fn a_server_without_descriptors_goes_on_and_recovers() {
    let directory = directory();
    let limits = [("MAX_CONNECTIONS_PER_ADDRESS", "1000")];
    let mut server = Server::start_with_few_descriptors(directory.path(), 64, &limits);
    let mut log = BufReader::new(server.log()).lines();
    let ada = server.user("ada").await;
    let mut socket = ada.socket().await.unwrap();

    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(Raw::connect(ada.authority()).await);
    }
    let told = tokio::task::spawn_blocking(move || {
        let told = log.any(|line| line.unwrap().contains("no connection can be accepted"));
        (log, told)
    });
    let (_log, told) = timeout(PATIENCE, told)
        .await
        .expect("it accepts them all")
        .unwrap();
    assert!(told);
    socket.say("is anybody there?").await.unwrap();
    assert!(
        socket.next_of("ack").await.unwrap().is_some(),
        "who was there before is served"
    );

    drop(crowd);
    served(ada.authority()).await;
    ada.say("there is room again").await.unwrap();
    assert!(server.user("bea").await.socket().await.is_ok());
    assert!(server.stop("-TERM").success());
}
