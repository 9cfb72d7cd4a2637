//! Clients that take their time, over real connections and with deadlines that are short.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::{body::Bytes, routing::any};
use chat_http::{Edge, Router, Timeouts, TrustedProxies, serve};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_hours(1);
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// More than the kernel keeps for a client that does not read.
const LARGE: usize = 64 * 1024 * 1024;

/// Everything takes as long as it wants.
const PATIENT: Timeouts = Timeouts {
    head: LONG,
    idle: LONG,
    idle_of_proxies: LONG,
    stall: LONG,
    goodbye: SHORT,
};

/// A server of its own for every test.
struct House {
    address: SocketAddr,
    /// What connections do.
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Lets those go who asked for `/wait`.
    go: watch::Sender<bool>,
    /// How many are waiting there.
    waiting: watch::Receiver<usize>,
    _end: DropGuard,
}

impl House {
    async fn open(timeouts: Timeouts) -> Self {
        Self::open_for(timeouts, TrustedProxies::default()).await
    }

    async fn open_for(timeouts: Timeouts, proxies: TrustedProxies) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (go, gone) = watch::channel(false);
        let (wait, waiting) = watch::channel(0);
        let waits = move || async move {
            wait.send_modify(|count| *count += 1);
            gone.clone().wait_for(|gone| *gone).await.unwrap();
            "waited"
        };
        let router = Router::new()
            .route("/ignored", any(|| async { "ignored" }))
            .route(
                "/read",
                any(|body: Result<Bytes, _>| async move {
                    let body =
                        body.map_err(|_: axum::extract::rejection::BytesRejection| StatusCode::BAD_REQUEST);
                    body.map(|body| body.len().to_string())
                }),
            )
            .route("/large", any(|| async { vec![b'x'; LARGE] }))
            .route("/wait", any(waits));
        let edge = Edge {
            proxies,
            connections_per_address: 100,
            timeouts,
        };
        TaskTracker::new().spawn(serve(listener, router, edge, tasks.clone(), stop.clone()));
        Self {
            address,
            tasks,
            go,
            waiting,
            _end: stop.clone().drop_guard(),
            stop,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Says this on a connection of its own.
    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Returns once no connection is left.
    async fn is_empty(&self) {
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait())
            .await
            .expect("a connection stays");
    }
}

/// Everything until the connection ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset ends it as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut all))
        .await
        .expect("it does not end");
    String::from_utf8(all).unwrap()
}

/// The next bytes, as many as this text has.
async fn hear(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    let read = timeout(PATIENCE, stream.read_exact(&mut heard)).await;
    read.expect("nothing comes").unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

/// Sends this again and again, after a pause each, until the connection ends. Returns what was heard.
async fn drip(stream: TcpStream, drop: &[u8]) -> String {
    let (mut from, mut to) = stream.into_split();
    let dripping = async {
        while to.write_all(drop).await.is_ok() {
            sleep(SHORT / 10).await;
        }
    };
    let mut all = Vec::new();
    let hearing = async {
        let _ = from.read_to_end(&mut all).await;
    };
    let both = async {
        tokio::select! { () = hearing => {}, () = std::future::pending() => {} }
    };
    let ended = timeout(PATIENCE, async { tokio::join!(dripping, both) });
    ended.await.expect("it does not end");
    String::from_utf8(all).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn post(path: &str, fields: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")
}

#[tokio::test]
async fn who_says_nothing_or_only_half_is_hung_up_on() {
    let house = House::open(Timeouts {
        head: SHORT,
        ..PATIENT
    })
    .await;
    for half in [
        "",
        "G",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "\r\n\r\n",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut stream = house.say(half).await;
        assert_eq!(rest(&mut stream).await, "", "{half:?}");
    }
    let dripping = house.say("GET / HTTP/1.1\r\n").await;
    assert_eq!(
        drip(dripping, b"X: y\r\n").await,
        "",
        "who is never silent and never done"
    );
    house.is_empty().await;
}

#[tokio::test]
async fn who_has_been_answered_may_be_silent_only_for_so_long() {
    let house = House::open(Timeouts {
        idle: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = house.say(&get("/ignored")).await;
    let heard = rest(&mut stream).await;
    assert!(
        heard.starts_with("HTTP/1.1 200") && heard.ends_with("ignored"),
        "{heard}"
    );
    house.is_empty().await;
}

#[tokio::test]
async fn a_trusted_proxy_may_be_silent_for_longer() {
    let proxies = TrustedProxies::parse(["127.0.0.1"]).unwrap();
    let timeouts = Timeouts {
        idle: Duration::ZERO,
        ..PATIENT
    };
    let house = House::open_for(timeouts, proxies).await;
    let mut stream = house.say(&get("/ignored")).await;
    hear(&mut stream, "HTTP/1.1 200 OK").await;
    sleep(SHORT).await;
    let last = post("/read", "Content-Length: 3\r\nConnection: close");
    stream.write_all(format!("{last}abc").as_bytes()).await.unwrap();
    let heard = rest(&mut stream).await;
    assert!(heard.ends_with("\r\n\r\n3"), "{heard}");
}

#[tokio::test]
async fn who_does_not_go_on_with_a_body_is_told_so_and_hung_up_on() {
    let house = House::open(Timeouts {
        stall: SHORT,
        ..PATIENT
    })
    .await;
    for fields in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
        let mut stream = house.say(&post("/read", fields)).await;
        let heard = rest(&mut stream).await;
        assert!(heard.starts_with("HTTP/1.1 400"), "{fields}: {heard}");
    }
    let dripping = house.say(&post("/read", "Content-Length: 1000000")).await;
    let heard = drip(dripping, b"x").await;
    assert!(
        heard.starts_with("HTTP/1.1 400"),
        "who is never silent and never done: {heard}"
    );
    house.is_empty().await;
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_taken_in() {
    let house = House::open(PATIENT).await;
    for fields in ["Content-Length: 1073741824", "Transfer-Encoding: chunked"] {
        let stream = house.say(&post("/ignored", fields)).await;
        let (mut from, mut to) = stream.into_split();
        let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
        let flood = async {
            let mut sent = 0;
            while sent < 1024 && to.write_all(chunk.as_bytes()).await.is_ok() {
                sent += 1;
            }
            sent
        };
        let mut heard = Vec::new();
        let both = async { tokio::join!(flood, from.read_to_end(&mut heard)) };
        let (sent, _) = timeout(PATIENCE, both).await.expect("it is taken in for ever");
        assert!(
            heard.starts_with(b"HTTP/1.1 200"),
            "{fields}: the answer comes through"
        );
        assert!(sent < 64, "{fields}: {sent} MiB were taken");
    }
    house.is_empty().await;
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_is_over_is_not_taken_back() {
    let house = House::open(Timeouts {
        goodbye: LONG,
        ..PATIENT
    })
    .await;
    let mut stream = house.say(&post("/ignored", "Content-Length: 1000000")).await;
    stream.write_all(&vec![b'x'; 200_000]).await.unwrap();
    let mut heard = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    read.expect("it does not end").expect("it was reset");
    assert!(heard.starts_with(b"HTTP/1.1 200"));
    drop(stream);
    house.is_empty().await;
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_hung_up_on() {
    let house = House::open(Timeouts {
        stall: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = house.say(&get("/large")).await;
    hear(&mut stream, "HTTP/1.1 200 OK").await;
    house.is_empty().await;
    let mut taken = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut taken))
        .await
        .expect("it does not end");
    assert!(taken.len() < LARGE, "{} bytes", taken.len());
}

#[tokio::test]
async fn who_takes_the_answer_gets_all_of_it() {
    let house = House::open(Timeouts {
        stall: SHORT,
        ..PATIENT
    })
    .await;
    let mut stream = house.say(&get("/large")).await;
    stream.shutdown().await.unwrap();
    let heard = rest(&mut stream).await;
    assert!(
        heard.len() > LARGE,
        "{} bytes, although nothing more was to be said",
        heard.len()
    );
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_waits_for_nothing_else() {
    let mut house = House::open(PATIENT).await;
    let mut idle = house.say(&get("/ignored")).await;
    hear(&mut idle, "HTTP/1.1 200 OK").await;
    let (mut silent, mut half) = (house.connect().await, house.say("GET / HTTP/1.1\r\n").await);
    let mut under_way = house.say(&get("/wait")).await;
    timeout(PATIENCE, house.waiting.wait_for(|count| *count == 1))
        .await
        .unwrap()
        .unwrap();

    house.stop.cancel();
    for stream in [&mut idle, &mut silent, &mut half] {
        let heard = rest(stream).await;
        assert!(heard.is_empty() || heard.ends_with("ignored"), "{heard}");
    }
    assert!(
        TcpStream::connect(house.address).await.is_err(),
        "nobody is let in any more"
    );
    house.go.send_replace(true);
    let heard = rest(&mut under_way).await;
    assert!(
        heard.starts_with("HTTP/1.1 200") && heard.ends_with("waited"),
        "{heard}"
    );
    assert!(heard.contains("connection: close"), "{heard}");
    house.is_empty().await;
}
