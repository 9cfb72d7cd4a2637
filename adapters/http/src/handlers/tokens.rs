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
    schema,
    session::{SessionView, TokenView},
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::{Call, Named, Visit},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
struct SessionsAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    sessions: Vec<SessionView<'a>>,
}

/// Tokens.
#[derive(Serialize, ToSchema)]
struct TokensAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    tokens: Vec<TokenView<'a>>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct TokenAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    token: TokenView<'a>,
    /// The token itself; it is shown this once.
    secret: String,
}

/// At how many places one was signed out.
#[derive(Serialize, ToSchema)]
struct EndedAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Count)]
    ended: usize,
}

/// List where one is signed in
///
/// The one that was used last comes first.
#[utoipa::path(
    get,
    path = "/api/sessions",
    operation_id = "sessions",
    tag = "Sign-ins and tokens",
    responses(
        (status = 200, description = "The places.", body = SessionsAnswer),
    )
)]
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

/// Sign out at another place
///
/// Its token is worth nothing from then on, and its sockets are closed (4001).
#[utoipa::path(
    delete,
    path = "/api/sessions/{session}",
    operation_id = "endSession",
    tag = "Sign-ins and tokens",
    params(("session" = schema::SessionId, Path, description = "Which place.")),
    responses(
        (status = 200, description = "Signed out there.", body = Done),
    )
)]
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

/// Sign out everywhere else
///
/// Tokens stay.
#[utoipa::path(
    post,
    path = "/api/sessions/end-others",
    operation_id = "endOtherSessions",
    tag = "Sign-ins and tokens",
    responses(
        (status = 200, description = "Signed out there.", body = EndedAnswer),
    )
)]
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

/// List the tokens that one has made
///
/// The one that was used last comes first. The tokens themselves are not shown again.
#[utoipa::path(
    get,
    path = "/api/tokens",
    operation_id = "tokens",
    tag = "Sign-ins and tokens",
    responses(
        (status = 200, description = "The tokens.", body = TokensAnswer),
    )
)]
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

/// Make a token for a program
///
/// Fifty at most; for basic accounts.
#[utoipa::path(
    post,
    path = "/api/tokens",
    operation_id = "makeToken",
    tag = "Sign-ins and tokens",
    request_body = MakeToken,
    responses(
        (status = 201, description = "The token; it is shown this once.", body = TokenAnswer),
        (status = 403, description = "`forbidden`: a keyed account makes none."),
        (status = 409, description = "`too_many_tokens`."),
    )
)]
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

/// Revoke a token
///
/// It is worth nothing from then on, and its sockets are closed (4001).
#[utoipa::path(
    delete,
    path = "/api/tokens/{token}",
    operation_id = "revokeToken",
    tag = "Sign-ins and tokens",
    params(("token" = schema::SessionId, Path, description = "Which token, by its number.")),
    responses(
        (status = 200, description = "Revoked.", body = Done),
    )
)]
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
