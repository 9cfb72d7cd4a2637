//! Read and write messages.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_domain::{Event, UserId};
use chat_ports::{Appended, MessagePage, Ports};
use chat_wire::{
    ServerFrame,
    frame::schemas::EventFrame,
    message::MessageView,
    request::{MessagesQuery, MessagesWanted, SendMessage},
    schema,
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::{Call, Visit},
    needs::{READ, WRITE},
    problem::Refused,
    shared::Shared,
};

/// Messages, oldest first.
#[derive(Serialize, ToSchema)]
struct PageAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    messages: Vec<MessageView<'a>>,
    has_more: bool,
}

/// Events, in order: the answer to a query with `after`.
#[derive(Serialize, ToSchema)]
struct EventsAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = Vec<EventFrame>)]
    events: Vec<ServerFrame<'a>>,
    has_more: bool,
}

/// A message that is stored.
#[derive(Serialize, ToSchema)]
struct MessageAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    message: MessageView<'a>,
}

/// What the history is answered with: by `after` it is decided, which.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "stands for a schema")]
enum HistoryAnswer<'a> {
    Page(PageAnswer<'a>),
    Events(EventsAnswer<'a>),
}

/// Read a room
///
/// Without `after`: messages, oldest first within the page, deleted ones left out; with no cursor the newest page. With `after`: every
/// event of the room from there on, in order, as the socket tells of them.
#[utoipa::path(
    get,
    path = "/api/messages",
    operation_id = "messages",
    tag = "Messages",
    params(MessagesQuery),
    responses(
        (status = 200, description = "Messages or, with `after`, events.", body = HistoryAnswer),
        (status = 404, description = "`not_found`: there is no such room, or one may not read it."),
        (status = 409, description = "`no_plain_room`: the call names no room, and none stands in."),
        (status = 422, description = "`invalid`: a parameter is not right."),
    )
)]
pub(crate) async fn history<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, READ).await?;
    let asked = MessagesQuery::parse(&visit.query, shared.limits())?;
    let member = shared
        .app
        .enter_room(&who, asked.room)
        .await
        .map_err(|e| shared.refused(&e))?;
    let reader = who.user().id;
    match asked.wanted {
        MessagesWanted::Page(page) => {
            let page = shared
                .app
                .history(&member, page)
                .await
                .map_err(|e| shared.refused(&e))?;
            Ok(page_answer(&page, reader))
        }
        MessagesWanted::After { after, most } => {
            let read = shared.app.events_after(&member, after, most).await;
            let (events, has_more) = read.map_err(|e| shared.refused(&e))?;
            Ok(events_answer(&events, has_more, reader))
        }
    }
}

fn page_answer(page: &MessagePage, reader: UserId) -> Response {
    let messages = page
        .messages
        .iter()
        .map(|message| MessageView::of(message, Some(reader)))
        .collect();
    Json(PageAnswer {
        success: true,
        messages,
        has_more: page.has_more,
    })
    .into_response()
}

fn events_answer(events: &[Event], has_more: bool, reader: UserId) -> Response {
    let events = events
        .iter()
        .map(|event| ServerFrame::of_event(event, Some(reader)))
        .collect();
    Json(EventsAnswer {
        success: true,
        events,
        has_more,
    })
    .into_response()
}

/// Post a message
///
/// Once it is answered, it survives a crash and a power cut. Sent again under the same `client_id` it is stored once.
#[utoipa::path(
    post,
    path = "/api/send-message",
    operation_id = "sendMessage",
    tag = "Messages",
    request_body = SendMessage,
    responses(
        (status = 201, description = "The message.", body = MessageAnswer),
        (status = 200, description = "The message that was stored under this `client_id` before.", body = MessageAnswer),
        (status = 403, description = "`forbidden`: the room is read-only."),
        (status = 404, description = "`not_found`: there is no such room or no such message to answer."),
        (status = 409, description = "`client_id_conflict`: it was used for another message; `no_plain_room`; `room_is_e2ee`."),
        (status = 429, description = "`rate_limited`, also in slow mode."),
    )
)]
pub(crate) async fn send<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: SendMessage = call.body(&shared)?;
    let who = shared.who(&call.carrier, WRITE).await?;
    let (room, said) = body.parse(shared.limits())?;
    let app = Arc::clone(&shared.app);
    let reader = who.user().id;
    let posting = async move {
        let member = app.enter_to_write(&who, room).await?;
        app.post_message(&member, said, |_| ()).await
    };
    let Appended { message, fresh } = shared.complete(posting).await?;
    let status = if fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = MessageAnswer {
        success: true,
        message: MessageView::of(&message, Some(reader)),
    };
    Ok((status, Json(answer)).into_response())
}
