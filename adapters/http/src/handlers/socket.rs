//! Hands a connection over to the socket.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderValue, StatusCode, header};

use crate::{call::Peer, handover::Handover, problem::Refused, shared::Shared};

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
    let (fields, taker) = (shared.upgrade)(&http::Request::from_parts(parts, ()), cookie, address)?;
    handover.to(taker);

    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = fields;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    Ok(response)
}
