//! Users on the wire.

use chat_domain::{User, event::Person};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A user as others see them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserView<'a> {
    /// For ever.
    #[schema(value_type = schema::UserId)]
    pub id: u64,
    /// As its owner wrote it.
    #[schema(value_type = schema::Username)]
    pub username: &'a str,
    /// Whether they administer the server.
    pub is_admin: bool,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.number(),
            username: user.username.as_str(),
            is_admin: user.is_admin,
        }
    }
}

impl<'a> From<&'a Person> for UserView<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            id: person.id.number(),
            username: person.username.as_str(),
            is_admin: person.is_admin,
        }
    }
}
