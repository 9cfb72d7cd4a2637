//! What clients ask of rooms and of what was said in them.

use chat_domain::{
    Content, EventId, Join, RoomName, Seq, UserId, Username,
    event::Emoji,
    id,
    limit::Limits,
    membership::Settings,
    room::{SlowMode, Topic},
};
use serde::Deserialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    LIMIT,
    fields::{Fields, Query},
};
use crate::{
    problem::Problem,
    schema::{self, QueryNumber},
};

/// `POST /api/rooms`
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateRoom {
    #[schema(value_type = schema::RoomName)]
    name: String,
    #[schema(value_type = Option<schema::JoinRule>)]
    join: Option<String>,
}

impl CreateRoom {
    /// The room's name, and how one becomes a member; anybody may, unless it says otherwise.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self, limits: &Limits) -> Result<(RoomName, Join), Problem> {
        let mut fields = Fields::default();
        let name = fields.take("name", RoomName::within(limits.room_name, &self.name));
        let join = fields.optional("join", self.join, |join| parse_join(&join));
        fields.done(|| Some((name?, join.unwrap_or(Join::Open))))
    }
}

/// `POST /api/rooms/direct`
#[derive(Debug, Deserialize, ToSchema)]
pub struct DirectRoom {
    #[schema(value_type = schema::UserId)]
    user_id: u64,
}

impl DirectRoom {
    /// The other one.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<UserId, Problem> {
        let mut fields = Fields::default();
        let user = fields.take("user_id", UserId::parse(self.user_id));
        fields.done(|| user)
    }
}

/// `POST /api/rooms/{id}/members`
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddMember {
    #[schema(value_type = schema::Username)]
    username: String,
}

impl AddMember {
    /// Who is to be brought in.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<Username, Problem> {
        let mut fields = Fields::default();
        let username = fields.take("username", Username::parse(&self.username));
        fields.done(|| username)
    }
}

/// `PATCH /api/rooms/{id}`: what is left out stays; an empty topic takes the topic away.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PatchRoom {
    #[schema(value_type = Option<schema::RoomName>)]
    name: Option<String>,
    #[schema(value_type = Option<schema::JoinRule>)]
    join: Option<String>,
    #[schema(value_type = Option<schema::Topic>)]
    topic: Option<String>,
    #[schema(value_type = Option<schema::SlowMode>)]
    slow_mode: Option<u32>,
    read_only: Option<bool>,
}

impl PatchRoom {
    /// What is to be changed.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self, limits: &Limits) -> Result<Settings, Problem> {
        let mut fields = Fields::default();
        let settings = Settings {
            name: fields.optional("name", self.name, |name| {
                RoomName::within(limits.room_name, &name)
            }),
            join: fields.optional("join", self.join, |join| parse_join(&join)),
            topic: fields.optional("topic", self.topic, |topic| Topic::parse(&topic)),
            slow_mode: fields.optional("slow_mode", self.slow_mode, SlowMode::parse),
            read_only: self.read_only,
        };
        fields.done(|| Some(settings))
    }
}

/// `POST /api/rooms/{id}/read`
#[derive(Debug, Deserialize, ToSchema)]
pub struct MarkRead {
    #[schema(value_type = schema::Seq)]
    seq: u64,
}

impl MarkRead {
    /// How far was read.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<Seq, Problem> {
        let mut fields = Fields::default();
        let seq = fields.take("seq", Seq::parse(self.seq));
        fields.done(|| seq)
    }
}

/// `POST /api/edit-message`
#[derive(Debug, Deserialize, ToSchema)]
pub struct EditMessage {
    #[schema(value_type = schema::MessageId)]
    message_id: u64,
    #[schema(value_type = schema::Content)]
    content: String,
}

impl EditMessage {
    /// Which message gets which text.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self, limits: &Limits) -> Result<(EventId, Content), Problem> {
        let mut fields = Fields::default();
        let id = fields.take("message_id", EventId::parse(self.message_id));
        let content = fields.take("content", Content::within(limits.content, self.content));
        fields.done(|| Some((id?, content?)))
    }
}

/// `POST /api/delete-message`
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeleteMessage {
    #[schema(value_type = schema::MessageId)]
    message_id: u64,
}

impl DeleteMessage {
    /// Which message.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<EventId, Problem> {
        let mut fields = Fields::default();
        let id = fields.take("message_id", EventId::parse(self.message_id));
        fields.done(|| id)
    }
}

/// `POST /api/react`
#[derive(Debug, Deserialize, ToSchema)]
pub struct React {
    #[schema(value_type = schema::MessageId)]
    message_id: u64,
    #[schema(value_type = schema::Emoji)]
    emoji: String,
    added: bool,
}

impl React {
    /// Which message, which emoji, put there or taken back.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<(EventId, Emoji, bool), Problem> {
        let mut fields = Fields::default();
        let id = fields.take("message_id", EventId::parse(self.message_id));
        let emoji = fields.take("emoji", Emoji::parse(&self.emoji));
        fields.done(|| Some((id?, emoji?, self.added)))
    }
}

const AFTER: QueryNumber = QueryNumber {
    name: "after",
    least: 1,
    most: id::MAX_ID,
    meaning: "What comes after this number (`id`) in the list.",
    default: None,
};
const OPEN: QueryNumber = QueryNumber {
    name: "open",
    least: 0,
    most: 1,
    meaning: "1: the rooms that one may join, in pages, instead of those that one is in.",
    default: Some(0),
};

/// A page of a list: what comes after a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The number.
    pub after: Option<u64>,
    /// How many to give.
    pub most: u32,
}

impl Listing {
    /// Reads `after` and `limit`.
    ///
    /// # Errors
    /// `invalid`, with every parameter that is wrong.
    pub fn parse(query: &str, limits: &Limits) -> Result<Self, Problem> {
        let mut query = Query::new(query);
        let after = query.number(&AFTER);
        let most = query.number(&LIMIT.at_most(limits.page));
        query.done()?;
        let most = most.and_then(|most| u32::try_from(most).ok());
        Ok(Self {
            after,
            most: most.unwrap_or_else(|| limits.page_unasked()),
        })
    }
}

/// The query of `GET /api/rooms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomsQuery {
    /// Mine, all of them.
    Mine,
    /// Those that I may join.
    Open(Listing),
}

impl RoomsQuery {
    /// Reads the query.
    ///
    /// # Errors
    /// `invalid`, with every parameter that is wrong.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, Problem> {
        let mut query = Query::new(text);
        let open = query.number(&OPEN);
        query.done()?;
        // Read also where it has no meaning, so that a wrong parameter is never taken for a right one.
        let page = Listing::parse(text, limits)?;
        Ok(match open {
            Some(1) => Self::Open(page),
            _ => Self::Mine,
        })
    }
}

impl IntoParams for Listing {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [LIMIT, AFTER].map(|number| number.parameter()).into()
    }
}

impl IntoParams for RoomsQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [OPEN, LIMIT, AFTER].map(|number| number.parameter()).into()
    }
}

fn parse_join(name: &str) -> Result<Join, &'static str> {
    Join::of_name(name).ok_or("must be open or invite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        decode::object(json.as_bytes()).unwrap()
    }

    fn wrong<T: std::fmt::Debug>(parsed: Result<T, Problem>) -> Vec<String> {
        let problem = parsed.unwrap_err();
        assert_eq!(problem.status, 422);
        problem.fields.iter().map(|f| f.field.clone()).collect()
    }

    #[test]
    fn rooms() {
        let (name, join) = read::<CreateRoom>(r#"{"name":" tides ","join":"invite"}"#)
            .parse(&Limits::default())
            .unwrap();
        assert_eq!((name.as_str(), join), ("tides", Join::Invite));
        let (_, join) = read::<CreateRoom>(r#"{"name":"x"}"#)
            .parse(&Limits::default())
            .unwrap();
        assert_eq!(join, Join::Open);
        assert_eq!(
            wrong(read::<CreateRoom>(r#"{"name":" ","join":"x"}"#).parse(&Limits::default())),
            ["name", "join"]
        );
        assert_eq!(wrong(read::<DirectRoom>(r#"{"user_id":0}"#).parse()), ["user_id"]);
        assert_eq!(
            wrong(read::<AddMember>(r#"{"username":"a b"}"#).parse()),
            ["username"]
        );
        assert_eq!(
            wrong(read::<MarkRead>(r#"{"seq":9007199254740992}"#).parse()),
            ["seq"]
        );
    }

    #[test]
    fn settings() {
        let all = r#"{"name":"x","join":"open","topic":"t","slow_mode":30,"read_only":true}"#;
        let settings = read::<PatchRoom>(all).parse(&Limits::default()).unwrap();
        assert_eq!(
            (settings.slow_mode.unwrap().seconds(), settings.read_only),
            (30, Some(true))
        );
        assert_eq!(
            read::<PatchRoom>("{}").parse(&Limits::default()).unwrap(),
            Settings::default()
        );
        assert_eq!(
            read::<PatchRoom>(r#"{"topic":" "}"#)
                .parse(&Limits::default())
                .unwrap()
                .topic,
            Some(None)
        );
        let bad = format!(
            r#"{{"name":"","join":"x","topic":"{}","slow_mode":21601}}"#,
            "x".repeat(251)
        );
        assert_eq!(
            wrong(read::<PatchRoom>(&bad).parse(&Limits::default())),
            ["name", "join", "topic", "slow_mode"]
        );
    }

    #[test]
    fn changes() {
        assert!(
            read::<EditMessage>(r#"{"message_id":1,"content":"x"}"#)
                .parse(&Limits::default())
                .is_ok()
        );
        let bad = read::<EditMessage>(r#"{"message_id":0,"content":" "}"#).parse(&Limits::default());
        assert_eq!(wrong(bad), ["message_id", "content"]);
        assert!(
            read::<React>(r#"{"message_id":1,"emoji":"👍","added":true}"#)
                .parse()
                .is_ok()
        );
        let bad = read::<React>(r#"{"message_id":0,"emoji":"ok","added":true}"#).parse();
        assert_eq!(wrong(bad), ["message_id", "emoji"]);
        assert_eq!(
            wrong(read::<DeleteMessage>(r#"{"message_id":0}"#).parse()),
            ["message_id"]
        );
    }

    #[test]
    fn lists() {
        assert_eq!(RoomsQuery::parse("", &Limits::default()), Ok(RoomsQuery::Mine));
        assert_eq!(
            RoomsQuery::parse("open=0", &Limits::default()),
            Ok(RoomsQuery::Mine)
        );
        let page = Listing {
            after: Some(7),
            most: 3,
        };
        assert_eq!(
            RoomsQuery::parse("open=1&after=7&limit=3", &Limits::default()),
            Ok(RoomsQuery::Open(page))
        );
        for bad in ["open=2", "open=1&after=0", "open=1&limit=101", "limit=null"] {
            assert_eq!(
                RoomsQuery::parse(bad, &Limits::default()).unwrap_err().status,
                422,
                "{bad}"
            );
        }
    }
}
