//! Webhooks: seeing to them, and what comes by them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use chat_app::SessionToken;
use chat_domain::Refusal;
use chat_ports::Ports;
use chat_wire::{
    Problem,
    request::{AddWebhook, Hook},
    schema,
    session::WebhookView,
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::{self, Call, Named, Visit},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// Webhooks.
#[derive(Serialize, ToSchema)]
struct WebhooksAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    webhooks: Vec<WebhookView<'a>>,
}

/// A form whose one field is the JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "stands for a schema")]
struct HookForm {
    /// JSON, as it could be sent without a form.
    payload: String,
}

/// A webhook that was made.
#[derive(Serialize, ToSchema)]
struct WebhookAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    webhook: WebhookView<'a>,
    /// The address to post to; whoever has it can post. It is shown this once.
    url: String,
}

/// List the webhooks of a room
#[utoipa::path(
    get,
    path = "/api/rooms/{room}/webhooks",
    operation_id = "webhooks",
    tag = "Webhooks",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    responses(
        (status = 200, description = "The webhooks.", body = WebhooksAnswer),
        (status = 403, description = "`forbidden`: one does not administer the server."),
    )
)]
pub(crate) async fn list<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let member = shared.room(&who, &room).await?;
    let admin = shared.admin(&who)?;
    let found = shared.app.webhooks(&admin, &member).await;
    let found = found.map_err(|error| shared.refused(&error))?;
    Ok(Json(WebhooksAnswer {
        success: true,
        webhooks: found
            .iter()
            .map(|(session, user)| WebhookView::of(session, user))
            .collect(),
    })
    .into_response())
}

/// Make a webhook for a room
///
/// For a group of mode `server`; it posts as an account of its own. Fifty for a room at most.
#[utoipa::path(
    post,
    path = "/api/rooms/{room}/webhooks",
    operation_id = "addWebhook",
    tag = "Webhooks",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    request_body = AddWebhook,
    responses(
        (status = 201, description = "The webhook; its address is shown this once.", body = WebhookAnswer),
        (status = 403, description = "`forbidden`: one does not administer the server, or this room has no webhooks."),
        (status = 409, description = "`username_taken`; `room_is_e2ee`; `too_many_tokens`; `too_many_rooms`."),
    )
)]
pub(crate) async fn add<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body: AddWebhook = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let name = body.parse()?;
    let member = shared.room(&who, &room).await?;
    let admin = shared.admin(&who)?;
    let app = Arc::clone(&shared.app);
    let origin = shared.hosts.origin_for(call.headers());
    let (session, user, token) = shared
        .complete(async move { app.add_webhook(&admin, &member, name, &call.origin).await })
        .await?;
    let answer = WebhookAnswer {
        success: true,
        webhook: WebhookView::of(&session, &user),
        url: format!("{origin}/hooks/{}", token.reveal()),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Take a webhook away
///
/// Its address is worth nothing from then on, and its account leaves the room.
#[utoipa::path(
    delete,
    path = "/api/rooms/{room}/webhooks/{webhook}",
    operation_id = "removeWebhook",
    tag = "Webhooks",
    params(("room" = schema::RoomId, Path, description = "Which room."), ("webhook" = schema::SessionId, Path, description = "Which webhook, by its number.")),
    responses(
        (status = 200, description = "It is gone.", body = Done),
        (status = 403, description = "`forbidden`: one does not administer the server."),
    )
)]
pub(crate) async fn remove<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named((room, webhook)): Named<(String, String)>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let member = shared.room(&who, &room).await?;
    let admin = shared.admin(&who)?;
    let webhook = Shared::<P>::session_id(&webhook)?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.remove_webhook(&admin, &member, webhook).await })
        .await?;
    Ok(done("Removed"))
}

/// Post by a webhook
///
/// Takes the body of Slack's incoming webhooks, and answers as Slack does. What is longer than a message can be is cut.
#[utoipa::path(
    post,
    path = "/hooks/{token}",
    operation_id = "postByWebhook",
    tag = "Webhooks",
    params(("token" = String, Path, description = "The last part of the address that was shown.")),
    request_body(content((Hook = "application/json"), (HookForm = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "Posted: `ok`.", body = String, content_type = "text/plain"),
        (status = 403, description = "`forbidden`: nobody posts in this room."),
        (status = 409, description = "`room_is_e2ee`."),
        (status = 415, description = "`unsupported_media_type`: neither JSON nor a form."),
        (status = 429, description = "`rate_limited`."),
    ),
    security(())
)]
pub(crate) async fn post<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(token): Named<String>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let is_form = call::is_of_type(&parts.headers, "application/x-www-form-urlencoded");
    if !is_form && !call::is_of_type(&parts.headers, "application/json") {
        let detail = "The body must be application/json, or a form with a payload.";
        return Err(call::unsupported(detail));
    }
    let token = SessionToken::parse(&token).ok_or_else(|| Problem::of(&Refusal::NotFound.into()))?;
    let body = call::whole(body, shared.limits().body).await?;
    let said = Hook::read(&body, is_form)?.parse(shared.limits())?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.post_by_webhook(&token, said).await })
        .await?;
    Ok("ok".into_response())
}
