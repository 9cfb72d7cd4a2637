//! Who one is, and the tokens that a page needs.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_app::SessionToken;
use chat_ports::Ports;
use chat_wire::user::UserView;
use http::header;
use serde::Serialize;

use crate::{call::Visit, carrier::Carrier, needs::READ, problem::Refused, shared::Shared};

#[derive(Serialize)]
struct CsrfAnswer<'a> {
    success: bool,
    csrf_token: String,
    app_name: &'a str,
    registration: &'static str,
    signed_in: bool,
}

#[derive(Serialize)]
struct SessionAnswer<'a> {
    success: bool,
    user: UserView<'a>,
    csrf_token: String,
    ws_token: String,
    app_name: &'a str,
}

/// Gives the CSRF token of the session or, to who has none, of a pre-session that begins here.
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

/// Says who one is, and hands out a token for the socket.
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
        csrf_token: token.csrf(),
        ws_token: shared.app.issue_ws_token(token).reveal(),
        app_name: &shared.app.settings().app_name,
    })
    .into_response())
}
