//! For those who watch over the process.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::Problem;
use serde::Serialize;

use crate::{assets, problem::Refused, shared::Shared};

#[derive(Serialize)]
struct Status {
    success: bool,
    status: &'static str,
}

#[derive(Serialize)]
struct Build {
    success: bool,
    version: &'static str,
    assets: &'static str,
}

/// The process runs.
pub(crate) async fn alive() -> Response {
    Json(Status {
        success: true,
        status: "up",
    })
    .into_response()
}

/// The storage answers.
pub(crate) async fn ready<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Result<Response, Refused> {
    if (shared.ready)().await {
        return Ok(Json(Status {
            success: true,
            status: "ready",
        })
        .into_response());
    }
    Err(Problem::new(503, "unavailable", "The storage does not answer.").into())
}

/// What runs here, and the hash of the browser client that it serves.
pub(crate) async fn version<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Response {
    Json(Build {
        success: true,
        version: shared.version,
        assets: assets::root_hash(),
    })
    .into_response()
}
