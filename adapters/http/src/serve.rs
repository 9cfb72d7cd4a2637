//! The accept loop: hyper, driven by us, for what `axum::serve` leaves out: a deadline for the header, limits,
//! and a shutdown that waits.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, body::Body};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{call::Peer, client_address::TrustedProxies};

/// How long a client may take to send a request's head; a connection that is kept open may be silent as long.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEADER_BYTES: usize = 32 * 1024;
/// Header fields of a request.
const HEADER_FIELDS: usize = 100;
/// How long to wait when no descriptor is left for another connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// What the accept loop goes by.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// Whose word on the client's address is taken.
    pub proxies: TrustedProxies,
}

/// Serves until `stop` is cancelled, and then until every request under way is answered. What connections do runs
/// on `tasks`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    edge: Edge,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let proxies = Arc::new(edge.proxies);
    let graceful = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_FIELDS);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, address) = match stream {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        // Small frames are not to wait for company.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        let service = answering(router.clone(), address, Arc::clone(&proxies));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let connection = graceful.watch(connection.into_owned());
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The router as hyper's service, for one connection from this address.
fn answering(
    router: Router,
    peer: IpAddr,
    proxies: Arc<TrustedProxies>,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + 'static> + use<>
{
    service_fn(move |mut request: Request<Incoming>| {
        let client = Peer(proxies.client(peer, request.headers()));
        request.extensions_mut().insert(client);
        router.clone().oneshot(request.map(Body::new))
    })
}

/// A client that hung up in the queue costs nothing; when the process has no descriptor left, trying again at once
/// would only burn the processor.
async fn pause_after(error: &io::Error) {
    let passing = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !passing {
        tracing::error!(%error, "no connection can be accepted; trying again");
        tokio::time::sleep(EXHAUSTED).await;
    }
}
