//! Keyed accounts: their password never comes here.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_app::SignedInNow;
use chat_ports::Ports;
use chat_wire::{
    keyed::{DerivationView, HeadView, KdfView, KeyringView, RecordView, StateView, UnlockedView, base64url},
    request::{
        BeginRegistration, DirectoryQuery, FinishRegistration, KeyedLogin, Prelogin, PutState, SessionKind,
        Unlock,
    },
    schema,
    user::UserView,
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::{Call, Visit},
    handlers::accounts::keep,
    needs::{FULL, READ},
    problem::Refused,
    shared::Shared,
};

/// The installation, as clients know it again.
#[derive(Serialize, ToSchema)]
struct InstanceAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Bytes16)]
    instance_id: String,
    /// Signs the directory's heads.
    #[schema(value_type = schema::Bytes32)]
    instance_key: String,
    /// The suites of the encryption protocol.
    suites: [u16; 1],
    /// How new secrets are to be derived.
    kdf: KdfView,
    /// The server's time, milliseconds since 1970.
    time: u64,
}

/// How to derive for a name.
#[derive(Serialize, ToSchema)]
struct PreloginAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Bytes16)]
    instance_id: String,
    #[serde(flatten)]
    derivation: DerivationView,
}

/// A registration that was begun.
#[derive(Serialize, ToSchema)]
struct BegunAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Bytes16)]
    instance_id: String,
    /// The account's id to be.
    #[schema(value_type = schema::UserId)]
    user_id: u64,
    /// To be shown at the second step, within ten minutes.
    reg_token: String,
    kdf: KdfView,
}

/// A keyed account that was made, signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct RegisteredAnswer<'a> {
    #[schema(value_type = schema::Success)]
    pub(super) success: bool,
    pub(super) user: UserView<'a>,
    /// The directory's head, with the account's statement as its newest record.
    pub(super) dir: HeadView,
    /// With `"session": "bearer"`: what goes into `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
}

/// Signed in, with what opens the account.
#[derive(Serialize, ToSchema)]
struct KeyedSignedInAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    user: UserView<'a>,
    #[serde(flatten)]
    unlocked: UnlockedView,
    /// Whether the account has no identity yet.
    pending_identity: bool,
    /// With `"session": "bearer"`: what goes into `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// What opens the account.
#[derive(Serialize, ToSchema)]
struct UnlockedAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[serde(flatten)]
    unlocked: UnlockedView,
}

/// Private keys in their boxes.
#[derive(Serialize, ToSchema)]
struct KeyringAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    keyring: KeyringView,
}

/// A part of the directory.
#[derive(Serialize, ToSchema)]
struct DirectoryAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    records: Vec<RecordView>,
    /// Of the whole directory: its place may lie beyond this page.
    head: Option<HeadView>,
}

/// The sealed state.
#[derive(Serialize, ToSchema)]
struct StateAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    state: Option<StateView>,
}

/// A state that was stored.
#[derive(Serialize, ToSchema)]
struct StoredAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    version: u64,
}

/// What clients pin of this server
#[utoipa::path(
    get,
    path = "/api/e2ee/instance",
    operation_id = "instance",
    tag = "Keyed accounts",
    responses((status = 200, description = "The installation.", body = InstanceAnswer)),
    security(())
)]
pub(crate) async fn instance<P: Ports>(State(shared): State<Arc<Shared<P>>>) -> Result<Response, Refused> {
    let instance = shared.app.instance().await;
    let instance = instance.map_err(|error| shared.refused(&error))?;
    Ok(Json(InstanceAnswer {
        success: true,
        instance_id: base64url(&instance.id),
        instance_key: base64url(&instance.key),
        suites: [1],
        kdf: KdfView::of(600_000),
        time: instance.now.millis(),
    })
    .into_response())
}

/// How to derive for a name
///
/// A name that nobody has, or that is a basic account's, is answered like any other, and always alike.
#[utoipa::path(
    post,
    path = "/api/auth/prelogin",
    operation_id = "prelogin",
    tag = "Keyed accounts",
    request_body = Prelogin,
    responses((status = 200, description = "The method and the salt.", body = PreloginAnswer)),
    security(())
)]
pub(crate) async fn prelogin<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: Prelogin = call.open_body()?;
    let username = asked.username();
    let instance = shared.app.instance().await;
    let instance = instance.map_err(|error| shared.refused(&error))?;
    let derivation = shared.app.prelogin(username.as_ref()).await;
    let derivation = derivation.map_err(|error| shared.refused(&error))?;
    Ok(Json(PreloginAnswer {
        success: true,
        instance_id: base64url(&instance.id),
        derivation: (&derivation).into(),
    })
    .into_response())
}

/// Begin to make a keyed account
///
/// Says under which id the account will be, so that its keys can be made; nothing is held.
#[utoipa::path(
    post,
    path = "/api/auth/register/begin",
    operation_id = "beginRegistration",
    tag = "Keyed accounts",
    request_body = BeginRegistration,
    responses(
        (status = 200, description = "Begun.", body = BegunAnswer),
        (status = 409, description = "`username_taken`."),
        (status = 429, description = "`rate_limited`: too many accounts from this address."),
    ),
    security(())
)]
pub(crate) async fn begin<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: BeginRegistration = call.open_body()?;
    let username = asked.parse()?;
    let begun = shared.app.begin_registration(username, &call.origin).await;
    let begun = begun.map_err(|error| shared.refused(&error))?;
    Ok(Json(BegunAnswer {
        success: true,
        instance_id: base64url(&begun.instance),
        user_id: begun.user.number(),
        reg_token: begun.token,
        kdf: KdfView::of(600_000),
    })
    .into_response())
}

/// Make a keyed account
///
/// All of it or nothing, and signed in.
#[utoipa::path(
    post,
    path = "/api/auth/register/finish",
    operation_id = "finishRegistration",
    tag = "Keyed accounts",
    request_body = FinishRegistration,
    responses(
        (status = 201, description = "The account, signed in.", body = RegisteredAnswer),
        (status = 400, description = "`malformed`, `unsupported_suite`, `weak_key`, `bad_signature`; `clock_skew` with `time`."),
        (status = 403, description = "`forbidden`: the token is none, or too old."),
        (status = 409, description = "`username_taken`, `identity_conflict`."),
    ),
    security(())
)]
pub(crate) async fn finish<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let is_bearer = |body: &FinishRegistration| body.session() == SessionKind::Bearer;
    let body: FinishRegistration = call.sign_in_body(&shared, is_bearer)?;
    let kind = body.session();
    let asked = body.parse()?;
    let app = Arc::clone(&shared.app);
    let (made, record) = shared
        .complete(async move { app.finish_registration(asked, &call.origin).await })
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

/// Sign in to a keyed account
///
/// A wrong key, an unknown name and a basic account's are answered alike, in words and in time.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "keyedLogin",
    tag = "Keyed accounts",
    request_body = KeyedLogin,
    responses(
        (status = 200, description = "Signed in.", body = KeyedSignedInAnswer),
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
    let is_bearer = |body: &KeyedLogin| body.session() == SessionKind::Bearer;
    let body: KeyedLogin = call.sign_in_body(&shared, is_bearer)?;
    let kind = body.session();
    let attempt = body.parse()?;
    let app = Arc::clone(&shared.app);
    let (made, unlocked) = shared
        .complete(async move { app.sign_in_keyed(attempt, &call.origin).await })
        .await?;
    let answer = KeyedSignedInAnswer {
        success: true,
        user: made.signed_in.user().into(),
        unlocked: (&unlocked).into(),
        pending_identity: unlocked.master.is_none(),
        token: shown(&made, kind),
    };
    let mut response = Json(answer).into_response();
    keep(&shared, &made, kind, &mut response);
    Ok(response)
}

pub(super) fn shown(made: &SignedInNow, kind: SessionKind) -> Option<String> {
    (kind == SessionKind::Bearer).then(|| made.token.reveal())
}

/// Open the account again
///
/// Without a new session: to change the password, to make a new key.
#[utoipa::path(
    post,
    path = "/api/auth/unlock",
    operation_id = "unlock",
    tag = "Keyed accounts",
    request_body = Unlock,
    responses(
        (status = 200, description = "What opens the account.", body = UnlockedAnswer),
        (status = 401, description = "`invalid_credentials`."),
        (status = 403, description = "`needs_identity`: the account has no keys."),
        (status = 429, description = "`rate_limited`: too many attempts, by address or by name."),
    )
)]
pub(crate) async fn unlock<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: Unlock = call.body(&shared)?;
    let key = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let unlocked = shared.app.unlock(&who, key, &call.origin).await;
    let unlocked = unlocked.map_err(|error| shared.refused(&error))?;
    Ok(Json(UnlockedAnswer {
        success: true,
        unlocked: (&unlocked).into(),
    })
    .into_response())
}

/// One's private keys, in their boxes
#[utoipa::path(
    get,
    path = "/api/e2ee/keyring",
    operation_id = "keyring",
    tag = "Keyed accounts",
    responses((status = 200, description = "The boxes; none of a basic account.", body = KeyringAnswer))
)]
pub(crate) async fn keyring<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let keys = shared.app.sealed_keys(&who).await;
    let keys = keys.map_err(|error| shared.refused(&error))?;
    Ok(Json(KeyringAnswer {
        success: true,
        keyring: (&keys).into(),
    })
    .into_response())
}

/// The directory of identities
///
/// Every statement that was ever accepted, in a chain of hashes that clients keep whole.
#[utoipa::path(
    get,
    path = "/api/e2ee/directory",
    operation_id = "directory",
    tag = "Keyed accounts",
    params(DirectoryQuery),
    responses(
        (status = 200, description = "The records, and the head.", body = DirectoryAnswer),
        (status = 422, description = "`invalid`: `fields` says which parameters are not right."),
    )
)]
pub(crate) async fn directory<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, READ).await?;
    let query = DirectoryQuery::parse(&visit.query)?;
    let page = shared.app.directory(&who, query.from, query.limit).await;
    let page = page.map_err(|error| shared.refused(&error))?;
    Ok(Json(DirectoryAnswer {
        success: true,
        records: page.records.iter().map(Into::into).collect(),
        head: page.newest.as_ref().map(Into::into),
    })
    .into_response())
}

/// One's sealed state
#[utoipa::path(
    get,
    path = "/api/e2ee/state",
    operation_id = "state",
    tag = "Keyed accounts",
    responses((status = 200, description = "The state, if there is one.", body = StateAnswer))
)]
pub(crate) async fn state<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, FULL).await?;
    let state = shared.app.state(&who).await;
    let state = state.map_err(|error| shared.refused(&error))?;
    Ok(Json(StateAnswer {
        success: true,
        state: state.as_ref().map(Into::into),
    })
    .into_response())
}

/// Store one's sealed state
///
/// In the place of the one that it was made from.
#[utoipa::path(
    put,
    path = "/api/e2ee/state",
    operation_id = "putState",
    tag = "Keyed accounts",
    request_body = PutState,
    responses(
        (status = 200, description = "Stored.", body = StoredAnswer),
        (status = 400, description = "`malformed`: empty, or more than 1 MiB."),
        (status = 409, description = "`state_conflict`, with `version` and `blob` of the state that is there."),
    )
)]
pub(crate) async fn put_state<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let asked: PutState = call.body(&shared)?;
    let state = asked.parse()?;
    let who = shared.who(&call.carrier, FULL).await?;
    let app = Arc::clone(&shared.app);
    let version = shared
        .complete(async move { app.put_state(&who, state).await })
        .await?;
    Ok(Json(StoredAnswer {
        success: true,
        version,
    })
    .into_response())
}
