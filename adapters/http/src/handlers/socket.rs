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

use crate::{call::Peer, problem::Refused, shared::Shared};

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
    let Peer(address) = parts
        .extensions
        .get()
        .copied()
        .ok_or_else(|| Problem::bad_request("No address."))?;
    let accept = (shared.upgrade)(http::Request::from_parts(parts, ()), cookie, address)?;

    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}
