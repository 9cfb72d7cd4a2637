//! Sign-ins, tokens and webhooks on the wire. The secrets themselves stand in none of these.

use chat_domain::{Grant, Session, SessionId, User};
use chat_ports::KnownSession;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{schema, time::rfc3339, user::UserView};

/// A place where the reader is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionView<'a> {
    /// Its number.
    #[schema(value_type = schema::SessionId)]
    pub id: u64,
    /// Whether the reader asks from there.
    pub current: bool,
    /// When they signed in, RFC 3339.
    #[schema(value_type = schema::Moment)]
    pub created_at: String,
    /// When it was last used, to the minute.
    #[schema(value_type = schema::Moment)]
    pub last_used_at: String,
    /// From which address they signed in.
    pub address: &'a str,
    /// What the client said it was.
    pub agent: &'a str,
}

impl<'a> SessionView<'a> {
    /// The sign-in for the eyes of who asks by `current`.
    #[must_use]
    pub fn of(known: &'a KnownSession, current: SessionId) -> Self {
        let session = &known.session;
        Self {
            id: session.id.number(),
            current: session.id == current,
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at),
            address: &known.address,
            agent: &known.agent,
        }
    }
}

/// A token that the reader has made for a program.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenView<'a> {
    /// Its number.
    #[schema(value_type = schema::SessionId)]
    pub id: u64,
    /// What its maker calls it.
    pub name: &'a str,
    /// What it is good for.
    #[schema(value_type = Vec<schema::ScopeName>)]
    pub scopes: Vec<&'static str>,
    /// When it was made.
    #[schema(value_type = schema::Moment)]
    pub created_at: String,
    /// When it was last used, to the minute; when it was made, if it never was.
    #[schema(value_type = schema::Moment)]
    pub last_used_at: String,
    /// When it ends; null: when it is revoked.
    #[schema(value_type = Option<schema::Moment>, required)]
    pub expires_at: Option<String>,
}

impl<'a> From<&'a KnownSession> for TokenView<'a> {
    fn from(known: &'a KnownSession) -> Self {
        let session = &known.session;
        let (scopes, ends_at) = match session.grant {
            Grant::Token { scopes, ends_at } => (scopes.names().collect(), ends_at),
            Grant::Full | Grant::Webhook { .. } => (Vec::new(), None),
        };
        Self {
            id: session.id.number(),
            name: known.name.as_ref().map_or("", chat_domain::TokenName::as_str),
            scopes,
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at),
            expires_at: ends_at.map(rfc3339),
        }
    }
}

/// A webhook of a room.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView<'a> {
    /// Its number.
    #[schema(value_type = schema::SessionId)]
    pub id: u64,
    /// The account that it posts as.
    pub user: UserView<'a>,
    /// When it was made.
    #[schema(value_type = schema::Moment)]
    pub created_at: String,
    /// When it was last used, to the minute; when it was made, if it never was.
    #[schema(value_type = schema::Moment)]
    pub last_used_at: String,
}

impl<'a> WebhookView<'a> {
    /// The webhook with its account.
    #[must_use]
    pub fn of(session: &Session, user: &'a User) -> Self {
        Self {
            id: session.id.number(),
            user: user.into(),
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at),
        }
    }
}
