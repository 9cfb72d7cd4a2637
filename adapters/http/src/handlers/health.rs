//! For those who watch over the process.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::{Problem, schema};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    assets,
    problem::Refused,
    shared::{Readiness, Shared},
};

/// How the server does.
#[derive(Serialize, ToSchema)]
struct Status {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// `up`, `ready` or `degraded` (nothing can be written).
    status: &'static str,
}

/// What runs here.
#[derive(Serialize, ToSchema)]
struct Build {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// The version of the program.
    version: &'static str,
    /// One hash over all files of the browser client.
    assets: &'static str,
}

/// Whether the process runs
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    tag = "Server",
    responses((status = 200, description = "It runs.", body = Status)),
    security(())
)]
pub(crate) async fn alive() -> Response {
    Json(Status {
        success: true,
        status: "up",
    })
    .into_response()
}

/// Whether the storage answers
///
/// Who can still read is not to be turned away because nothing can be written: that is `degraded`.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "Server",
    responses(
        (status = 200, description = "It answers.", body = Status),
        (status = 503, description = "`unavailable`: the storage does not answer."),
    ),
    security(())
)]
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

/// What runs here, and the hash of the browser client that it serves
#[utoipa::path(
    get,
    path = "/api/version",
    operation_id = "version",
    tag = "Server",
    responses((status = 200, description = "The version.", body = Build)),
    security(())
)]
pub(crate) async fn version<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Response {
    Json(Build {
        success: true,
        version: shared.version,
        assets: assets::root_hash(),
    })
    .into_response()
}
