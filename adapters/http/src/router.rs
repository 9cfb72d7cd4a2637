//! Which path leads where, and what is done around every handler.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post},
};
use chat_app::App;
use chat_ports::Ports;
use chat_wire::Problem;
use http::Uri;
use tokio_util::task::TaskTracker;

use crate::{
    cookies::Cookies,
    handlers::{
        accounts, changes, health, messages, metrics, pages, rooms, session, socket, tokens, webhooks,
    },
    handover::Upgrade,
    headers,
    hosts::Hosts,
    meters::{Meters, Timed},
    metrics::Metrics,
    problem::{Refused, Unsound},
    request_id::RequestIds,
    shared::{Probe, Shared},
};

/// What the transport needs beside the application.
pub struct Site {
    /// Which names this server answers to.
    pub hosts: Hosts,
    /// Opens sockets.
    pub upgrade: Upgrade,
    /// How the storage does.
    pub readiness: Probe,
    /// Where work goes on when its client has hung up.
    pub tasks: TaskTracker,
    /// The version of the program.
    pub version: &'static str,
    /// Whether the causes of failures inside the server are told to who meets them.
    pub tells_causes: bool,
    /// What is counted and timed, for who may read it.
    pub metrics: Option<Metrics>,
}

/// All paths of the contract that exist so far.
pub fn router<P: Ports>(app: Arc<App<P>>, site: Site) -> Router {
    let shared = Arc::new(Shared {
        request_ids: RequestIds::new(app.ports().entropy()),
        app,
        cookies: Cookies::new(site.hosts.is_secure()),
        hosts: site.hosts,
        upgrade: site.upgrade,
        readiness: site.readiness,
        version: site.version,
        tells_causes: site.tells_causes,
        tasks: site.tasks,
        metrics: site.metrics,
        meters: Meters::default(),
    });
    let routes = Router::new()
        .route("/register", post(accounts::register::<P>))
        .route("/login", post(accounts::login::<P>))
        .route("/api/logout", post(accounts::logout::<P>))
        .route("/api/csrf", get(session::csrf::<P>))
        .route("/api/session", get(session::session::<P>))
        .route("/api/messages", get(messages::history::<P>))
        .route("/api/send-message", post(messages::send::<P>))
        .route("/api/edit-message", post(changes::edit::<P>))
        .route("/api/delete-message", post(changes::delete::<P>))
        .route("/api/react", post(changes::react::<P>))
        .route("/api/rooms", get(rooms::list::<P>).post(rooms::create::<P>))
        .route("/api/rooms/direct", post(rooms::direct::<P>))
        .route("/api/rooms/{room}", patch(rooms::change::<P>))
        .route("/api/rooms/{room}/join", post(rooms::join::<P>))
        .route("/api/rooms/{room}/leave", post(rooms::leave::<P>))
        .route(
            "/api/rooms/{room}/members",
            get(rooms::members::<P>).post(rooms::add_member::<P>),
        )
        .route(
            "/api/rooms/{room}/members/{user}",
            delete(rooms::remove_member::<P>),
        )
        .route("/api/rooms/{room}/read", post(rooms::read::<P>))
        .route(
            "/api/rooms/{room}/webhooks",
            get(webhooks::list::<P>).post(webhooks::add::<P>),
        )
        .route(
            "/api/rooms/{room}/webhooks/{webhook}",
            delete(webhooks::remove::<P>),
        )
        .route("/hooks/{token}", post(webhooks::post::<P>))
        .route("/api/sessions", get(tokens::sessions::<P>))
        .route("/api/sessions/end-others", post(tokens::end_other_sessions::<P>))
        .route("/api/sessions/{session}", delete(tokens::end_session::<P>))
        .route(
            "/api/tokens",
            get(tokens::tokens::<P>).post(tokens::make_token::<P>),
        )
        .route("/api/tokens/{token}", delete(tokens::revoke_token::<P>))
        .route("/api/version", get(health::version::<P>))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready::<P>))
        .route("/metrics", get(metrics::metrics::<P>))
        .route("/ws", get(socket::open::<P>))
        .fallback(pages::page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), around::<P>))
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

/// What is done around every handler: the request gets a name, is counted and timed, and is let in. It is one layer, for
/// every layer costs a request about as much as a small answer.
async fn around<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let named = shared.request_ids.name(&request);
    let timed = Timed::begin(&request);
    let let_in = let_in(&shared, &mut request);
    let answering = async {
        match let_in {
            Ok(()) => next.run(request).await,
            Err(refused) => refused.into_response(),
        }
    };
    let mut response = named.answer(answering).await;
    headers::add(response.headers_mut(), shared.hosts.is_secure());
    shared.meters.take(&timed, response.status());
    response
}

/// Whether a request can be read in one way only, and is meant for this server.
fn let_in<P: Ports>(shared: &Shared<P>, request: &mut Request) -> Result<(), Refused> {
    if let Some(Unsound(problem)) = request.extensions_mut().remove() {
        return Err(problem.into());
    }
    // Whoever watches over the process asks by whatever name they have.
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    if probe || shared.hosts.is_own_host(request.headers()) {
        return Ok(());
    }
    let detail = shared.hosts.public_origin().map_or_else(
        || {
            "This server answers to its own address only. Set PUBLIC_URL to the name that people use."
                .to_owned()
        },
        |origin| format!("This server answers to {origin} only (PUBLIC_URL)."),
    );
    Err(Problem::new(421, "wrong_host", detail).into())
}
