//! Hands a connection over to the socket.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderValue, StatusCode, header};

use crate::{call::Peer, handover::Handover, problem::Refused, shared::Shared};

/// Open the socket
///
/// The WebSocket handshake of RFC 6455. What is said on the socket is in the AsyncAPI document.
#[utoipa::path(
    get,
    path = "/ws",
    operation_id = "openSocket",
    tag = "Server",
    responses(
        (status = 101, description = "The connection is a WebSocket now."),
        (status = 403, description = "`forbidden`: the page that asks belongs to another site."),
        (status = 426, description = "`bad_request`: this is no handshake of a version that is spoken here."),
        (status = 429, description = "`rate_limited`: too many sockets from this address."),
    ),
    security(())
)]
pub(crate) async fn open<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    request: Request,
) -> Result<Response, Refused> {
    // A page of another site would have the browser send the cookie along (cross-site WebSocket hijacking).
    if !shared.hosts.is_own_origin(request.headers()) {
        return Err(Problem::new(403, "forbidden", "This page belongs to another site.").into());
    }
    let cookie = shared.cookies.read_session(request.headers());
    let (parts, _) = request.into_parts();
    let (peer, handover) = (parts.extensions.get(), parts.extensions.get::<Handover>());
    let (Some(Peer(address)), Some(handover)) = (peer.copied(), handover.cloned()) else {
        return Err(Problem::bad_request("There is no connection to take over.").into());
    };
    match (shared.upgrade)(&http::Request::from_parts(parts, ()), cookie, address) {
        Ok((fields, taker)) => {
            handover.to(taker);
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            *response.headers_mut() = fields;
            Ok(speaking_of_it(response))
        }
        // RFC 6455, section 4.4: with what could be spoken.
        Err(no) if no.status == StatusCode::UPGRADE_REQUIRED => {
            let mut response = Refused::from(no).into_response();
            let version = HeaderValue::from_static("13");
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_VERSION, version);
            Ok(speaking_of_it(response))
        }
        Err(no) => Err(no.into()),
    }
}

/// RFC 9110, section 7.8: who names a protocol says that this is between the two ends of the connection.
fn speaking_of_it(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}
