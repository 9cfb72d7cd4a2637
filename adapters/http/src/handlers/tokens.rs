//! Where one is signed in, and the tokens that one's programs have.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_ports::Ports;
use chat_wire::{
    request::MakeToken,
    session::{SessionView, TokenView},
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};

use crate::{
    call::{Call, Named, Visit},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

#[derive(Serialize)]
struct SessionsAnswer<'a> {
    success: bool,
    sessions: Vec<SessionView<'a>>,
}

#[derive(Serialize)]
struct TokensAnswer<'a> {
    success: bool,
    tokens: Vec<TokenView<'a>>,
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    success: bool,
    token: TokenView<'a>,
    /// The token itself; it is shown this once.
    secret: String,
}

#[derive(Serialize)]
struct EndedAnswer {
    success: bool,
    ended: usize,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

pub(crate) async fn sessions<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let known = shared.app.sessions(&who).await;
    let known = known.map_err(|error| shared.refused(&error))?;
    let current = who.session().id;
    Ok(Json(SessionsAnswer {
        success: true,
        sessions: known
            .iter()
            .map(|known| SessionView::of(known, current))
            .collect(),
    })
    .into_response())
}

pub(crate) async fn end_session<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(session): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let session = Shared::<P>::session_id(&session)?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.end_session(&who, session).await })
        .await?;
    Ok(done("Signed out there"))
}

pub(crate) async fn end_other_sessions<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    let ended = shared
        .complete(async move { app.end_other_sessions(&who).await })
        .await?;
    Ok(Json(EndedAnswer { success: true, ended }).into_response())
}

pub(crate) async fn tokens<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let known = shared.app.tokens(&who).await;
    let known = known.map_err(|error| shared.refused(&error))?;
    Ok(Json(TokensAnswer {
        success: true,
        tokens: known.iter().map(TokenView::from).collect(),
    })
    .into_response())
}

pub(crate) async fn make_token<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: MakeToken = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let asked = body.parse()?;
    let app = Arc::clone(&shared.app);
    let (known, token) = shared
        .complete(async move { app.make_token(&who, asked, &call.origin).await })
        .await?;
    let answer = TokenAnswer {
        success: true,
        token: (&known).into(),
        secret: token.reveal_for_program(),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(crate) async fn revoke_token<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(token): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let token = Shared::<P>::session_id(&token)?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.revoke_token(&who, token).await })
        .await?;
    Ok(done("Revoked"))
}

fn done(message: &'static str) -> Response {
    Json(Done {
        success: true,
        message,
    })
    .into_response()
}
