//! Who one is, and the tokens that a page needs.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_app::SessionToken;
use chat_domain::AccountKind;
use chat_ports::Ports;
use chat_wire::{schema, user::UserView};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{call::Visit, carrier::Carrier, needs::READ, problem::Refused, shared::Shared};

/// What a page needs before anybody is signed in.
#[derive(Serialize, ToSchema)]
struct CsrfAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    csrf_token: String,
    /// What the operator calls the server.
    app_name: &'a str,
    /// `open` or `closed`.
    registration: &'static str,
    signed_in: bool,
}

/// Who one is.
#[derive(Serialize, ToSchema)]
struct SessionAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    user: UserView<'a>,
    /// Whether the account has keys, so that its password stays with its owner; programs of such an account have no tokens.
    has_keys: bool,
    csrf_token: String,
    /// Good for one `auth` frame within 60 s.
    ws_token: String,
    app_name: &'a str,
}

/// Get a CSRF token
///
/// The token of the session or, to who has none, of a pre-session that begins here.
#[utoipa::path(
    get,
    path = "/api/csrf",
    operation_id = "csrf",
    tag = "Accounts",
    responses(
        (status = 200, description = "The token.", body = CsrfAnswer),
        (status = 401, description = "`unauthenticated`: the `Authorization` is none."),
    ),
    security(())
)]
pub(crate) async fn csrf<P: Ports>(State(shared): State<Arc<Shared<P>>>, visit: Visit) -> Response {
    let signed_in = shared.who(&visit.carrier, READ).await.is_ok();
    let (token, begun) = match visit.carrier {
        Carrier::Cookie(token) | Carrier::Bearer(token) | Carrier::Anonymous(token) => (token, false),
        Carrier::Nothing => (SessionToken::draw(shared.app.ports().entropy()), true),
    };
    let settings = shared.app.settings();
    let mut response = Json(CsrfAnswer {
        success: true,
        csrf_token: token.csrf(),
        app_name: &settings.app_name,
        registration: if settings.plain_api { "open" } else { "closed" },
        signed_in,
    })
    .into_response();
    if begun {
        response
            .headers_mut()
            .append(header::SET_COOKIE, shared.cookies.set_pre_session(&token));
    }
    response
}

/// Who one is
///
/// With a token for the socket.
#[utoipa::path(
    get,
    path = "/api/session",
    operation_id = "session",
    tag = "Accounts",
    responses((status = 200, description = "The user.", body = SessionAnswer))
)]
pub(crate) async fn session<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, READ).await?;
    let token = visit
        .carrier
        .session()
        .ok_or_else(chat_wire::Problem::unauthenticated)?;
    Ok(Json(SessionAnswer {
        success: true,
        user: who.user().into(),
        has_keys: who.user().kind == AccountKind::Keyed,
        csrf_token: token.csrf(),
        ws_token: shared.app.issue_ws_token(token).reveal(),
        app_name: &shared.app.settings().app_name,
    })
    .into_response())
}
