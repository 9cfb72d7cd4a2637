//! Which path leads where, and what is done around every handler.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chat_app::{App, Error, SessionToken, SignedIn};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderValue, Uri};
use tokio_util::task::TaskTracker;

use crate::{
    carrier::Carrier,
    cookies::Cookies,
    handlers::{accounts, health, messages, pages, session, socket},
    headers,
    hosts::Hosts,
    problem::{self, Refused},
};

/// Opens a socket: from the head of a request to `/ws`, the session of its cookie and the client's address to the
/// `Sec-WebSocket-Accept` of the answer. What happens on the socket is not HTTP's business.
pub type Upgrade = Arc<
    dyn Fn(http::Request<()>, Option<SessionToken>, IpAddr) -> Result<HeaderValue, Problem> + Send + Sync,
>;

/// Whether the storage answers.
pub type Readiness = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// What the transport needs beside the application.
pub struct Site {
    /// Which names this server answers to.
    pub hosts: Hosts,
    /// Opens sockets.
    pub upgrade: Upgrade,
    /// Whether the storage answers.
    pub ready: Readiness,
    /// Where work goes on when its client has hung up.
    pub tasks: TaskTracker,
    /// The version of the program.
    pub version: &'static str,
}

/// What every handler sees.
pub(crate) struct Shared<P> {
    pub(crate) app: Arc<App<P>>,
    pub(crate) hosts: Hosts,
    pub(crate) cookies: Cookies,
    pub(crate) upgrade: Upgrade,
    pub(crate) ready: Readiness,
    pub(crate) version: &'static str,
    tasks: TaskTracker,
}

impl<P: Ports> Shared<P> {
    /// Who makes the request.
    pub(crate) async fn who(&self, carrier: &Carrier) -> Result<SignedIn, Refused> {
        let token = carrier.session().ok_or_else(Problem::unauthenticated)?;
        self.app
            .authenticate(token)
            .await
            .map_err(|error| self.refused(&error))
    }

    pub(crate) fn refused(&self, error: &Error) -> Refused {
        problem::of_error(&self.app, error)
    }

    /// Runs a change to its end, also when the client hangs up meanwhile: what was stored must also be told.
    pub(crate) async fn complete<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Refused> {
        let done = self.tasks.spawn(change).await;
        let done = done.unwrap_or_else(|panic| Err(Error::Internal(panic.into())));
        done.map_err(|error| self.refused(&error))
    }
}

/// All paths of the contract that exist so far.
pub fn router<P: Ports>(app: Arc<App<P>>, site: Site) -> Router {
    let shared = Arc::new(Shared {
        app,
        cookies: Cookies::new(site.hosts.is_secure()),
        hosts: site.hosts,
        upgrade: site.upgrade,
        ready: site.ready,
        version: site.version,
        tasks: site.tasks,
    });
    let routes = Router::new()
        .route("/register", post(accounts::register::<P>))
        .route("/login", post(accounts::login::<P>))
        .route("/api/logout", post(accounts::logout::<P>))
        .route("/api/csrf", get(session::csrf::<P>))
        .route("/api/session", get(session::session::<P>))
        .route("/api/messages", get(messages::history::<P>))
        .route("/api/send-message", post(messages::send::<P>))
        .route("/api/version", get(health::version::<P>))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready::<P>))
        .route("/ws", get(socket::open::<P>))
        .fallback(pages::page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            only_own_hosts::<P>,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            security_headers::<P>,
        ))
        .with_state(shared);
    // Rewritten before it is routed: a layer of the router itself would come too late.
    Router::new().fallback_service(tower::util::MapRequest::new(routes, without_php))
}

async fn method_not_allowed() -> Refused {
    Problem::new(
        405,
        "method_not_allowed",
        "This address does not know this method.",
    )
    .into()
}

/// Every path of the reference document ends in `.php`; here it answers with and without.
fn without_php(mut request: Request) -> Request {
    let path = request.uri().path();
    let Some(bare) = path.strip_suffix(".php") else {
        return request;
    };
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    // A part of a path is a path, so this cannot fail; if it did, the address would just not be found.
    if let Ok(uri) = format!("{bare}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

async fn only_own_hosts<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    request: Request,
    next: Next,
) -> Response {
    // Whoever watches over the process asks by whatever name they have.
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    if probe || shared.hosts.is_own_host(request.headers()) {
        return next.run(request).await;
    }
    let detail = shared.hosts.public_origin().map_or_else(
        || {
            "This server answers to its own address only. Set PUBLIC_URL to the name that people use."
                .to_owned()
        },
        |origin| format!("This server answers to {origin} only (PUBLIC_URL)."),
    );
    Refused::from(Problem::new(421, "wrong_host", detail)).into_response()
}

async fn security_headers<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    headers::add(response.headers_mut(), shared.hosts.is_secure());
    response
}
