//! A line to a server that keeps everything that clients say on it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Whatever passes through it ends when it is dropped.
pub(crate) struct Recorder {
    address: String,
    said: Arc<Mutex<Vec<u8>>>,
    _stop: DropGuard,
}

impl Recorder {
    /// A line to the server at this address, `http://host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (said, stop) = (Arc::<Mutex<Vec<u8>>>::default(), CancellationToken::new());
        let upstream = server.strip_prefix("http://").unwrap().to_owned();
        let (tracker, kept, stopped) = (TaskTracker::new(), Arc::clone(&said), stop.clone());
        tracker.clone().spawn(async move {
            while let Some(accepted) = stopped.run_until_cancelled(listener.accept()).await {
                let (client, _) = accepted.unwrap();
                let server = TcpStream::connect(&upstream).await.unwrap();
                let (kept, stopped) = (Arc::clone(&kept), stopped.clone());
                tracker.spawn(async move {
                    stopped.run_until_cancelled(pass(client, server, kept)).await;
                });
            }
        });
        Self {
            address,
            said,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Everything that clients have said so far.
    pub(crate) fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap().clone()
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, kept: Arc<Mutex<Vec<u8>>>) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            let bytes = buffer.get(..read).unwrap_or_default();
            kept.lock().unwrap().extend_from_slice(bytes);
            if to_server.write_all(bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = up => {}, _ = copy(&mut from_server, &mut to_client) => {} }
}
