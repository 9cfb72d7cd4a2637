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
    user::UserView,
};
use http::StatusCode;
use serde::{Serialize, de::IgnoredAny};

use crate::{
    call::{Call, Named, Visit},
    needs::{READ, ROOMS, WRITE},
    problem::Refused,
    shared::{Shared, number},
};

#[derive(Serialize)]
struct RoomsAnswer<'a> {
    success: bool,
    rooms: Vec<RoomView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more: Option<bool>,
}

#[derive(Serialize)]
struct RoomAnswer<'a> {
    success: bool,
    room: RoomView<'a>,
}

#[derive(Serialize)]
struct MembersAnswer<'a> {
    success: bool,
    members: Vec<MemberView<'a>>,
    has_more: bool,
}

#[derive(Serialize)]
struct MemberAnswer<'a> {
    success: bool,
    user: UserView<'a>,
}

#[derive(Serialize)]
struct ReadAnswer {
    success: bool,
    read_seq: u64,
}

#[derive(Serialize)]
struct Done {
    success: bool,
    message: &'static str,
}

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

fn done(message: &'static str) -> Response {
    Json(Done {
        success: true,
        message,
    })
    .into_response()
}

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
