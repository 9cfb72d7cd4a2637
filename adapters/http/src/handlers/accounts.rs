//! Register, sign in, sign out.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_app::SignedInNow;
use chat_ports::Ports;
use chat_wire::{
    request::{Login, Register, SessionKind},
    user::UserView,
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{call::Call, needs::FULL, problem::Refused, shared::Shared};

#[derive(Serialize)]
struct SignedInAnswer<'a> {
    success: bool,
    message: &'static str,
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

pub(crate) async fn register<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: Register = call.sign_in_body(&shared, |b: &Register| b.session() == SessionKind::Bearer)?;
    let kind = body.session();
    let asked = body.parse()?;
    let app = Arc::clone(&shared.app);
    let made = shared
        .complete(async move { app.register(asked, &call.origin).await })
        .await?;
    Ok(signed_in(
        &shared,
        &made,
        kind,
        StatusCode::CREATED,
        "Account created",
    ))
}

pub(crate) async fn login<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: Login = call.sign_in_body(&shared, |b: &Login| b.session() == SessionKind::Bearer)?;
    let kind = body.session();
    let attempt = body.parse()?;
    let app = Arc::clone(&shared.app);
    let made = shared
        .complete(async move { app.sign_in(attempt, &call.origin).await })
        .await?;
    Ok(signed_in(
        &shared,
        &made,
        kind,
        StatusCode::OK,
        "Login successful",
    ))
}

pub(crate) async fn logout<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let _: serde::de::IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    shared.complete(async move { app.sign_out(&who).await }).await?;
    let mut response = Json(Done {
        success: true,
        message: "Signed out",
    })
    .into_response();
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, shared.cookies.clear_session());
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

fn signed_in<P: Ports>(
    shared: &Shared<P>,
    made: &SignedInNow,
    kind: SessionKind,
    status: StatusCode,
    message: &'static str,
) -> Response {
    let token = (kind == SessionKind::Bearer).then(|| made.token.reveal());
    let user = made.signed_in.user().into();
    let mut response = (
        status,
        Json(SignedInAnswer {
            success: true,
            message,
            user,
            token,
        }),
    )
        .into_response();
    if kind == SessionKind::Cookie {
        let lasts = shared.app.settings().sessions.absolute;
        for cookie in shared.cookies.set_session(&made.token, lasts) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}
