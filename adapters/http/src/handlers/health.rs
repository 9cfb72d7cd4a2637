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

use crate::{
    assets,
    problem::Refused,
    shared::{Readiness, Shared},
};

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

/// The storage answers. Who can still read is not to be turned away because nothing can be written.
pub(crate) async fn ready<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Result<Response, Refused> {
    let status = match (shared.readiness)().await {
        Readiness::Ready => "ready",
        Readiness::Degraded => "degraded",
        Readiness::Down => {
            return Err(Problem::new(503, "unavailable", "The storage does not answer.").into());
        }
    };
    Ok(Json(Status {
        success: true,
        status,
    })
    .into_response())
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
