//! What clients ask for, in bodies and queries, parsed into what the use cases take.

mod fields;
mod hook;
mod keyed;
mod rooms;
mod tokens;

pub use hook::Hook;
pub use keyed::{
    BeginRegistration, BeginReset, ChangePassword, ChangeRecovery, FinishRecovery, FinishRegistration,
    FinishReset, IssueReset, Kdf, KeyedLogin, NumberedBox, Prelogin, PutDrafts, PutIdentity, PutState,
    Recover, Statement, Unlock,
};
pub use rooms::{
    AddMember, CreateRoom, DeleteMessage, DirectRoom, EditMessage, Listing, MarkRead, PatchRoom, React,
    RoomsQuery,
};
pub use tokens::{AddWebhook, MakeToken};

use chat_app::accounts::{Attempt, Registration};
use chat_domain::{
    ClientId, Content, EventId, MessageType, Password, RoomId, Seq, Username,
    limit::{self, Limits},
    message::Utterance,
};
use chat_ports::Page;
use serde::Deserialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use crate::{
    problem::{FieldProblem, Problem},
    schema::{self, QueryNumber},
};
use fields::{Fields, Query};

/// How a client wants its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// In a cookie: browsers.
    Cookie,
    /// In the answer: everything else.
    Bearer,
}

/// `POST /register`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Register {
    #[schema(value_type = schema::Username)]
    username: String,
    #[schema(value_type = schema::NewPassword)]
    password: String,
    /// The same as `password`.
    #[schema(value_type = schema::NewPassword)]
    confirm_password: String,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl Register {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// What the use case takes.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<Registration, Problem> {
        let mut wrong = Vec::new();
        if self.password != self.confirm_password {
            wrong.push(FieldProblem::new(
                "confirm_password",
                "is not the same as password",
            ));
        }
        let username = Username::parse(&self.username);
        let password = match &username {
            Ok(username) => Password::choose(self.password, username).map(Some),
            Err(_) => Ok(None),
        };
        match (username, password) {
            (Ok(username), Ok(Some(password))) if wrong.is_empty() => Ok(Registration { username, password }),
            (username, password) => {
                wrong.extend(username.err().map(|e| FieldProblem::new("username", &e)));
                wrong.extend(password.err().map(|e| FieldProblem::new("password", &e)));
                Err(Problem::invalid(wrong))
            }
        }
    }
}

/// `POST /login`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Login {
    username: String,
    #[schema(value_type = schema::Password)]
    password: String,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl Login {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// What the use case takes. A name that cannot be one is no error here: it is tried, and answered like any
    /// unknown name.
    ///
    /// # Errors
    /// `invalid` for a password that is too long to be hashed.
    pub fn parse(self) -> Result<Attempt, Problem> {
        let password = Password::attempt(self.password);
        let password = password.map_err(|e| Problem::invalid(vec![FieldProblem::new("password", &e)]))?;
        Ok(Attempt {
            username: Username::parse(&self.username).ok(),
            password,
        })
    }
}

/// `POST /api/send-message`, and the frame `message`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SendMessage {
    #[schema(value_type = schema::Content)]
    content: String,
    /// `text`, where it is left out.
    #[schema(value_type = Option<schema::PostedType>)]
    message_type: Option<String>,
    /// Where; without one, in the plain room, if there is one.
    #[schema(value_type = Option<schema::RoomId>)]
    room_id: Option<u64>,
    #[schema(value_type = Option<schema::ClientId>)]
    client_id: Option<String>,
    /// The message that it answers, one of the same room.
    #[schema(value_type = Option<schema::MessageId>)]
    reply_to: Option<u64>,
}

impl SendMessage {
    /// The room and what is to be said there.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self, limits: &Limits) -> Result<(Option<RoomId>, Utterance), Problem> {
        let mut fields = Fields::default();
        let content = fields.take("content", Content::within(limits.content, self.content));
        let message_type = MessageType::of_name(self.message_type.as_deref().unwrap_or("text"));
        let message_type = fields.take("message_type", message_type.ok_or("must be text, file or image"));
        let client_id = fields.optional("client_id", self.client_id, |id| ClientId::parse(&id));
        let reply_to = fields.optional("reply_to", self.reply_to, EventId::parse);
        let room = fields.optional("room_id", self.room_id, RoomId::parse);
        fields.done(|| {
            let utterance = Utterance {
                content: content?,
                message_type: message_type?,
                reply_to,
                client_id,
            };
            Some((room, utterance))
        })
    }
}

/// What `GET /api/messages` is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagesWanted {
    /// Messages, in pages.
    Page(Page),
    /// Every event after a place.
    After {
        /// The place.
        after: Seq,
        /// How many to give.
        most: u32,
    },
}

/// How many to give.
pub(crate) const LIMIT: QueryNumber = QueryNumber {
    name: "limit",
    least: 1,
    most: limit::PAGE_UNLESS_SET as u64,
    meaning: "How many to give; the most is 100, or what the operator has set as `MAX_PAGE`.",
    default: Some(limit::PAGE_UNASKED),
};
const OFFSET: QueryNumber = QueryNumber {
    name: "offset",
    least: 0,
    most: limit::OFFSET_MAX as u64,
    meaning: "How many of the newest messages to leave out. Goes with neither `before` nor `after`.",
    default: None,
};
const BEFORE: QueryNumber = QueryNumber {
    name: "before",
    least: 0,
    most: chat_domain::id::MAX_ID,
    meaning: "Messages before this place (`seq`), the newest of them. Goes with neither `offset` nor `after`.",
    default: None,
};
const AFTER: QueryNumber = QueryNumber {
    name: "after",
    least: 0,
    most: chat_domain::id::MAX_ID,
    meaning: "Every event after this place (`seq`), in order. Goes with neither `offset` nor `before`.",
    default: None,
};
const ROOM: QueryNumber = QueryNumber {
    name: "room_id",
    least: 1,
    most: chat_domain::id::MAX_ID,
    meaning: "Which room; the plain room, if there is one, where it is left out.",
    default: None,
};

/// The query of `GET /api/messages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagesQuery {
    /// Which room; the plain one if none.
    pub room: Option<RoomId>,
    /// What of it.
    pub wanted: MessagesWanted,
}

impl MessagesQuery {
    /// Reads the query; parameters that have no meaning here are ignored.
    ///
    /// # Errors
    /// `invalid`, with every parameter that is wrong.
    pub fn parse(query: &str, limits: &Limits) -> Result<Self, Problem> {
        let mut read = Query::new(query);
        let limit = read.number(&LIMIT.at_most(limits.page));
        let offset = read.number(&OFFSET);
        let before = read.number(&BEFORE);
        let after = read.number(&AFTER);
        let room = read.number(&ROOM);
        if [offset.is_some(), before.is_some(), after.is_some()]
            .iter()
            .filter(|given| **given)
            .count()
            > 1
        {
            read.wrong("offset", "goes with neither before nor after");
        }
        read.done()?;
        let most = limit
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or_else(|| limits.page_unasked());
        let place = |number: Option<u64>| number.and_then(|n| Seq::parse(n).ok());
        let wanted = match (place(after), place(before)) {
            (Some(after), _) => MessagesWanted::After { after, most },
            (None, Some(before)) => MessagesWanted::Page(Page::Before { before, most }),
            (None, None) => {
                let offset = offset.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
                MessagesWanted::Page(Page::Newest { offset, most })
            }
        };
        Ok(Self {
            room: room.and_then(|n| RoomId::parse(n).ok()),
            wanted,
        })
    }
}

/// The query of `GET /api/e2ee/directory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// The first place.
    pub from: u64,
    /// How many records at most.
    pub limit: u32,
}

const FROM: QueryNumber = QueryNumber {
    name: "from",
    least: 0,
    most: chat_domain::id::MAX_ID,
    meaning: "The place of the first record.",
    default: Some(0),
};
const RECORDS: QueryNumber = QueryNumber {
    name: "limit",
    least: 1,
    most: 1000,
    meaning: "How many records at most.",
    default: Some(500),
};

impl DirectoryQuery {
    /// Reads the query.
    ///
    /// # Errors
    /// `invalid`, with every parameter that is wrong.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut query = Query::new(text);
        let (from, limit) = (query.number(&FROM), query.number(&RECORDS));
        query.done()?;
        Ok(Self {
            from: from.unwrap_or(0),
            limit: limit.and_then(|limit| limit.try_into().ok()).unwrap_or(500),
        })
    }
}

impl IntoParams for DirectoryQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [FROM, RECORDS].map(|number| number.parameter()).into()
    }
}

impl IntoParams for MessagesQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [LIMIT, OFFSET, BEFORE, AFTER, ROOM]
            .map(|number| number.parameter())
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn wrong<T, U: std::fmt::Debug>(parse: impl FnOnce(T) -> Result<U, Problem>, json: &str) -> Vec<String>
    where
        T: serde::de::DeserializeOwned,
    {
        let problem = decode::object::<T>(json.as_bytes()).and_then(parse).unwrap_err();
        assert_eq!(problem.status, 422, "{problem:?}");
        problem.fields.iter().map(|f| f.field.clone()).collect()
    }

    #[test]
    fn registrations() {
        let good = r#"{"username":"ada","password":"ax3-wq9z","confirm_password":"ax3-wq9z","x":1}"#;
        assert!(
            decode::object::<Register>(good.as_bytes())
                .unwrap()
                .parse()
                .is_ok()
        );
        let bad = r#"{"username":"a b","password":"1","confirm_password":"2"}"#;
        assert_eq!(wrong(Register::parse, bad), ["confirm_password", "username"]);
        let short = r#"{"username":"ada","password":"1","confirm_password":"1"}"#;
        assert_eq!(wrong(Register::parse, short), ["password"]);
        let missing = r#"{"username":"ada","password":"ax3-wq9z"}"#;
        assert_eq!(wrong(Register::parse, missing), ["confirm_password"]);
        let session =
            r#"{"username":"ada","password":"ax3-wq9z","confirm_password":"ax3-wq9z","session":"x"}"#;
        assert_eq!(wrong(Register::parse, session), ["session"]);
    }

    #[test]
    fn sign_ins() {
        let unknown = decode::object::<Login>(br#"{"username":"no name!","password":"x"}"#).unwrap();
        assert!(unknown.parse().unwrap().username.is_none());
        let long = format!(r#"{{"username":"ada","password":"{}"}}"#, "x".repeat(1_025));
        assert_eq!(wrong(Login::parse, &long), ["password"]);
    }

    #[test]
    fn messages() {
        let good = r#"{"content":"hi","message_type":"text","csrf_token":"x"}"#;
        assert!(
            decode::object::<SendMessage>(good.as_bytes())
                .unwrap()
                .parse(&Limits::default())
                .is_ok()
        );
        let bad = r#"{"content":" ","message_type":"html","room_id":0,"client_id":"a b","reply_to":9007199254740992}"#;
        let parse = |asked: SendMessage| asked.parse(&Limits::default());
        let fields = wrong(parse, bad);
        assert_eq!(
            fields,
            ["content", "message_type", "client_id", "reply_to", "room_id"]
        );
    }

    #[test]
    fn queries() {
        let page = |query: &str| MessagesQuery::parse(query, &Limits::default()).map(|q| q.wanted);
        let newest = |offset, most| Ok(MessagesWanted::Page(Page::Newest { offset, most }));
        assert_eq!(page(""), newest(0, 50));
        assert_eq!(page("limit=100&offset=10000&x=y"), newest(10_000, 100));
        let seven = Seq::parse(7).unwrap();
        assert_eq!(
            page("before=7"),
            Ok(MessagesWanted::Page(Page::Before {
                before: seven,
                most: 50
            }))
        );
        assert_eq!(
            page("after=7&limit=3"),
            Ok(MessagesWanted::After {
                after: seven,
                most: 3
            })
        );
        for bad in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=1e3",
            "limit=",
            "limit",
            "limit=1&limit=2",
            "offset=10001",
            "before=9223372036854775808",
            "after=x",
            "room_id=0",
            "before=1&after=1",
            "offset=1&before=2",
            "limit=+5",
        ] {
            assert_eq!(page(bad).unwrap_err().status, 422, "{bad}");
        }
    }
}
