//! What the API says of itself. It is the same on every server and for everybody.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat_ports::Ports;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;

use crate::{assets, handlers::pages, shared::Shared};

/// The documents, as they go out.
pub(crate) struct Documents {
    openapi: Bytes,
    asyncapi: Bytes,
}

impl Documents {
    pub(crate) fn new(openapi: &Value) -> Self {
        let asyncapi = chat_wire::asyncapi::document();
        Self {
            openapi: openapi.to_string().into(),
            asyncapi: asyncapi.to_string().into(),
        }
    }
}

/// The description of the requests
///
/// This document: OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi",
    tag = "Server",
    responses((status = 200, description = "The document.", body = Object)),
    security(())
)]
pub(crate) async fn openapi<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Response {
    json(shared.documents.openapi.clone())
}

/// The description of the socket
///
/// AsyncAPI 3.0: every frame that clients and the server send.
#[utoipa::path(
    get,
    path = "/api/asyncapi.json",
    operation_id = "asyncapi",
    tag = "Server",
    responses((status = 200, description = "The document.", body = Object)),
    security(())
)]
pub(crate) async fn asyncapi<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Response {
    json(shared.documents.asyncapi.clone())
}

/// These descriptions as a page
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "docs",
    tag = "Server",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
    security(())
)]
pub(crate) async fn docs(method: Method, headers: HeaderMap) -> Response {
    match assets::find("/api/docs") {
        Some(page) => assets::respond(page, &method, &headers).map(Body::from),
        None => pages::nothing_here().into_response(),
    }
}

fn json(document: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], document).into_response()
}
