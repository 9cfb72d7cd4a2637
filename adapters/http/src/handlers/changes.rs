//! Change what was said: edit, delete, react.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::{
    message::MessageView,
    request::{DeleteMessage, EditMessage, React},
    schema,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::Call,
    needs::WRITE,
    problem::Refused,
    shared::Shared,
};

/// The message as it is now.
#[derive(Serialize, ToSchema)]
struct EditedAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    message: MessageView<'a>,
}

/// Edit a message
///
/// Gives one's own message another text.
#[utoipa::path(
    post,
    path = "/api/edit-message",
    operation_id = "editMessage",
    tag = "Messages",
    request_body = EditMessage,
    responses(
        (status = 200, description = "The message as it is now.", body = EditedAnswer),
        (status = 403, description = "`forbidden`: it is another's, or the room is read-only."),
        (status = 404, description = "`not_found`: there is no such message, it is deleted, or it is not for the asker's eyes."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn edit<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: EditMessage = call.body(&shared)?;
    let who = shared.who(&call.carrier, WRITE).await?;
    let (id, content) = body.parse(shared.limits())?;
    let app = Arc::clone(&shared.app);
    let reader = who.user().id;
    let edited = shared
        .complete(async move { app.edit_message(&who, id, content).await })
        .await?;
    Ok(Json(EditedAnswer {
        success: true,
        message: MessageView::of(&edited, Some(reader)),
    })
    .into_response())
}

/// Delete a message
///
/// Empties a message: one's own, or any for moderators of the room and administrators.
#[utoipa::path(
    post,
    path = "/api/delete-message",
    operation_id = "deleteMessage",
    tag = "Messages",
    request_body = DeleteMessage,
    responses(
        (status = 200, description = "It is emptied.", body = Done),
        (status = 403, description = "`forbidden`: it is another's."),
        (status = 404, description = "`not_found`: there is no such message, it is deleted, or it is not for the asker's eyes."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn delete<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: DeleteMessage = call.body(&shared)?;
    let who = shared.who(&call.carrier, WRITE).await?;
    let id = body.parse()?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.delete_message(&who, id).await })
        .await?;
    Ok(done("Message deleted"))
}

/// React to a message
///
/// Puts an emoji under a message, or takes it back.
#[utoipa::path(
    post,
    path = "/api/react",
    operation_id = "react",
    tag = "Messages",
    request_body = React,
    responses(
        (status = 200, description = "It stands there, or no longer.", body = Done),
        (status = 403, description = "`forbidden`: the room is read-only."),
        (status = 409, description = "`too_many_reactions`: twenty different ones at most."),
        (status = 404, description = "`not_found`: there is no such message, it is deleted, or it is not for the asker's eyes."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn react<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: React = call.body(&shared)?;
    let who = shared.who(&call.carrier, WRITE).await?;
    let (id, emoji, added) = body.parse()?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.react(&who, id, emoji, added).await })
        .await?;
    Ok(done(if added {
        "Reaction added"
    } else {
        "Reaction removed"
    }))
}
