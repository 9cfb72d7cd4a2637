//! The accept loop: hyper, driven by us, for what `axum::serve` leaves out: deadlines, limits, and a shutdown that
//! waits.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, body::Body};
use chat_domain::limit;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    call::Peer,
    client_address::TrustedProxies,
    deadline::Timeouts,
    handover::Handover,
    line::{Line, Refusal},
    places::{Place, Places},
    problem::Unsound,
};

/// How long to wait when no descriptor is left for another connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// What the accept loop goes by.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Whose word on the client's address is taken. Their connections are not counted.
    pub proxies: TrustedProxies,
    /// Connections that there may be from one address; those beyond are closed at once.
    pub connections_per_address: usize,
    /// How long clients may take.
    pub timeouts: Timeouts,
}

/// What every connection shares.
struct House {
    router: Router,
    edge: Edge,
    http: http1::Builder,
    places: Arc<Places>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Serves until `stop` is cancelled. What connections do runs on `tasks`: requests that are under way then are still
/// answered, and connections without one end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    edge: Edge,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let house = Arc::new(House {
        router,
        http: http(),
        places: Places::new(edge.connections_per_address),
        edge,
        tasks,
        stop: stop.clone(),
    });
    let mut exhausted = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                exhausted = false;
                admit(&house, stream, address.ip().to_canonical());
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                if !exhausted {
                    tracing::error!(%error, "no connection can be accepted; trying again until one can");
                }
                exhausted = true;
                // Trying again at once would only burn the processor.
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

/// A client that hung up in the queue costs nothing. Everything else is that the process or the machine has no
/// descriptor or no memory left for another connection.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

fn http() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // What is limited here is limited by the line already.
    builder
        .header_read_timeout(None)
        .max_buf_size(2 * limit::HEAD_BYTES)
        .max_headers(limit::HEAD_FIELDS)
        // A client that has said everything may say so; only when one wants to hear it is the connection read.
        .half_close(true);
    builder
}

/// Starts serving a connection, unless its address has too many.
fn admit(house: &Arc<House>, stream: TcpStream, peer: IpAddr) {
    let place = if house.edge.proxies.include(peer) {
        None
    } else {
        match house.places.take(peer) {
            Some(place) => Some(place),
            None => return,
        }
    };
    // Small frames are not to wait for company.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before it began");
        return;
    }
    house.tasks.spawn(talk(Arc::clone(house), stream, peer, place));
}

/// Answers requests until the connection ends or leaves HTTP.
async fn talk(house: Arc<House>, stream: TcpStream, peer: IpAddr, place: Option<Place>) {
    let (handover, refusal) = (Handover::default(), Refusal::default());
    let mut timeouts = house.edge.timeouts;
    if place.is_none() {
        timeouts.idle = timeouts.idle_of_proxies;
    }
    let line = Line::new(stream, timeouts, refusal.clone());
    let service = answering(Arc::clone(&house), peer, handover.clone(), refusal);
    let mut connection = house.http.serve_connection(line, service);
    let ended = tokio::select! {
        ended = poll_fn(|context| connection.poll_without_shutdown(context)) => ended,
        () = house.stop.cancelled() => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
        return;
    }
    let line = connection.into_parts().io;
    let Some(taker) = handover.take() else {
        return line.end().await;
    };
    // On a task of its own: what HTTP needs to remember is not kept as long as a socket lasts.
    house.tasks.spawn(async move {
        let (stream, early) = line.into_parts();
        taker(stream, early).await;
        drop(place);
    });
}

/// The router as hyper's service, for one connection from this address.
fn answering(
    house: Arc<House>,
    peer: IpAddr,
    handover: Handover,
    refusal: Refusal,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + Unpin + 'static>
+ Unpin {
    service_fn(move |mut request: Request<Incoming>| {
        let client = house.edge.proxies.client(peer, request.headers());
        request.extensions_mut().insert(Peer(client));
        request.extensions_mut().insert(handover.clone());
        if let Some(problem) = refusal.take() {
            request.extensions_mut().insert(Unsound(problem));
        }
        let answer = house.router.clone().oneshot(request.map(Body::new));
        Box::pin(answer) as Pin<Box<dyn Future<Output = _> + Send>>
    })
}
