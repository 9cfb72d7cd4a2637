//! What somebody has begun to write, sealed for their other clients.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::{keyed::base64url, request::PutDrafts, schema};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::{Call, Visit},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// The sealed drafts.
#[derive(Serialize, ToSchema)]
struct DraftsAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// Null: there are none.
    #[schema(value_type = Option<schema::Bytes>)]
    blob: Option<String>,
}

/// One's sealed drafts
#[utoipa::path(
    get,
    path = "/api/e2ee/drafts",
    operation_id = "drafts",
    tag = "Keyed accounts",
    responses(
        (status = 200, description = "The drafts, if there are any.", body = DraftsAnswer),
        (status = 403, description = "`needs_identity`: the account has no keys."),
    )
)]
pub(crate) async fn drafts<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let drafts = shared.app.drafts(&who).await;
    let drafts = drafts.map_err(|error| shared.refused(&error))?;
    Ok(Json(DraftsAnswer {
        success: true,
        blob: drafts.as_deref().map(base64url),
    })
    .into_response())
}

/// Store one's sealed drafts
///
/// In the place of those that are there: the last writer wins.
#[utoipa::path(
    put,
    path = "/api/e2ee/drafts",
    operation_id = "putDrafts",
    tag = "Keyed accounts",
    request_body = PutDrafts,
    responses(
        (status = 200, description = "Stored.", body = Done),
        (status = 400, description = "`malformed`: empty."),
        (status = 403, description = "`needs_identity`: the account has no keys."),
        (status = 413, description = "`payload_too_large`: more than 256 KiB."),
    )
)]
pub(crate) async fn put_drafts<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: PutDrafts = call.body(&shared)?;
    let sealed = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.put_drafts(&who, sealed).await })
        .await?;
    Ok(done("Drafts stored"))
}
