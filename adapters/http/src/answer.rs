//! The answer of what has nothing to give back.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use chat_wire::schema;
use serde::Serialize;
use utoipa::ToSchema;

/// It is done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    #[schema(value_type = schema::Success)]
    success: bool,
    /// What was done, for people.
    message: &'static str,
}

pub(crate) fn done(message: &'static str) -> Response {
    Json(Done {
        success: true,
        message,
    })
    .into_response()
}
