//! Another password, another recovery code, and the way back in with the code.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_domain::Refusal;
use chat_ports::Ports;
use chat_wire::{
    Problem,
    keyed::{HeadView, KeyringView, StateView, base64url},
    request::{ChangePassword, ChangeRecovery, FinishRecovery, PutIdentity, Recover, SessionKind},
    schema,
    user::UserView,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::Call,
    handlers::{accounts::keep, keyed::shown},
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// What the recovery code opens.
#[derive(Serialize, ToSchema)]
struct RecoveringAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Bytes16)]
    instance_id: String,
    user: UserView<'a>,
    /// To be shown at the second step, once, within ten minutes.
    recover_token: String,
    /// The master key in the box that the code opens.
    #[schema(value_type = schema::Bytes)]
    amk_rec: String,
    keyring: KeyringView,
    state: Option<StateView>,
}

/// An account that was recovered, signed in.
#[derive(Serialize, ToSchema)]
struct RecoveredAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    user: UserView<'a>,
    /// With `"session": "bearer"`: what goes into `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// A statement that was accepted.
#[derive(Serialize, ToSchema)]
struct IdentityAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// The directory's head, with the statement as its newest record.
    dir: HeadView,
}

/// Change the identity
///
/// With `x_box` alone the account gets another encryption key; with `ed_box` and what belongs to it another identity, or its
/// first one if it has none, and it is signed out everywhere else; with neither it is closed.
#[utoipa::path(
    put,
    path = "/api/e2ee/identity",
    operation_id = "putIdentity",
    tag = "Keyed accounts",
    request_body = PutIdentity,
    responses(
        (status = 200, description = "Accepted.", body = IdentityAnswer),
        (status = 400, description = "`malformed`, `unsupported_suite`, `weak_key`, `bad_signature`; `clock_skew` with `time`."),
        (status = 401, description = "`invalid_credentials`: not the password."),
        (status = 403, description = "`needs_identity`: the account has no keys."),
        (status = 409, description = "`identity_conflict`: the statement does not follow from the last one. `state_conflict`, with `version` and `blob` of the state that is there."),
        (status = 429, description = "`rate_limited`: too many attempts."),
    )
)]
pub(crate) async fn identity<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: PutIdentity = call.body(&shared)?;
    let (key, statement, renewal) = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    let record = shared
        .complete(async move {
            app.renew_identity(&who, key, statement, renewal, &call.origin)
                .await
        })
        .await?;
    Ok(Json(IdentityAnswer {
        success: true,
        dir: (&record).into(),
    })
    .into_response())
}

/// Change the password
///
/// Signs out everywhere else.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    operation_id = "changePassword",
    tag = "Keyed accounts",
    request_body = ChangePassword,
    responses(
        (status = 200, description = "Changed.", body = Done),
        (status = 400, description = "`malformed`: a box of another size."),
        (status = 401, description = "`invalid_credentials`: not the old password."),
        (status = 403, description = "`needs_identity`: the account has no keys."),
        (status = 429, description = "`rate_limited`: too many attempts."),
    )
)]
pub(crate) async fn password<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: ChangePassword = call.body(&shared)?;
    let (old, new) = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.change_password(&who, old, new, &call.origin).await })
        .await?;
    Ok(done("Password changed"))
}

/// Change the recovery code
#[utoipa::path(
    post,
    path = "/api/auth/recovery",
    operation_id = "changeRecovery",
    tag = "Keyed accounts",
    request_body = ChangeRecovery,
    responses(
        (status = 200, description = "Changed.", body = Done),
        (status = 400, description = "`malformed`: a box of another size."),
        (status = 401, description = "`invalid_credentials`: not the password."),
        (status = 403, description = "`needs_identity`: the account has no keys."),
        (status = 429, description = "`rate_limited`: too many attempts."),
    )
)]
pub(crate) async fn recovery<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: ChangeRecovery = call.body(&shared)?;
    let (key, recovery) = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.change_recovery(&who, key, recovery, &call.origin).await })
        .await?;
    Ok(done("Recovery code changed"))
}

/// Begin a recovery
///
/// Whoever shows what comes of the recovery code is given what the code opens. Every failure is answered alike.
#[utoipa::path(
    post,
    path = "/api/auth/recover",
    operation_id = "recover",
    tag = "Keyed accounts",
    request_body = Recover,
    responses(
        (status = 200, description = "What the code opens.", body = RecoveringAnswer),
        (status = 401, description = "`invalid_credentials`."),
        (status = 403, description = "`banned`, to who has the code."),
        (status = 429, description = "`rate_limited`: too many attempts, by address or by name."),
    ),
    security(())
)]
pub(crate) async fn recover<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: Recover = call.open_body()?;
    let (username, key) = asked.parse()?;
    let begun = shared
        .app
        .begin_recovery(username.as_ref(), key, &call.origin)
        .await;
    let begun = begun.map_err(|error| shared.refused(&error))?;
    Ok(Json(RecoveringAnswer {
        success: true,
        instance_id: base64url(&begun.instance),
        user: (&begun.user).into(),
        recover_token: begun.token,
        amk_rec: base64url(&begun.master),
        keyring: (&begun.keys).into(),
        state: begun.state.as_ref().map(Into::into),
    })
    .into_response())
}

/// Recover an account
///
/// Gives it a new password and a new recovery code, signs it out everywhere, and in here.
#[utoipa::path(
    post,
    path = "/api/auth/recover/finish",
    operation_id = "finishRecovery",
    tag = "Keyed accounts",
    request_body = FinishRecovery,
    responses(
        (status = 200, description = "Recovered, signed in.", body = RecoveredAnswer),
        (status = 400, description = "`malformed`: a box of another size."),
        (status = 403, description = "`forbidden`: the token is none, was used, or is too old."),
    ),
    security(())
)]
pub(crate) async fn finish_recovery<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let is_bearer = |body: &FinishRecovery| body.session() == SessionKind::Bearer;
    let body: FinishRecovery = call.sign_in_body(&shared, is_bearer)?;
    let kind = body.session();
    let (token, password, recovery) = body.parse()?;
    let token = token.ok_or_else(|| Problem::of(&Refusal::Forbidden.into()))?;
    let app = Arc::clone(&shared.app);
    let made = shared
        .complete(async move {
            app.finish_recovery(&token, password, recovery, &call.origin)
                .await
        })
        .await?;
    let answer = RecoveredAnswer {
        success: true,
        user: made.signed_in.user().into(),
        token: shown(&made, kind),
    };
    let mut response = Json(answer).into_response();
    keep(&shared, &made, kind, &mut response);
    Ok(response)
}
