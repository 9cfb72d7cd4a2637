//! Another identity for who has lost password and recovery code: the link, and what is done with it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_domain::moderation::Authority;
use chat_ports::Ports;
use chat_wire::{
    keyed::{KdfView, base64url},
    request::{BeginReset, FinishReset, IssueReset, SessionKind},
    schema,
    user::UserView,
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::Call,
    handlers::{
        accounts::keep,
        keyed::{RegisteredAnswer, shown},
    },
    needs::FULL,
    problem::Refused,
    shared::Shared,
};

/// A link that was issued.
#[derive(Serialize, ToSchema)]
struct IssuedAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// What goes behind `/#/reset/` of the server's address. It is shown this once, and good once, for a day.
    reset_token: String,
}

/// The identity that the new one follows.
#[derive(Serialize, ToSchema)]
struct Previous {
    /// Its generation.
    r#gen: u32,
    /// The number of its encryption key.
    kem: u32,
    /// The hash of its statement.
    #[schema(value_type = schema::Bytes32)]
    hash: String,
}

/// A reset that was begun.
#[derive(Serialize, ToSchema)]
struct ResettingAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Bytes16)]
    instance_id: String,
    user: UserView<'a>,
    kdf: KdfView,
    prev: Previous,
}

/// Issue a reset link
///
/// For the owner of a keyed account who has lost password and recovery code. It begins another identity: what was sealed for
/// the old one stays closed. A link that was issued before is worth nothing any more.
#[utoipa::path(
    post,
    path = "/api/admin/reset-link",
    operation_id = "issueResetLink",
    tag = "Administration",
    request_body = IssueReset,
    responses(
        (status = 200, description = "The link's token.", body = IssuedAnswer),
        (status = 403, description = "`forbidden`: one does not administer the server."),
        (status = 404, description = "`not_found`: no such account."),
        (status = 409, description = "`conflict`: a basic account, which is given another password instead."),
    )
)]
pub(crate) async fn issue<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: IssueReset = call.body(&shared)?;
    let who = shared.who(&call.carrier, FULL).await?;
    let authority = Authority::Admin(shared.admin(&who)?);
    let target = asked.parse()?;
    let app = Arc::clone(&shared.app);
    let (_, token) = shared
        .complete(async move { app.issue_reset(&authority, target).await })
        .await?;
    Ok(Json(IssuedAnswer {
        success: true,
        reset_token: token.reveal(),
    })
    .into_response())
}

/// Begin a reset
///
/// What the new identity is made from. It does not use the link up. Every link that is worth nothing is answered alike.
#[utoipa::path(
    post,
    path = "/api/auth/reset/begin",
    operation_id = "beginReset",
    tag = "Keyed accounts",
    request_body = BeginReset,
    responses(
        (status = 200, description = "Whose account it is, and the identity that the new one follows.", body = ResettingAnswer),
        (status = 401, description = "`invalid_credentials`: no such link, or it was used, or is too old."),
        (status = 403, description = "`banned`, to who has the link."),
        (status = 429, description = "`rate_limited`: too many attempts from this address."),
    ),
    security(())
)]
pub(crate) async fn begin<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: BeginReset = call.open_body()?;
    let token = asked.token();
    let begun = shared.app.begin_reset(token.as_ref(), &call.origin).await;
    let begun = begun.map_err(|error| shared.refused(&error))?;
    let previous = begun.previous.statement();
    Ok(Json(ResettingAnswer {
        success: true,
        instance_id: base64url(&begun.instance),
        user: (&begun.user).into(),
        kdf: KdfView::of(600_000),
        prev: Previous {
            r#gen: previous.generation,
            kem: previous.kem,
            hash: base64url(begun.previous.hash()),
        },
    })
    .into_response())
}

/// Begin anew with another identity
///
/// With another password and another recovery code; all of it or nothing. The link is used up, the account is signed out
/// everywhere, and in here.
#[utoipa::path(
    post,
    path = "/api/auth/reset/finish",
    operation_id = "finishReset",
    tag = "Keyed accounts",
    request_body = FinishReset,
    responses(
        (status = 201, description = "The account, signed in.", body = RegisteredAnswer),
        (status = 400, description = "`malformed`, `unsupported_suite`, `weak_key`, `bad_signature`; `clock_skew` with `time`."),
        (status = 401, description = "`invalid_credentials`: no such link, or it was used, or is too old."),
        (status = 403, description = "`banned`, to who has the link."),
        (status = 409, description = "`identity_conflict`: the statement does not follow from the last one."),
        (status = 429, description = "`rate_limited`: too many attempts from this address."),
    ),
    security(())
)]
pub(crate) async fn finish<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let is_bearer = |body: &FinishReset| body.session() == SessionKind::Bearer;
    let body: FinishReset = call.sign_in_body(&shared, is_bearer)?;
    let kind = body.session();
    let asked = body.parse()?;
    let app = Arc::clone(&shared.app);
    let (made, record) = shared
        .complete(async move { app.finish_reset(asked, &call.origin).await })
        .await?;
    let answer = RegisteredAnswer {
        success: true,
        user: made.signed_in.user().into(),
        dir: (&record).into(),
        token: shown(&made, kind),
    };
    let mut response = (StatusCode::CREATED, Json(answer)).into_response();
    keep(&shared, &made, kind, &mut response);
    Ok(response)
}
