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
    session::WebhookView,
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};

use crate::{
    call::{self, Call, Named, Visit},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

#[derive(Serialize)]
struct WebhooksAnswer<'a> {
    success: bool,
    webhooks: Vec<WebhookView<'a>>,
}

#[derive(Serialize)]
struct WebhookAnswer<'a> {
    success: bool,
    webhook: WebhookView<'a>,
    /// The address to post to; whoever has it can post. It is shown this once.
    url: String,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

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
    Ok(Json(Done {
        success: true,
        message: "Removed",
    })
    .into_response())
}

/// Takes what another program posts, and answers as Slack does.
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
