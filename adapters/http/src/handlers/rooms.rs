//! Rooms of mode `server`, and the list of all.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chat_domain::{Refusal, RoomId, UserId};
use chat_ports::Ports;
use chat_wire::{
    Problem,
    request::{AddMember, CreateRoom, DirectRoom, Listing, MarkRead, PatchRoom, RoomsQuery},
    room::{MemberView, RoomView},
    schema,
    user::UserView,
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use crate::{
    answer::{Done, done},
    call::{Call, Named, Visit},
    needs::{READ, ROOMS, WRITE},
    problem::Refused,
    shared::{Shared, number},
};

/// Rooms.
#[derive(Serialize, ToSchema)]
struct RoomsAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    rooms: Vec<RoomView<'a>>,
    /// With `open=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more: Option<bool>,
}

/// A room.
#[derive(Serialize, ToSchema)]
struct RoomAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    room: RoomView<'a>,
}

/// Members of a room.
#[derive(Serialize, ToSchema)]
struct MembersAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    members: Vec<MemberView<'a>>,
    has_more: bool,
}

/// Somebody who was brought in.
#[derive(Serialize, ToSchema)]
struct MemberAnswer<'a> {
    #[schema(value_type = schema::Success)]
    success: bool,
    user: UserView<'a>,
}

/// How far one has read.
#[derive(Serialize, ToSchema)]
struct ReadAnswer {
    #[schema(value_type = schema::Success)]
    success: bool,
    #[schema(value_type = schema::Seq)]
    read_seq: u64,
}

/// List rooms
///
/// One's own, all of them; with `open=1` those that one may join, in pages.
#[utoipa::path(
    get,
    path = "/api/rooms",
    operation_id = "rooms",
    tag = "Rooms",
    params(RoomsQuery),
    responses(
        (status = 200, description = "The rooms.", body = RoomsAnswer),
        (status = 422, description = "`invalid`: a parameter is not right."),
    )
)]
pub(crate) async fn list<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, READ).await?;
    match RoomsQuery::parse(&visit.query, shared.limits())? {
        RoomsQuery::Mine => {
            let mine = shared.app.subscribe(&who).await;
            let mine = mine.map_err(|error| shared.refused(&error))?;
            let rooms = mine.iter().map(RoomView::from).collect();
            Ok(rooms_answer(rooms, None))
        }
        RoomsQuery::Open(page) => {
            let after = page.after.and_then(|n| RoomId::parse(n).ok());
            let open = shared.app.open_rooms(&who, after, page.most).await;
            let (open, has_more) = open.map_err(|error| shared.refused(&error))?;
            let view = |(room, members)| RoomView::of(room, Some(members));
            let rooms = open
                .iter()
                .map(|(room, members)| view((room, *members)))
                .collect();
            Ok(rooms_answer(rooms, Some(has_more)))
        }
    }
}

fn rooms_answer(rooms: Vec<RoomView<'_>>, has_more: Option<bool>) -> Response {
    Json(RoomsAnswer {
        success: true,
        rooms,
        has_more,
    })
    .into_response()
}

fn room_answer(status: StatusCode, room: RoomView<'_>) -> Response {
    let answer = RoomAnswer { success: true, room };
    (status, Json(answer)).into_response()
}

/// Make a room
///
/// A room of mode `server`, which belongs to who makes it.
#[utoipa::path(
    post,
    path = "/api/rooms",
    operation_id = "createRoom",
    tag = "Rooms",
    request_body = CreateRoom,
    responses(
        (status = 201, description = "The room.", body = RoomAnswer),
        (status = 409, description = "`too_many_rooms`: 1,000 at most."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn create<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: CreateRoom = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let (name, join) = body.parse(shared.limits())?;
    let app = Arc::clone(&shared.app);
    let made = shared
        .complete(async move { app.create_room(&who, name, join).await })
        .await?;
    Ok(room_answer(StatusCode::CREATED, (&made).into()))
}

/// Talk to one person
///
/// The one room of the two, made now or there already.
#[utoipa::path(
    post,
    path = "/api/rooms/direct",
    operation_id = "directRoom",
    tag = "Rooms",
    request_body = DirectRoom,
    responses(
        (status = 201, description = "The room, new.", body = RoomAnswer),
        (status = 200, description = "The room, which was there.", body = RoomAnswer),
        (status = 404, description = "`not_found`: there is no such user, or they are banned."),
        (status = 409, description = "`conflict`: with oneself; `too_many_rooms`, whichever of the two it is."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn direct<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    call: Call,
) -> Result<Response, Refused> {
    let body: DirectRoom = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let other = body.parse()?;
    let app = Arc::clone(&shared.app);
    let (mine, fresh) = shared
        .complete(async move { app.direct_room(&who, other).await })
        .await?;
    let status = if fresh {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(room_answer(status, (&mine).into()))
}

/// Change a room
///
/// What is left out stays. Name and entry are the owners'; the rest the moderators' too.
#[utoipa::path(
    patch,
    path = "/api/rooms/{room}",
    operation_id = "changeRoom",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    request_body = PatchRoom,
    responses(
        (status = 200, description = "The room as it is now.", body = RoomAnswer),
        (status = 403, description = "`forbidden`: one may not."),
        (status = 409, description = "`room_is_e2ee`: the room's own log says that."),
        (status = 429, description = "`rate_limited`."),
    )
)]
pub(crate) async fn change<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body: PatchRoom = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let settings = body.parse(shared.limits())?;
    let member = shared.room(&who, &room).await?;
    let membership = *member.membership();
    let app = Arc::clone(&shared.app);
    let room = shared
        .complete(async move { app.change_room(&member, settings).await })
        .await?;
    Ok(room_answer(StatusCode::OK, RoomView::seen_by(&room, &membership)))
}

/// Join a room
///
/// An open one.
#[utoipa::path(
    post,
    path = "/api/rooms/{room}/join",
    operation_id = "joinRoom",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    responses(
        (status = 200, description = "One is a member now.", body = Done),
        (status = 409, description = "`already_member`; `room_is_e2ee`; `too_many_rooms`."),
    )
)]
pub(crate) async fn join<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let id = number(&room).and_then(|n| RoomId::parse(n).ok());
    let id = id.ok_or_else(|| Problem::of(&Refusal::NotFound.into()))?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.join_room(&who, id).await })
        .await?;
    Ok(done("Joined"))
}

/// Leave a room
///
/// Nobody leaves the plain room or a direct one.
#[utoipa::path(
    post,
    path = "/api/rooms/{room}/leave",
    operation_id = "leaveRoom",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    responses(
        (status = 200, description = "One is no longer a member.", body = Done),
        (status = 403, description = "`forbidden`: nobody leaves this room."),
        (status = 409, description = "`room_is_e2ee`."),
    )
)]
pub(crate) async fn leave<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let member = shared.room(&who, &room).await?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.leave_room(&member).await })
        .await?;
    Ok(done("Left"))
}

/// List the members of a room
#[utoipa::path(
    get,
    path = "/api/rooms/{room}/members",
    operation_id = "members",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room."), Listing),
    responses(
        (status = 200, description = "A page of them.", body = MembersAnswer),
        (status = 422, description = "`invalid`: a parameter is not right."),
    )
)]
pub(crate) async fn members<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    visit: Visit,
) -> Result<Response, Refused> {
    let who = shared.who(&visit.carrier, READ).await?;
    let page = Listing::parse(&visit.query, shared.limits())?;
    let member = shared.room(&who, &room).await?;
    let after = page.after.and_then(|n| UserId::parse(n).ok());
    let found = shared.app.members(&member, after, page.most).await;
    let (found, has_more) = found.map_err(|error| shared.refused(&error))?;
    Ok(Json(MembersAnswer {
        success: true,
        members: found.iter().map(MemberView::from).collect(),
        has_more,
    })
    .into_response())
}

/// Bring somebody into a room
///
/// Anybody may into an open room, moderators and owners into any.
#[utoipa::path(
    post,
    path = "/api/rooms/{room}/members",
    operation_id = "addMember",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    request_body = AddMember,
    responses(
        (status = 201, description = "They are a member now.", body = MemberAnswer),
        (status = 403, description = "`forbidden`: one may not."),
        (status = 409, description = "`already_member`; `room_is_e2ee`; `too_many_rooms`."),
    )
)]
pub(crate) async fn add_member<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body: AddMember = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let username = body.parse()?;
    let member = shared.room(&who, &room).await?;
    let app = Arc::clone(&shared.app);
    let added = shared
        .complete(async move { app.add_member(&member, &username).await })
        .await?;
    let answer = MemberAnswer {
        success: true,
        user: (&added).into(),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Put somebody out of a room
///
/// Who ranks below, or oneself.
#[utoipa::path(
    delete,
    path = "/api/rooms/{room}/members/{user}",
    operation_id = "removeMember",
    tag = "Rooms",
    params(
        ("room" = schema::RoomId, Path, description = "Which room."),
        ("user" = schema::UserId, Path, description = "Which member."),
    ),
    responses(
        (status = 200, description = "They are no longer a member.", body = Done),
        (status = 403, description = "`forbidden`: one may not, or nobody leaves this room."),
        (status = 409, description = "`room_is_e2ee`."),
    )
)]
pub(crate) async fn remove_member<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named((room, user)): Named<(String, String)>,
    call: Call,
) -> Result<Response, Refused> {
    let _: IgnoredAny = call.body(&shared)?;
    let who = shared.who(&call.carrier, ROOMS).await?;
    let member = shared.room(&who, &room).await?;
    let user = number(&user).and_then(|n| UserId::parse(n).ok());
    let user = user.ok_or_else(|| Problem::of(&Refusal::NotFound.into()))?;
    let app = Arc::clone(&shared.app);
    shared
        .complete(async move { app.remove_member(&member, user).await })
        .await?;
    Ok(done("Removed"))
}

/// Say how far one has read
///
/// It only moves forward.
#[utoipa::path(
    post,
    path = "/api/rooms/{room}/read",
    operation_id = "markRead",
    tag = "Rooms",
    params(("room" = schema::RoomId, Path, description = "Which room.")),
    request_body = MarkRead,
    responses((status = 200, description = "How far.", body = ReadAnswer))
)]
pub(crate) async fn read<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    Named(room): Named<String>,
    call: Call,
) -> Result<Response, Refused> {
    let body: MarkRead = call.body(&shared)?;
    let who = shared.who(&call.carrier, WRITE).await?;
    let seq = body.parse()?;
    let member = shared.room(&who, &room).await?;
    let app = Arc::clone(&shared.app);
    let at = shared
        .complete(async move { app.mark_read(&member, seq).await })
        .await?;
    Ok(Json(ReadAnswer {
        success: true,
        read_seq: at.number(),
    })
    .into_response())
}
