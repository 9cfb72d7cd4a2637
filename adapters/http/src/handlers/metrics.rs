//! Figures for those who watch over the process.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use http::{HeaderMap, HeaderValue, header};

use crate::{call::Peer, handlers::pages, problem::Refused, shared::Shared};

/// Prometheus' text format, version 0.0.4.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Figures for Prometheus
///
/// For who asks from the machine itself or, where the operator has set `METRICS_TOKEN`, for who shows that as a bearer token.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "Server",
    responses(
        (status = 200, description = "The figures of now.", body = String, content_type = "text/plain"),
        (status = 404, description = "`not_found`: not for the asker's eyes."),
    ),
    security(())
)]
pub(crate) async fn metrics<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let peer = peer.map(|Extension(Peer(address))| address);
    let readable = shared
        .metrics
        .as_ref()
        .filter(|metrics| peer.is_some_and(|peer| metrics.may_be_read_by(peer, &headers)));
    let metrics = readable.ok_or_else(pages::nothing_here)?;
    Ok(([(header::CONTENT_TYPE, TEXT)], (metrics.text)()).into_response())
}
