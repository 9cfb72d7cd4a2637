//! Which path leads where, and what is done around every handler.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use chat_app::App;
use chat_ports::Ports;
use chat_wire::Problem;
use http::Uri;
use tokio_util::task::TaskTracker;

use crate::{
    cookies::Cookies,
    description::Operations,
    handlers::{
        accounts, changes,
        descriptions::{self, Documents},
        drafts, health, keyed, messages, metrics, pages, reset, rooms, secrets, session, socket, tokens,
        webhooks,
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
    let (routes, description) = operations::<P>().done();
    let shared = Arc::new(Shared {
        documents: Documents::new(&description),
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
    let routes = routes
        .fallback(pages::page::<P>)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), around::<P>))
        .with_state(shared);
    // Rewritten before it is routed: a layer of the router itself would come too late.
    Router::new().fallback_service(tower::util::MapRequest::new(routes, without_php))
}

/// Every operation, with what it is described by.
#[rustfmt::skip]
fn operations<P: Ports>() -> Operations<Arc<Shared<P>>> {
    Operations::new()
        .with(accounts::__path_register, accounts::register::<P>)
        .with(accounts::__path_login, accounts::login::<P>)
        .with(accounts::__path_logout, accounts::logout::<P>)
        .with(keyed::__path_instance, keyed::instance::<P>)
        .with(keyed::__path_prelogin, keyed::prelogin::<P>)
        .with(keyed::__path_begin, keyed::begin::<P>)
        .with(keyed::__path_finish, keyed::finish::<P>)
        .with(keyed::__path_login, keyed::login::<P>)
        .with(keyed::__path_unlock, keyed::unlock::<P>)
        .with(secrets::__path_password, secrets::password::<P>)
        .with(secrets::__path_recovery, secrets::recovery::<P>)
        .with(secrets::__path_recover, secrets::recover::<P>)
        .with(secrets::__path_finish_recovery, secrets::finish_recovery::<P>)
        .with(reset::__path_issue, reset::issue::<P>)
        .with(reset::__path_begin, reset::begin::<P>)
        .with(reset::__path_finish, reset::finish::<P>)
        .with(keyed::__path_keyring, keyed::keyring::<P>)
        .with(secrets::__path_identity, secrets::identity::<P>)
        .with(keyed::__path_directory, keyed::directory::<P>)
        .with(keyed::__path_state, keyed::state::<P>)
        .with(keyed::__path_put_state, keyed::put_state::<P>)
        .with(drafts::__path_drafts, drafts::drafts::<P>)
        .with(drafts::__path_put_drafts, drafts::put_drafts::<P>)
        .with(session::__path_csrf, session::csrf::<P>)
        .with(session::__path_session, session::session::<P>)
        .with(tokens::__path_sessions, tokens::sessions::<P>)
        .with(tokens::__path_end_session, tokens::end_session::<P>)
        .with(tokens::__path_end_other_sessions, tokens::end_other_sessions::<P>)
        .with(tokens::__path_tokens, tokens::tokens::<P>)
        .with(tokens::__path_make_token, tokens::make_token::<P>)
        .with(tokens::__path_revoke_token, tokens::revoke_token::<P>)
        .with(messages::__path_history, messages::history::<P>)
        .with(messages::__path_send, messages::send::<P>)
        .with(changes::__path_edit, changes::edit::<P>)
        .with(changes::__path_delete, changes::delete::<P>)
        .with(changes::__path_react, changes::react::<P>)
        .with(rooms::__path_list, rooms::list::<P>)
        .with(rooms::__path_create, rooms::create::<P>)
        .with(rooms::__path_direct, rooms::direct::<P>)
        .with(rooms::__path_change, rooms::change::<P>)
        .with(rooms::__path_join, rooms::join::<P>)
        .with(rooms::__path_leave, rooms::leave::<P>)
        .with(rooms::__path_members, rooms::members::<P>)
        .with(rooms::__path_add_member, rooms::add_member::<P>)
        .with(rooms::__path_remove_member, rooms::remove_member::<P>)
        .with(rooms::__path_read, rooms::read::<P>)
        .with(webhooks::__path_list, webhooks::list::<P>)
        .with(webhooks::__path_add, webhooks::add::<P>)
        .with(webhooks::__path_remove, webhooks::remove::<P>)
        .with(webhooks::__path_post, webhooks::post::<P>)
        .with(descriptions::__path_openapi, descriptions::openapi::<P>)
        .with(descriptions::__path_asyncapi, descriptions::asyncapi::<P>)
        .with(descriptions::__path_docs, descriptions::docs)
        .with(health::__path_version, health::version::<P>)
        .with(health::__path_alive, health::alive)
        .with(health::__path_ready, health::ready::<P>)
        .with(metrics::__path_metrics, metrics::metrics::<P>)
        .with(socket::__path_open, socket::open::<P>)
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
