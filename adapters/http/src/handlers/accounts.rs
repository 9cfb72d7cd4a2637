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
    schema,
    user::UserView,
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::Call,
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// Signed in.
#[derive(Serialize, ToSchema)]
struct SignedInAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    message: &'static str,
    user: UserView<'a>,
    /// With `"session": "bearer"`: what goes into `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Make an account
///
/// Makes a basic account and signs it in. With `"session": "bearer"` no cookie is set and no CSRF token is asked for: the answer
/// has the token. Where the server keeps registration closed, only its command line makes accounts.
#[utoipa::path(
    post,
    path = "/register",
    operation_id = "register",
    tag = "Accounts",
    request_body = Register,
    responses(
        (status = 201, description = "The account, signed in.", body = SignedInAnswer),
        (status = 403, description = "`forbidden`: registration is closed."),
        (status = 409, description = "`username_taken`."),
        (status = 429, description = "`rate_limited`: too many accounts from this address."),
    ),
    security(())
)]
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

/// Sign in
///
/// With `"session": "bearer"` no cookie is set and no CSRF token is asked for: the answer has the token. A wrong password and an
/// unknown name are answered alike, in words and in time.
#[utoipa::path(
    post,
    path = "/login",
    operation_id = "login",
    tag = "Accounts",
    request_body = Login,
    responses(
        (status = 200, description = "Signed in.", body = SignedInAnswer),
        (status = 401, description = "`invalid_credentials`."),
        (status = 403, description = "`banned`, to who has proved the password."),
        (status = 429, description = "`rate_limited`: too many attempts, by address or by name."),
    ),
    security(())
)]
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

/// Sign out
///
/// Ends the session and closes its sockets (4001).
#[utoipa::path(
    post,
    path = "/api/logout",
    operation_id = "logout",
    tag = "Accounts",
    responses((status = 200, description = "The session is gone.", body = Done))
)]
pub(crate) async fn logout<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let _: serde::de::IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    shared.complete(async move { app.sign_out(&who).await }).await?;
    let mut response = done("Signed out");
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
    keep(shared, made, kind, &mut response);
    response
}

/// Gives the browser its session; a program has it in the answer.
pub(super) fn keep<P: Ports>(
    shared: &Shared<P>,
    made: &SignedInNow,
    kind: SessionKind,
    response: &mut Response,
) {
    if kind == SessionKind::Cookie {
        let lasts = shared.app.settings().sessions.absolute;
        for cookie in shared.cookies.set_session(&made.token, lasts) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}
