//! Two people talk; what they said is there after a crash.

use crate::server::{Server, directory, hear, history};

#[tokio::test]
async fn two_people_talk_both_ways_in_order() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let (mut a, mut b) = (ada.socket().await.unwrap(), bea.socket().await.unwrap());
    for i in 0..20 {
        let socket = if i % 2 == 0 { &mut a } else { &mut b };
        socket.say(&format!("message {i}")).await.unwrap();
        socket.next_of("ack").await.unwrap().unwrap();
    }
    bea.say("and by REST").await.unwrap();
    let expected: Vec<String> = (0..20)
        .map(|i| format!("message {i}"))
        .chain(["and by REST".to_owned()])
        .collect();
    let stored: Vec<String> = history(&ada)
        .await
        .iter()
        .map(|m| m["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(stored, expected);
    // Each has passed over the frames before its own acknowledgements, which may overtake what others said; the end of
    // the talk is still to come, in order.
    let mut heard = hear(&mut b, 1).await;
    while heard.last().is_some_and(|last| last != "and by REST") {
        heard.extend(hear(&mut b, 1).await);
    }
    assert!(heard.len() >= 2 && expected.ends_with(&heard), "{heard:?}");
}

#[tokio::test]
async fn everybody_hears_the_same_order() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut listeners = Vec::new();
    for name in ["ada", "bea", "cid"] {
        listeners.push(server.user(name).await.socket().await.unwrap());
    }
    let mut speakers = tokio::task::JoinSet::new();
    for i in 0..8 {
        let client = server.user(&format!("speaker_{i}")).await;
        speakers.spawn(async move {
            for n in 0..25 {
                client.say(&format!("{i}/{n}")).await.unwrap();
            }
        });
    }
    speakers.join_all().await;
    let first = hear(&mut listeners[0], 200).await;
    for listener in &mut listeners[1..] {
        assert_eq!(hear(listener, 200).await, first);
    }
    let stored: Vec<String> = history(&server.user("late").await)
        .await
        .iter()
        .map(|m| m["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(stored, first);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let mut socket = ada.socket().await.unwrap();
    let mut acknowledged = Vec::new();
    for i in 0..50 {
        let frame = serde_json::json!({
            "type": "message", "content": format!("message {i}"), "message_type": "text", "client_id": format!("c{i}"),
        });
        socket.send(&frame).await.unwrap();
        let ack = socket.next_of("ack").await.unwrap().unwrap();
        acknowledged.push((ack["seq"].as_u64().unwrap(), ack["id"].as_u64().unwrap()));
    }
    server.kill();

    let server = Server::start(directory.path());
    let mut ada = server.client();
    ada.sign_in("ada", crate::server::PASSWORD).await.unwrap();
    let stored = history(&ada).await;
    let places: Vec<(u64, u64)> = stored
        .iter()
        .map(|m| (m["seq"].as_u64().unwrap(), m["id"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, acknowledged);
    // Sent again after the crash, it is still the first one.
    let again = serde_json::json!({ "content": "message 49", "message_type": "text", "client_id": "c49" });
    let answer = ada.post("/api/send-message", &again).await.unwrap();
    assert_eq!(
        (answer.status, answer.body["message"]["id"].as_u64()),
        (200, Some(acknowledged[49].1))
    );
    let other = serde_json::json!({ "content": "another", "message_type": "text", "client_id": "c49" });
    let answer = ada.post("/api/send-message", &other).await.unwrap();
    assert_eq!((answer.status, answer.code()), (409, "client_id_conflict"));
    assert_eq!(history(&ada).await.len(), 50);
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let token = ada.token().unwrap().to_owned();
    assert!(server.stop("-TERM").success());
    let server = Server::start(directory.path());
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server
        .client()
        .request(http::Method::GET, "/api/session", &headers, None)
        .await
        .unwrap();
    assert_eq!(answer.body["user"]["username"], "ada");
}

#[tokio::test]
async fn an_ack_comes_before_the_message_itself_and_alone_names_the_client_id_to_its_author() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (mut a, mut b) = (
        server.user("ada").await.socket().await.unwrap(),
        server.user("bea").await.socket().await.unwrap(),
    );
    for i in 0..20 {
        let id = format!("c{i}");
        let frame = serde_json::json!({ "type": "message", "content": "hi", "message_type": "text", "client_id": id });
        a.send(&frame).await.unwrap();
        let ack = loop {
            let frame = a.next().await.unwrap().unwrap();
            assert_ne!(frame["type"], "new_message", "before its ack");
            if frame["type"] == "ack" {
                break frame;
            }
        };
        let own = a.next_of("new_message").await.unwrap().unwrap();
        assert_eq!(
            (&own["message"]["seq"], &own["message"]["client_id"]),
            (&ack["seq"], &ack["client_id"])
        );
        let theirs = b.next_of("new_message").await.unwrap().unwrap();
        assert_eq!(
            (&theirs["message"]["seq"], theirs["message"].get("client_id")),
            (&ack["seq"], None)
        );
    }
}

#[tokio::test]
async fn what_one_says_without_waiting_keeps_its_order() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut socket = server.user("ada").await.socket().await.unwrap();
    let said: Vec<String> = (0..300).map(|n| format!("c{n}")).collect();
    for client_id in &said {
        let frame = serde_json::json!({
            "type": "message", "content": client_id, "message_type": "text", "client_id": client_id,
        });
        socket.send(&frame).await.unwrap();
    }
    let (mut acknowledged, mut heard, mut last) = (Vec::new(), Vec::new(), 0);
    while heard.len() < said.len() {
        let frame = socket.next().await.unwrap().unwrap();
        match frame["type"].as_str().unwrap() {
            "ack" => {
                let seq = frame["seq"].as_u64().unwrap();
                assert!(seq > last, "{seq} after {last}");
                last = seq;
                acknowledged.push(frame["client_id"].as_str().unwrap().to_owned());
            }
            "new_message" => heard.push(frame["message"]["content"].as_str().unwrap().to_owned()),
            _ => {}
        }
    }
    assert_eq!(acknowledged, said);
    assert_eq!(heard, said);
}
