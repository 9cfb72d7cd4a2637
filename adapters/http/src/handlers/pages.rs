//! The browser client's files, what it is installed as, and everything that is not there.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderMap, Method, Uri, header};
use serde_json::{Map, Value};

use crate::{assets, problem::Refused, shared::Shared};

/// Where the page says what it is installed as.
const MANIFEST: &str = "/manifest.webmanifest";

pub(crate) async fn page<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let is_read = method == Method::GET || method == Method::HEAD;
    match (uri.path(), assets::find(uri.path())) {
        (MANIFEST, _) if is_read => manifest(&shared.app.settings().app_name),
        (MANIFEST, _) | (_, Some(_)) if !is_read => {
            Refused::from(Problem::new(405, "method_not_allowed", "Files are only read.")).into_response()
        }
        (_, Some(asset)) => assets::respond(asset, &method, &headers).map(Body::from),
        (_, None) => nothing_here().into_response(),
    }
}

/// What a system that installs the page as an app is told, under the name that this installation has.
fn manifest(app_name: &str) -> Response {
    let mut manifest: Map<String, Value> = serde_json::from_str(assets::manifest()).unwrap_or_default();
    manifest.insert("name".to_owned(), app_name.into());
    manifest.insert("short_name".to_owned(), app_name.into());
    let headers = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Value::from(manifest).to_string()).into_response()
}

/// What is said about every address that is not known.
pub(crate) fn nothing_here() -> Refused {
    Problem::new(404, "not_found", "There is nothing here.").into()
}
