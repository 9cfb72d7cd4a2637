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
    message::MessageView,
    request::{MessagesQuery, MessagesWanted, SendMessage},
};
use http::StatusCode;
use serde::Serialize;

use crate::{
    call::{Call, Visit},
    needs::{READ, WRITE},
    problem::Refused,
    shared::Shared,
};

#[derive(Serialize)]
struct PageAnswer<'a> {
    success: bool,
    messages: Vec<MessageView<'a>>,
    has_more: bool,
}

#[derive(Serialize)]
struct EventsAnswer<'a> {
    success: bool,
    events: Vec<ServerFrame<'a>>,
    has_more: bool,
}

#[derive(Serialize)]
struct MessageAnswer<'a> {
    success: bool,
    message: MessageView<'a>,
}

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
