//! What the published descriptions say of single values: their type, and the limits of the domain. The types stand for
//! schemas only; a field of a body or a frame names one with `#[schema(value_type = …)]`.
//!
//! A limit that JSON Schema cannot say (it counts characters, where the domain counts bytes) is an upper bound here and
//! told in words.

use chat_domain::{
    Join, MessageType, Role, Scope, id,
    limit::{self, Limits},
    message::DeletedBy,
    room::{Mode, RoomKind},
};
use utoipa::openapi::{
    ObjectBuilder, RefOr, Required, Schema,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{KnownFormat, SchemaFormat, Type},
};
use utoipa::{PartialSchema, ToSchema};

/// A schema and its name.
pub type Named = (String, RefOr<Schema>);

/// Makes types that stand for schemas; their documentation is the schema's description.
macro_rules! values {
    ($($(#[doc = $line:literal])+ $name:ident: $schema:expr;)+) => {$(
        $(#[doc = $line])+
        #[derive(Debug)]
        pub enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.description(Some(concat!($($line),+).trim())).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

values! {
    /// The number of a user, for ever.
    UserId: number(1, id::MAX_ID);
    /// The number of a room, for ever.
    RoomId: number(1, id::MAX_ID);
    /// The number of a message, unique in the installation.
    MessageId: number(1, id::MAX_ID);
    /// A place among the events of a room: 1, 2, 3 … without a gap; 0 is the place before the first.
    Seq: number(0, id::MAX_ID);
    /// A place in the directory of identities: 0, 1, 2 … without a gap.
    DirectoryPlace: number(0, id::MAX_ID);
    /// The number of a sign-in, a token or a webhook.
    SessionId: number(1, id::MAX_ID);
    /// What a token's maker calls it: at most 80 bytes; no control characters, and none that turn the direction of text around.
    TokenName: text(*limit::TOKEN_NAME_BYTES.start(), *limit::TOKEN_NAME_BYTES.end());
    /// What a token is good for.
    ScopeName: names(&Scope::ALL.map(Scope::name));
    /// Days until a token ends.
    TokenDays: number(*limit::TOKEN_DAYS.start(), *limit::TOKEN_DAYS.end());
    /// Bytes, as base64url without padding.
    Bytes: text(0, 1_400_000).pattern(Some("^[A-Za-z0-9_-]*$"));
    /// 16 bytes, as base64url without padding.
    Bytes16: text(22, 22).pattern(Some("^[A-Za-z0-9_-]+$"));
    /// 32 bytes, as base64url without padding.
    Bytes32: text(43, 43).pattern(Some("^[A-Za-z0-9_-]+$"));
    /// 64 bytes, as base64url without padding.
    Bytes64: text(86, 86).pattern(Some("^[A-Za-z0-9_-]+$"));
    /// How a key is derived from a password.
    KdfName: names(&["pbkdf2-sha256"]);
    /// Iterations of PBKDF2: clients refuse fewer.
    Iterations: number(600_000, 10_000_000);
    /// A count.
    Count: number(0, id::MAX_ID);
    /// Unique whatever the case.
    Username: text(*limit::USERNAME.start(), *limit::USERNAME.end()).pattern(Some("^[A-Za-z0-9_]+$"));
    /// At least 8 characters and at most 1024 bytes; not the username, and none of those that are tried first.
    NewPassword: text(limit::PASSWORD_MIN_CHARS, limit::PASSWORD_MAX_BYTES);
    /// At most 1024 bytes.
    Password: text(0, limit::PASSWORD_MAX_BYTES);
    /// A message's text: at most 16384 bytes (or what the operator has set as `MAX_CONTENT`), and not of white space alone.
    Content: text(1, Limits::default().content);
    /// A client's own name for a message: what is sent again under it is stored once.
    ClientId: text(*limit::CLIENT_ID.start(), *limit::CLIENT_ID.end()).pattern(Some("^[A-Za-z0-9_-]+$"));
    /// One emoji, of at most 64 bytes.
    Emoji: text(1, limit::EMOJI_BYTES);
    /// A room's name: at most 80 bytes (or what the operator has set as `MAX_ROOM_NAME`); no control characters, and none that turn the direction of text around.
    RoomName: text(1, Limits::default().room_name);
    /// What a room is about: at most 250 bytes, the same characters as in its name.
    Topic: text(0, limit::TOPIC_BYTES);
    /// Seconds between two messages of a member; 0 for none.
    SlowMode: number(0, u64::from(limit::SLOW_MODE_SECONDS));
    /// What a client may post.
    PostedType: names(&[MessageType::Text, MessageType::File, MessageType::Image].map(MessageType::name));
    /// What a message is made of.
    AnyType: names(
        &[MessageType::Text, MessageType::File, MessageType::Image, MessageType::System, MessageType::E2ee]
            .map(MessageType::name)
    );
    /// How one becomes a member: by oneself, or brought in by somebody.
    JoinRule: names(&[Join::Open, Join::Invite].map(Join::name));
    /// What a member may do.
    RoleName: names(&[Role::Member, Role::Moderator, Role::Owner].map(Role::name));
    /// Whether the server can read what is said in a room.
    ModeName: names(&[Mode::Server, Mode::E2ee].map(Mode::name));
    /// A room of many, of two, or the server's announcements.
    KindName: names(&[RoomKind::Group, RoomKind::Direct, RoomKind::Announcements].map(RoomKind::name));
    /// Who emptied a message.
    DeletedByName: names(&[DeletedBy::Author, DeletedBy::Moderator, DeletedBy::Server].map(DeletedBy::name));
    /// A moment: RFC 3339, UTC, with milliseconds.
    Moment: string().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// True: this is no refusal.
    Success: ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    /// False: this is a refusal.
    Failure: ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false]));
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn text(least: usize, most: usize) -> ObjectBuilder {
    let least = (least > 0).then_some(least);
    string().min_length(least).max_length(Some(most))
}

/// A string that is one of these.
#[must_use]
pub fn names(names: &[&'static str]) -> ObjectBuilder {
    string().enum_values(Some(names.iter().copied()))
}

/// A whole number of a range.
#[must_use]
pub fn number(least: u64, most: u64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(bound(least)))
        .maximum(Some(bound(most)))
}

/// Every limit is a JavaScript-safe number, so none is lost.
fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number in a query, as it is read and as it is described.
#[derive(Debug, Clone, Copy)]
pub struct QueryNumber {
    /// Its name.
    pub name: &'static str,
    /// The least that it may be.
    pub least: u64,
    /// The most that it may be.
    pub most: u64,
    /// What it means.
    pub meaning: &'static str,
    /// What is taken where it is left out.
    pub default: Option<u32>,
}

impl QueryNumber {
    /// The same where the operator has set another limit.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        let most = most.into();
        Self { most, ..self }
    }

    /// Its description.
    #[must_use]
    pub fn parameter(&self) -> Parameter {
        let schema = number(self.least, self.most).default(self.default.map(Into::into));
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(self.meaning))
            .schema(Some(schema))
            .build()
    }
}
