//! Every limit of what may be sent: at it and one beyond, as it is by default and where the operator has lowered it.

use chat_client::{Answer, Client, Socket};
use http::Method;
use serde_json::{Value, json};

use crate::{
    command_line::run_with_environment,
    server::{PASSWORD, Server, directory},
};

/// What the operator sets.
type Environment<'a> = &'a [(&'a str, &'a str)];

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(client: &Client, path: &str, body: Value) -> Answer {
    client.post(path, &body).await.unwrap()
}

async fn patch(client: &Client, path: &str, body: Value) -> Answer {
    let body = Some(body.to_string());
    let answer = client.request(Method::PATCH, path, &[JSON], body);
    answer.await.unwrap()
}

/// It was refused because of this field, and says so in these words.
fn names(answer: &Answer, field: &str, message: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (422, "invalid"),
        "{}",
        answer.body
    );
    let expected = json!([{ "field": field, "message": message }]);
    assert_eq!(answer.body["fields"], expected);
}

/// The number of a room that was made.
fn id(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["room"]["id"].as_u64().unwrap()
}

async fn closed(mut socket: Socket) -> u16 {
    while socket.next().await.unwrap().is_some() {}
    socket.closed().unwrap().code
}

#[tokio::test]
async fn the_text_of_a_message() {
    let cases: [(Environment<'_>, usize); 3] = [
        (&[], 16_384),
        (&[("MAX_CONTENT", "10")], 10),
        (&[("MAX_CONTENT", "65536"), ("MAX_BODY", "409600")], 65_536),
    ];
    for (environment, most) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        let message = format!("must have 1 to {most} bytes");
        let say = |content: String| json!({ "content": content, "message_type": "text" });
        // It is bytes that count, and not letters, nor how they are written: each of these takes six bytes in JSON.
        for longest in ["x".repeat(most), "é".repeat(most / 2), "\u{1}".repeat(most)] {
            let said = post(&ada, "/api/send-message", say(longest.clone())).await;
            assert_eq!(said.status, 201, "{most}: {}", said.body);
            assert_eq!(said.body["message"]["content"], longest);
            let longer = format!("{longest}x");
            names(
                &post(&ada, "/api/send-message", say(longer.clone())).await,
                "content",
                &message,
            );
            let id = &said.body["message"]["id"];
            let edit = |content: &str| json!({ "message_id": id, "content": content });
            let edited = post(&ada, "/api/edit-message", edit(&longest)).await;
            assert_eq!(edited.status, 200, "{}", edited.body);
            names(
                &post(&ada, "/api/edit-message", edit(&longer)).await,
                "content",
                &message,
            );
        }
        names(
            &post(&ada, "/api/send-message", say(String::new())).await,
            "content",
            "must not be empty",
        );
        let mut socket = ada.socket().await.unwrap();
        socket.say(&"x".repeat(most + 1)).await.unwrap();
        let refused = socket.next_of("error").await.unwrap().unwrap();
        assert_eq!(refused["code"], "invalid");
        assert!(
            refused["message"].as_str().unwrap().contains(&message),
            "{refused}"
        );
        socket.say(&"x".repeat(most)).await.unwrap();
        assert!(socket.next_of("ack").await.unwrap().is_some());
    }
}

/// What was said stays when the operator lowers the limit.
#[tokio::test]
async fn what_is_longer_than_a_lowered_limit_is_still_read() {
    let directory = directory();
    let raised = [
        ("MAX_CONTENT", "65536"),
        ("MAX_BODY", "1048576"),
        ("MAX_ROOM_NAME", "255"),
    ];
    let server = Server::start_with(directory.path(), &[], &raised);
    let ada = server.user("ada").await;
    let (text, name) = ("x".repeat(65_536), "n".repeat(255));
    ada.say(&text).await.unwrap();
    id(&post(&ada, "/api/rooms", json!({ "name": name })).await);
    assert!(server.stop("-TERM").success());
    let lowered = [
        ("MAX_CONTENT", "1"),
        ("MAX_BODY", "16390"),
        ("MAX_ROOM_NAME", "1"),
    ];
    let server = Server::start_with(directory.path(), &[], &lowered);
    let ada = ada.at(server.address()).unwrap();
    let page = ada.get("/api/messages").await.unwrap().success().unwrap();
    assert_eq!(page["messages"][0]["content"], text);
    let rooms = ada.get("/api/rooms").await.unwrap().success().unwrap();
    assert_eq!(rooms["rooms"][1]["name"], name);
    // Sockets greet with all of it.
    assert!(ada.socket().await.is_ok());
}

/// A body, and a message of a socket, of so many bytes.
fn filled(object: &Value, bytes: usize) -> String {
    let text = object.to_string();
    let blank = " ".repeat(bytes - text.len());
    format!("{text}{blank}")
}

#[tokio::test]
async fn bodies_and_frames() {
    let cases: [(Environment<'_>, usize); 2] = [(&[], 131_072), (&[("MAX_BODY", "114688")], 114_688)];
    for (environment, most) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        let say = json!({ "content": "x", "message_type": "text" });
        for (bytes, status) in [(most, 201), (most + 1, 413)] {
            let body = Some(filled(&say, bytes));
            let answer = ada.request(Method::POST, "/api/send-message", &[JSON], body);
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, status, "{bytes}");
            if status == 413 {
                assert_eq!(answer.code(), "payload_too_large");
                let detail = format!("The body may have {most} bytes at most.");
                assert_eq!(answer.body["detail"], detail);
            }
        }
        let mut socket = ada.socket().await.unwrap();
        let ping = json!({ "type": "ping" });
        socket.send_text(filled(&ping, most)).await.unwrap();
        assert!(socket.next_of("pong").await.unwrap().is_some());
        socket.send_text(filled(&ping, most + 1)).await.unwrap();
        assert_eq!(closed(socket).await, 1009);
    }
}

#[tokio::test]
async fn names_of_rooms() {
    let cases: [(Environment<'_>, usize); 2] = [(&[], 80), (&[("MAX_ROOM_NAME", "6")], 6)];
    for (environment, most) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        let message = format!("must have 1 to {most} bytes");
        let name = |name: &str| json!({ "name": name });
        let room = id(&post(&ada, "/api/rooms", name("x")).await);
        let path = format!("/api/rooms/{room}");
        for longest in ["x".repeat(most), "é".repeat(most / 2)] {
            id(&post(&ada, "/api/rooms", name(&longest)).await);
            assert_eq!(patch(&ada, &path, name(&longest)).await.status, 200);
            let longer = format!("{longest}x");
            names(&post(&ada, "/api/rooms", name(&longer)).await, "name", &message);
            names(&patch(&ada, &path, name(&longer)).await, "name", &message);
        }
        names(&post(&ada, "/api/rooms", name(" ")).await, "name", &message);
    }
}

#[tokio::test]
async fn topics_and_slow_mode() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let room = id(&post(&ada, "/api/rooms", json!({ "name": "x" })).await);
    let path = format!("/api/rooms/{room}");
    let longest = json!({ "topic": "é".repeat(125), "slow_mode": 21_600 });
    assert_eq!(patch(&ada, &path, longest).await.status, 200);
    names(
        &patch(&ada, &path, json!({ "topic": "x".repeat(251) })).await,
        "topic",
        "must have at most 250 bytes",
    );
    names(
        &patch(&ada, &path, json!({ "slow_mode": 21_601 })).await,
        "slow_mode",
        "must be a whole number of seconds from 0 to 21600",
    );
}

#[tokio::test]
async fn reasons() {
    let cases: [(Environment<'_>, usize); 2] = [(&[], 200), (&[("MAX_REASON", "3")], 3)];
    for (environment, most) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        server.user("ada").await;
        let ban = |reason: String| {
            let arguments = ["user", "ban", "ada", "--reason", &reason, "--json"];
            run_with_environment(directory.path(), &arguments, environment)
        };
        let refused = ban("é".repeat(most + 1));
        assert_ne!(refused.status(), 0);
        let words = format!("must have at most {most} characters");
        assert!(refused.complained().contains(&words), "{}", refused.complained());
        assert_eq!(ban("é".repeat(most)).json()["ban_reason"], "é".repeat(most));
        assert!(server.stop("-TERM").success());
        // The same without a server.
        assert!(ban("x".repeat(most + 1)).complained().contains(&words));
    }
}

#[tokio::test]
async fn rooms_of_a_user() {
    let cases: [(Environment<'_>, u64); 2] = [(&[], 1_000), (&[("MAX_ROOMS_PER_USER", "3")], 3)];
    for (environment, most) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        // Everybody is in the plain room from the beginning. Nobody may make more than a hundred rooms in an hour.
        let mut owner = server.user("owner").await;
        for number in 1..most {
            if number % 99 == 0 || most < 99 {
                owner = server.user(&format!("owner_{number}")).await;
            }
            let room = id(&post(&owner, "/api/rooms", json!({ "name": "x" })).await);
            let joined = post(&ada, &format!("/api/rooms/{room}/join"), json!({})).await;
            assert_eq!(joined.status, 200, "{number}: {}", joined.body);
        }
        let owner = server.user("the_last_owner").await;
        let one_more = id(&post(&owner, "/api/rooms", json!({ "name": "x" })).await);
        let bea = server.user("bea").await;
        let user = bea.get("/api/session").await.unwrap().body["user"]["id"].clone();
        let (join, members) = (
            format!("/api/rooms/{one_more}/join"),
            format!("/api/rooms/{one_more}/members"),
        );
        for refused in [
            post(&ada, &join, json!({})).await,
            post(&ada, "/api/rooms", json!({ "name": "x" })).await,
            post(&ada, "/api/rooms/direct", json!({ "user_id": user })).await,
            post(&owner, &members, json!({ "username": "ada" })).await,
        ] {
            assert_eq!((refused.status, refused.code()), (409, "too_many_rooms"));
        }
        assert_eq!(post(&bea, &join, json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn pages() {
    let cases: [(Environment<'_>, u64, usize); 3] = [
        (&[], 100, 50),
        (&[("MAX_PAGE", "7")], 7, 7),
        (&[("MAX_PAGE", "1000")], 1_000, 50),
    ];
    for (environment, most, unasked) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        for _ in 0..60 {
            ada.say("x").await.unwrap();
        }
        let room = id(&post(&ada, "/api/rooms", json!({ "name": "x" })).await);
        for (path, list) in [
            ("/api/messages?".to_owned(), "messages"),
            ("/api/messages?after=0&".to_owned(), "events"),
            ("/api/messages?before=99&".to_owned(), "messages"),
            ("/api/rooms?open=1&".to_owned(), "rooms"),
            (format!("/api/rooms/{room}/members?"), "members"),
        ] {
            let get = async |limit: u64| ada.get(&format!("{path}limit={limit}")).await.unwrap();
            let page = get(most).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            let length = page.body[list].as_array().unwrap().len() as u64;
            assert!(length <= most, "{path}");
            assert_eq!(get(1).await.status, 200);
            let message = format!("must be one whole number from 1 to {most}");
            names(&get(most + 1).await, "limit", &message);
            names(&get(0).await, "limit", &message);
        }
        let page = ada.get("/api/messages").await.unwrap();
        assert_eq!(page.body["messages"].as_array().unwrap().len(), unasked);
        assert_eq!(page.body["has_more"], true);
        // As far back as `offset` reaches.
        let far = ada.get("/api/messages?offset=10000").await.unwrap();
        assert_eq!((far.status, &far.body["messages"]), (200, &json!([])));
        names(
            &ada.get("/api/messages?offset=10001").await.unwrap(),
            "offset",
            "must be one whole number from 0 to 10000",
        );
    }
}

/// Who asks for no number of messages gets along with any.
#[tokio::test]
async fn a_client_reads_on_in_the_smallest_pages() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("MAX_PAGE", "2")]);
    let ada = server.user("ada").await;
    for number in 0..5 {
        ada.say(&number.to_string()).await.unwrap();
    }
    let (mut texts, mut after) = (Vec::new(), 0);
    loop {
        let page = ada.get(&format!("/api/messages?after={after}")).await.unwrap();
        let events = page.body["events"].as_array().unwrap();
        texts.extend(
            events
                .iter()
                .filter_map(|event| event["message"]["content"].as_str().map(str::to_owned)),
        );
        after = events.last().unwrap()["seq"]
            .as_u64()
            .or_else(|| events.last().unwrap()["message"]["seq"].as_u64())
            .unwrap();
        if page.body["has_more"] == false {
            break;
        }
    }
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn sockets_of_a_user_and_of_an_address() {
    let cases: [(Environment<'_>, usize, usize); 2] = [
        (&[], 32, 256),
        (
            &[("MAX_SOCKETS_PER_USER", "2"), ("MAX_SOCKETS_PER_ADDRESS", "5")],
            2,
            5,
        ),
    ];
    for (environment, per_user, per_address) in cases {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        let mut open = Vec::new();
        for _ in 0..per_user {
            open.push(ada.socket().await.unwrap());
        }
        let mut beyond = Socket::connect(ada.authority()).await.unwrap();
        assert!(beyond.authenticate(ada.token()).await.is_err());
        assert_eq!(closed(beyond).await, 4008);
        let bea = server.user("bea").await;
        let mut others = 0;
        while let Ok(socket) = Socket::connect(bea.authority()).await {
            open.push(socket);
            others += 1;
            assert!(others <= per_address, "there is no end to it");
        }
        assert_eq!(open.len(), per_address);
    }
}

#[tokio::test]
async fn accounts() {
    let directory = directory();
    let server = Server::start(directory.path());
    let stranger = server.client();
    let register = async |username: &str, password: &str| {
        let body = json!({
            "username": username, "password": password, "confirm_password": password, "session": "bearer",
        });
        post(&stranger, "/register", body).await
    };
    let name = |letters: usize| "n".repeat(letters);
    // Bytes are a hash's business, and characters a person's.
    for (username, password) in [(name(3), "ékéékéék".to_owned()), (name(50), "p".repeat(1_024))] {
        let made = register(&username, &password).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    for (username, password, field) in [
        (name(2), PASSWORD.to_owned(), "username"),
        (name(51), PASSWORD.to_owned(), "username"),
        (name(4), "ékéékéé".to_owned(), "password"),
        (name(4), "p".repeat(1_025), "password"),
        (name(4), "é".repeat(513), "password"),
    ] {
        let refused = register(&username, &password).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"), "{field}");
        assert_eq!(refused.body["fields"][0]["field"], field);
    }
    let sign_in = async |password: String| {
        let body = json!({ "username": name(50), "password": password, "session": "bearer" });
        post(&stranger, "/login", body).await.status
    };
    assert_eq!(sign_in("p".repeat(1_024)).await, 200);
    assert_eq!(sign_in("p".repeat(1_025)).await, 422);
}

#[tokio::test]
async fn client_ids() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let mut socket = ada.socket().await.unwrap();
    let message = "must be 1 to 64 letters, numbers, underscores and hyphens";
    for (client_id, fits) in [
        ("i".repeat(64), true),
        ("i".into(), true),
        ("i".repeat(65), false),
        (String::new(), false),
        ("é".into(), false),
    ] {
        let body = json!({ "content": "x", "message_type": "text", "client_id": client_id });
        let answer = post(&ada, "/api/send-message", body.clone()).await;
        if fits {
            assert_eq!(answer.body["message"]["client_id"], client_id);
        } else {
            names(&answer, "client_id", message);
        }
        let mut frame = body;
        frame["type"] = "message".into();
        socket.send(&frame).await.unwrap();
        let told = socket
            .next_of(if fits { "ack" } else { "error" })
            .await
            .unwrap()
            .unwrap();
        assert_eq!(told["client_id"], client_id);
    }
}

#[tokio::test]
async fn reactions() {
    let directory = directory();
    let server = Server::start(directory.path());
    let ada = server.user("ada").await;
    let said = ada.say("x").await.unwrap();
    let message = said["message"]["id"].clone();
    let react = async |emoji: &str| {
        let body = json!({ "message_id": message, "emoji": emoji, "added": true });
        post(&ada, "/api/react", body).await
    };
    let longest = "👍".repeat(16);
    assert_eq!(longest.len(), 64);
    assert_eq!(react(&longest).await.status, 200);
    names(&react(&format!("{longest}!")).await, "emoji", "must be one emoji");
    names(&react("").await, "emoji", "must be one emoji");
    for number in 1..20_u32 {
        let emoji = char::from_u32(0x1f600 + number).unwrap().to_string();
        assert_eq!(react(&emoji).await.status, 200, "{number}");
    }
    let beyond = react("🦀").await;
    assert_eq!((beyond.status, beyond.code()), (409, "too_many_reactions"));
    assert_eq!(react(&longest).await.status, 200, "one that is there already");
}
