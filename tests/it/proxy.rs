//! A bad line: everything passes through it until it is cut.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// How a line fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// Both ends are told that it is over.
    Fin,
    /// Both ends get a reset.
    Rst,
    /// Nothing passes for a while, and then everything.
    Stall(Duration),
    /// Nothing passes any more, and neither end is told.
    HalfOpen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    Stalled,
    Fin,
    Rst,
    Dead,
}

/// A line to a server, at an address of its own. Whatever passes through it ends when it is dropped.
pub(crate) struct Proxy {
    address: String,
    lines: Arc<Mutex<Vec<watch::Sender<Flow>>>>,
    _stop: DropGuard,
}

impl Proxy {
    /// A line to the server at this address, `http://host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (lines, stop) = (Arc::new(Mutex::default()), CancellationToken::new());
        let upstream = server.strip_prefix("http://").unwrap().to_owned();
        let accepting = accept(listener, upstream, Arc::clone(&lines), stop.clone());
        let stopped = stop.clone();
        TaskTracker::new().spawn(async move {
            tokio::select! { () = accepting => {}, () = stopped.cancelled() => {} }
        });
        Self {
            address,
            lines,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Cuts everything that passes now. What comes later passes.
    pub(crate) async fn cut(&self, how: Cut) {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let set = |flow: Flow| {
            for line in &lines {
                line.send_replace(flow);
            }
        };
        match how {
            Cut::Fin => set(Flow::Fin),
            Cut::Rst => set(Flow::Rst),
            Cut::HalfOpen => set(Flow::Dead),
            Cut::Stall(time) => {
                set(Flow::Stalled);
                tokio::time::sleep(time).await;
                set(Flow::Open);
            }
        }
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    lines: Arc<Mutex<Vec<watch::Sender<Flow>>>>,
    stop: CancellationToken,
) {
    let tasks = TaskTracker::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (line, flow) = watch::channel(Flow::Open);
        let (upstream, stopped) = (upstream.clone(), stop.clone());
        {
            let mut lines = lines.lock().unwrap();
            lines.retain(|line| line.receiver_count() > 0);
            lines.push(line);
        }
        tasks.spawn(async move {
            // A server that is down is a line that is cut.
            let Ok(server) = TcpStream::connect(upstream).await else {
                return;
            };
            tokio::select! { () = relay(client, server, flow) => {}, () = stopped.cancelled() => {} }
        });
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, flow: watch::Receiver<Flow>) {
    let how = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = pump(from_client, to_server, flow.clone());
        let down = pump(from_server, to_client, flow.clone());
        tokio::select! {
            _ = async { tokio::join!(up, down) } => return,
            how = is_cut(flow) => how,
        }
    };
    match how {
        // Both ends are kept, and nothing is done with them.
        Flow::Dead => std::future::pending().await,
        Flow::Rst => {
            for end in [&client, &server] {
                end.set_zero_linger().unwrap();
            }
        }
        Flow::Fin | Flow::Open | Flow::Stalled => {
            for end in [&mut client, &mut server] {
                // It may have gone by itself.
                let _ = end.shutdown().await;
            }
        }
    }
}

async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut flow: watch::Receiver<Flow>) {
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        // Who let go of the line let it flow.
        let _ = flow.wait_for(|flow| *flow != Flow::Stalled).await;
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

async fn is_cut(mut flow: watch::Receiver<Flow>) -> Flow {
    let cut = flow.wait_for(|flow| matches!(flow, Flow::Fin | Flow::Rst | Flow::Dead));
    let how = cut.await.map(|flow| *flow).ok();
    match how {
        Some(how) => how,
        None => std::future::pending().await,
    }
}
