//! The browser client's files, and everything that is not there.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use chat_wire::Problem;
use http::{HeaderMap, Method, Uri};

use crate::{assets, problem::Refused};

pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match assets::find(uri.path()) {
        Some(_) if method != Method::GET && method != Method::HEAD => {
            Refused::from(Problem::new(405, "method_not_allowed", "Files are only read.")).into_response()
        }
        Some(asset) => assets::respond(asset, &method, &headers).map(Body::from),
        None => nothing_here(),
    }
}

pub(crate) fn nothing_here() -> Response {
    Refused::from(Problem::new(404, "not_found", "There is nothing here.")).into_response()
}
