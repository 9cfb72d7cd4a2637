//! Rooms of mode `server`: making, entering, leaving, changing them, and who hears what meanwhile.

use chat_client::{Answer, Client, Socket};
use http::Method;
use serde_json::{Value, json};

use crate::server::{Server, directory};

async fn group(owner: &Client, name: &str, join: &str) -> u64 {
    let body = json!({ "name": name, "join": join });
    let made = owner.post("/api/rooms", &body).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["room"]["role"], "owner");
    made.body["room"]["id"].as_u64().unwrap()
}

async fn post(client: &Client, path: &str, body: Value) -> Answer {
    client.post(path, &body).await.unwrap()
}

async fn say(client: &Client, room: u64, content: &str) -> Answer {
    let body = json!({ "room_id": room, "content": content, "message_type": "text" });
    post(client, "/api/send-message", body).await
}

fn ids(rooms: &Value) -> Vec<u64> {
    let rooms = rooms["rooms"].as_array().unwrap().iter();
    rooms.map(|room| room["id"].as_u64().unwrap()).collect()
}

async fn next(socket: &mut Socket, kind: &str) -> Value {
    socket.next_of(kind).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_open_group_from_its_making_to_its_end() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let room = group(&ada, "tides", "open").await;
    let open = bea.get("/api/rooms?open=1").await.unwrap().success().unwrap();
    assert_eq!(ids(&open), [room]);
    assert_eq!(
        (&open["rooms"][0]["members"], &open["rooms"][0]["role"]),
        (&json!(1), &Value::Null)
    );

    let (mut a, mut b) = (ada.socket().await.unwrap(), bea.socket().await.unwrap());
    let joined = post(&bea, &format!("/api/rooms/{room}/join"), json!({})).await;
    assert_eq!(joined.status, 200);
    assert_eq!(next(&mut a, "member_joined").await["user"]["username"], "bea");
    let mine = next(&mut b, "member_joined").await;
    assert_eq!(
        (&mine["room_id"], &mine["seq"]),
        (&json!(room), &json!(2)),
        "the socket is in at once"
    );
    assert_eq!(say(&ada, room, "welcome").await.status, 201);
    assert_eq!(next(&mut b, "new_message").await["message"]["content"], "welcome");
    let again = post(&bea, &format!("/api/rooms/{room}/join"), json!({})).await;
    assert_eq!((again.status, again.code()), (409, "already_member"));

    let left = post(&bea, &format!("/api/rooms/{room}/leave"), json!({})).await;
    assert_eq!(left.status, 200);
    assert_eq!(next(&mut b, "member_left").await["user"]["username"], "bea");
    say(&ada, room, "just us").await;
    say(&ada, 1, "for all").await;
    let heard = next(&mut b, "new_message").await;
    assert_eq!(
        heard["message"]["content"], "for all",
        "nothing of a room after leaving it"
    );
    let read = bea.get(&format!("/api/messages?room_id={room}")).await.unwrap();
    assert_eq!((read.status, read.code()), (404, "not_found"));
    assert_eq!(say(&bea, room, "let me in").await.status, 404);
}

#[tokio::test]
async fn a_closed_group_does_not_exist_for_strangers() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea, eve) = (
        server.user("ada").await,
        server.user("bea").await,
        server.user("eve").await,
    );
    let room = group(&ada, "crew", "invite").await;
    let unknown = post(&eve, "/api/rooms/999/join", json!({})).await;
    let refused = post(&eve, &format!("/api/rooms/{room}/join"), json!({})).await;
    assert_eq!(
        (refused.status, &refused.body),
        (404, &unknown.body),
        "the same as unknown"
    );
    for path in ["join", "leave", "members", "read"] {
        let body = json!({ "username": "eve", "seq": 1 });
        let answer = post(&eve, &format!("/api/rooms/{room}/{path}"), body).await;
        assert_eq!((answer.status, &answer.body), (404, &unknown.body), "{path}");
    }
    assert!(ids(&eve.get("/api/rooms?open=1").await.unwrap().body).is_empty());

    let mut b = bea.socket().await.unwrap();
    let added = post(
        &ada,
        &format!("/api/rooms/{room}/members"),
        json!({ "username": "BEA" }),
    )
    .await;
    assert_eq!(
        (added.status, &added.body["user"]["username"]),
        (201, &json!("bea"))
    );
    assert!(next(&mut b, "member_joined").await["by"].is_u64());
    let refused = post(
        &bea,
        &format!("/api/rooms/{room}/members"),
        json!({ "username": "eve" }),
    )
    .await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    let nobody = post(
        &bea,
        &format!("/api/rooms/{room}/members"),
        json!({ "username": "nobody" }),
    )
    .await;
    assert_eq!(
        nobody.body, refused.body,
        "who may not add anybody learns of no names"
    );
    let members = ada
        .get(&format!("/api/rooms/{room}/members"))
        .await
        .unwrap()
        .success()
        .unwrap();
    let names: Vec<_> = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (&m["username"], &m["role"]))
        .collect();
    assert_eq!(
        names,
        [
            (&json!("ada"), &json!("owner")),
            (&json!("bea"), &json!("member"))
        ]
    );

    let bea_id = added.body["user"]["id"].as_u64().unwrap();
    let path = format!("/api/rooms/{room}/members/{bea_id}");
    let removed = ada.request(Method::DELETE, &path, &[], None).await.unwrap();
    assert_eq!(removed.status, 200);
    next(&mut b, "member_left").await;
    assert_eq!(say(&bea, room, "still here").await.status, 404);
    let again = ada.request(Method::DELETE, &path, &[], None).await.unwrap();
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn a_pair_has_one_direct_room() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let id = |session: Answer| session.body["user"]["id"].as_u64().unwrap();
    let (a, b) = (
        id(ada.get("/api/session").await.unwrap()),
        id(bea.get("/api/session").await.unwrap()),
    );
    let made = post(&ada, "/api/rooms/direct", json!({ "user_id": b })).await;
    assert_eq!((made.status, &made.body["room"]["name"]), (201, &json!("bea")));
    let again = post(&bea, "/api/rooms/direct", json!({ "user_id": a })).await;
    assert_eq!(
        (again.status, &again.body["room"]["id"]),
        (200, &made.body["room"]["id"])
    );
    assert_eq!(again.body["room"]["peer"]["username"], "ada");
    let room = made.body["room"]["id"].as_u64().unwrap();
    assert_eq!(say(&bea, room, "psst").await.status, 201);
    for (path, body) in [("leave", json!({})), ("members", json!({ "username": "bea" }))] {
        let refused = post(&ada, &format!("/api/rooms/{room}/{path}"), body).await;
        assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{path}");
    }
    let oneself = post(&ada, "/api/rooms/direct", json!({ "user_id": a })).await;
    assert_eq!(oneself.status, 409);
    assert_eq!(
        post(&ada, "/api/rooms/direct", json!({ "user_id": 999 }))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn settings_and_what_they_do() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let room = group(&ada, "tides", "open").await;
    post(&bea, &format!("/api/rooms/{room}/join"), json!({})).await;
    let mut b = bea.socket().await.unwrap();
    let patch = |client: &Client, body: Value| {
        let (client, path) = (client.clone(), format!("/api/rooms/{room}"));
        async move {
            let json = [("content-type", "application/json")];
            client
                .request(Method::PATCH, &path, &json, Some(body.to_string()))
                .await
                .unwrap()
        }
    };
    let changed = patch(
        &ada,
        json!({ "name": "winds", "topic": "the sea", "read_only": true }),
    )
    .await;
    assert_eq!(
        (changed.status, &changed.body["room"]["topic"]),
        (200, &json!("the sea"))
    );
    let told = next(&mut b, "room_changed").await;
    assert_eq!(
        (&told["room"]["name"], &told["room"]["read_only"]),
        (&json!("winds"), &json!(true))
    );
    let refused = say(&bea, room, "may I?").await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    assert_eq!(say(&ada, room, "no").await.status, 201);
    assert_eq!(patch(&bea, json!({ "read_only": false })).await.status, 403);
    assert_eq!(
        patch(&ada, json!({ "read_only": false, "slow_mode": 60, "topic": "" }))
            .await
            .status,
        200
    );
    assert_eq!(next(&mut b, "room_changed").await["room"]["topic"], Value::Null);
    assert_eq!(say(&bea, room, "one").await.status, 201);
    let slow = say(&bea, room, "two").await;
    assert_eq!((slow.status, slow.code()), (429, "rate_limited"));
    assert!(slow.headers.contains_key("retry-after"));
    assert_eq!(
        say(&ada, room, "three").await.status,
        201,
        "who looks after the room does not wait"
    );
    let wrong = patch(&ada, json!({ "slow_mode": 21_601, "join": "never" })).await;
    assert_eq!(
        (wrong.status, wrong.body["fields"].as_array().unwrap().len()),
        (422, 2)
    );
    for path in [
        "/api/rooms/x",
        "/api/rooms/0",
        "/api/rooms/%ff",
        "/api/rooms/99999999999999999999",
    ] {
        let json = [("content-type", "application/json")];
        let answer = ada
            .request(Method::PATCH, path, &json, Some("{}".into()))
            .await
            .unwrap();
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn edits_deletions_and_reactions_reach_everybody() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, bea) = (server.user("ada").await, server.user("bea").await);
    let mut b = bea.socket().await.unwrap();
    let id = say(&ada, 1, "helo").await.body["message"]["id"].as_u64().unwrap();
    let edit = json!({ "message_id": id, "content": "hello" });
    let edited = post(&ada, "/api/edit-message", edit.clone()).await;
    assert_eq!(
        (edited.status, &edited.body["message"]["content"]),
        (200, &json!("hello"))
    );
    let told = next(&mut b, "message_edited").await;
    assert_eq!(
        (&told["message"]["content"], &told["seq"]),
        (&json!("hello"), &json!(5))
    );
    assert!(told["message"]["edited_at"].is_string());
    let refused = post(&bea, "/api/edit-message", edit).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));

    let react = json!({ "message_id": id, "emoji": "👍", "added": true });
    for _ in 0..2 {
        assert_eq!(post(&bea, "/api/react", react.clone()).await.status, 200);
    }
    let told = next(&mut b, "reaction").await;
    assert_eq!(
        (&told["target_id"], &told["emoji"], &told["seq"]),
        (&json!(id), &json!("👍"), &json!(6))
    );
    let page = ada.get("/api/messages").await.unwrap().success().unwrap();
    assert_eq!(page["messages"][0]["reactions"][0]["emoji"], "👍");

    assert_eq!(
        post(&bea, "/api/delete-message", json!({ "message_id": id }))
            .await
            .status,
        403
    );
    for _ in 0..2 {
        post(&ada, "/api/delete-message.php", json!({ "message_id": id })).await;
    }
    let told = next(&mut b, "message_deleted").await;
    assert_eq!(
        (&told["id"], &told["target_seq"], &told["by"]),
        (&json!(id), &json!(4), &json!("author"))
    );
    assert_eq!(told["seq"], 7, "what was done before is done once");
    let events = bea.get("/api/messages?after=3").await.unwrap().success().unwrap();
    let kinds: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["new_message", "message_edited", "reaction", "message_deleted"]
    );
    assert!(!events.to_string().contains("hello"), "{events}");
    for path in ["/api/edit-message", "/api/delete-message", "/api/react"] {
        let body = json!({ "message_id": 999, "content": "x", "emoji": "👍", "added": true });
        assert_eq!(post(&ada, path, body).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_was_said_elsewhere_is_nobodys_to_change() {
    let directory = directory();
    let server = Server::start(directory.path());
    let (ada, eve) = (server.user("ada").await, server.user("eve").await);
    let room = group(&ada, "crew", "invite").await;
    let id = say(&ada, room, "secret").await.body["message"]["id"]
        .as_u64()
        .unwrap();
    for path in ["/api/edit-message", "/api/delete-message", "/api/react"] {
        let body = |id: u64| json!({ "message_id": id, "content": "x", "emoji": "👍", "added": true });
        let (there, nowhere) = (
            post(&eve, path, body(id)).await,
            post(&eve, path, body(999)).await,
        );
        assert_eq!((there.status, &there.body), (404, &nowhere.body), "{path}");
    }
    let answer = json!({ "content": "x", "message_type": "text", "reply_to": id });
    assert_eq!(post(&eve, "/api/send-message", answer).await.status, 404);
}

#[tokio::test]
async fn a_read_position_is_kept() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    for i in 0..3 {
        say(&ada, 1, &i.to_string()).await;
    }
    for (seq, at) in [(3, 3), (2, 3), (99, 5)] {
        let read = post(&ada, "/api/rooms/1/read", json!({ "seq": seq })).await;
        assert_eq!((read.status, &read.body["read_seq"]), (200, &json!(at)));
    }
    let rooms = ada.get("/api/rooms").await.unwrap().success().unwrap();
    let mine = &rooms["rooms"][0];
    assert_eq!(
        (&mine["read_seq"], &mine["last_seq"], &mine["kind"]),
        (&json!(5), &json!(5), &json!("group"))
    );
}

#[tokio::test]
async fn nobody_leaves_the_plain_room() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let refused = post(&ada, "/api/rooms/1/leave", json!({})).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
}
