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
};
use serde::Serialize;

use crate::{call::Call, needs::WRITE, problem::Refused, shared::Shared};

#[derive(Serialize)]
struct EditedAnswer<'a> {
    success: bool,
    message: MessageView<'a>,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

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

fn done(message: &'static str) -> Response {
    Json(Done {
        success: true,
        message,
    })
    .into_response()
}
